"""ACCEPT of entries against a real Valkey: outcomes, order, dates, removals, embargoes, retries."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hub.adapters.store import Store, connect
from hub.errors import StoreUnavailable
from hub.events import Outcome, Receipt
from hub.model import Entry, EntryNumber, FeedNumber, FeedPath, Kind
from tests.accepting import HOUR, everything, names, paths, send, window
from tests.entries import NOON, author, category, published, removed, tag

if TYPE_CHECKING:
    from hub.settings import Settings


async def test_an_entry_gets_one_seq_on_every_feed_that_it_touches(store: Store) -> None:
    (receipt,) = await send(store, published("a", author("ada"), category("world"), tag("energy")))

    assert receipt.outcome is Outcome.ACCEPTED
    assert paths(receipt) == ["all", "author/ada", "category/world", "tag/energy"]
    assert len({seq for _, seq in receipt.feeds}) == 1


async def test_seqs_grow_with_every_change(store: Store) -> None:
    receipts = await send(store, *(published(f"e{i}") for i in range(20)))

    seqs = [receipt.feeds[0][1] for receipt in receipts]
    assert seqs == sorted(set(seqs))


async def test_the_same_event_id_is_a_duplicate_and_changes_nothing(store: Store) -> None:
    await send(store, published("a", event="e1"))
    before = await everything(store)

    (receipt,) = await send(store, published("a", event="e1", title="Another"))

    assert receipt.outcome is Outcome.DUPLICATE
    assert await everything(store) == before


async def test_the_same_event_id_of_another_source_is_not_a_duplicate(store: Store) -> None:
    await send(store, published("a", event="e1"))

    (receipt,) = await store.accept([published("b", event="e1")], source="other")

    assert isinstance(receipt, Receipt)
    assert receipt.outcome is Outcome.ACCEPTED


async def test_an_older_update_is_stale_and_changes_nothing(store: Store) -> None:
    await send(store, published("a", date_modified=NOON))
    before = await everything(store)

    (receipt,) = await send(store, published("a", title="Old", date_modified=NOON - HOUR))

    assert receipt.outcome is Outcome.STALE
    assert await everything(store) == before


async def test_an_update_of_the_same_date_is_not_stale(store: Store) -> None:
    await send(store, published("a"))

    (receipt,) = await send(store, published("a", title="Mended at once"))

    assert receipt.outcome is Outcome.ACCEPTED


async def test_equal_content_is_unchanged_even_with_a_newer_date(store: Store) -> None:
    (first,) = await send(store, published("a"))

    (again,) = await send(store, published("a", date_modified=NOON + HOUR))
    (late,) = await send(store, published("a", title="Overtaken", date_modified=NOON + HOUR / 2))

    assert again.outcome is Outcome.UNCHANGED
    assert again.feeds == ()
    assert late.outcome is Outcome.STALE, "the newer date counts for the order"
    assert first.outcome is Outcome.ACCEPTED


async def test_a_repeated_command_gets_the_same_answer(store: Store) -> None:
    """redis-py sends a command again when its answer was lost."""
    call = store._call(published("a", author("ada"), event="e1"), "test")

    first, second = await store.call(call), await store.call(call)

    assert first == second
    assert first[0] == b"accepted"


async def test_an_old_article_published_today_sits_where_its_date_says(store: Store) -> None:
    await send(store, published("new"), published("old", date_published=NOON - 1000 * HOUR))
    await send(store, published("middle", date_published=NOON - HOUR))

    assert await window(store, "all") == ["new", "middle", "old"]


async def undated(store: Store, title: str, *, seconds: int = 0) -> Receipt:
    """Publish an entry that says no dates, received so many seconds after noon."""
    received = NOON + timedelta(seconds=seconds)
    event = published("a", title=title, date_published=received, date_modified=received)
    (receipt,) = await send(store, replace(event, dated=False, modified=False))
    return receipt


async def stored(store: Store) -> Entry:
    (found,) = (await store.entries([EntryNumber(1)])).values()
    return found.entry


async def test_an_entry_without_dates_can_be_repeated(store: Store) -> None:
    await undated(store, "Title")

    assert (await undated(store, "Title", seconds=5)).outcome is Outcome.UNCHANGED
    assert (await stored(store)).date_published == NOON


async def test_a_change_without_dates_keeps_the_place_and_says_when_it_was_changed(store: Store) -> None:
    await undated(store, "Title")

    await undated(store, "Corrected", seconds=60)

    entry = await stored(store)
    assert (entry.title, entry.date_published) == ("Corrected", NOON)
    assert entry.date_modified == NOON + timedelta(seconds=60)


async def test_what_was_changed_and_removed_without_dates_comes_back_without_them(store: Store) -> None:
    said = published("a", date_published=NOON, date_modified=NOON + HOUR)
    await send(store, replace(said, modified=False))
    await send(
        store, replace(published("a", title="Corrected", date_modified=NOON + 2 * HOUR), modified=False)
    )
    await send(store, removed("a"))

    again = published("a", title="Back", date_published=NOON, date_modified=NOON + 3 * HOUR)
    (receipt,) = await send(store, replace(again, modified=False))

    assert receipt.outcome is Outcome.ACCEPTED
    assert await window(store, "all") == ["a"]


async def test_another_date_of_publication_is_a_change(store: Store) -> None:
    await send(store, published("a"))

    (moved,) = await send(store, published("a", date_published=NOON - HOUR, date_modified=NOON + HOUR))

    assert moved.outcome is Outcome.ACCEPTED
    assert (await stored(store)).date_published == NOON - HOUR


async def test_two_undated_events_of_one_entry_in_one_batch_are_taken_in_turn(store: Store) -> None:
    first = published("a", date_published=NOON, date_modified=NOON)
    later = published("a", title="B", date_published=NOON + HOUR, date_modified=NOON + HOUR)

    await send(store, *(replace(event, dated=False, modified=False) for event in (first, later)))

    entry = await stored(store)
    assert (entry.title, entry.date_published, entry.date_modified) == ("B", NOON, NOON + HOUR)


async def test_a_first_hook_without_date_modified_was_modified_when_it_was_published(store: Store) -> None:
    """Else a correction dated before the first hook's receipt would be stale."""
    first = published("a", date_published=NOON, date_modified=NOON + 10 * HOUR)
    await send(store, replace(first, modified=False))

    (receipt,) = await send(store, published("a", title="Corrected", date_modified=NOON + HOUR))

    assert receipt.outcome is Outcome.ACCEPTED


