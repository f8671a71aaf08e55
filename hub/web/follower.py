"""The one task of a front that follows `changes` and keeps its memory true."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from hub.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.model import Changes
    from hub.web.documents import Documents
    from hub.web.ports import DocumentSource
    from hub.web.streams import Streams

log = logging.getLogger("hub.web.follower")

BLOCK_MS = 1000
RETRY_SECONDS = 0.5


class Follower:
    """Replaces documents in memory as soon as a worker has committed new ones, and wakes their streams."""

    def __init__(
        self,
        source: DocumentSource,
        documents: Documents,
        streams: Streams,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._source = source
        self._documents = documents
        self._streams = streams
        self._monotonic = monotonic
        self._retry_seconds = retry_seconds

    async def run(self) -> None:
        """Follow until cancelled, however often the store goes away."""
        while True:
            try:
                await self._follow()
            except StoreUnavailable as error:
                self._lost(f"error={error}")
            except Exception:
                self._lost("error=unexpected")
                log.exception("follower failed; it starts again")
            await asyncio.sleep(self._retry_seconds)

    async def _follow(self) -> None:
        """Begin at the stream's present end: whatever came before is found by comparing versions."""
        last = (await self._source.changes(None, block_ms=BLOCK_MS)).last_id
        await self._begin()
        while True:
            self._documents.following.asks()
            changes = await self._source.changes(last, block_ms=BLOCK_MS)
            self._documents.following.heard(self._monotonic(), news=bool(changes.rows))
            last = changes.last_id
            await self._apply(changes)

    async def _apply(self, changes: Changes) -> None:
        if changes.gap:
            log.warning("change stream trimmed before it was read: comparing all documents")
            await self._begin()
        if moved := {row.feed for row in changes.rows if row.moved}:
            self._documents.forget_places(moved)
        await self._documents.follow(changes.rows)
        self._streams.wake({row.feed for row in changes.rows})

    async def _begin(self) -> None:
        self._documents.following.began(self._monotonic())
        await self._documents.catch_up()
        self._streams.wake()
        log.info("following changes")

    def _lost(self, why: str) -> None:
        if self._documents.following.lost():
            log.warning("change stream lost: serving from memory, re-checking on request: %s", why)
