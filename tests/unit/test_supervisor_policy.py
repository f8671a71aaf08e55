"""When a child is started again, and what is said of its end."""

from __future__ import annotations

import signal

import pytest

from hub.adapters.processes import REFUSED, RESTART_DELAYS, Stage, describe_end, restart_delay


@pytest.mark.parametrize(
    ("failures", "status", "expected"),
    [
        (0, 1, 0.0),
        (0, -9, 0.0),
        (0, 0, 0.0),
        (0, None, 0.0),
        (1, 1, 0.2),
        (2, 1, 0.5),
        (3, None, 1.0),
        (4, 1, 2.0),
        (5, 1, 5.0),
        (6, 1, 5.0),
        (1000, -11, 5.0),
        (0, REFUSED, 5.0),
        (3, REFUSED, 5.0),
    ],
)
def test_the_first_restart_is_at_once_and_later_ones_wait_longer(
    failures: int, status: int | None, expected: float
) -> None:
    assert expected == restart_delay(failures, status)


def test_delays_only_grow() -> None:
    assert sorted(set(RESTART_DELAYS)) == list(RESTART_DELAYS)


def test_the_front_stops_before_the_workers_and_the_server_last() -> None:
    assert sorted(Stage) == [Stage.DEMO, Stage.FRONT, Stage.WORKER, Stage.SERVER]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, "ended with status 0"),
        (3, "ended with status 3"),
        (-signal.SIGKILL, "was killed by SIGKILL"),
        (-63, "was killed by signal 63"),
    ],
)
def test_an_end_is_said_in_words(status: int, expected: str) -> None:
    assert expected == describe_end(status)
