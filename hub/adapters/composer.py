"""From a feed's snapshot to its documents: whole, as workers cache them, or only what changed since a cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from hub.adapters.items import CHUNK
from hub.adapters.labelbook import LabelBook, Labels
from hub.model import Format, Item
from hub.partner import Deletes
from hub.render.diffs import changed_since, whole
from hub.render.renderer import MEMORY_BYTES, Renderer
from hub.render.shown import Ended

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

    from hub.adapters.store.regeneration import Snapshot, Stored
    from hub.model import EntryId, EntryNumber, Fate, FeedNumber, Site, Tombstone
    from hub.partner import Order
    from hub.render.diffs import Changed
    from hub.render.renderer import Draft, Place, Rendering
    from hub.render.segments import Spliced

T = TypeVar("T")

SNAPSHOTS = 3
"""How often an entry may change under our hands; then its newest revision is taken, as the feed is due anyway."""


MOST_ENDED = 1000
"""Entries that left and may stay in an edition, however short it is: what is not shown there is not taken down."""


class Source(Labels, Protocol):
    """Where feeds and entries come from."""

    async def snapshot(
        self, feed: FeedNumber, /, *, size: int | None = None, gone: int | None = None
    ) -> Snapshot | None: ...

    async def entries(self, numbers: Iterable[EntryNumber], /) -> dict[EntryNumber, Stored]: ...

    async def fates(self, ids: Sequence[EntryId], /) -> dict[EntryId, Fate]: ...


class Run(Protocol):
    """How rendering is run: here, or off the loop, but never two at a time."""

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]: ...


async def here(call: Callable[[], T]) -> T:
    """Run it at once, where nobody else waits for the loop."""
    return call()


@dataclass(frozen=True, slots=True)
class Built:
    """One feed's documents, and what they were made of."""

    snapshot: Snapshot
    changed: Changed
    rendering: Rendering

    @property
    def path(self) -> str:
        return str(self.snapshot.head.path)

    def diff(self, format_: Format) -> Spliced | None:
        """Give the document of what changed; None where this format can't say it, or where nothing did."""
        return self.rendering.documents[format_] if self.changed.fits(format_) else None


class Composer:
    """Renders feeds as they are now, in these formats; keeps fragments in memory from one to the next."""

    def __init__(
        self,
        store: Source,
        site: Site,
        *,
        formats: Collection[Format] = tuple(Format),
        memory_bytes: int = MEMORY_BYTES,
        run: Run = here,
    ) -> None:
        self.site = site
        self._store = store
        self._renderer = Renderer(site, formats=formats, memory_bytes=memory_bytes)
        self._labels = LabelBook(store)
        self._run = run

    async def compose(
        self,
        feed: FeedNumber,
        snapshot: Snapshot | None,
        fresh: Mapping[EntryNumber, Stored],
        *,
        pick: Callable[[Snapshot], Changed | None] = whole,
        order: Order | None = None,
    ) -> Built | None:
        """Render a snapshot (or a later one) in all formats: what `pick` picks of it.

        `fresh` are entries that came with the snapshot; `order` is for a partner's edition. None: the feed retired, or
        `pick` can't tell.
        """
        for attempt in range(1, SNAPSHOTS + 1):
            if snapshot is None:
                return None
            changed = pick(snapshot)
            if changed is None:
                return None
            draft = await self._draft(changed.window, snapshot.labels)
            if await self._complete(draft, snapshot.labels, fresh, last=attempt == SNAPSHOTS):
                return Built(snapshot, changed, await self._rendered(draft, snapshot, changed, order))
            snapshot, fresh = await self._snapshot(feed, order), {}
        raise AssertionError("the last attempt completes")

    async def since(self, feed: FeedNumber, cursor: int) -> Built | None:
        """Render what changed in a feed after a cursor, as it is now. None: it retired, or nobody can say."""
        now = await self._store.snapshot(feed)
        return await self.compose(feed, now, {}, pick=lambda snapshot: changed_since(snapshot, cursor))

    async def edition(self, feed: FeedNumber, order: Order) -> Rendering | None:
        """Render a partner's edition of a feed, as it is now. None: the feed retired."""
        built = await self.compose(feed, await self._snapshot(feed, order), {}, order=order)
        return built.rendering if built else None

    async def _snapshot(self, feed: FeedNumber, order: Order | None) -> Snapshot | None:
        if order is None:
            return await self._store.snapshot(feed)
        edition = order.edition
        return await self._store.snapshot(
            feed, size=edition.size, gone=MOST_ENDED if edition.deletes.keeps_items else None
        )

    async def _draft(self, window: Sequence[Place], labels: int) -> Draft:
        return await self._run(lambda: self._renderer.draft(window, labels=labels))

    async def _rendered(
        self, draft: Draft, snapshot: Snapshot, changed: Changed, order: Order | None
    ) -> Rendering:
        gone = () if order and order.edition.deletes is not Deletes.TOMBSTONE else changed.tombstones
        ended = await self._ended(changed.tombstones, order) if order else ()
        return await self._run(lambda: draft.render(snapshot.head, gone, ended))

    async def _ended(self, gone: Sequence[Tombstone], order: Order) -> Sequence[Ended]:
        """Pick what is over for a partner: what is in none of the feeds that it may open, wherever else it may be.

        A piece that only changed its category is not: told that it is over, MSN would take it down everywhere.
        """
        deletes = order.edition.deletes
        if not gone or not deletes.keeps_items:
            return ()
        fates = await self._store.fates([tombstone.id for tombstone in gone])
        return [
            Ended.of(tombstone, fate, deletes)
            for tombstone in gone
            if (fate := fates.get(tombstone.id)) and not order.sees_any(fate.feeds)
        ]

    async def _complete(
        self, draft: Draft, stamp: int, fresh: Mapping[EntryNumber, Stored], *, last: bool
    ) -> bool:
        """Supply what the draft lacks; False if an entry changed after the snapshot, unless this is the `last` try."""
        if draft.doubtful:
            labels = await self._labels.read(draft.doubtful, stamp=stamp)
            await self._run(lambda: draft.confirm(labels))
        places = draft.missing
        if not places:
            return True
        found = await self._entries(places, fresh)
        still = all(p.number in found and found[p.number].revision <= p.seq for p in places)
        if still or last:
            items = await self._items(places, found, stamp)
            await self._run(lambda: draft.supply(items))
        return still or last

    async def _entries(
        self, places: Sequence[Place], fresh: Mapping[EntryNumber, Stored]
    ) -> dict[EntryNumber, Stored]:
        found = {p.number: fresh[p.number] for p in places if p.number in fresh}
        wanted = [p.number for p in places if p.number not in found]
        for start in range(0, len(wanted), CHUNK):  # so that others get a turn on the loop
            found |= await self._store.entries(wanted[start : start + CHUNK])
        return found

    async def _items(
        self, places: Sequence[Place], found: Mapping[EntryNumber, Stored], stamp: int
    ) -> list[Item]:
        refs = (ref for stored in found.values() for ref in stored.entry.refs)
        labels = await self._labels.read(refs, stamp=stamp)
        there = [(p, found[p.number]) for p in places if p.number in found]
        return [Item(p.number, stored.revision, p.seq, stored.entry, labels) for p, stored in there]
