"""ACCEPT against a real Valkey: outcomes, order, places, terms, embargoes, retries."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hub.adapters.store import Store, connect
from hub.errors import Conflict, StoreUnavailable
from hub.events import FeedRemoved, FeedUpdated, HookRecord, Noted, Outcome, PublishEvent, Receipt, Source
from hub.model import (
    Entry,
    EntryId,
    EntryNumber,
    FeedNumber,
    FeedPath,
    Kind,
    Label,
    Live,
    Moved,
    Retired,
    Term,
    TermRef,
)
from tests.entries import NOON, author, category, published, removed, tag

if TYPE_CHECKING:
    from hub.settings import Settings

HOUR = timedelta(hours=1)


async def send(store: Store, *events: PublishEvent) -> list[Receipt]:
    receipts = await store.accept(events, source="test")
    assert all(isinstance(receipt, Receipt) for receipt in receipts), receipts
    return [receipt for receipt in receipts if isinstance(receipt, Receipt)]


def paths(receipt: Receipt) -> list[str]:
    return sorted(str(path) for path, _ in receipt.feeds)


async def window(store: Store, path: str) -> list[str]:
    """Ids of the entries in a feed, newest first."""
    feed = await store.resolve(FeedPath.parse(path))
    assert isinstance(feed, Live), feed
    snapshot = await store.snapshot(feed.number)
    assert snapshot is not None
    entries = await store.entries([place.number for place in snapshot.window])
    return [entries[place.number].entry.id for place in snapshot.window]


async def shown(store: Store, id_: str) -> list[Label]:
    """What documents show of an entry's authors, categories and tags."""
    number = EntryNumber(int(await store.client.hget(store.keys.ids, id_) or 0))
    refs = (await store.entries([number]))[number].entry.refs
    labels = await store.labels(refs)
    return [labels[ref] for ref in refs if ref in labels]


async def names(store: Store, id_: str) -> list[str]:
    return [label.name for label in await shown(store, id_)]


async def everything(store: Store) -> dict[bytes, Any]:
    """All that Redis holds, to see that nothing changed."""
    client = store.client
    return {key: await client.dump(key) for key in sorted(await client.keys("*")) if b"reply" not in key}


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


async def test_a_parent_that_nobody_told_before_is_taken_from_an_older_entry(store: Store) -> None:
    await send(store, FeedUpdated(Kind.CATEGORY, "europe", changes={"description": "All of it"}))

    await send(store, published("a", category("europe", parent="world")))
    while await store.chore():
        pass

    assert await window(store, "category/world") == ["a"]


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


async def test_a_plain_string_names_a_category_and_tells_nothing_about_it(store: Store) -> None:
    await send(store, published("a", category("science", name="Science")))

    await send(
        store, published("b", category("science", name="science", brief=True), date_modified=NOON + HOUR)
    )

    assert await names(store, "b") == ["Science"]


async def test_a_plain_string_names_a_new_category(store: Store) -> None:
    await send(store, published("a", category("science", name="Science!", brief=True)))

    assert await names(store, "a") == ["Science!"]


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


async def test_a_rename_of_nothing_is_refused(store: Store) -> None:
    (answer,) = await store.accept([FeedUpdated(Kind.CATEGORY, "nowhere", new_slug="x")], source="test")

    assert isinstance(answer, Conflict)
    assert await store.resolve(FeedPath.parse("category/x")) is None


@pytest.mark.parametrize(
    "event",
    [
        FeedUpdated(Kind.CATEGORY, "news", "9", "news", {"name": "Other news"}),
        FeedUpdated(Kind.CATEGORY, "empty", "9", "void", {"name": "Void"}),
        FeedRemoved(Kind.CATEGORY, "news", "9"),
    ],
    ids=["renamed", "unknown", "removed"],
)
async def test_a_cms_that_tells_of_a_category_that_no_entry_has_changes_nothing(
    store: Store, event: PublishEvent
) -> None:
    await send(store, published("a", category("news", id="7", explicit_id=True, name="News")))

    (receipt,) = await store.accept([event], source="strapi")

    assert isinstance(receipt, Receipt)
    assert receipt.outcome is Outcome.UNCHANGED
    assert await names(store, "a") == ["News"]
    assert await window(store, "category/news") == ["a"]
    assert await store.resolve(FeedPath.parse("category/void")) is None


