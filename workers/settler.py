"""What came of attempts, on its way to the store: each on its own, together where several are ready."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hub.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.adapters.store import Store
    from hub.adapters.store.distribution import Settlement

log = logging.getLogger("workers.settler")

BATCH = 500
RETRY_SECONDS = 0.2
PACE_SECONDS = 0.02
"""After a batch: what comes meanwhile is stored together."""


class Settler:
    """Stores settlements in the order in which they came; `tell` is called when somebody is to be told again."""

    def __init__(self, store: Store, tell: Callable[[], None]) -> None:
        self._store = store
        self._tell = tell
        self._waiting: list[Settlement] = []
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    def put(self, settlement: Settlement) -> None:
        self._waiting.append(settlement)
        self._some.set()
        self._none.clear()

    async def settled(self) -> None:
        """Return when nothing waits to be stored."""
        await self._none.wait()

    async def run(self) -> None:
        """Store for ever. While Redis is away they wait; what is lost with this process is delivered again."""
        while True:
            await self._some.wait()
            batch = self._waiting[:BATCH]
            try:
                told = await self._settle(batch)
            except StoreUnavailable as error:
                log.warning("settlements wait for Redis: count=%d error=%s", len(self._waiting), error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            del self._waiting[: len(batch)]
            if not self._waiting:
                self._some.clear()
                self._none.set()
            if told:
                self._tell()
            await asyncio.sleep(PACE_SECONDS)

    async def _settle(self, batch: list[Settlement]) -> bool:
        """Store a batch; where it is refused, each on its own. Raises StoreUnavailable: store all of it again."""
        try:
            return await self._store.settle(batch)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("settlements refused: count=%d; each is tried on its own", len(batch))
            return await self._one_by_one(batch)

    async def _one_by_one(self, batch: list[Settlement]) -> bool:
        """Store what can be stored; one that can't is given up, and is due again when its claim's lease ends."""
        told = False
        for each in batch:
            try:
                told |= await self._store.settle([each])
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("settlement given up: subscription=%s", each.subscription.id)
        return told
