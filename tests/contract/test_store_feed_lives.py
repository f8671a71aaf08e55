"""Feeds by what is said of them: names, addresses, parents, renames, merges, ends and returns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hub.adapters.store import Store
from hub.errors import Conflict
from hub.events import FeedRemoved, FeedUpdated, Outcome, PublishEvent, Receipt
from hub.model import FeedPath, Kind, Live, Moved, Retired
from tests.accepting import HOUR, everything, names, paths, send, shown, window
from tests.entries import NOON, author, category, published, tag

if TYPE_CHECKING:
    from hub.settings import Settings


async def test_a_parent_that_nobody_told_before_is_taken_from_an_older_entry(store: Store) -> None:
    await send(store, FeedUpdated(Kind.CATEGORY, "europe", changes={"description": "All of it"}))

    await send(store, published("a", category("europe", parent="world")))
    while await store.chore():
        pass

    assert await window(store, "category/world") == ["a"]


async def test_a_plain_string_names_a_category_and_tells_nothing_about_it(store: Store) -> None:
    await send(store, published("a", category("science", name="Science")))

    await send(
        store, published("b", category("science", name="science", brief=True), date_modified=NOON + HOUR)
    )

    assert await names(store, "b") == ["Science"]


async def test_a_plain_string_names_a_new_category(store: Store) -> None:
    await send(store, published("a", category("science", name="Science!", brief=True)))

    assert await names(store, "a") == ["Science!"]


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
