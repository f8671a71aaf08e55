"""The remotes: reads URLs when they are due. Any number of workers may run one; each URL is read by one at a time."""

from __future__ import annotations

import asyncio
import gzip
import logging
import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hub.adapters.fetching import fetch
from hub.errors import StoreUnavailable
from hub.intake.syndication import MAX_FEED_BYTES
from hub.origins import is_allowed
from hub.remote import (
    INGEST_PACE,
    ORIGIN_PACE,
    Fetched,
    Pace,
    Role,
    Trouble,
    Unchanged,
    delay,
    is_feed_type,
    settled,
)
from workers.ingest import Ingest
from workers.loop import end

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.adapters.egress import Egress
    from hub.adapters.queue import Bell
    from hub.adapters.store import Store
    from hub.remote import Reading, Remote

log = logging.getLogger("workers.remotes")

AT_A_TIME = 4
"""URLs: reading a large feed takes a processor for a second."""
LONGEST_SLEEP = 1.0
"""Seconds; a bell wakes it sooner."""
MAX_ORIGIN_BYTES = 4 * 1024 * 1024
"""Of a topic's document, which every subscriber is sent."""
PACES = {Role.INGEST: INGEST_PACE, Role.ORIGIN: ORIGIN_PACE}
_LIMITS = {Role.INGEST: MAX_FEED_BYTES, Role.ORIGIN: MAX_ORIGIN_BYTES}
_SETTINGS = {Role.INGEST: "FEEDHUB_INGEST_FEEDS", Role.ORIGIN: "FEEDHUB_ORIGINS"}


class RemoteReader:
    """Reads what is due. `bell`: of those who regenerate; `tell`: wakes those who tell subscribers."""

    def __init__(
        self,
        store: Store,
        egress: Egress,
        bell: Bell | None,
        tell: Callable[[], None],
        paces: Mapping[Role, Pace] = PACES,
    ) -> None:
        self._store = store
        self._egress = egress
        self._ingest = Ingest(store, bell)
        self._tell = tell
        self._paces = paces
        self._awake = asyncio.Event()
        self._reading: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Read for ever. A Redis that is away is waited for."""
        registered = False
        try:
            while True:
                self._awake.clear()
                sleep: float | None = LONGEST_SLEEP
                try:
                    if not registered:
                        await self.register()
                        registered = True
                    sleep = await self.take()
                except StoreUnavailable as error:
                    log.warning("remotes waits for Redis: %s", error)
                except Exception:
                    log.exception("remotes stumbled; it goes on")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), min(sleep or LONGEST_SLEEP, LONGEST_SLEEP))
        finally:
            await end(self._reading)

    async def register(self) -> None:
        """Say which feeds are to be read. Raises StoreUnavailable."""
        await self._store.set_ingest_feeds(self._store.settings.ingest_feeds)

    async def finished(self) -> None:
        """Wait until what was taken has been read."""
        while self._reading:
            await asyncio.wait(self._reading)

    async def take(self) -> float | None:
        """Start to read what is due, and give the seconds until more is. A slow server holds up no other URL."""
        room = AT_A_TIME - len(self._reading)
        if not room:
            return None
        due, wait = await self._store.due_remotes(room)
        for remote in due:
            task = asyncio.create_task(self._read(remote))
            self._reading.add(task)
            task.add_done_callback(self._done)
        return wait

    def _done(self, task: asyncio.Task[None]) -> None:
        self._reading.discard(task)
        self._awake.set()
        if not task.cancelled() and (error := task.exception()):
            log.warning("remote failed, its lease brings it back: %s: %s", type(error).__name__, error)

    async def _read(self, remote: Remote) -> None:
        """Read one URL, take what it says, and say when to look again."""
        settings = self._store.settings
        if remote.role is Role.ORIGIN and not is_allowed(settings.origins, remote.url):
            await self._end(remote)
            return
        now = datetime.now(UTC)
        milliseconds = round(now.timestamp() * 1000)
        reading = await fetch(
            self._egress, remote, limit=_LIMITS[remote.role], where=_SETTINGS[remote.role], now=milliseconds
        )
        if isinstance(reading, Fetched) and reading.hash == remote.hash:
            reading = Unchanged(reading.kept)
        taken = await self._taken(remote, reading, now)
        if isinstance(taken, Trouble):
            reading = taken
            taken = settled(remote, taken, milliseconds)
        if isinstance(reading, Trouble):
            log.warning(
                "remote url=%s role=%s failures=%d why=%s",
                remote.shown,
                remote.role,
                taken.failures,
                reading.why,
            )
            if remote.role is Role.ORIGIN and (reading.gone or (reading.lasting and not remote.hash)):
                await self._end(remote)
                return
        pause = delay(self._paces[remote.role], taken, reading, random.random())
        await self._store.call(self._store.keep_remote(taken, pause))

    async def _taken(self, remote: Remote, reading: Reading, now: datetime) -> Remote | Trouble:
        """Have what was read taken by those it is for; a trouble if it can't be."""
        if not isinstance(reading, Fetched):
            return settled(remote, reading, round(now.timestamp() * 1000))
        if remote.role is Role.INGEST:
            return await self._ingest.take(remote, reading, now)
        return await self._keep(remote, reading, now)

    async def _keep(self, remote: Remote, fetched: Fetched, now: datetime) -> Remote | Trouble:
        """Keep a topic's document as it came, and have its subscribers told."""
        if not is_feed_type(fetched.content_type) or not fetched.body:
            kind = fetched.content_type[:100] or "no Content-Type"
            return Trouble(f"it is no feed: it has {kind}", "Open it in a browser.", lasting=True)
        after = settled(remote, fetched, round(now.timestamp() * 1000))
        packed = await asyncio.to_thread(gzip.compress, fetched.body, 6, mtime=0)
        (told,) = await self._store.calls([self._store.keep_document(after, packed, fetched.content_type)])
        log.info("origin topic=%s feed=%d bytes=%d", remote.shown, remote.feed, len(fetched.body))
        if told:
            self._tell()
        return after

    async def _end(self, remote: Remote) -> None:
        """A topic is none any more, or never was: its subscribers are told so."""
        log.info("origin topic=%s feed=%d outcome=ended", remote.shown, remote.feed)
        await self._store.call(self._store.keep_remote(remote, None))
        self._tell()
