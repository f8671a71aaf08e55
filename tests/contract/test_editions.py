"""Editions of what a real Redis holds: how long they are, and for whom an entry that left is over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.adapters.composer import Composer
from hub.model import ALL, FeedNumber, FeedPath, Format, Kind
from hub.partner import Deletes, Edition, Order
from hub.render.shown import OVER
from tests.entries import NOON, category, published, removed

if TYPE_CHECKING:
    from hub.adapters.store import Store

WORLD, SPORT = FeedPath(Kind.CATEGORY, "world"), FeedPath(Kind.CATEGORY, "sport")
EXPIRING = Edition(50, full_content=True, deletes=Deletes.EXPIRE)
FIRST = "https://site.test/1"


async def number(store: Store, path: FeedPath) -> FeedNumber:
    return FeedNumber(int(await store.client.hget(store.keys.slugs, str(path))))


async def accept(store: Store, *events: Any) -> None:
    await store.accept(events, source="test")


async def shown(
    store: Store, path: FeedPath, edition: Edition = EXPIRING, *opened: FeedNumber
) -> list[dict[str, Any]]:
    """The JSON items of an edition."""
    site = replace(store.settings.site, full_content=edition.full_content, for_partner=True)
    rendering = await Composer(store, site).edition(await number(store, path), Order(edition, opened))
    assert rendering
    items: list[dict[str, Any]] = orjson.loads(rendering.documents[Format.JSON].raw)["items"]
    return items


async def test_an_edition_may_be_longer_than_the_public_document(store: Store) -> None:
    await accept(store, *(published(f"https://site.test/{n}", category("world")) for n in range(120)))

    assert len(await shown(store, WORLD, replace(EXPIRING, size=500))) == 120
    assert len(await shown(store, WORLD, replace(EXPIRING, size=110))) == 110
    assert len(await shown(store, WORLD, replace(EXPIRING, size=1))) == 1


async def test_a_removed_entry_is_over_and_holds_no_word_of_itself(store: Store) -> None:
    await accept(
        store, published(FIRST, category("world"), title="Secret title", content_html="<p>Secret</p>")
    )
    (before,) = await shown(store, WORLD)
    await accept(store, removed(FIRST))

    (item,) = await shown(store, WORLD)

    assert (item["id"], item["title"], item["content_text"]) == (FIRST, OVER, OVER)
    assert item["date_modified"] > before["date_modified"]
    assert item["_feedhub"]["expired"] <= item["date_modified"]
    assert item["_feedhub"]["revision"] > before["_feedhub"]["revision"]
    assert "Secret" not in str(item)


async def test_a_removal_of_what_was_dated_ahead_is_newer_all_the_same(store: Store) -> None:
    seconds, _ = await store.client.time()
    ahead = NOON.fromtimestamp(int(seconds) + 240, NOON.tzinfo)
    await accept(store, published(FIRST, category("world"), date_modified=ahead))
    (before,) = await shown(store, WORLD)
    await accept(store, removed(FIRST))

    (item,) = await shown(store, WORLD)

    assert item["date_modified"] > before["date_modified"]


async def test_what_changed_its_category_is_not_over_for_who_sees_it_there(store: Store) -> None:
    await accept(store, published(FIRST, category("world")), published(FIRST, category("sport")))
    world, sport = await number(store, WORLD), await number(store, SPORT)

    assert await shown(store, WORLD) == []
    assert await shown(store, WORLD, EXPIRING, world, sport) == []
    assert [item["title"] for item in await shown(store, WORLD, EXPIRING, world)] == [OVER]


async def test_all_that_is_over_stays_however_short_the_edition_is(store: Store) -> None:
    """Of many that are taken down between two polls, each is."""
    entries = [f"https://site.test/{n}" for n in range(60)]
    await accept(store, *(published(id_, category("world")) for id_ in entries))
    await accept(store, *(removed(id_) for id_ in entries[:55]))

    items = await shown(store, WORLD, replace(EXPIRING, size=2))

    assert [item["title"] for item in items].count(OVER) == 55
    assert len(items) == 57


async def test_what_came_back_is_not_over(store: Store) -> None:
    await accept(store, published(FIRST, category("world")), removed(FIRST))
    await accept(store, published(FIRST, category("world"), title="Back"))

    assert [item["title"] for item in await shown(store, WORLD)] == ["Back"]
    assert [item["title"] for item in await shown(store, ALL)] == ["Back"]


@pytest.mark.parametrize("deletes", [Deletes.TOMBSTONE, Deletes.NONE])
async def test_other_styles_drop_what_left(store: Store, deletes: Deletes) -> None:
    await accept(store, published(FIRST, category("world")), removed(FIRST))

    site = replace(store.settings.site, for_partner=True)
    order = Order(replace(EXPIRING, deletes=deletes), ())
    rendering = await Composer(store, site).edition(await number(store, WORLD), order)

    assert rendering
    assert orjson.loads(rendering.documents[Format.JSON].raw)["items"] == []
    assert (b"deleted-entry" in rendering.documents[Format.ATOM].raw) == (deletes is Deletes.TOMBSTONE)


async def test_a_feed_that_retired_has_no_edition(store: Store) -> None:
    composer = Composer(store, store.settings.site)

    assert await composer.edition(FeedNumber(4711), Order(EXPIRING, ())) is None