async def test_a_retired_feeds_address_taken_by_another_stays_the_others(store: Store) -> None:
    await send(store, published("a", category("news")), published("b", category("politics")))
    await send(store, FeedRemoved(Kind.CATEGORY, "news"))
    await send(store, FeedUpdated(Kind.CATEGORY, "politics", new_slug="news"))

    late = datetime.now(UTC) + HOUR
    await send(store, published("c", category("news"), date_modified=late))

    assert sorted(await window(store, "category/news")) == ["b", "c"]
    assert isinstance(await store.resolve(FeedPath.parse("category/politics")), Moved)


async def test_a_feed_that_comes_back_leaves_its_old_address_to_the_feed_that_has_it_now(
    store: Store,
) -> None:
    await send(store, published("a", category("x")), published("b", category("y")))
    await send(store, FeedUpdated(Kind.CATEGORY, "x", new_slug="z"), FeedRemoved(Kind.CATEGORY, "z"))
    await send(store, FeedUpdated(Kind.CATEGORY, "y", new_slug="z"))

    await send(store, FeedUpdated(Kind.CATEGORY, "x", changes={"name": "Again"}))

    assert await window(store, "category/z") == ["b"]
    assert await window(store, "category/x") == ["a"]
    assert [(label.slug, label.name) for label in await shown(store, "a")] == [("x", "Again")]


async def test_a_feed_that_comes_back_by_its_id_does_so_at_the_slug_that_the_entry_says(store: Store) -> None:
    await send(store, published("a", category("z", id="7", explicit_id=True)), published("b", category("y")))
    await send(store, FeedRemoved(Kind.CATEGORY, "z"), FeedUpdated(Kind.CATEGORY, "y", new_slug="z"))

    late = datetime.now(UTC) + HOUR
    await send(store, published("c", category("w", id="7", explicit_id=True), date_modified=late))

    assert await window(store, "category/z") == ["b"]
    assert sorted(await window(store, "category/w")) == ["a", "c"]


async def test_a_slug_means_the_feed_that_has_it_now(store: Store) -> None:
    await send(store, published("a", category("x")), published("b", category("y")))
    await send(
        store, FeedUpdated(Kind.CATEGORY, "x", new_slug="z"), FeedUpdated(Kind.CATEGORY, "y", new_slug="x")
    )

    await send(store, published("c", category("x")))

    assert sorted(await window(store, "category/x")) == ["b", "c"]


async def test_an_entry_stays_with_the_feed_that_it_named_when_another_gets_its_address(store: Store) -> None:
    await send(store, published("a", category("x")), published("b", category("y")))
    await send(
        store, FeedUpdated(Kind.CATEGORY, "x", new_slug="z"), FeedUpdated(Kind.CATEGORY, "y", new_slug="x")
    )

    await send(store, published("c", category("x", name="Y")))

    assert await window(store, "category/z") == ["a"]
    assert [(label.slug, label.name) for label in await shown(store, "a")] == [("z", "X")]
    assert [(label.slug, label.name) for label in await shown(store, "c")] == [("x", "Y")]


async def test_a_repeated_entry_is_of_the_feeds_that_its_slugs_mean_now(store: Store) -> None:
    entry = published("a", category("child", parent="above"), category("above"))
    await send(store, entry)
    await send(
        store,
        FeedUpdated(Kind.CATEGORY, "above", new_slug="z"),
        FeedUpdated(Kind.CATEGORY, "child", new_slug="above"),
    )

    (receipt,) = await send(store, entry)
    assert receipt.outcome is Outcome.ACCEPTED, "it names the child twice now, and documents show that"
    await send(
        store, published("b", category("above", parent="other"), date_modified=HOUR + datetime.now(UTC))
    )
    while await store.chore():
        pass

    assert await window(store, "category/z") == []


