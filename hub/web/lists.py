"""GET of the directory, `/` and `/feeds.opml`."""

from __future__ import annotations

from aiohttp import web

from hub.web.front import PARTS
from hub.web.headers import LIST_HEADERS, PAGE_HEADERS
from hub.web.problems import FOR_PEOPLE
from hub.web.representation import answer


async def directory(request: web.Request) -> web.Response:
    """Answer `/`, or with `?kind=` a page of that kind's feeds. Raises BadRequest and StoreUnavailable."""
    request[FOR_PEOPLE] = True
    parts = request.app[PARTS]
    kind = request.query.get("kind")
    if kind is None:
        shown = await parts.directory.front_page()
    else:
        shown = await parts.directory.kind_page(kind, request.query.get("cursor"))
    return await answer(request, shown, PAGE_HEADERS, parts.front.now())


async def opml(request: web.Request) -> web.Response:
    """Answer `/feeds.opml`. Raises StoreUnavailable."""
    parts = request.app[PARTS]
    return await answer(request, await parts.directory.opml(), LIST_HEADERS, parts.front.now())


async def to_directory(request: web.Request) -> web.Response:
    """Send whoever cut an address short to the directory."""
    location = request.app[PARTS].site.public_url + "/"
    return web.Response(status=301, headers={"Location": location, "Cache-Control": "public, max-age=86400"})
