"""From one feed's snapshot to its committed documents."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.model import Item
from hub.render.renderer import Renderer
from hub.render.version import RENDERER_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.adapters.crashpoints import CrashPoints
    from hub.adapters.store import Snapshot, Store
    from hub.model import EntryNumber, FeedNumber, Site
    from hub.render.renderer import Draft, Place, Rendering

log = logging.getLogger("workers.rebuild")

SNAPSHOTS = 3
"""How often an entry may change under our hands; then its newest revision is taken, as the feed is due anyway."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a rebuild did, for the log."""

    feed: str
    seq: int
    fresh: int
    """Entries rendered for this; the others were in memory."""
    outcome: str
    """`committed`, `overtaken` by another worker, or `retired`."""

    def __str__(self) -> str:
        return f"{self.outcome} feed={self.feed} seq={self.seq} fresh={self.fresh}"


class Rebuilder:
    """Renders and commits; keeps fragments in memory from one feed to the next."""

    def __init__(self, store: Store, site: Site, crash: CrashPoints) -> None:
        self._store = store
        self._renderer = Renderer(site)
        self._crash = crash
        self._render = 0

    async def register(self) -> None:
        """Say with what we render; if that is new, every document will be renewed."""
        site, size = self._renderer.site, self._store.settings.feed_size
        rendering = hashlib.sha256(f"{RENDERER_VERSION} {site!r} {size}".encode()).hexdigest()[:32]
        kinds = ",".join(sorted(self._store.settings.feed_kinds))
        self._render = await self._store.register(f"{rendering} {kinds}")

    async def rebuild(self, feed: FeedNumber, snapshot: Snapshot | None) -> Report:
        """Bring one feed's documents to its present state."""
        for attempt in range(1, SNAPSHOTS + 1):
            if snapshot is None:
                return Report(str(feed), 0, 0, "retired")
            draft = self._renderer.draft(snapshot.window, labels=snapshot.labels)
            if await self._complete(draft, last=attempt == SNAPSHOTS):
                break
            (snapshot,) = await self._store.snapshots([feed])
        assert snapshot is not None  # noqa: S101  (the loop ran, and returned for None)
        return await self._commit(snapshot, draft.render(snapshot.head, snapshot.tombstones))

    async def _complete(self, draft: Draft, *, last: bool) -> bool:
        """Supply what the draft lacks; False if an entry changed after the snapshot, unless this is the `last` try."""
        if draft.doubtful:
            draft.confirm(await self._store.labels(draft.doubtful))
        missing = draft.missing
        if not missing:
            return True
        items = await self._items(missing)
        same = all(p.number in items and items[p.number].revision == p.revision for p in missing)
        if same or last:
            draft.supply(items.values())
        return same or last

    async def _items(self, places: Sequence[Place]) -> dict[EntryNumber, Item]:
        found = await self._store.entries(place.number for place in places)
        labels = await self._store.labels({ref for _, entry in found.values() for ref in entry.refs})
        seqs = {place.number: place.seq for place in places}
        return {
            number: Item(number, revision, seqs[number], entry, labels)
            for number, (revision, entry) in found.items()
        }

    async def _commit(self, snapshot: Snapshot, rendering: Rendering) -> Report:
        path = str(snapshot.head.path)
        for entry in rendering.skipped:
            log.warning("entry left out: feed=%s entry=%s reason=%s", path, entry.id, entry.reason)
        documents = {str(format_): document for format_, document in rendering.documents.items()}
        skipped = [entry.id for entry in rendering.skipped if entry.id is not None]
        self._crash.reach("before_commit", path)
        taken = await self._store.commit(snapshot, self._render, documents, skipped)
        outcome = "committed" if taken else "overtaken"
        return Report(path, snapshot.seq, rendering.fresh, outcome)
