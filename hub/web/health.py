"""/healthz: the process is there. /readyz: it can store a publish hook."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web

from hub.errors import StoreUnavailable
from hub.web.front import PARTS

_NOT_KEPT = {hdrs.CACHE_CONTROL: "no-store"}
_READY_SECONDS = 2.0


async def healthz(request: web.Request) -> web.Response:
    """Say that the process runs, whatever Redis does: restarting it would not help."""
    del request
    return web.json_response({"status": "ok"}, headers=_NOT_KEPT)


async def readyz(request: web.Request) -> web.Response:
    """Say that hooks can be stored. Raises StoreUnavailable (503) otherwise."""
    try:
        async with asyncio.timeout(_READY_SECONDS):
            await request.app[PARTS].front.store.check_writable()
    except TimeoutError:
        raise StoreUnavailable(f"Redis did not answer within {_READY_SECONDS:.0f} seconds.") from None
    return web.json_response({"status": "ready"}, headers=_NOT_KEPT)
