"""GET of feed documents and of their pages: memory first, never building (DESIGN §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from hub.errors import Gone, NotBuilt, NotFound
from hub.model import Format, Moved, Retired
from hub.urls import document_url, page_url
from hub.web.documents import Unbuilt
from hub.web.front import PARTS
from hub.web.headers import PAGE_HEADERS, PREFLIGHT, READABLE_ANYWHERE, document_headers
from hub.web.problems import FOR_PEOPLE
from hub.web.representation import answer
from hub.web.targets import read_target

if TYPE_CHECKING:
    from hub.model import FeedPath
    from hub.web.front import Parts
    from hub.web.memory import Held
    from hub.web.targets import Target

ROOT = "/feeds/"
# A reader that follows a rename should ask the new address for a day before it asks the old one again.
_REDIRECT_CACHE = "public, max-age=86400"


async def show(request: web.Request) -> web.Response:
    """Answer for a feed's document or page. Raises NotFound, Gone, NotBuilt and StoreUnavailable."""
    parts = request.app[PARTS]
    target = read_target(_tail(request, parts), parts.front.settings.feed_kinds)
    request[FOR_PEOPLE] = target is not None and target.format is None
    if target is None:
        raise NotFound("There is no such feed.")
    # A page shows what its JSON document says.
    found = await parts.documents.find(target.path, target.format or Format.JSON)
    match found:
        case None:
            raise NotFound(f"There is no feed {target.path}.")
        case Retired():
            raise Gone(f"The feed {target.path} has ended.")
        case Moved(path):
            return _redirect(parts, path, target.format)
        case Unbuilt():
            await parts.front.bell.ring()
            raise NotBuilt(
                f"The feed {target.path} is being built for the first time: ask again in a second."
            )
        case held:
            return await _serve(request, target, held)


async def preflight(request: web.Request) -> web.Response:
    """Let scripts of any origin read feeds conditionally (Fetch standard, CORS-preflight)."""
    del request
    return web.Response(status=204, headers=PREFLIGHT)


async def _serve(request: web.Request, target: Target, held: Held) -> web.Response:
    parts = request.app[PARTS]
    if not target.canonical:
        return _redirect(parts, target.path, target.format)
    now = parts.front.now()
    if target.format is None:
        return await answer(request, await parts.pages.get(target.path, held), PAGE_HEADERS, now)
    headers = document_headers(
        parts.site.public_url, target.path, target.format, parts.front.settings.shared_max_age
    )
    return await answer(request, held.representation, headers, now)


def _redirect(parts: Parts, path: FeedPath, format_: Format | None) -> web.Response:
    base = parts.site.public_url
    location = document_url(base, path, format_) if format_ else page_url(base, path)
    headers = {hdrs.LOCATION: location, hdrs.CACHE_CONTROL: _REDIRECT_CACHE, **READABLE_ANYWHERE}
    return web.Response(status=301, headers=headers)


def _tail(request: web.Request, parts: Parts) -> str:
    """Give what follows /feeds/, as it came: decoding would turn `%2F` into a slash."""
    raw = request.rel_url.raw_path
    base = urlsplit(parts.site.public_url).path
    if base and raw.startswith(base + ROOT):
        raw = raw.removeprefix(base)
    return raw.removeprefix(ROOT)
