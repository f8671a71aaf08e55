"""From one feed's snapshot to its committed documents."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.model import Item
from hub.render.renderer import Renderer
from hub.render.version import RENDERER_VERSION
from workers.labelbook import LabelBook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.adapters.crashpoints import CrashPoints
    from hub.adapters.store import Snapshot, Store
    from hub.adapters.store.regeneration import Commit, Stored
    from hub.model import EntryNumber, FeedNumber, Site
    from hub.render.renderer import Draft, Place, Rendering

log = logging.getLogger("workers.rebuild")

SNAPSHOTS = 3
"""How often an entry may change under our hands; then its newest revision is taken, as the feed is due anyway."""


@dataclass(frozen=True, slots=True)
class Built:
    """One feed's documents, ready to be committed."""

    snapshot: Snapshot
    rendering: Rendering

    @property
    def path(self) -> str:
        return str(self.snapshot.head.path)


class Rebuilder:
    """Renders and commits; keeps fragments in memory from one feed to the next."""

    def __init__(self, store: Store, site: Site, crash: CrashPoints) -> None:
        self._store = store
        self._renderer = Renderer(site)
        self._labels = LabelBook(store)
        self._crash = crash
        self._render = 0
        self.known = 0
        """The latest seq that was built: entries changed after it may come along with a claim."""

    async def register(self) -> None:
        """Say with what we render; if that is new, every document will be renewed."""
        settings = self._store.settings
        rendering = (
            f"{RENDERER_VERSION} {self._renderer.site!r} {settings.feed_size} {sorted(settings.feed_kinds)}"
        )
        self._render = await self._store.register(hashlib.sha256(rendering.encode()).hexdigest())

    async def build(
        self, feed: FeedNumber, snapshot: Snapshot | None, fresh: Mapping[EntryNumber, Stored]
    ) -> Built | None:
        """Render a feed's present state in all formats; None if it retired. `fresh` came with the snapshot."""
        for attempt in range(1, SNAPSHOTS + 1):
            if snapshot is None:
                return None
            draft = self._renderer.draft(snapshot.window, labels=snapshot.labels)
            if await self._complete(draft, snapshot.labels, fresh, last=attempt == SNAPSHOTS):
                self.known = max(self.known, snapshot.seq)
                return Built(snapshot, draft.render(snapshot.head, snapshot.tombstones))
            snapshot, fresh = await self._store.snapshot(feed), {}
        raise AssertionError("the last attempt completes")

    async def _complete(
        self, draft: Draft, stamp: int, fresh: Mapping[EntryNumber, Stored], *, last: bool
    ) -> bool:
        """Supply what the draft lacks; False if an entry changed after the snapshot, unless this is the `last` try."""
        if draft.doubtful:
            draft.confirm(await self._labels.read(draft.doubtful, stamp=stamp))
        places = draft.missing
        if not places:
            return True
        found = await self._entries(places, fresh)
        still = all(p.number in found and found[p.number].revision <= p.seq for p in places)
        if still or last:
            draft.supply(await self._items(places, found, stamp))
        return still or last

    async def _entries(
        self, places: Sequence[Place], fresh: Mapping[EntryNumber, Stored]
    ) -> dict[EntryNumber, Stored]:
        here = {p.number: fresh[p.number] for p in places if p.number in fresh}
        return here | await self._store.entries(p.number for p in places if p.number not in here)

    async def _items(
        self, places: Sequence[Place], found: Mapping[EntryNumber, Stored], stamp: int
    ) -> list[Item]:
        refs = (ref for stored in found.values() for ref in stored.entry.refs)
        labels = await self._labels.read(refs, stamp=stamp)
        there = [(p, found[p.number]) for p in places if p.number in found]
        return [Item(p.number, stored.revision, p.seq, stored.entry, labels) for p, stored in there]

    async def commit(self, built: Built) -> Commit:
        """Store what was built, if it is newer than what is there; report entries that had to be left out."""
        for entry in built.rendering.skipped:
            log.warning("entry left out: feed=%s entry=%s reason=%s", built.path, entry.id, entry.reason)
        documents = {str(format_): document for format_, document in built.rendering.documents.items()}
        skipped = [entry.id for entry in built.rendering.skipped if entry.id is not None]
        self._crash.reach("before_commit", built.path)
        return await self._store.commit(built.snapshot, self._render, documents, skipped)