async def test_a_repeated_entry_of_a_merged_category_is_unchanged(store: Store) -> None:
    entry = published("a", category("x"))
    await send(store, entry, published("b", category("y")), FeedRemoved(Kind.CATEGORY, "x", moved_to="y"))
    while await store.chore():
        pass

    (receipt,) = await send(store, entry)

    assert receipt.outcome is Outcome.UNCHANGED


async def test_a_first_name_reaches_the_entries_that_a_merge_brought(store: Store) -> None:
    await send(store, published("a", category("x"), category("child", parent="bare"), category("other")))
    await send(store, FeedRemoved(Kind.CATEGORY, "x", moved_to="bare"))
    while await store.chore():
        pass
    merged = int(await store.client.get(store.keys.labels) or 0)

    await send(store, published("b", category("bare", name="Told")))
    while await store.chore():
        pass

    listing = {str(f.path): f.number for f in (await store.list_feeds(kinds=list(Kind))).feeds}
    other = store.keys.of("feed", listing["category/other"])
    assert await names(store, "a") == ["Told", "Child", "Other"]
    assert int(await store.client.hget(other, "need") or 0) > merged, "its documents are to be rebuilt"


async def test_a_repeated_merge_is_unchanged_and_never_takes_the_target_away(store: Store) -> None:
    await send(store, published("a", category("x")), published("b", category("y")))
    merge = FeedRemoved(Kind.CATEGORY, "x", moved_to="y")
    receipts = await send(store, merge, merge, FeedRemoved(Kind.CATEGORY, "x"))

    outcomes = [receipt.outcome for receipt in receipts]
    assert outcomes == [Outcome.ACCEPTED, Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert isinstance(await store.resolve(FeedPath.parse("category/y")), Live)


async def test_what_was_published_while_a_feed_was_retired_is_there_when_it_comes_back(store: Store) -> None:
    await send(store, published("a", category("x")), FeedRemoved(Kind.CATEGORY, "x"))
    receipts = await send(
        store, published("b", category("x")), published("a", category("x"), title="Corrected")
    )
    assert all("category/x" not in paths(receipt) for receipt in receipts)

    await send(store, FeedUpdated(Kind.CATEGORY, "x", changes={"description": "Back again"}))

    assert sorted(await window(store, "category/x")) == ["a", "b"]


async def test_a_retired_category_still_hands_its_entries_up(store: Store) -> None:
    await send(store, published("old", category("europe", parent="world")))
    await send(store, published("paris", category("paris", parent="europe")))
    await send(store, FeedRemoved(Kind.CATEGORY, "europe"))
    await send(store, published("new", category("paris")))

    assert sorted(await window(store, "category/world")) == ["new", "old", "paris"]


async def test_a_late_entry_of_a_merged_category_tells_nothing_of_the_target(store: Store) -> None:
    await send(store, published("a", category("x")), published("b", category("y")))
    await send(store, FeedRemoved(Kind.CATEGORY, "x", moved_to="y"))

    (receipt,) = await send(
        store, published("c", category("x", name="Other"), date_modified=datetime.now(UTC) + HOUR)
    )

    assert paths(receipt) == ["all", "category/y"]
    assert await names(store, "a") == await names(store, "c") == ["Y"]


async def test_a_merge_has_documents_elsewhere_show_the_new_name(store: Store) -> None:
    await send(store, published("a", category("x"), category("other")), published("b", category("y")))
    await send(
        store, published("c", category("x", parent="q"), date_modified=NOON + HOUR)
    )  # a walk is pending
    await send(store, FeedRemoved(Kind.CATEGORY, "x", moved_to="y"))
    while await store.chore():
        pass

    listing = {str(f.path): f for f in (await store.list_feeds(kinds=list(Kind))).feeds}
    other = listing["category/other"].number
    assert await store.client.hget(store.keys.of("feed", other), "need") == await store.client.get(
        store.keys.labels
    )
    assert await store.client.zscore(store.keys.stale, other) is not None


async def test_a_listing_survives_a_rename_in_its_middle(store: Store) -> None:
    await send(store, published("a", category("x")))
    await store.client.zadd(store.keys.directory, {"category/gone": 0, "category/moved": 0})
    await store.client.hset(store.keys.slugs, "category/moved", ">2")

    assert [str(f.path) for f in (await store.list_feeds(kinds=list(Kind))).feeds] == ["all", "category/x"]


@pytest.mark.parametrize("events", [1, 3])
async def test_a_redis_that_may_not_write_is_a_clear_error(store: Store, events: int) -> None:
    await store.client.config_set("min-replicas-to-write", 1)
    try:
        with pytest.raises(StoreUnavailable):
            await store.accept([published(f"e{i}") for i in range(events)], source="test")
    finally:
        await store.client.config_set("min-replicas-to-write", 0)


async def test_a_move_between_categories_changes_the_old_and_the_new_feed(store: Store) -> None:
    await send(store, published("a", category("world")), published("b", category("world")))

    (receipt,) = await send(store, published("a", category("science")))

    assert paths(receipt) == ["all", "category/science", "category/world"]
    assert await window(store, "category/world") == ["b"]
    assert await window(store, "category/science") == ["a"]


async def test_an_entry_is_in_the_feeds_of_its_categories_ancestors(store: Store) -> None:
    await send(store, published("a", category("europe", parent="world")))
    await send(store, published("b", category("paris", parent="europe")))

    assert await window(store, "category/europe") == ["b", "a"]
    assert await window(store, "category/world") == ["b", "a"]


async def test_parents_in_a_circle_do_not_hang(store: Store) -> None:
    await send(store, published("a", category("x", parent="y")), published("b", category("y", parent="x")))
    await send(store, published("c", category("z", parent="z")))

    assert set(await window(store, "category/y")) == {"a", "b"}


async def test_a_new_parent_moves_the_entries_that_are_there_already(store: Store) -> None:
    await send(store, *(published(f"e{i}", category("europe", parent="world")) for i in range(300)))

    await send(store, published("late", category("europe", parent="abroad"), date_modified=NOON + HOUR))
    while await store.chore():
        pass

    assert (await store.resolve(FeedPath.parse("category/abroad"))) is not None
    listing = {str(f.path): f.entries for f in (await store.list_feeds(kinds=list(Kind))).feeds}
    assert listing["category/abroad"] == 301
    assert listing["category/world"] == 0


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


async def test_an_authors_data_follows_the_newest_entry_that_tells_it(store: Store) -> None:
    await send(store, published("a", author("ada", url="https://site.test/ada")))
    await send(store, published("b", author("ada", name="Ada Q."), date_modified=NOON + HOUR))
    await send(store, published("c", author("ada", name="Old"), date_modified=NOON - HOUR))

    (label,) = await shown(store, "a")
    assert (label.name, label.url) == ("Ada Q.", "https://site.test/ada")


async def test_a_changed_bio_changes_the_authors_feed_even_if_the_entry_did_not(store: Store) -> None:
    await send(store, published("a", author("ada", description="Old bio")))

    (receipt,) = await send(
        store, published("a", author("ada", description="New bio"), date_modified=NOON + HOUR)
    )

    assert receipt.outcome is Outcome.ACCEPTED
    assert paths(receipt) == ["author/ada"]


async def test_a_rename_keeps_the_feed_and_its_old_address_leads_there(store: Store) -> None:
    await send(store, published("a", category("world")))
    before = await store.resolve(FeedPath.parse("category/world"))

    await send(store, FeedUpdated(Kind.CATEGORY, "world", new_slug="international"))

    assert await store.resolve(FeedPath.parse("category/world")) == Moved(
        FeedPath.parse("category/international")
    )
    assert await store.resolve(FeedPath.parse("category/international")) == before
    (again,) = await send(store, published("b", category("world")))
    assert paths(again) == ["all", "category/international"], "late hooks still use the old slug"


async def test_a_rename_of_a_rename_leads_to_the_last_address(store: Store) -> None:
    await send(store, published("a", category("x")))
    await send(
        store, FeedUpdated(Kind.CATEGORY, "x", new_slug="y"), FeedUpdated(Kind.CATEGORY, "y", new_slug="z")
    )

    assert await store.resolve(FeedPath.parse("category/x")) == Moved(FeedPath.parse("category/z"))


async def test_a_rename_onto_a_live_slug_is_refused_and_changes_nothing(store: Store) -> None:
    await send(store, published("a", category("x"), category("y")))
    before = await everything(store)

    (answer,) = await store.accept([FeedUpdated(Kind.CATEGORY, "x", new_slug="y")], source="test")

    assert isinstance(answer, Conflict)
    assert await everything(store) == before


async def test_an_entry_renames_a_feed_only_by_an_id_of_its_own(store: Store) -> None:
    await send(store, published("a", category("world", id="7", explicit_id=True)))
    await send(
        store,
        published("a", category("planet", id="7", explicit_id=True), date_modified=NOON + HOUR, title="2"),
    )

    assert await store.resolve(FeedPath.parse("category/world")) == Moved(FeedPath.parse("category/planet"))


async def test_a_rename_has_the_documents_that_show_the_name_rebuilt_without_a_seq(store: Store) -> None:
    (first,) = await send(store, published("a", author("ada"), category("world")))
    seqs = {str(path): seq for path, seq in first.feeds}
    for key in (store.keys.dirty, store.keys.stale):
        await store.client.delete(key)

    await send(store, FeedUpdated(Kind.AUTHOR, "ada", changes={"name": "Ada Quill"}))
    while await store.chore():
        pass

    listing = {str(f.path): f for f in (await store.list_feeds(kinds=list(Kind))).feeds}
    stale = {int(n) for n in await store.client.zrange(store.keys.stale, 0, -1)}
    assert stale == {listing[path].number for path in ("all", "author/ada", "category/world")}
    assert listing["category/world"].seq == seqs["category/world"]
    assert listing["author/ada"].seq > seqs["author/ada"]


async def test_a_retired_feed_is_gone_and_documents_stop_naming_it(store: Store) -> None:
    await send(store, published("a", category("world"), tag("old")))

    (receipt,) = await send(store, FeedRemoved(Kind.TAG, "old"))

    assert paths(receipt) == ["tag/old"]
    assert await store.resolve(FeedPath.parse("tag/old")) == Retired()
    assert await names(store, "a") == ["World"]


async def test_a_feed_that_moved_to_another_brings_its_entries(store: Store) -> None:
    await send(store, published("a", category("x")), published("b", category("y")))

    await send(store, FeedRemoved(Kind.CATEGORY, "x", moved_to="y"))
    while await store.chore():
        pass

    assert await store.resolve(FeedPath.parse("category/x")) == Moved(FeedPath.parse("category/y"))
    assert sorted(await window(store, "category/y")) == ["a", "b"]


async def test_a_newer_entry_brings_a_retired_feed_back(store: Store) -> None:
    await send(store, published("a", tag("old")), FeedRemoved(Kind.TAG, "old"))
    await send(store, published("b", tag("old")))
    assert await store.resolve(FeedPath.parse("tag/old")) == Retired(), "an older entry does not"

    await send(store, published("c", tag("old"), date_modified=datetime.now(UTC) + HOUR))

    assert isinstance(await store.resolve(FeedPath.parse("tag/old")), Live)


async def test_a_recreated_category_goes_on_under_its_address(store: Store) -> None:
    await send(store, published("a", category("world", id="7", explicit_id=True)))
    (receipt,) = await send(store, published("b", category("world", id="9", explicit_id=True)))

    assert paths(receipt) == ["all", "category/world"]
    assert await window(store, "category/world") == ["b", "a"]


async def test_a_new_category_takes_an_address_that_another_left(store: Store) -> None:
    await send(store, published("a", category("world", id="7", explicit_id=True)))
    await send(store, FeedUpdated(Kind.CATEGORY, "world", new_slug="planet"))

    await send(store, published("b", category("world", id="9", explicit_id=True)))

    assert await window(store, "category/world") == ["b"]
    assert await window(store, "category/planet") == ["a"]


async def test_kinds_without_feeds_are_neither_marked_nor_answered(store: Store, settings: Settings) -> None:
    only = Store(store.client, settings.model_copy(update={"feed_kinds": (Kind.ALL, Kind.CATEGORY)}))

    (receipt,) = await send(only, published("a", author("ada"), category("world"), tag("x")))

    assert paths(receipt) == ["all", "category/world"]
    assert await only.client.zcard(only.keys.dirty) == 2


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


# ---- what CMSs say in their own way ------------------------------------------------------------------------


async def test_versions_decide_where_a_cms_numbers_them(store: Store) -> None:
    def version(number: int, title: str, when: datetime = NOON) -> PublishEvent:
        return replace(published("a", title=title, date_modified=when), version=number)

    receipts = await send(
        store,
        version(3, "first"),
        version(4, "later, by an older clock", NOON - HOUR),
        version(4, "again", NOON + HOUR),
        version(3, "late", NOON + HOUR),
        removed("a", version=5),
        version(4, "after its end", NOON + HOUR),
    )

    assert [receipt.outcome for receipt in receipts] == [
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
        Outcome.STALE,
        Outcome.STALE,
        Outcome.ACCEPTED,
        Outcome.STALE,
    ]


async def test_equal_content_of_a_later_version_moves_the_mark(store: Store) -> None:
    event = published("a")
    receipts = await send(store, *(replace(event, version=number) for number in (1, 7, 6)))

    assert [r.outcome for r in receipts] == [Outcome.ACCEPTED, Outcome.UNCHANGED, Outcome.STALE]


async def test_what_a_cms_has_published_is_live_though_its_date_is_ahead(store: Store) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=4)
    held, live = published("a", date_published=soon), published("b", date_published=soon)
    receipts = await send(store, held, replace(live, held=False))

    assert [receipt.outcome for receipt in receipts] == [Outcome.SCHEDULED, Outcome.ACCEPTED]
    assert await window(store, "all") == ["b"]