async def test_what_an_embargoed_entry_says_of_its_categories_can_be_corrected(store: Store) -> None:
    soon = datetime.now(UTC) + timedelta(milliseconds=150)
    await send(store, published("a", category("x", name="Wrong"), date_published=soon))
    await send(
        store, published("a", category("x", name="Right"), date_published=soon, date_modified=NOON + HOUR)
    )

    while not (await store.owed()).turn:
        await asyncio.sleep(0.01)
    await store.turn()

    assert await names(store, "a") == ["Right"]


async def test_a_clock_that_is_ahead_delays_nothing(store: Store) -> None:
    """After a failover to a server whose time is behind, stamps run ahead of it; due times do not."""
    await store.client.set(store.keys.clock, int((datetime.now(UTC) + HOUR).timestamp() * 1e6))

    await send(store, published("a"))

    assert (await store.owed()).wait == 0


@pytest.mark.parametrize("events", [1, 3])
async def test_a_redis_that_may_not_write_is_a_clear_error(store: Store, events: int) -> None:
    await store.client.config_set("min-replicas-to-write", 1)
    try:
        with pytest.raises(StoreUnavailable):
            await store.accept([published(f"e{i}") for i in range(events)], source="test")
    finally:
        await store.client.config_set("min-replicas-to-write", 0)


async def test_a_removal_leaves_a_tombstone_and_erases_the_content(store: Store) -> None:
    await send(store, published("a", author("ada")))

    (receipt,) = await send(store, removed("a"))

    assert receipt.outcome is Outcome.ACCEPTED
    assert paths(receipt) == ["all", "author/ada"]
    assert await window(store, "all") == []
    snapshot = await store.snapshot(FeedNumber(1))
    assert snapshot is not None
    assert [stone.id for stone in snapshot.tombstones] == ["a"]
    assert b"Some content" not in b"".join((await everything(store)).values())
    assert await store.client.hget(store.keys.of("entry", 1), "data") is None


async def test_a_removal_older_than_the_entry_is_stale(store: Store) -> None:
    await send(store, published("a"))

    (receipt,) = await send(store, removed("a", date_modified=NOON - HOUR))

    assert receipt.outcome is Outcome.STALE


async def test_an_update_that_a_removal_overtook_is_stale(store: Store) -> None:
    await send(store, removed("a", date_modified=NOON + HOUR))

    (receipt,) = await send(store, published("a"))

    assert receipt.outcome is Outcome.STALE
    assert await window(store, "all") == []


async def test_a_removed_entry_can_be_published_again(store: Store) -> None:
    await send(store, published("a", category("world")), removed("a"))

    (receipt,) = await send(store, published("a", category("world"), date_modified=NOON + HOUR))

    assert receipt.outcome is Outcome.ACCEPTED
    assert await window(store, "category/world") == ["a"]
    snapshot = await store.snapshot(FeedNumber(1))
    assert snapshot is not None
    assert snapshot.tombstones == ()


async def test_a_second_removal_is_unchanged(store: Store) -> None:
    receipts = await send(store, published("a"), removed("a"), removed("a"))

    assert [r.outcome for r in receipts] == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.UNCHANGED]


