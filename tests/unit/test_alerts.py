"""When a problem has begun, ended, or flaps; row by row, and as laws over any history."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.alerts import (
    BEGINS_MS,
    ENDS_MS,
    LONGEST_MS,
    LONGEST_RETRY_MS,
    REMEMBERED_MS,
    Alert,
    Kept,
    alert_body,
    judge,
    quiet_ms,
    retry_ms,
)
from hub.problems import Problem

NOW = 1_795_460_400_000
STEP = 5_000
LATE = Problem("feeds-late", "3 feeds are late.", "Start more workers.")


class Watch:
    """A hub that is looked at every five seconds."""

    def __init__(self, *, alerting: bool = True) -> None:
        self.now = NOW
        self.kept: dict[str, Kept] = {}
        self.told: list[Alert] = []
        self.alerting = alerting

    def look(self, *present: Problem, times: int = 1) -> list[str]:
        """Look so often; gives what was told meanwhile."""
        before = len(self.told)
        for _ in range(times):
            verdict = judge(self.kept, present, self.now, alerting=self.alerting)
            for id_, kept in verdict.changes.items():
                self.kept.pop(id_, None)
                if kept:
                    self.kept[id_] = kept
            self.told += verdict.alerts
            self.now += STEP
        return [alert.state for alert in self.told[before:]]

    def look_for(self, ms: int, *present: Problem) -> list[str]:
        return self.look(*present, times=ms // STEP + 1)


def test_a_problem_is_told_once_when_it_is_old_enough_and_once_when_it_is_over() -> None:
    watch = Watch()

    assert watch.look_for(BEGINS_MS - STEP, LATE) == []
    assert watch.look(LATE) == ["begun"]
    assert watch.look(LATE, times=1000) == []
    assert watch.look_for(ENDS_MS - STEP) == []
    assert watch.look(times=2) == ["ended"]
    assert watch.look(times=1000) == []
    assert watch.kept == {}
    begun, ended = watch.told
    assert begun.problem.since == ended.problem.since == NOW
    assert begun.id != ended.id


def test_a_moments_trouble_is_no_alert() -> None:
    watch = Watch()

    assert watch.look(LATE, times=3) + watch.look(times=2000) == []
    assert watch.kept == {}


def test_its_since_stays_over_a_gap_that_is_no_end() -> None:
    watch = Watch()
    watch.look_for(BEGINS_MS, LATE)
    watch.look(times=10)

    assert watch.look(LATE, times=1000) == []
    assert watch.kept[LATE.id].problem.since == NOW


def test_a_condition_that_says_since_when_is_believed() -> None:
    watch = Watch()
    old = Problem("no-worker", "No worker.", "Start one.", NOW - 10 * BEGINS_MS)

    assert watch.look(old) == ["begun"]
    assert watch.told[0].problem.since == NOW - 10 * BEGINS_MS


def test_what_comes_back_soon_needs_twice_the_quiet_to_end() -> None:
    watch = Watch()
    ends = []
    for _ in range(4):
        assert watch.look_for(BEGINS_MS, LATE) == ["begun"]
        looks = 0
        while watch.look() != ["ended"]:
            looks += 1
        ends.append(looks * STEP)

    assert ends == [ENDS_MS, 2 * ENDS_MS, 4 * ENDS_MS, 8 * ENDS_MS]
    watch.look_for(REMEMBERED_MS + quiet_ms(4))
    assert watch.kept == {}


def test_a_problem_that_comes_and_goes_all_day_is_a_few_alerts() -> None:
    watch = Watch()
    for _ in range(24 * 6):  # three minutes there, seven away
        watch.look_for(180_000, LATE)
        watch.look_for(420_000)

    assert 2 <= len(watch.told) <= 8


def test_without_an_address_nobody_is_told_and_later_everybody_is() -> None:
    watch = Watch(alerting=False)
    assert watch.look_for(BEGINS_MS * 3, LATE) == []
    watch.alerting = True

    assert watch.look(LATE) == ["begun"]
    assert watch.told[0].problem.since == NOW


def test_the_trouble_of_the_address_itself_is_kept_and_not_told() -> None:
    watch = Watch()
    own = Problem("alerts-failing", "ALERT_URL does not take alerts.", "Correct it.", NOW)

    assert watch.look_for(BEGINS_MS * 3, own) == []
    assert watch.kept[own.id].problem.since == NOW


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 100)), max_size=30))
def test_begun_and_ended_alternate_whatever_happens(history: list[tuple[bool, int]]) -> None:
    watch = Watch()
    for there, looks in history:
        watch.look(*([LATE] if there else []), times=looks)

    states = [alert.state for alert in watch.told]
    assert states[:1] in ([], ["begun"])
    assert all(a != b for a, b in pairwise(states))
    assert len({alert.id for alert in watch.told}) == len(watch.told)
    for begun, ended in zip(watch.told[::2], watch.told[1::2], strict=False):
        assert begun.problem.since == ended.problem.since


@pytest.mark.parametrize(
    ("tries", "ms"),
    [(1, 10_000), (2, 20_000), (5, 160_000), (20, LONGEST_RETRY_MS), (10**6, LONGEST_RETRY_MS)],
)
def test_retries_back_off_to_an_hour(tries: int, ms: int) -> None:
    assert retry_ms(tries) == ms


def test_the_quiet_has_a_bound() -> None:
    assert quiet_ms(10**6) == LONGEST_MS


def test_an_alert_says_which_hub_what_and_since_when() -> None:
    problem = Problem("hook-refused", "Hooks of ghost are refused.", "Correct it.", NOW, "ghost")

    assert alert_body(Alert("begun", problem, NOW + 60_000), "gazette", "https://hub.test") == {
        "id": f"hook-refused:ghost:{NOW}:begun",
        "hub": "gazette",
        "url": "https://hub.test",
        "state": "begun",
        "at": "2026-11-23T19:01:00Z",
        "problem": {
            "code": "hook-refused",
            "since": "2026-11-23T19:00:00Z",
            "sentence": "Hooks of ghost are refused.",
            "action": "Correct it.",
            "about": "ghost",
        },
        "text": "[gazette] Hooks of ghost are refused. Correct it.",
    }
    ended = alert_body(Alert("ended", problem, NOW), "gazette", "https://hub.test")
    assert (ended["state"], ended["text"]) == ("ended", "[gazette] Over: Hooks of ghost are refused.")
