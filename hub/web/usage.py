"""What partners' keys are used for: counted in memory, and added to what the store knows every few seconds.

It answers an operator's "does that partner still poll, how often, and what does it get?". A front that is killed takes
what it counted last with it; no request waits for this.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hub.errors import StoreUnavailable
from hub.partner import Counts, LastUse, Use, added, counted
from hub.web.logs import printable, shown_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aiohttp import web

    from hub.web.keyring import Holder
    from hub.web.ports import Partnering

log = logging.getLogger("hub.web.usage")

FLUSH_SECONDS = 5.0


@dataclass(slots=True)
class _Batch:
    """What is on its way to the store, under a token of its own: sent again, it counts once."""

    token: str
    uses: tuple[Use, ...]


class Usage:
    """One front's counts."""

    def __init__(self, store: Partnering, *, now: Callable[[], datetime], token: Callable[[], str]) -> None:
        self._store = store
        self._now = now
        self._token = token
        self._uses: dict[tuple[str, ...], Use] = {}
        self._sending: _Batch | None = None
        self._lock = asyncio.Lock()

    def count(self, holder: Holder, request: web.Request, status: int, size: int) -> None:
        """Count a request that has ended."""
        self._add(holder, request, status, counted(status, size))

    def stream(self, holder: Holder, request: web.Request, size: int) -> None:
        """Count what went out on a stream, which may not end for days; it is in use now."""
        self._add(holder, request, 200, Counts(bytes=size))

    def _add(self, holder: Holder, request: web.Request, status: int, counts: Counts) -> None:
        now = self._now()
        path = printable(shown_path(request.rel_url.raw_path))
        last = LastUse(round(now.timestamp() * 1000), status, path)
        key = holder.partner.id, holder.key.hint, now.date().isoformat()
        known = self._uses.get(key)
        if known:
            self._uses[key] = replace(known, counts=added(known.counts, counts), last=last)
            return
        self._uses[key] = Use(holder.partner.id, holder.key.hint, now.date(), counts, last)

    async def flush(self) -> None:
        """Send what was counted. Raises StoreUnavailable; then it is sent later."""
        async with self._lock:
            while self._sending or self._uses:
                if self._sending is None:
                    self._sending = _Batch(self._token(), tuple(self._uses.values()))
                    self._uses.clear()
                await self._store.add_uses(self._sending.token, self._sending.uses)
                self._sending = None

    async def run(self) -> None:
        """Flush until cancelled, whatever happens."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except StoreUnavailable:
                continue
            except Exception:
                log.exception("counts of partners' requests were not sent; they are tried again")
