"""Pings in whatever form: a stranger's word that something changed makes the hub look, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from hub.intake.xmlrpc import MAX_BYTES, THANKS, read_ping
from hub.pings import named_by
from hub.web.bodies import read_body
from hub.web.front import PARTS
from hub.web.sources import source_of

if TYPE_CHECKING:
    from collections.abc import Sequence


async def receive_ping(request: web.Request) -> web.Response:
    """Take an XML-RPC ping; the answer is one for all. Raises BadRequest, TooManyRequests, StoreUnavailable."""
    front = request.app[PARTS].front
    urls = read_ping(await read_body(request, limit=MAX_BYTES, seconds=front.body_seconds))
    await look_at(request, urls, "an XML-RPC ping")
    return web.Response(body=THANKS, content_type="text/xml")


async def look_at(request: web.Request, urls: Sequence[str], why: str) -> None:
    """Have what a ping names looked at soon, each once in ten seconds. Raises TooManyRequests, StoreUnavailable."""
    parts = request.app[PARTS]
    front, settings = parts.front, parts.front.settings
    if not (settings.origins or settings.ingest_feeds or settings.compared):
        return
    parts.subscribers.take(source_of(request, settings.trusted_proxies))
    named = named_by(urls, settings)
    for source in named.sources:
        await front.store.ping(source, front.now(), why)
    if named.remotes and await front.store.pinged(named.remotes):
        await front.distribute.ring()
