"""Where feeds are and how far their logs go, for whoever knows their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.adapters.store import Store, connect
from hub.errors import StoreUnavailable
from hub.events import FeedUpdated, Receipt
from hub.model import FeedNumber, FeedPath, Kind, Live, Standing
from tests.entries import category, published

if TYPE_CHECKING:
    from hub.events import PublishEvent
    from hub.settings import Settings

WORLD, LATE = FeedPath(Kind.CATEGORY, "world"), FeedPath(Kind.CATEGORY, "späte-nachrichten")


async def send(store: Store, event: PublishEvent) -> Receipt:
    (receipt,) = await store.accept([event], source="test")
    assert isinstance(receipt, Receipt)
    return receipt


async def number(store: Store, path: FeedPath) -> FeedNumber:
    place = await store.resolve(path)
    assert isinstance(place, Live)
    return place.number


async def test_a_feed_stands_at_its_last_change_built_or_not(store: Store) -> None:
    seqs = dict((await send(store, published("https://site.test/1", category("world")))).feeds)
    feed = await number(store, WORLD)

    assert await store.standings([feed]) == {feed: Standing(WORLD, seqs[WORLD])}


async def test_a_renamed_feed_stands_at_its_new_address(store: Store) -> None:
    await send(store, published("https://site.test/1", category("world")))
    feed = await number(store, WORLD)
    await send(store, FeedUpdated(Kind.CATEGORY, "world", new_slug=LATE.slug))

    assert (await store.standings([feed]))[feed].path == LATE


async def test_a_number_that_no_feed_has_stands_nowhere(store: Store) -> None:
    assert await store.standings([FeedNumber(999)]) == {}
    assert await store.standings([]) == {}


async def test_without_redis_nothing_stands(settings: Settings) -> None:
    nowhere = Store(connect("unix:///nonexistent/socket"), settings)

    with pytest.raises(StoreUnavailable):
        await nowhere.standings([FeedNumber(1)])
    await nowhere.close()
