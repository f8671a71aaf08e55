"""The pump: one task in every worker process; any number may run. It rings for whatever the state says is owed.

If a front, a worker, RQ's lists or Redis die anywhere, the state still says what is due, and this is who reads it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from hub.errors import StoreUnavailable

if TYPE_CHECKING:
    from hub.adapters.queue import Bell
    from hub.adapters.store import Store

log = logging.getLogger("workers.pump")

LONGEST_SLEEP = 0.25
SHORTEST_SLEEP = 0.02
"""Seconds. It sleeps to the earliest due time in between."""
OVERDUE_MS = 1000
"""From here on the pending flag is taken for a dead ringer's."""


FORCE_SECONDS = 1.0
ALIVE_SECONDS = 5.0
SWEEP_SECONDS = 60.0


class Pump:
    """What is owed, paid in small strokes."""

    def __init__(self, store: Store, bell: Bell, distribute: Bell, worker: str) -> None:
        self._store = store
        self._bell = bell
        self._distribute = distribute
        self._worker = worker
        self._alive_at = 0.0
        self._row = ""
        self._sweep_at = time.monotonic() + SWEEP_SECONDS
        self._forced: dict[Bell, float] = {}

    async def run(self) -> None:
        """Ring, turn, walk, lapse and sweep for ever. A Redis that is away is waited for."""
        while True:
            try:
                sleep = await self.stroke()
                await self._sweep()
            except StoreUnavailable as error:
                log.warning("pump waits for Redis: %s", error)
                sleep = LONGEST_SLEEP
            except Exception:
                log.exception("pump stumbled; it goes on")
                sleep = LONGEST_SLEEP
            await asyncio.sleep(sleep)

    async def stroke(self) -> float:
        """Pay what is due now; answers the seconds to sleep."""
        owed = await self._store.owed(self._worker if self._says_alive() else "")
        if owed.turn:
            await self._store.turn()
        if owed.chore:
            await self._store.chore()
        if owed.lapsed:
            await self._store.lapse()
        if owed.wait == 0:
            await self._bell.ring(force=self._forces(self._bell, owed.overdue))
        if owed.tell_wait == 0:
            await self._distribute.ring(force=self._forces(self._distribute, owed.tell_overdue))
        if owed.turn or owed.chore or owed.lapsed:
            return 0
        waits = [wait / 1000 for wait in (owed.wait, owed.tell_wait) if wait is not None]
        return min(max(min(waits, default=LONGEST_SLEEP), SHORTEST_SLEEP), LONGEST_SLEEP)

    def _says_alive(self) -> bool:
        if time.monotonic() < self._alive_at:
            return False
        self._alive_at = time.monotonic() + ALIVE_SECONDS
        return True

    def _forces(self, bell: Bell, overdue: int) -> bool:
        """Say whether to ring in spite of the flag: something waits too long, and the last such ring is a while ago."""
        if overdue <= OVERDUE_MS or time.monotonic() < self._forced.get(bell, 0.0):
            return False
        self._forced[bell] = time.monotonic() + FORCE_SECONDS
        return True

    async def _sweep(self) -> None:
        """Walk through the feeds, some a minute, and drop tombstones past their keep."""
        if time.monotonic() < self._sweep_at:
            return
        self._row = await self._store.sweep(self._row)
        self._sweep_at = time.monotonic() + (0.1 if self._row else SWEEP_SECONDS)
