"""What is read and kept of problems, on a real Valkey."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hub.alerts import Kept, Verdict
from hub.condition import ForeignHost
from hub.events import Noted, Source
from hub.problems import Problem, problems_of
from workers.watch import Watch

if TYPE_CHECKING:
    from hub.adapters.store import Store

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATE = Problem("feeds-late", "3 feeds are late.", "Start more workers.")
NEWS = Problem("feed-quarantined", "Feed category/news failed.", "See the log.", about="category/news")


async def now(store: Store) -> int:
    return (await store.state()).now


async def ids(store: Store) -> set[str]:
    return {problem.id for problem in problems_of(await store.condition())}


async def test_a_condition_holds_all_that_is_judged(store: Store) -> None:
    await store.owed("regenerate@a:1")
    await store.note_refused(Source.GHOST, NOW, "no signature")
    await store.note_clock("a", await now(store) + 60_000)
    await store.note_hosts({"old.test": 12})
    condition = await store.condition()

    assert condition.state.workers == ("regenerate@a:1",)
    assert condition.state.heard.keys() == {"regenerate"}
    assert condition.hooks[Source.GHOST].refused == Noted(round(NOW.timestamp() * 1000), "no signature")
    assert 59_000 < condition.clocks["a"] < 61_000
    assert condition.hosts["old.test"].reads == 12
    assert condition.alerts is None


async def test_a_worker_that_is_gone_is_missed_since_it_was_heard(store: Store) -> None:
    gone = await now(store) - 30_000
    await store.client.zadd(store.keys.alive, {"regenerate@a:1": gone, "distribute@a:2": gone + 29_000})
    state = (await store.condition()).state

    assert state.workers == ("distribute@a:2",)
    assert state.heard == {"regenerate": gone, "distribute": gone + 29_000}


async def test_a_machine_that_says_no_more_of_its_clock_is_forgotten(store: Store) -> None:
    long_ago = await now(store) - 61_000
    await store.client.hset(store.keys.clocks, mapping={"a": f"99000 {long_ago}", "b": f"9 {long_ago * 0}"})
    assert (await store.condition()).clocks == {}
    await store.note_clock("c", await now(store))

    assert set(await store.client.hkeys(store.keys.clocks)) == {b"a", b"c"}


async def test_reads_of_foreign_hosts_add_up_and_few_hosts_are_kept(store: Store) -> None:
    await store.note_hosts({"old.test": 2, "10.0.0.1": 1})
    await store.note_hosts({"old.test": 3})
    hosts = (await store.condition()).hosts
    assert {host: seen.reads for host, seen in hosts.items()} == {"old.test": 5, "10.0.0.1": 1}
    assert hosts["old.test"].first <= hosts["old.test"].last

    await store.note_hosts({f"host-{n}.test": 1 for n in range(100)})
    assert len((await store.condition()).hosts) == 20


async def test_a_foreign_host_that_was_quiet_for_a_day_begins_anew(store: Store) -> None:
    at = await now(store) - 86_400_001
    await store.client.hset(store.keys.hosts, "old.test", f"99 {at} {at}")
    await store.note_hosts({"old.test": 1})
    seen = (await store.condition()).hosts["old.test"]

    assert seen == ForeignHost(1, seen.last, seen.last)


async def test_since_is_when_a_problem_was_first_seen_not_when_it_is_asked_for(store: Store) -> None:
    first = await store.with_since([LATE, NEWS], 1000)
    again = await store.with_since([NEWS, replace(LATE, sentence="5 feeds are late.")], 9000)

    assert [(each.id, each.since) for each in first] == [(LATE.id, 1000), (NEWS.id, 1000)]
    assert [(each.id, each.since) for each in again] == [(NEWS.id, 1000), (LATE.id, 1000)]
    assert again[1].sentence == "5 feeds are late."


async def test_a_redis_that_stores_nothing_can_still_be_asked_how_it_is(store: Store) -> None:
    used = int((await store.client.info("memory"))["used_memory"])
    await store.client.config_set("maxmemory", used // 2)
    try:
        problems = problems_of(await store.condition())
        shown = await store.with_since(problems, 1000)
    finally:
        await store.client.config_set("maxmemory", 0)

    assert [problem.code for problem in shown] == ["redis-refuses", "no-worker"]
    assert "503" in shown[0].sentence
    assert shown[0].since == 1000


async def test_only_the_watch_keeps_what_it_judged(store: Store) -> None:
    verdict = Verdict({LATE.id: Kept(replace(LATE, since=1000), told=True)}, ())
    assert await store.take_watch("one", 60_000)
    assert await store.take_watch("one", 60_000)
    assert not await store.take_watch("two", 60_000)

    assert not await store.judged("two", verdict)
    assert await store.kept() == {}
    assert await store.judged("one", verdict)
    assert await store.kept() == verdict.changes
    assert await store.judged("one", Verdict({LATE.id: None}, ()))
    assert await store.kept() == {}


async def test_the_watch_keeps_what_is_there_and_marks_what_is_away(store: Store) -> None:
    watch = Watch(store)
    await watch.look()
    since = (await store.kept())["no-worker"].problem.since
    await store.owed("regenerate@a:1")
    await watch.look()
    kept = (await store.kept())["no-worker"]

    assert await ids(store) == set()
    assert kept.problem.since == since
    assert kept.gone is not None
    assert not kept.told


async def test_another_watches_when_the_watch_is_gone(store: Store) -> None:
    await Watch(store).look()
    other = Watch(store)
    await store.owed("regenerate@a:1")
    await other.look()
    assert (await store.kept())["no-worker"].gone is None
    await store.client.delete(store.keys.watch)  # as if its time had run out
    await other.look()

    assert (await store.kept())["no-worker"].gone is not None
