"""Hooks that were answered 503: no CMS repeats them, so they become hints as soon as something can be stored."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hub.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from hub.events import Source
    from hub.web.ports import HookNotes

WHY = "a hook was answered 503, and is not sent again"
STARTED = "a front started, and hooks may have been refused before"


class Missed:
    """What is to be noted, by source. It lives as long as its front; the next one begins with a look of its own."""

    def __init__(self, notes: HookNotes, now: Callable[[], datetime], *, retry_seconds: float) -> None:
        self._notes = notes
        self._now = now
        self._retry_seconds = retry_seconds
        self._sources: set[Source] = set()
        self._any = asyncio.Event()

    def add(self, source: Source) -> None:
        self._sources.add(source)
        self._any.set()

    async def run(self, compared: Iterable[Source]) -> None:
        """Have the CMSs that are `compared` looked at, then note what is missed, for ever."""
        starting = set(compared)
        while True:
            try:
                for source in list(starting):
                    await self._notes.ping(source, self._now(), STARTED)
                    starting.discard(source)
                for source in list(self._sources):
                    await self._notes.hint(source, self._now(), WHY)
                    self._sources.discard(source)
            except StoreUnavailable:
                await asyncio.sleep(self._retry_seconds)
                continue
            self._any.clear()
            await self._any.wait()