async def test_an_author_known_by_a_number_alone_is_the_one_that_has_it_and_makes_no_feed(
    store: Store,
) -> None:
    ann = Term(Kind.AUTHOR, "2", "ann", "Ann", explicit_id=True)
    known, unknown = (Term(Kind.AUTHOR, number, "", explicit_id=True, bare=True) for number in ("2", "9"))
    receipts = await send(
        store, published("a", ann), published("b", known), published("c", unknown, tag("energy"))
    )

    assert [paths(receipt) for receipt in receipts] == [
        ["all", "author/ann"],
        ["all", "author/ann"],
        ["all", "tag/energy"],
    ]
    assert await window(store, "author/ann") == ["b", "a"]
    assert await labels_in_all(store, "b") == ["Ann"]
    assert await labels_in_all(store, "c") == ["Energy"]
    (again,) = await send(store, published("c", replace(ann, id="9", slug="joe", name="Joe"), tag("energy")))
    assert paths(again) == ["all", "author/joe", "tag/energy"]
    assert await labels_in_all(store, "c") == ["Joe", "Energy"]


async def labels_in_all(store: Store, id_: str) -> list[str]:
    """Names that documents show of an entry, in order."""
    feed = await store.resolve(FeedPath.parse("all"))
    assert isinstance(feed, Live)
    snapshot = await store.snapshot(feed.number)
    assert snapshot is not None
    entries = await store.entries([place.number for place in snapshot.window])
    (entry,) = [stored.entry for stored in entries.values() if stored.entry.id == id_]
    labels = await store.labels(entry.refs)
    return [labels[ref].name for ref in entry.refs if ref in labels]


