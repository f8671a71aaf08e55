"""The log's one query against a real Valkey: from any cursor, whole or in pieces, it leads to the feed as it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.adapters.store import Store, connect
from hub.errors import NotFound
from hub.events import EntryPublished, EntryRemoved, FeedRemoved, FeedUpdated, PublishEvent, Receipt
from hub.model import EntryId, FeedNumber, FeedPath, FeedState, Kind, Live, LogSlice, Seq
from hub.settings import Settings
from tests.entries import NOON, category, published, removed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model import Logged

HOUR = timedelta(hours=1)


async def send(store: Store, *events: PublishEvent, quiet: bool = False) -> list[Seq]:
    """Publish; answers the seq that each event drew (0: none)."""
    receipts = await store.accept(events, source="test", quiet=quiet)
    seqs = [r.feeds[0][1] if isinstance(r, Receipt) and r.feeds else Seq(0) for r in receipts]
    while await store.chore():
        pass
    return seqs


async def number(store: Store, path: str) -> FeedNumber:
    feed = await store.resolve(FeedPath.parse(path))
    assert isinstance(feed, Live), feed
    return feed.number


async def log(store: Store, path: str, after: int = 0, *, limit: int = 100) -> LogSlice:
    return await store.log(await number(store, path), after, limit=limit)


def told(slice_: LogSlice) -> list[str]:
    return [f"-{row.id}" if row.removed else str(row.id) for row in slice_.rows]


def row_of(slice_: LogSlice, id_: str) -> Logged:
    (row,) = (row for row in slice_.rows if row.id == id_)
    return row


async def test_each_entry_comes_once_at_its_latest_change_oldest_first(store: Store) -> None:
    await send(store, published("a"), published("b"), published("c"), published("a", title="New"))

    read = await log(store, "all")

    assert told(read) == ["b", "c", "a"]
    assert [row.seq for row in read.rows] == sorted(row.seq for row in read.rows)
    assert read.head == read.rows[-1].seq
    assert (read.state, read.path) == (FeedState.LIVE, FeedPath(Kind.ALL))


async def test_only_what_came_after_the_cursor(store: Store) -> None:
    a, b, _ = await send(store, published("a"), published("b"), published("c"))

    assert told(await log(store, "all", a)) == ["b", "c"]
    assert told(await log(store, "all", b - 1)) == ["b", "c"], "every digit of a seq counts"
    assert told(await log(store, "all", b)) == ["c"]


async def test_a_limit_says_that_there_is_more(store: Store) -> None:
    await send(store, *(published(f"e{i}") for i in range(3)))

    assert [
        (len(read.rows), read.more) for read in [await log(store, "all", limit=n) for n in (1, 2, 3)]
    ] == [
        (1, True),
        (2, True),
        (3, False),
    ]


async def test_it_can_end_at_a_seq(store: Store) -> None:
    _, b, c = await send(store, published("a"), published("b"), published("c"))

    read = await store.log(await number(store, "all"), 0, limit=10, upto=b)

    assert told(read) == ["a", "b"]
    assert (read.more, read.head) == (False, c)


async def test_the_feeds_own_data_is_a_row_of_number_zero(store: Store) -> None:
    await send(
        store, published("a", category("world")), FeedUpdated(Kind.CATEGORY, "world", changes={"name": "W"})
    )

    read = await log(store, "category/world")

    assert [(row.number, row.id) for row in read.rows][1:] == [(0, "")]
    assert read.labels == read.head, "and a name that others show is new"


async def test_a_number_that_no_feed_has_is_said_to_be_none(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.log(FeedNumber(999), 0, limit=1)


# ---- since when an entry is in a feed --------------------------------------------------------------------------------


async def test_an_entry_joined_when_it_came_and_a_change_does_not_move_that(store: Store) -> None:
    first, later = await send(
        store, published("a", category("world")), published("a", category("world"), title="New")
    )

    row = row_of(await log(store, "category/world"), "a")
    assert (row.joined, row.seq) == (first, later)


async def test_each_feed_has_its_own_moment(store: Store) -> None:
    first, moved = await send(
        store, published("a", category("world")), published("a", category("world"), category("energy"))
    )

    assert row_of(await log(store, "category/world"), "a").joined == first
    assert row_of(await log(store, "category/energy"), "a").joined == moved


async def test_who_leaves_and_comes_back_joins_anew(store: Store) -> None:
    _, left, back = await send(
        store, published("a", category("world")), published("a"), published("a", category("world"))
    )

    assert told(await log(store, "category/world", left)) == ["a"]
    assert row_of(await log(store, "category/world"), "a").joined == back


async def test_a_removed_entry_is_told_as_such_and_joins_anew_when_it_returns(store: Store) -> None:
    first, _ = await send(store, published("a", date_modified=NOON), removed("a"))
    assert told(await log(store, "all", first)) == ["-a"]

    (back,) = await send(store, published("a", date_modified=NOON + HOUR))
    assert row_of(await log(store, "all", first), "a").joined == back


async def test_an_embargo_shows_nothing_until_it_ends(store: Store) -> None:
    soon = datetime.now(UTC) + timedelta(milliseconds=150)
    await send(store, published("a", category("world"), date_published=soon))
    assert told(await log(store, "all")) in ([], ["-a"])

    await asyncio.sleep(0.2)
    assert await store.turn() == 1
    row = row_of(await log(store, "category/world"), "a")
    assert row.joined == row.seq


async def test_an_expired_entry_is_gone(store: Store) -> None:
    soon = datetime.now(UTC) + timedelta(milliseconds=150)
    (first,) = await send(store, published("a", category("world"), date_expires=soon))

    await asyncio.sleep(0.2)
    assert await store.turn() == 1
    assert told(await log(store, "category/world", first)) == ["-a"]


async def test_an_entry_joins_the_feeds_above_a_category_that_gets_a_parent(store: Store) -> None:
    first, *_ = await send(store, published("a", category("europe")), published("w", category("world")))
    await send(store, published("b", category("europe", parent="world"), date_modified=NOON + HOUR))

    assert row_of(await log(store, "category/world"), "a").joined > first
    assert row_of(await log(store, "category/europe"), "a").joined == first


async def test_an_entry_stored_before_joining_was_kept_counts_as_there_for_ever(store: Store) -> None:
    await send(store, published("a", category("world")))
    entry = (await store.client.hget(store.keys.ids, "a")).decode()
    await store.client.hdel(store.keys.of("entry", entry), "joined")
    assert row_of(await log(store, "category/world"), "a").joined == 0

    (later,) = await send(store, published("a", category("world"), category("energy")))
    assert row_of(await log(store, "category/world"), "a").joined == 0
    assert row_of(await log(store, "category/energy"), "a").joined == later


# ---- gaps and ends ---------------------------------------------------------------------------------------------------


async def test_a_cursor_below_the_floor_is_a_gap_and_zero_never_is(store: Store) -> None:
    first, gone = await send(store, published("a"), removed("a"))
    await send(store, published("b"))
    feed = await number(store, "all")
    await store.run("sweep", 0, 100, "")

    assert (await store.log(feed, gone, limit=9)).floor == gone
    below, at, start = [await store.log(feed, after, limit=9) for after in (first, gone, 0)]
    assert (below.gap, below.rows) == (True, ())
    assert (at.gap, told(at)) == (False, ["b"])
    assert (start.gap, told(start)) == (False, ["b"])


async def test_who_began_with_nothing_needs_no_older_tombstones_but_all_later_ones(store: Store) -> None:
    await send(store, published("a"), published("b"))
    _, base = await send(store, published("c"), removed("c"))
    feed = await number(store, "all")
    await store.run("sweep", 0, 100, "")

    page = await store.log(feed, 0, limit=1)
    assert (page.head, page.floor) == (base, base)
    assert (await store.log(feed, page.rows[0].seq, limit=1)).gap
    assert told(await store.log(feed, page.rows[0].seq, limit=1, base=page.head)) == ["b"]

    await send(store, removed("a"))
    await store.run("sweep", 0, 100, "")
    assert (await store.log(feed, page.rows[0].seq, limit=1, base=page.head)).gap


async def test_a_cursor_above_all_that_ever_was_is_a_gap(store: Store) -> None:
    (seq,) = await send(store, published("a"))

    assert not (await log(store, "all", seq)).gap
    assert (await log(store, "all", seq + 1)).gap


async def test_a_renamed_feed_goes_on_under_its_new_path(store: Store) -> None:
    (first,) = await send(store, published("a", category("world")))
    feed = await number(store, "category/world")
    await send(store, FeedUpdated(Kind.CATEGORY, "world", new_slug="earth"))

    read = await store.log(feed, first, limit=9)

    assert (read.state, read.path) == (FeedState.LIVE, FeedPath(Kind.CATEGORY, "earth"))
    assert [row.number for row in read.rows] == [0]


async def test_a_retired_feed_ends_with_its_last_change(store: Store) -> None:
    (first,) = await send(store, published("a", category("world")))
    feed = await number(store, "category/world")
    await send(store, FeedRemoved(Kind.CATEGORY, "world"), published("b"))
    await send(store, removed("a"))

    read = await store.log(feed, first, limit=9)

    assert (read.state, read.path) == (FeedState.RETIRED, FeedPath(Kind.CATEGORY, "world"))
    assert [row.number for row in read.rows] == [0]
    assert read.head == read.rows[0].seq


async def test_a_merged_feed_ends_and_says_where_it_went(store: Store) -> None:
    first, _ = await send(store, published("a", category("world")), published("b", category("earth")))
    feed, other = await number(store, "category/world"), await number(store, "category/earth")
    await send(store, FeedRemoved(Kind.CATEGORY, "world", moved_to="earth"))

    read = await store.log(feed, first, limit=9)

    assert (read.state, read.path, read.became) == (FeedState.MOVED, FeedPath(Kind.CATEGORY, "earth"), other)
    assert [row.number for row in read.rows] == [0]
    assert row_of(await log(store, "category/earth"), "a").joined > read.head, "its entries joined the other"


# ---- the law ---------------------------------------------------------------------------------------------------------


@dataclass
class Reader:
    """Somebody who keeps a copy of a feed by reading its log."""

    path: str
    cursor: int = 0
    base: int = -1
    """The cursor at which it last had everything."""
    held: dict[EntryId, Seq] = field(default_factory=dict)

    async def read(self, store: Store, limit: int) -> bool:
        """Read once and apply. Answers whether there is more."""
        read = await log(store, self.path, self.cursor, limit=limit)
        assert not read.gap
        assert len(read.rows) <= limit
        for row in read.rows:
            assert row.seq > self.cursor, "a log never goes back"
            if row.joined > row.seq:  # it came back quietly, which a later row tells
                self.cursor = row.seq
                continue
            if row.number and not row.removed and row.joined <= self.base:
                assert row.id in self.held, "who joined before is known"
            self._apply(row)
            self.cursor = row.seq
        if not read.more:
            self.base = self.cursor
        return read.more

    def _apply(self, row: Logged) -> None:
        if row.removed:
            self.held.pop(row.id, None)
        elif row.number:
            self.held[row.id] = row.seq


@dataclass
class Told:
    """Somebody who is told of the feed `all` by push."""

    cursor: int = 0
    owed: dict[str, Seq] = field(default_factory=dict)
    """Entries with a change that it must hear of, at this seq or later."""
    secret: set[str] = field(default_factory=set)
    """Entries whose changes it must not hear of."""

    def expect(self, event: PublishEvent, seq: Seq, *, quiet: bool) -> None:
        match event:
            case EntryPublished(entry) if seq and quiet and entry.id not in self.owed:
                self.secret.add(entry.id)
            case EntryPublished(entry) if seq and not quiet:
                self.owed[entry.id] = seq
                self.secret.discard(entry.id)
            case EntryRemoved(id_) if seq:
                self.owed[id_] = seq
                self.secret.discard(id_)

    async def read(self, store: Store, limit: int) -> bool:
        feed = await number(store, "all")
        part = await store.log(feed, self.cursor, limit=limit, loud=True)
        for row in part.rows:
            assert row.id not in self.secret
            assert self.owed.pop(row.id, 0) <= row.seq
        self.cursor = part.rows[-1].seq if part.more else part.head
        return part.more

    async def finish(self, store: Store, limit: int) -> None:
        self.owed.pop("first", None)
        while await self.read(store, limit):
            pass
        assert not self.owed


CATEGORIES = ("world", "europe", "energy")
SITE = Settings(public_url="https://hub.test", debounce_ms=0)


def events() -> st.SearchStrategy[Any]:
    ids = st.sampled_from([f"e{i}" for i in range(5)])
    placed = st.lists(st.sampled_from(CATEGORIES), unique=True, max_size=3)
    parents = st.sampled_from([None, None, "world"])
    return st.one_of(
        st.tuples(st.just("publish"), ids, placed, parents, st.booleans()),
        st.tuples(st.just("remove"), ids),
        st.tuples(st.just("describe"), st.sampled_from(CATEGORIES)),
        st.tuples(st.just("read"), st.integers(0, 3), st.integers(1, 4)),
    )


def event_of(step: Sequence[Any], turn: int) -> PublishEvent:
    match step:
        case ("publish", id_, placed, parent, _):
            terms = [category(c, parent=None if c == parent else parent) for c in placed]
            return published(id_, *terms, title=str(turn), date_modified=NOON + turn * timedelta(seconds=1))
        case ("remove", id_):
            return removed(id_)
        case _:
            return FeedUpdated(Kind.CATEGORY, step[1], changes={"name": f"Name {turn}"})


@pytest.mark.timeout(120)
@settings(max_examples=60)
@given(steps=st.lists(events(), max_size=40), limit=st.integers(1, 5))
def test_a_log_read_from_any_cursor_and_applied_gives_the_window(
    redis_url: str, steps: list[Any], limit: int
) -> None:
    asyncio.run(_follow(redis_url, steps, limit))


async def _follow(redis_url: str, steps: list[Any], limit: int) -> None:
    store = Store(connect(redis_url), SITE)
    try:
        await store.client.flushdb()
        await send(store, *(FeedUpdated(Kind.CATEGORY, slug, changes={"name": slug}) for slug in CATEGORIES))
        await send(store, published("first"))
        told_one = Told()
        readers = [Reader(path) for path in ("all", *(f"category/{slug}" for slug in CATEGORIES))]
        for turn, step in enumerate(steps):
            if step[0] == "read":
                await readers[step[1]].read(store, step[2])
                await told_one.read(store, step[2])
            else:
                event, quiet = event_of(step, turn), step[0] == "publish" and step[4]
                (seq,) = await send(store, event, quiet=quiet)
                told_one.expect(event, seq, quiet=quiet)
        await told_one.finish(store, limit)
        for reader in readers:
            while await reader.read(store, limit):
                pass
            assert reader.held == await _window(store, reader.path), reader.path
    finally:
        await store.close()


async def _window(store: Store, path: str) -> dict[str, int]:
    snapshot = await store.snapshot(await number(store, path))
    assert snapshot is not None
    stored = await store.entries(place.number for place in snapshot.window)
    return {stored[place.number].entry.id: place.seq for place in snapshot.window}
