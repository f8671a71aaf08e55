"""What tests of ACCEPT send, and how they read what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hub.events import PublishEvent, Receipt
from hub.model import EntryNumber, FeedPath, Label, Live

if TYPE_CHECKING:
    from hub.adapters.store import Store

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
