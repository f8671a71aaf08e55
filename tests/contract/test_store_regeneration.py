"""CLAIM, SNAPSHOT, COMMIT, RELEASE and the settings' number, against a real Valkey."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import pytest

from hub.adapters.store import Snapshot, Store
from hub.errors import Misconfigured
from hub.events import FeedRemoved, FeedUpdated, Receipt
from hub.model import FeedNumber, Format, Kind, Version
from hub.problems import QUARANTINED
from tests.entries import category, published, removed

if TYPE_CHECKING:
    from hub.settings import Settings

RENDER = 1
tokens = (f"token-{i}" for i in count())


@dataclass(frozen=True)
class Doc:
    hash: str = "0123456789abcdef"
    gzip: bytes = b"bytes"


async def claim(store: Store, limit: int = 8) -> list[FeedNumber]:
    return list((await store.claim(next(tokens), limit=limit)).feeds)


async def snapshot(store: Store, feed: FeedNumber) -> Snapshot:
    found = await store.snapshot(feed)
    assert found is not None
    return found


async def commit(store: Store, taken: Snapshot, doc: Doc | None = None, render: int | None = None) -> bool:
    render = int(await store.client.get(store.keys.render)) if render is None else render
    return bool(await store.commit(taken, render, {str(f): doc or Doc() for f in Format}, []))


async def settle(store: Store) -> None:
    """Commit every feed, so that nothing is due."""
    while feeds := await claim(store):
        for feed in feeds:
            await commit(store, await snapshot(store, feed))


async def number(store: Store, path: str) -> FeedNumber:
    page = await store.list_feeds(kinds=list(Kind))
    return next(f.number for f in page.feeds if str(f.path) == path)


async def expire_leases(store: Store) -> None:
    for feed, _ in await store.client.zrange(store.keys.dirty, 0, -1, withscores=True):
        await store.client.zadd(store.keys.dirty, {feed: 0})


async def test_a_new_hub_commits_all_at_once(store: Store) -> None:
    assert await claim(store) == [await number(store, "all")]


async def test_the_same_token_gets_the_same_claim(store: Store) -> None:
    await store.accept([published("a", category("x"))], source="test")

    first = await store.claim("t", limit=8)

    assert await store.claim("t", limit=8) == first
    assert await claim(store) == [], "another token gets nothing while the lease runs"


async def test_a_claim_without_commit_comes_back_when_its_lease_ends(store: Store) -> None:
    feeds = await claim(store)
    await expire_leases(store)

    assert await claim(store) == feeds


async def test_a_claim_brings_the_snapshots_and_what_changed_after_what_the_worker_knows(
    store: Store,
) -> None:
    await store.accept([published("old", category("x"))], source="test")
    known = (await snapshot(store, await number(store, "all"))).seq
    await store.accept([published("new", category("x"), title="New")], source="test")

    claimed = await store.claim(next(tokens), limit=8, known=known)

    assert [stored.entry.title for stored in claimed.fresh.values()] == ["New"], (
        "once, though two feeds show it"
    )
    for feed, taken in claimed.feeds.items():
        assert taken == await snapshot(store, feed)
    (place, _) = next(iter(claimed.feeds.values())).window  # type: ignore[union-attr]
    assert claimed.fresh[place.number].revision <= place.seq


async def test_a_claim_takes_the_pending_flag_down(store: Store) -> None:
    await store.client.set(store.keys.of("pending", "regenerate"), 1)

    await claim(store)

    assert not await store.client.exists(store.keys.of("pending", "regenerate"))


async def test_a_full_claim_says_that_there_is_more(store: Store) -> None:
    await store.accept([published("a", *(category(f"c{i}") for i in range(5)))], source="test")

    first = await store.claim(next(tokens), limit=4)
    second = await store.claim(next(tokens), limit=4)

    assert (len(first.feeds), first.more) == (4, True)
    assert (len(second.feeds), second.more) == (2, False)


async def test_a_commit_is_what_fronts_read(store: Store) -> None:
    await store.accept([published("a")], source="test")
    (feed,) = await claim(store)
    taken = await snapshot(store, feed)

    assert await commit(store, taken, Doc("feedbeef" * 2, b"gzipped"))

    document = await store.document(feed, Format.ATOM)
    assert document is not None
    assert document.gzip == b"gzipped"
    assert document.etag == f'W/"{taken.seq}-feedbeeffeedbeef"'
    assert document.version.seq == taken.seq
    assert await store.versions([feed]) == [document.version]


async def test_an_older_snapshot_never_replaces_a_newer_document(store: Store) -> None:
    await store.accept([published("a")], source="test")
    (feed,) = await claim(store)
    old = await snapshot(store, feed)
    await store.accept([published("b")], source="test")
    new = await snapshot(store, feed)

    assert await commit(store, new, Doc(gzip=b"new"))
    assert not await commit(store, old, Doc("f" * 16, gzip=b"old"))

    document = await store.document(feed, Format.RSS)
    assert document is not None
    assert document.gzip == b"new"


async def test_an_event_between_snapshot_and_commit_leaves_the_feed_due(store: Store) -> None:
    await store.accept([published("a")], source="test")
    (feed,) = await claim(store)
    taken = await snapshot(store, feed)
    await store.accept([published("b")], source="test")

    await commit(store, taken)

    assert await claim(store) == [feed]


async def test_a_fresh_feed_is_not_due(store: Store) -> None:
    await store.accept([published("a", category("x"))], source="test")
    await settle(store)

    assert (await store.owed()).wait is None


async def test_a_repeated_commit_changes_nothing(store: Store) -> None:
    (feed,) = await claim(store)
    taken = await snapshot(store, feed)
    assert await commit(store, taken)
    before = await store.document(feed, Format.RSS)

    assert not await commit(store, taken)

    assert await store.document(feed, Format.RSS) == before
    assert (await store.owed()).wait is None


async def test_unchanged_bytes_keep_their_validators(store: Store) -> None:
    (feed,) = await claim(store)
    await commit(store, await snapshot(store, feed))
    before = await store.document(feed, Format.RSS)
    assert before is not None
    await store.client.hset(store.keys.document(feed, "rss"), "modified", 1)
    await store.accept([published("a")], source="test")

    await commit(store, await snapshot(store, feed))

    after = await store.document(feed, Format.RSS)
    assert after is not None
    assert (after.etag, after.last_modified.timestamp()) == (before.etag, 1)
    assert after.version > before.version


async def test_new_settings_renew_every_document_and_no_entry_gets_a_seq(store: Store) -> None:
    receipts = await store.accept([published("a", category("x"))], source="test")
    await settle(store)
    assert isinstance(receipts[0], Receipt)

    assert await store.register("test") == int(await store.client.get(store.keys.render))
    assert (await store.owed()).wait is None, "the same settings renew nothing"
    render = await store.register("other settings")

    feeds = await claim(store)
    assert len(feeds) == 2
    for feed in feeds:
        taken = await snapshot(store, feed)
        assert taken.seq == receipts[0].feeds[0][1]
        assert await commit(store, taken, Doc("b" * 16), render)
    assert (await store.owed()).wait is None


async def test_a_worker_of_older_settings_does_not_undo_newer_ones(store: Store) -> None:
    feed = await number(store, "all")
    taken = await snapshot(store, feed)
    old, new = await store.register("old"), await store.register("new")

    assert await commit(store, taken, Doc("b" * 16), new)
    assert not await commit(store, taken, Doc("a" * 16), old)


async def test_what_a_worker_of_older_settings_commits_is_renewed(store: Store) -> None:
    old, new = await store.register("old"), await store.register("new")
    await store.accept([published("a")], source="test")
    (feed,) = await claim(store)

    assert await commit(store, await snapshot(store, feed), Doc(), old)

    assert await claim(store) == [], "not at once: the older worker would only do it again"
    assert await store.client.zscore(store.keys.stale, feed)
    await store.client.zadd(store.keys.stale, {feed: 0})
    assert await claim(store) == [feed]
    assert await commit(store, await snapshot(store, feed), Doc(), new)
    assert (await store.owed()).wait is None


async def test_renewals_wait_while_something_is_dirty(store: Store) -> None:
    await store.accept([published("a", *(category(f"c{i}") for i in range(5)))], source="test")
    await settle(store)
    await store.register("other settings")
    await store.accept([published("b", category("c3"))], source="test")

    urgent = await claim(store)

    assert set(urgent) == {await number(store, "all"), await number(store, "category/c3")}


async def test_a_rename_renews_documents_at_the_same_seq(store: Store) -> None:
    await store.accept([published("a", category("x"))], source="test")
    await settle(store)
    feed = await number(store, "all")
    before = await store.versions([feed])

    await store.accept([FeedUpdated(Kind.CATEGORY, "x", changes={"name": "New"})], source="test")
    while await store.chore():
        pass
    await settle(store)

    (after,) = await store.versions([feed])
    assert before[0] is not None
    assert after is not None
    assert (after.seq, after.render) == (before[0].seq, before[0].render)
    assert after.labels > before[0].labels


async def test_a_feed_that_kills_its_workers_is_quarantined_and_takes_no_other_with_it(store: Store) -> None:
    await store.accept([published("a", category("good"), category("bad"))], source="test")
    bad = await number(store, "category/bad")
    claims: list[list[FeedNumber]] = []

    for _ in range(10):  # each worker dies when it comes to the bad feed
        await expire_due(store)
        feeds = await claim(store)
        claims.append(feeds)
        for feed in feeds:
            if feed == bad:
                break
            await commit(store, await snapshot(store, feed))

    assert sum(bad in feeds for feeds in claims) == QUARANTINED
    assert all(feeds == [bad] for feeds in claims[1:] if bad in feeds), "after its first failure it is alone"
    (summary,) = await store.troubled_feeds(kinds=list(Kind))
    assert (summary.number, summary.failures) == (bad, QUARANTINED)
    assert (await store.versions([await number(store, "category/good")]))[0] is not None
    delay = await store.client.zscore(store.keys.dirty, bad) - (await store.state()).now
    assert 5_000 < delay <= 10_000


async def expire_due(store: Store) -> None:
    """Let leases (3 s) end, but no quarantine (10 s and more)."""
    now = (await store.state()).now
    for feed, due in await store.client.zrange(store.keys.dirty, 0, -1, withscores=True):
        if due < now + 3500:
            await store.client.zadd(store.keys.dirty, {feed: 0})


async def test_a_quarantine_grows_and_ends_with_a_commit(store: Store) -> None:
    feed = await number(store, "all")
    delays = []
    for _ in range(6):
        await expire_leases(store)
        assert await claim(store) == [feed]
        delays.append(await store.client.zscore(store.keys.dirty, feed) - (await store.state()).now)
    assert [round(delay / 1000) for delay in delays] == [3, 3, 10, 20, 40, 80]

    await commit(store, await snapshot(store, feed))

    assert await store.troubled_feeds(kinds=list(Kind)) == ()
    assert (await store.owed()).wait is None


async def test_events_do_not_shorten_a_quarantine(store: Store) -> None:
    for _ in range(3):
        await expire_leases(store)
        await claim(store)

    await store.accept([published("a")], source="test")

    assert await claim(store) == []


async def test_a_failed_claim_is_given_back_with_its_reason(store: Store) -> None:
    (feed,) = await claim(store)

    await store.release(feed, "ValueError: bad")

    summary = (await store.list_feeds(kinds=list(Kind))).feeds[0]
    assert (summary.failures, summary.error) == (1, "ValueError: bad")
    wait = (await store.owed()).wait
    assert wait is not None
    assert 500 < wait <= 1000


async def test_a_retired_feed_is_not_built_again(store: Store) -> None:
    await store.accept([published("a", category("x"))], source="test")
    feed = await number(store, "category/x")
    taken = await snapshot(store, feed)
    await store.accept([FeedRemoved(Kind.CATEGORY, "x")], source="test")

    assert not await commit(store, taken)
    assert feed not in await claim(store)
    assert await store.snapshot(feed) is None
    assert await store.document(feed, Format.RSS) is None


async def test_a_commit_from_before_a_retirement_stays_too_late_after_a_revival(store: Store) -> None:
    await store.accept([published("a", category("x"))], source="test")
    feed = await number(store, "category/x")
    old = await snapshot(store, feed)
    await store.accept([published("b", category("x"))], source="test")
    await settle(store)
    retire, revive = (
        FeedRemoved(Kind.CATEGORY, "x"),
        FeedUpdated(Kind.CATEGORY, "x", changes={"description": "x"}),
    )
    await store.accept([retire, revive], source="test")

    assert not await commit(store, old, Doc("c" * 16))
    await settle(store)
    assert await store.document(feed, Format.RSS) is not None


async def test_a_feed_that_was_built_meanwhile_is_not_built_again(store: Store) -> None:
    await settle(store)
    await store.client.zadd(store.keys.stale, {await number(store, "all"): 0})

    assert await claim(store) == []
    assert (await store.owed()).wait is None


async def test_a_quarantine_that_another_worker_ended_is_no_problem_any_more(store: Store) -> None:
    feed = await number(store, "all")
    taken = await snapshot(store, feed)
    for _ in range(3):
        await expire_leases(store)
        await claim(store)
    assert await store.troubled_feeds(kinds=list(Kind))

    await commit(store, taken)

    assert await store.troubled_feeds(kinds=list(Kind)) == ()


async def test_a_burst_is_one_change_at_once_and_then_one_per_debounce(
    store: Store, settings: Settings
) -> None:
    slow = Store(store.client, settings.model_copy(update={"debounce_ms": 500}))
    await settle(store)
    await store.client.hset(store.keys.of("feed", 1), "claimed", 0)
    await slow.accept([published("a")], source="test")
    (feed,) = await claim(slow)
    taken = await snapshot(slow, feed)
    await slow.accept([published("b")], source="test")
    await commit(slow, taken)

    wait = (await slow.owed()).wait

    assert await claim(slow) == []
    assert wait is not None
    assert 300 < wait <= 500


async def test_tombstones_are_swept_and_the_floor_rises(store: Store) -> None:
    await store.accept([published("a"), published("b"), removed("a")], source="test")
    feed = await number(store, "all")
    gone = store.keys.of("gone", feed)
    ((member, score),) = await store.client.zrange(gone, 0, -1, withscores=True)
    old = score - 91 * 86400 * 10**6
    await store.client.zadd(gone, {member: old})

    assert await store.sweep("") == ""

    assert await store.client.zcard(gone) == 0
    assert await store.client.zscore(store.keys.of("log", feed), member) is None
    assert float(await store.client.hget(store.keys.of("feed", feed), "floor")) == old


async def test_fronts_follow_every_commit_and_every_move(store: Store) -> None:
    start = (await store.changes(None, block_ms=1)).last_id
    await store.accept([published("a", category("x"))], source="test")
    await settle(store)
    await store.accept([FeedUpdated(Kind.CATEGORY, "x", new_slug="y")], source="test")

    changes = await store.changes(start, block_ms=1)

    assert [(c.feed, c.moved) for c in changes.rows] == [
        (await number(store, "all"), False),
        (await number(store, "category/y"), False),
        (await number(store, "category/y"), True),
    ]
    assert not changes.gap
    assert await store.changes(changes.last_id, block_ms=1) == type(changes)(changes.last_id, (), gap=False)


async def test_a_follower_that_fell_off_the_end_of_the_stream_is_told(store: Store) -> None:
    await settle(store)
    start = (await store.changes(None, block_ms=1)).last_id
    for _ in range(4):
        pipe = store.client.pipeline()
        for _ in range(700):
            pipe.xadd(store.keys.changes, {"feed": 1, "seq": 1, "moved": 0})
        await pipe.execute()
    assert not (await store.changes(start, block_ms=1)).gap, "a full read from rows that are all there"

    await store.client.xtrim(store.keys.changes, maxlen=1500, approximate=False)

    assert (await store.changes(start, block_ms=1)).gap


async def test_a_reader_waits_for_a_change(store: Store) -> None:
    start = (await store.changes(None, block_ms=1)).last_id
    reading = asyncio.create_task(store.changes(start, block_ms=2000))
    await asyncio.sleep(0.05)
    await settle(store)

    assert len((await reading).rows) == 1


async def test_feeds_are_listed_page_by_page(store: Store) -> None:
    await store.accept([published("a", *(category(f"c{i:02}") for i in range(25)))], source="test")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await store.list_feeds(kinds=[Kind.CATEGORY, Kind.ALL], cursor=cursor, limit=10)
        seen += [str(feed.path) for feed in page.feeds]
        cursor = page.cursor
        if cursor is None:
            break

    assert seen == ["all", *(f"category/c{i:02}" for i in range(25))]


async def test_data_of_a_newer_layout_is_refused(store: Store) -> None:
    await store.client.set(store.keys.schema, 99)

    with pytest.raises(Misconfigured, match="layout 99"):
        await store.check_fit()


@pytest.mark.parametrize(("option", "bad"), [("appendonly", "no"), ("maxmemory-policy", "allkeys-lru")])
async def test_a_redis_that_could_lose_hooks_is_refused(store: Store, option: str, bad: str) -> None:
    good = (await store.client.config_get(option))[option]
    await store.client.config_set(option, bad)
    try:
        with pytest.raises(Misconfigured, match=option):
            await store.check_fit()
    finally:
        await store.client.config_set(option, good)


async def test_strict_durability_wants_a_sync_for_every_write(store: Store, settings: Settings) -> None:
    strict = Store(store.client, settings.model_copy(update={"durability": "strict"}))

    with pytest.raises(Misconfigured, match="appendfsync"):
        await strict.check_fit()


def test_versions_compare_seq_first() -> None:
    assert Version(2, 0, 0) > Version(1, 9, 9)
    assert Version(1, 2, 0) > Version(1, 1, 9)