async def test_how_hooks_fare_is_kept_by_source(store: Store) -> None:
    assert await store.hook_records() == dict.fromkeys(Source, HookRecord())
    await store.note_taken(Source.GHOST, NOON)
    await store.note_refused(Source.WORDPRESS, NOON, "no signature: why not")
    for _ in range(2):
        await store.hint(Source.GHOST, NOON + HOUR, "site.changed")
    records = await store.hook_records()

    at = round(NOON.timestamp() * 1000)
    assert records[Source.GHOST] == HookRecord(
        taken=Noted(at), hinted=Noted(at + 3_600_000, "site.changed"), hints=2
    )
    assert records[Source.WORDPRESS] == HookRecord(refused=Noted(at, "no signature: why not"))


async def test_a_terms_own_number_leads_to_its_feed_wherever_that_is_now(store: Store) -> None:
    await send(store, published("https://site.test/1", category("news", id="3")))
    number = TermRef(Kind.CATEGORY, "3")

    assert await store.place_of(number) == FeedPath(Kind.CATEGORY, "news")
    assert await store.place_of(TermRef(Kind.TAG, "3")) is None
    await send(store, FeedUpdated(Kind.CATEGORY, "news", "3", "world-news"))
    assert await store.place_of(number) == FeedPath(Kind.CATEGORY, "world-news")
    await send(store, FeedRemoved(Kind.CATEGORY, "world-news", "3"))
    gone = await store.place_of(number)
    assert gone is not None
    assert await store.resolve(gone) == Retired()


