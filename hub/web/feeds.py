"""GET of feed documents and of their pages: memory first, never building (DESIGN §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from hub.errors import Forbidden, Gone, NotBuilt, NotFound
from hub.model import ALL, Format, Live, Moved, Retired
from hub.urls import document_url, page_url, stream_url
from hub.web.delta import show_delta
from hub.web.documents import Unbuilt
from hub.web.front import PARTS
from hub.web.headers import (
    PAGE_HEADERS,
    PREFLIGHT,
    PRIVATE_HEADERS,
    READABLE_ANYWHERE,
    document_headers,
    edition_headers,
)
from hub.web.keyring import HOLDER, opened_by
from hub.web.memory import Held
from hub.web.problems import FOR_PEOPLE
from hub.web.representation import answer
from hub.web.since import show_since
from hub.web.stream import show_stream
from hub.web.targets import read_target

if TYPE_CHECKING:
    from hub.model import FeedNumber, FeedPath, Resolution, Version
    from hub.partner import Partner
    from hub.web.documents import Found
    from hub.web.front import Parts
    from hub.web.targets import Target

ROOT = "/feeds/"
# A reader that follows a rename should ask the new address for a day before it asks the old one again.
_REDIRECT_CACHE = "public, max-age=86400"


async def show(request: web.Request) -> web.StreamResponse:
    """Answer for a feed's document, page or stream. Raises NotFound, Gone, NotBuilt, StoreUnavailable and the like."""
    parts = request.app[PARTS]
    target = read_target(_tail(request, parts), parts.front.settings.feed_kinds)
    request[FOR_PEOPLE] = target is not None and target.format is None and not target.stream
    if target is None:
        raise NotFound("There is no such feed.")
    return await show_target(request, target)


async def show_target(request: web.Request, target: Target) -> web.StreamResponse:
    """Answer for what a target names, at whatever address it was asked for. Raises as `show` does.

    With a partner's key it is that partner's edition; also WrongKey and Forbidden are raised then.
    """
    parts, partner = request.app[PARTS], await opened_by(request)
    if _reads_the_log(request, target):
        found: Found | Resolution = await parts.documents.locate(target.path)
    else:  # a page shows what its JSON document says
        found = await parts.documents.find(target.path, target.format or Format.JSON)
    match found:
        case None:
            raise NotFound(f"There is no feed {target.path}.")
        case Retired():
            raise Gone(f"The feed {target.path} has ended.")
        case Moved(path):
            return _redirect(request, target, path)
        case Live(number):
            _check(partner, target, number)
            return await _serve_log(request, target, number)
        case Unbuilt():
            await parts.front.bell.ring()
            raise NotBuilt(
                f"The feed {target.path} is being built for the first time: ask again in a second."
            )
        case held if partner:
            return await _serve_partner(request, target, held, partner)
        case held:
            return await _serve(request, target, held)


async def preflight(request: web.Request) -> web.Response:
    """Let scripts of any origin read feeds conditionally (Fetch standard, CORS-preflight)."""
    del request
    return web.Response(status=204, headers=PREFLIGHT)


def _reads_the_log(request: web.Request, target: Target) -> bool:
    return target.stream or (target.format is Format.JSON and "since" in request.query)


async def _serve_log(request: web.Request, target: Target, number: FeedNumber) -> web.StreamResponse:
    if not target.canonical:
        return _redirect(request, target, target.path)
    return await (show_stream if target.stream else show_since)(request, number)


async def _serve(request: web.Request, target: Target, held: Held) -> web.Response:
    parts = request.app[PARTS]
    if not target.canonical:
        return _redirect(request, target, target.path)
    now = parts.front.now()
    parts.hosts.count(request.headers.get(hdrs.HOST))
    if target.format is None:
        return await answer(request, await parts.pages.get(target.path, held), PAGE_HEADERS, now)
    headers = document_headers(
        parts.site.public_url, target.path, target.format, parts.front.settings.shared_max_age
    )
    delta = await show_delta(request, held, headers)
    return delta or await answer(request, held.representation, headers, now)


async def _serve_partner(request: web.Request, target: Target, held: Held, partner: Partner) -> web.Response:
    """Serve a partner's edition; people who look at a page with a key see what all see."""
    parts = request.app[PARTS]
    if not target.canonical:
        return _redirect(request, target, target.path)
    now = parts.front.now()
    if target.format is None:
        page = await parts.pages.get(target.path, held)
        return await answer(request, page, PAGE_HEADERS | PRIVATE_HEADERS, now)
    _check(partner, target, held.key.number)
    headers = edition_headers(parts.site.public_url, target.path)
    edition = await parts.editions.get(held, partner, await _elsewhere(parts, partner))
    return await answer(request, edition, headers, now)


async def _elsewhere(parts: Parts, partner: Partner) -> Version | None:
    """Say what is built of the feed of everything, if what is over depends on it: what left may come back elsewhere."""
    if not partner.edition.deletes.keeps_items:
        return None
    everything = await parts.documents.find(ALL, Format.JSON)
    return everything.version if isinstance(everything, Held) else None


def _check(partner: Partner | None, target: Target, number: FeedNumber) -> None:
    """Refuse a key what it does not open; that the feed is there is no secret."""
    if partner and not partner.may_open(number):
        raise Forbidden(f"This key does not open {target.path}: without a key it is there for everybody.")


def _redirect(request: web.Request, target: Target, path: FeedPath) -> web.Response:
    """Send to where the feed is. A key in the query goes along: without it the public document would be there."""
    location = _address(request.app[PARTS].site.public_url, target, path)
    keyed = HOLDER in request
    if (keyed or _reads_the_log(request, target)) and (query := request.rel_url.raw_query_string):
        location += f"?{query}"
    headers = {hdrs.LOCATION: location, hdrs.CACHE_CONTROL: _REDIRECT_CACHE, **READABLE_ANYWHERE}
    if keyed:
        headers |= PRIVATE_HEADERS
    return web.Response(status=301, headers=headers)


def _address(base: str, target: Target, path: FeedPath) -> str:
    if target.stream:
        return stream_url(base, path)
    return document_url(base, path, target.format) if target.format else page_url(base, path)


def _tail(request: web.Request, parts: Parts) -> str:
    """Give what follows /feeds/, as it came: decoding would turn `%2F` into a slash."""
    raw = request.rel_url.raw_path
    base = urlsplit(parts.site.public_url).path
    if base and raw.startswith(base + ROOT):
        raw = raw.removeprefix(base)
    return raw.removeprefix(ROOT)
