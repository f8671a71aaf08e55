"""The demo's loop: what it sends when, and how it waits for a hub that is away."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from hub.cli.client import Refused
from hub.cli.demo import RETRY_SECONDS, run_demo
from hub.demo.ticker import PERIOD, tick_event

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = "http://127.0.0.1:8080"
BEGAN = PERIOD * 72_000_000.0 + 3.5


class _EnoughError(Exception):
    """Ends a loop that has no end."""


class _Room:
    """A hub, a clock and a bed: everything around the newsroom. It sleeps `naps` times."""

    def __init__(self, naps: int, away: int = 0, outcome: dict[str, Any] | None = None) -> None:
        self.time = BEGAN
        self.sent: list[tuple[float, list[dict[str, Any]]]] = []
        self.slept: list[float] = []
        self._naps = naps
        self._away = away
        self._outcome = outcome or {"outcome": "accepted"}

    def publish(self, body: bytes) -> Any:
        events = json.loads(body)
        self.sent.append((self.time, events))
        if len(self.sent) <= self._away:
            raise Refused("nobody answers")
        return [self._outcome] * len(events)

    def sleep(self, seconds: float) -> None:
        if len(self.slept) == self._naps:
            raise _EnoughError
        self.slept.append(seconds)
        self.time += seconds

    def run(self) -> _Room:
        with pytest.raises(_EnoughError):
            run_demo(self, HERE, clock=lambda: self.time, sleep=self.sleep)
        return self


def test_the_first_edition_goes_out_at_once() -> None:
    room = _Room(naps=0).run()

    [(when, events)] = room.sent
    assert when == BEGAN
    assert len(events) > 24


def test_a_correction_and_a_removal_follow_then_the_ticker() -> None:
    room = _Room(naps=5).run()

    types = [[event["type"] for event in events] for _, events in room.sent[1:3]]
    assert types == [["entry.published"], ["entry.removed"]]
    assert [events for _, events in room.sent[3:]] == [
        [tick_event(int(when // PERIOD))] for when, _ in room.sent[3:]
    ]


def test_each_change_goes_out_at_its_tick() -> None:
    room = _Room(naps=4).run()

    assert [when for when, _ in room.sent[1:]] == [BEGAN - 3.5 + PERIOD * n for n in (1, 2, 3, 4)]


def test_a_hub_that_is_away_gets_the_same_events_when_it_is_back() -> None:
    room = _Room(naps=6, away=6).run()

    bodies = [events for _, events in room.sent]
    assert bodies == [bodies[0]] * 7
    assert room.slept == [*RETRY_SECONDS, RETRY_SECONDS[-1], RETRY_SECONDS[-1]]


def test_after_a_long_absence_only_the_present_tick_is_told() -> None:
    room = _Room(naps=3)
    publish, gone = room.publish, 3600.0

    def slow(body: bytes) -> Any:
        room.time += gone
        return publish(body)

    room.publish = slow  # type: ignore[method-assign]  # one request takes an hour
    room.run()

    assert room.slept == [PERIOD - 3.5, PERIOD, PERIOD]


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (lambda: _Room(naps=0), "published 37 events: 37 accepted"),
        (
            lambda: _Room(naps=2),
            "published entry.removed https://gazette.example/2026/seal-for-mayor: 1 accepted",
        ),
        (lambda: _Room(naps=1, away=1), "not published, again in 1 s: nobody answers"),
        (
            lambda: _Room(naps=0, outcome={"outcome": "invalid", "problem": {"detail": "/entry/url: no"}}),
            "refused: /entry/url: no",
        ),
    ],
)
def test_what_happened_is_one_line(
    room: Callable[[], _Room], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "hub.demo"):
        room().run()

    assert expected in [record.getMessage() for record in caplog.records]
