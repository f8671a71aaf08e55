"""Documents of what changed, against a real Valkey; and the items that streams and polls show."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import orjson

from hub.adapters.composer import Composer
from hub.adapters.items import Items
from hub.model import FeedPath, Format, Live
from hub.render import json_item
from tests.entries import NOON, author, category, published, removed

if TYPE_CHECKING:
    from hub.adapters.store import Store
    from hub.events import PublishEvent, Receipt
    from hub.model import FeedNumber

HOUR = timedelta(hours=1)


async def send(store: Store, *events: PublishEvent) -> list[int]:
    receipts: list[Receipt] = await store.accept(events, source="test")  # type: ignore[assignment]  # all fit
    return [receipt.feeds[0][1] for receipt in receipts]


async def feed(store: Store, path: str = "all") -> FeedNumber:
    place = await store.resolve(FeedPath.parse(path))
    assert isinstance(place, Live)
    return place.number


async def test_a_diff_has_what_changed_and_the_whole_has_everything(store: Store) -> None:
    first, _ = await send(store, published("a", title="Old news"), published("b", title="Fresh news"))
    composer, number = Composer(store, store.settings.site), await feed(store)

    diff = await composer.since(number, first)
    full = await composer.compose(number, await store.snapshot(number), {})

    assert diff is not None
    assert full is not None
    for format_ in Format:
        document = diff.diff(format_)
        assert document is not None
        assert b"Fresh news" in document.raw
        assert b"Old news" not in document.raw
        assert b"Old news" in full.rendering.documents[format_].raw


async def test_a_diff_of_everything_is_the_document_itself(store: Store) -> None:
    await send(store, published("a", author("ada")), published("b"), published("c"), removed("c"))
    composer, number = Composer(store, store.settings.site), await feed(store)

    diff = await composer.since(number, 0)
    full = await composer.compose(number, await store.snapshot(number), {})

    assert diff is not None
    assert full is not None
    assert diff.rendering.documents == full.rendering.documents


async def test_what_left_is_said_in_atom_alone(store: Store) -> None:
    _, second = await send(store, published("a"), published("b"))
    await send(store, removed("a"))

    diff = await Composer(store, store.settings.site).since(await feed(store), second)

    assert diff is not None
    assert (diff.diff(Format.RSS), diff.diff(Format.JSON)) == (None, None)
    atom = diff.diff(Format.ATOM)
    assert atom is not None
    assert b"deleted-entry" in atom.raw
    assert b"<entry" not in atom.raw


async def test_a_gap_has_no_diff(store: Store) -> None:
    first, _ = await send(store, published("a"), removed("a"))
    await store.run("sweep", 0, 100, "")
    composer, number = Composer(store, store.settings.site), await feed(store)

    assert await composer.since(number, first) is None
    assert await composer.since(number, 10**16) is None
    assert await composer.since(number, 0) is not None


async def test_more_departures_than_a_snapshot_says_are_a_gap(store: Store) -> None:
    size = store.settings.feed_size
    seqs = await send(store, *(published(f"e{i}") for i in range(size + 1)))
    seqs += await send(store, *(removed(f"e{i}") for i in range(size + 1)))
    composer, number = Composer(store, store.settings.site), await feed(store)

    assert await composer.since(number, seqs[size]) is None
    assert await composer.since(number, seqs[size + 2]) is not None


async def test_items_are_those_of_the_json_document(store: Store) -> None:
    await send(store, published("a", author("ada"), category("world")), published("b"))
    number = await feed(store)
    log = await store.log(number, 0, limit=9)

    items = await Items(store).of(log)

    built = await Composer(store, store.settings.site).compose(number, await store.snapshot(number), {})
    assert built is not None
    document = built.rendering.documents[Format.JSON].raw
    shown = {item["id"]: item for item in orjson.loads(document)["items"]}
    assert shown == {
        item.entry.id: orjson.loads(orjson.dumps(json_item(item, full_content=True)))
        for item in items.values()
    }


async def test_what_changed_again_or_went_under_embargo_is_left_to_its_later_row(store: Store) -> None:
    await send(store, published("a"), published("b"), published("c"))
    log = await store.log(await feed(store), 0, limit=9)

    await send(
        store,
        published("a", title="New", date_modified=NOON + HOUR),
        published("b", date_published=NOON + 9000 * HOUR, date_modified=NOON + HOUR),
    )

    assert [item.entry.id for item in (await Items(store).of(log)).values()] == ["c"]
    withdrawn = [row.number for row in log.rows if row.id == "b"]
    assert await store.entries(withdrawn) == {}
