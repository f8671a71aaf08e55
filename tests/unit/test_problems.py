"""What an operator is told, row by row: each condition and the problems in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.condition import AlertTrouble, Condition, ForeignHost, State
from hub.events import HookRecord, Noted, Source
from hub.model import FeedNumber, FeedPath, FeedSummary, Kind, Seq
from hub.problems import problems_of
from hub.reconcile import Failing, Found, Progress, Report
from hub.remote import LOOP, Remote, RemoteId, Role, Trouble

NOW = 1_795_460_400_000
HOUR, DAY = 3_600_000, 86_400_000
BOTH = ("regenerate@a:1", "distribute@a:2")
WELL = State(NOW, BOTH, 0, 0, 0, 100, 10)
NEWS = FeedSummary(FeedNumber(7), FeedPath(Kind.CATEGORY, "news"), "News", "", Seq(1), 3)


def codes(condition: Condition) -> list[str]:
    found = problems_of(condition)
    assert all(each.sentence.endswith(".") and each.action.endswith((".", ")")) for each in found)
    assert len({each.id for each in found}) == len(found)
    return [each.id for each in found]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, []),
        ({"subscriptions": 9}, []),
        ({"workers": BOTH[:1]}, []),
        ({"workers": BOTH[:1], "subscriptions": 9}, ["no-distributor"]),
        ({"workers": BOTH[:1], "subscriptions": 9, "untold": 3}, ["no-distributor"]),
        ({"subscriptions": 9, "untold": 3}, ["telling-late"]),
        ({"subscriptions": 9, "failing": 2}, ["subscribers-failing"]),
        ({"subscriptions": 9, "untold": 3, "failing": 2}, ["telling-late", "subscribers-failing"]),
        ({"workers": BOTH[1:]}, ["no-worker"]),
        ({"workers": (), "subscriptions": 9}, ["no-worker", "no-distributor"]),
        ({"late": 4}, ["feeds-late"]),
        ({"workers": BOTH[1:], "late": 4}, ["no-worker"]),
    ],
)
def test_troubles_of_workers_are_named(state: dict[str, Any], expected: list[str]) -> None:
    assert codes(Condition(replace(WELL, **state))) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (HookRecord(), []),
        (HookRecord(taken=Noted(NOW)), []),
        (HookRecord(refused=Noted(NOW - HOUR, "why")), ["hook-refused:ghost"]),
        (HookRecord(refused=Noted(NOW - 8 * DAY, "why")), []),
        (HookRecord(taken=Noted(NOW), refused=Noted(NOW - HOUR // 2, "why")), ["hook-refused:ghost"]),
        (HookRecord(taken=Noted(NOW), refused=Noted(NOW - 2 * HOUR, "why")), []),
        (
            HookRecord(taken=Noted(NOW - DAY), refused=Noted(NOW - 2 * HOUR, "why")),
            ["hook-refused:ghost"],
        ),
        (HookRecord(hinted=Noted(NOW, "site.changed"), hints=2), ["hint-waiting:ghost"]),
    ],
)
def test_a_refusal_matters_until_nobody_sends_it_any_more(record: HookRecord, expected: list[str]) -> None:
    assert codes(Condition(WELL, hooks={Source.GHOST: record})) == expected


def test_a_refused_hook_says_why_and_when_the_last_was_taken() -> None:
    record = HookRecord(taken=Noted(NOW - DAY), refused=Noted(NOW, "The signature is 9000 s old."))
    (problem,) = problems_of(Condition(WELL, hooks={Source.WORDPRESS: record}))

    assert problem.sentence == (
        "Hooks of wordpress are refused, the last at 2026-11-23T19:00:00Z: The signature is 9000 s old; "
        "the last one taken came at 2026-11-22T19:00:00Z."
    )
    assert "FEEDHUB_HOOK_SECRET_WORDPRESS" in problem.action


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(WELL, refusing="Redis can't store anything now"), ["redis-refuses"]),
        (Condition(WELL, refusals=("Redis has appendonly no", "and more")), ["redis-unsafe"]),
        (Condition(WELL, troubled=(replace(NEWS, failures=2),)), []),
        (Condition(WELL, troubled=(replace(NEWS, failures=3),)), ["feed-quarantined:category/news"]),
        (Condition(WELL, troubled=(replace(NEWS, skipped=("a",)),)), ["entries-skipped:category/news"]),
        (Condition(WELL, clocks={"a": 4_900, "b": -4_900}), []),
        (Condition(WELL, clocks={"a": 6_000, "b": -60_000}), ["clocks-apart:a", "clocks-apart:b"]),
        (Condition(WELL, hosts={"old.test": ForeignHost(9, NOW - HOUR, NOW)}), []),
        (Condition(WELL, hosts={"old.test": ForeignHost(10, NOW - HOUR, NOW)}), ["foreign-host"]),
        (Condition(WELL, hosts={"old.test": ForeignHost(99, NOW - 9 * DAY, NOW - DAY)}), []),
        (Condition(WELL, alerts=AlertTrouble(NOW - HOUR, "it answered 500", 3, 2)), ["alerts-failing"]),
    ],
)
def test_everything_else_that_is_wrong_is_named(condition: Condition, expected: list[str]) -> None:
    assert codes(condition) == expected


def test_a_missing_worker_is_missed_since_it_was_last_heard_of() -> None:
    state = replace(
        WELL, workers=(), subscriptions=1, heard={"regenerate": NOW - HOUR, "distribute": NOW - DAY}
    )

    assert [each.since for each in problems_of(Condition(state))] == [NOW - HOUR, NOW - DAY]


def test_a_problem_is_shown_with_code_since_sentence_and_action() -> None:
    (problem,) = problems_of(Condition(WELL, troubled=(replace(NEWS, skipped=("a", "b")),)))

    assert replace(problem, since=NOW).as_json() == {
        "code": "entries-skipped",
        "since": "2026-11-23T19:00:00Z",
        "sentence": "Feed category/news leaves out entries that can't be rendered: a, b.",
        "action": "Publish them again with the cause mended; the worker's log names it.",
        "about": "category/news",
    }


def test_foreign_hosts_are_one_problem_however_many_are_made_up() -> None:
    hosts = {f"host-{n}.test": ForeignHost(10 + n, NOW - n, NOW) for n in range(3)}
    (problem,) = problems_of(Condition(WELL, hosts=hosts | {"rare.test": ForeignHost(1, NOW - HOUR, NOW)}))

    assert problem.since == NOW - 2
    assert "host-0.test (10 since 2026-11-23T19:00:00Z), host-1.test (11" in problem.sentence
    assert "rare.test" not in problem.sentence


INGEST = Remote(RemoteId("i:1"), Role.INGEST, "https://other.test/feed?key=secret")
TOPIC = Remote(RemoteId("o:7"), Role.ORIGIN, "https://other.test/feed")
PASSING = Trouble("its server answers 500", "It is tried again.")
LASTING = Trouble("it is gone (410)", "Take it out.", lasting=True)


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        (INGEST, []),
        (replace(INGEST, failures=2, since=NOW, trouble=PASSING), []),
        (replace(INGEST, failures=3, since=NOW, trouble=PASSING), ["ingest-failing"]),
        (replace(INGEST, failures=1, since=NOW, trouble=LASTING), ["ingest-failing"]),
        (replace(INGEST, failures=1, since=NOW, trouble=replace(LASTING, code=LOOP)), ["ingest-loop"]),
        (replace(INGEST, notice="1 items are refused: why"), ["ingest-items"]),
        (replace(TOPIC, failures=9, since=NOW, trouble=PASSING), ["origin-failing"]),
    ],
)
def test_feeds_of_others_that_fail_are_named(remote: Remote, expected: list[str]) -> None:
    found = problems_of(Condition(WELL, remotes=(remote,)))
    assert [each.code for each in found] == expected
    assert all("secret" not in f"{each.sentence}{each.about}" for each in found)
    assert all(each.since == NOW for each in found if each.code != "ingest-items")
    assert codes(Condition(WELL, remotes=(remote,)))[0:1] == [f"{each.code}:{each.about}" for each in found]


FAILED = Report(cause="clock", failure="ghost answered 500.", action="See the log of ghost.")


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        pytest.param(Progress(), [], id="not compared yet"),
        pytest.param(Progress(done=NOW, report=Report()), [], id="well"),
        pytest.param(
            Progress(failing=Failing(NOW - HOUR, 3, NOW), report=FAILED),
            ["reconcile-failing:ghost"],
            id="fails",
        ),
        pytest.param(
            Progress(refused=Found(NOW - DAY, 21, ("a", "b"))),
            ["removals-refused:ghost"],
            id="would remove much",
        ),
        pytest.param(
            Progress(untold=Found(NOW - HOUR, 2, ("a", "b"))), ["hooks-lost:ghost"], id="nobody told"
        ),
        pytest.param(
            Progress(untold=Found(NOW - DAY - 1, 2, ("a", "b"))), [], id="nobody told, but long ago"
        ),
    ],
)
def test_a_comparison_that_goes_wrong_is_named(progress: Progress, expected: list[str]) -> None:
    assert codes(Condition(WELL, reconciles={Source.GHOST: progress})) == expected


def test_a_comparison_that_fails_says_since_when_why_and_when_the_last_was() -> None:
    progress = Progress(done=NOW - DAY, failing=Failing(NOW - HOUR, 3, NOW), report=FAILED)
    (problem,) = problems_of(Condition(WELL, reconciles={Source.GHOST: progress}))

    assert problem.sentence.startswith(
        "The comparison with ghost fails: ghost answered 500; the last one that"
    )
    assert (problem.action, problem.since) == ("See the log of ghost.", NOW - HOUR)


def test_removals_that_were_refused_say_how_many_which_and_the_command() -> None:
    progress = Progress(refused=Found(NOW, 21, ("a", "b")))
    (problem,) = problems_of(Condition(WELL, reconciles={Source.GHOST: progress}))

    assert "21 entries" in problem.sentence
    assert problem.sentence.endswith("a, b, ….")
    assert "feedhub reconcile --allow-removals 21." in problem.action


def test_a_hint_is_a_problem_only_where_nobody_compares() -> None:
    hooks = {Source.GHOST: HookRecord(hinted=Noted(NOW, "site.changed"), hints=1)}
    (problem,) = problems_of(Condition(WELL, hooks=hooks))

    assert "FEEDHUB_GHOST_CONTENT_KEY" in problem.action
    assert codes(Condition(WELL, hooks=hooks, reconciles={Source.GHOST: Progress()})) == []