# ---- whose an entry is ------------------------------------------------------------------------------------------


async def owners(store: Store, id_: str) -> list[Source]:
    """The sources that have an entry among their own, for a reconcile."""
    number = int(await store.client.hget(store.keys.ids, id_))
    return [source for source in Source if number in await store.owned(source)]


async def test_an_entry_belongs_to_the_cms_that_said_last_what_it_is(store: Store) -> None:
    later = published("a", title="Later", date_modified=NOON + HOUR)
    await store.accept([published("a"), published("b")], source=Source.GHOST)
    assert await store.owned_count(Source.GHOST) == 2
    await store.accept([later], source=Source.WORDPRESS)

    assert await owners(store, "a") == [Source.WORDPRESS]
    assert await owners(store, "b") == [Source.GHOST]
    assert (await store.owned_count(Source.GHOST), await store.owned_count(Source.WORDPRESS)) == (1, 1)


async def test_a_cms_adopts_what_an_import_brought_even_if_it_says_the_same(store: Store) -> None:
    await store.accept([published("a")], source="import")
    assert await owners(store, "a") == []
    (receipt,) = await store.accept([published("a")], source=Source.GHOST)

    assert isinstance(receipt, Receipt)
    assert receipt.outcome is Outcome.UNCHANGED
    assert await owners(store, "a") == [Source.GHOST]