async def test_an_embargoed_entry_waits_and_nothing_shows_that_it_exists(store: Store) -> None:
    soon = datetime.now(UTC) + timedelta(milliseconds=200)
    (receipt,) = await send(store, published("a", category("merger"), date_published=soon))

    assert receipt.outcome is Outcome.SCHEDULED
    assert receipt.feeds == ()
    assert await store.resolve(FeedPath.parse("category/merger")) is None

    while not (await store.owed()).turn:
        await asyncio.sleep(0.01)
    assert await store.turn() == 1

    assert await window(store, "category/merger") == ["a"]


async def test_a_future_date_withdraws_a_live_entry(store: Store) -> None:
    await send(store, published("a", category("world")))

    (receipt,) = await send(
        store,
        published("a", category("world"), date_published=datetime.now(UTC) + HOUR, date_modified=NOON + HOUR),
    )

    assert receipt.outcome is Outcome.SCHEDULED
    assert paths(receipt) == ["all", "category/world"]
    assert await window(store, "category/world") == []


async def test_an_expired_entry_leaves_its_feeds_and_its_content_is_erased(store: Store) -> None:
    soon = datetime.now(UTC) + timedelta(milliseconds=150)
    await send(store, published("a", date_expires=soon))
    assert await window(store, "all") == ["a"]

    while not (await store.owed()).turn:
        await asyncio.sleep(0.01)
    await store.turn()

    assert await window(store, "all") == []
    assert await store.client.hget(store.keys.of("entry", 1), "data") is None


async def test_an_entry_that_arrives_expired_is_never_live(store: Store) -> None:
    (receipt,) = await send(store, published("a", date_expires=NOON + HOUR))

    assert receipt.feeds == ()
    assert await window(store, "all") == []


async def test_a_seq_is_never_reused_after_lost_writes(store: Store) -> None:
    """A database restored from an older copy, or a failover that lost the last writes."""
    (before,) = await send(store, published("a"))
    backup = {key: await store.client.dump(key) for key in await store.client.keys("*")}
    (lost,) = await send(store, published("b"))
    await store.client.flushall()
    for key, dump in backup.items():
        await store.client.restore(key, 0, dump)

    (after,) = await send(store, published("c"))

    assert after.feeds[0][1] > lost.feeds[0][1] > before.feeds[0][1]


async def test_a_clock_that_stepped_back_does_not_turn_seqs_back(store: Store) -> None:
    hour_ahead = int((datetime.now(UTC) + HOUR).timestamp() * 1e6)
    await store.client.set(store.keys.clock, hour_ahead)

    (receipt,) = await send(store, published("a"))

    assert receipt.feeds[0][1] == hour_ahead + 1


async def test_hubs_on_one_redis_do_not_meet(store: Store, settings: Settings) -> None:
    other = Store(store.client, settings.model_copy(update={"name": "other"}))
    await send(store, published("a"))

    assert (await other.list_feeds(kinds=list(Kind))).feeds == ()


async def test_long_arrays_keep_their_order(store: Store) -> None:
    events = [published("a", title=str(i), date_modified=NOON + i * timedelta(seconds=1)) for i in range(200)]

    receipts = await send(store, *events)

    assert {r.outcome for r in receipts} == {Outcome.ACCEPTED}
    (entry,) = (await store.entries([EntryNumber(1)])).values()
    assert entry.entry.title == "199"


async def test_a_redis_that_is_away_is_a_clear_error(settings: Settings) -> None:
    nowhere = Store(connect("unix:///nonexistent/socket"), settings)

    with pytest.raises(StoreUnavailable):
        await nowhere.accept([published("a")], source="test")
    await nowhere.close()


async def test_a_full_redis_is_a_clear_error_and_stores_nothing(store: Store) -> None:
    before = await everything(store)
    await store.client.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreUnavailable):
            await store.accept([published("a")], source="test")
    finally:
        await store.client.config_set("maxmemory", 0)

    assert await everything(store) == before


async def test_scripts_survive_a_server_that_forgot_them(store: Store) -> None:
    await send(store, published("a"))
    await store.client.script_flush()

    receipts = await send(store, published("b"), published("c"))

    assert [r.outcome for r in receipts] == [Outcome.ACCEPTED, Outcome.ACCEPTED]


async def test_content_is_compared_with_every_field(store: Store) -> None:
    event = published("a", category("world"))
    await send(store, event)
    changes: list[dict[str, Any]] = [
        {"title": "x"}, {"summary": "x"}, {"content_html": "<p>x</p>"}, {"url": "https://site.test/x"},
        {"language": "fr"}, {"visibility": "members"}, {"date_published": NOON - HOUR}, {"categories": ()},
    ]  # fmt: skip

    for change in changes:
        (receipt,) = await send(store, replace(event, entry=replace(event.entry, **change)))
        assert receipt.outcome is Outcome.ACCEPTED, change
