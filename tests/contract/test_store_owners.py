"""Whose an entry is, and how what is held reads."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hub.events import Outcome, Receipt, Source
from hub.model import EntryId, Kind
from tests.accepting import HOUR
from tests.entries import NOON, author, published, removed, tag

if TYPE_CHECKING:
    from hub.adapters.store import Store


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
