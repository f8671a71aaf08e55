"""The watch: a task in every worker process; one of them looks at the hub every few seconds and keeps its problems."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from secrets import token_hex
from typing import TYPE_CHECKING

from hub.alerts import judge
from hub.errors import StoreUnavailable
from hub.problems import problems_of

if TYPE_CHECKING:
    from hub.adapters.store import Store

log = logging.getLogger("workers.watch")

LOOK_SECONDS = 5.0
WATCH_MS = 20_000
"""How long the watch is one worker's: longer than a look; after that another takes over."""


class Watch:
    """Looks, judges, keeps. Several processes may try; whoever is not the watch only says what its clock shows."""

    def __init__(self, store: Store, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._store = store
        self._look_seconds = look_seconds
        self._token = token_hex(12)
        self._machine = socket.gethostname()

    async def run(self) -> None:
        """Look for ever. A Redis that is away is waited for."""
        while True:
            try:
                await self.look()
            except StoreUnavailable as error:
                log.warning("watch waits for Redis: %s", error)
            except Exception:
                log.exception("watch stumbled; it goes on")
            await asyncio.sleep(self._look_seconds)

    async def look(self) -> None:
        """Look once. Raises StoreUnavailable."""
        await self._store.note_clock(self._machine, round(time.time() * 1000))
        if not await self._store.take_watch(self._token, WATCH_MS):
            return
        condition = await self._store.condition()
        kept = await self._store.kept()
        verdict = judge(kept, problems_of(condition), condition.state.now, alerting=False)
        if verdict.changes:
            await self._store.judged(self._token, verdict)