async def test_who_has_no_listing_changes_what_an_entry_says_and_not_whose_it_is(store: Store) -> None:
    await store.accept([published("a")], source=Source.GHOST)
    for event in (
        published("a", title="Patched", date_modified=NOON + HOUR),
        published("a", title="Patched"),
    ):
        await store.accept([event], source="publish")

    assert await owners(store, "a") == [Source.GHOST]
    assert (await store.held([EntryId("a")]))[EntryId("a")].source == Source.GHOST


async def test_a_removed_or_expired_entry_is_nobodys_own(store: Store) -> None:
    soon = published("b", date_expires=datetime.now(UTC) + timedelta(milliseconds=60))
    await store.accept([published("a"), soon], source=Source.GHOST)
    assert await store.owned_count(Source.GHOST) == 2
    await store.accept([removed("a")], source="publish")
    while not await store.turn():
        await asyncio.sleep(0.02)

    assert await store.owned(Source.GHOST) == frozenset()
    held = await store.held([EntryId("a"), EntryId("b"), EntryId("unknown")])
    assert {id_: (each.source, each.removed) for id_, each in held.items()} == {
        "a": ("publish", True),
        "b": ("ghost", True),
    }
    await store.accept([published("a", date_modified=NOON + HOUR)], source=Source.GHOST)
    assert await owners(store, "a") == [Source.GHOST]


async def test_what_is_held_is_read_as_a_listing_would_say_it(store: Store) -> None:
    await store.accept(
        [published("a", author("ann"), tag("x", id="7"), visibility="paid")], source=Source.GHOST
    )
    (held,) = await store.held_numbers(sorted(await store.owned(Source.GHOST)))

    assert (held.id, held.visibility, held.removed) == ("a", "paid", False)
    assert held.modified == round(NOON.timestamp() * 1000)
    assert held.refs == {(Kind.AUTHOR, "ann"), (Kind.TAG, "7")}
    assert held.url == "a"
