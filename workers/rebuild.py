"""From one feed's snapshot to its committed documents."""

from __future__ import annotations

import hashlib
import logging
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING

from hub.adapters.composer import Composer
from hub.adapters.store.regeneration import Commit
from hub.render.version import RENDERER_VERSION
from workers.bases import Bases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.adapters.composer import Built
    from hub.adapters.crashpoints import CrashPoints
    from hub.adapters.queue import Bell
    from hub.adapters.store import Snapshot, Store
    from hub.adapters.store.regeneration import Stored
    from hub.model import EntryNumber, FeedNumber, Site

log = logging.getLogger("workers.rebuild")


class Rebuilder:
    """Renders and commits."""

    def __init__(self, store: Store, site: Site, crash: CrashPoints, distribute: Bell | None = None) -> None:
        self._store = store
        self._composer = Composer(store, site)
        self._crash = crash
        self._distribute = distribute
        self._render = 0
        self._maker = token_hex(8)
        self._bases = Bases()
        self.known = 0
        """The latest seq that was built: entries changed after it may come along with a claim."""

    async def register(self) -> None:
        """Say with what we render; if that is new, every document will be renewed."""
        settings = self._store.settings
        rendering = (
            f"{RENDERER_VERSION} {self._composer.site!r} {settings.feed_size} {sorted(settings.feed_kinds)}"
        )
        self._render = await self._store.register(hashlib.sha256(rendering.encode()).hexdigest())

    async def build(
        self, feed: FeedNumber, snapshot: Snapshot | None, fresh: Mapping[EntryNumber, Stored]
    ) -> Built | None:
        """Render a feed's present state in all formats; None if it retired. `fresh` came with the snapshot."""
        built = await self._composer.compose(feed, snapshot, fresh)
        if built:
            self.known = max(self.known, built.snapshot.seq)
        return built

    async def commit(self, built: Built) -> Commit:
        """Store what was built, if it is newer; ring for those to be told; report entries that had to be left out."""
        for entry in built.rendering.skipped:
            log.warning("entry left out: feed=%s entry=%s reason=%s", built.path, entry.id, entry.reason)
        feed, render = built.snapshot.number, self._render
        documents = {str(format_): document for format_, document in built.rendering.documents.items()}
        skipped = [entry.id for entry in built.rendering.skipped if entry.id is not None]
        self._crash.reach("before_commit", built.path)
        ring = self._distribute.call(if_owed=True) if self._distribute else None
        commit = partial(
            self._store.commit, built.snapshot, render, documents, skipped, maker=self._maker, ring=ring
        )
        patches = self._bases.patches(feed, documents)
        taken = await commit(patches=patches)
        if taken is Commit.ELSEWHERE:
            patches = {}
            taken = await commit()
        if taken:
            self._bases.keep(feed, documents, patches)
        return taken
