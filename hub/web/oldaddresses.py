"""GET of the addresses that feeds had in the CMS (`URL_STYLE`): the answer is that of the canonical address.

A reader that never updates an address reads on; one that follows rel=self or 301 is sent to the canonical one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from hub.errors import NotFound
from hub.model import Kind, TermRef, UrlStyle
from hub.web.feeds import preflight, show_target
from hub.web.front import PARTS
from hub.web.lists import directory
from hub.web.oldtargets import OldAddresses, read_old
from hub.web.targets import Target

if TYPE_CHECKING:
    from hub.model import FeedPath
    from hub.settings import Settings
    from hub.web.oldtargets import OldTarget


def old_routes(settings: Settings) -> list[web.RouteDef]:
    """Routes of what `URL_STYLE` names; none by default. Put behind all others: the hub's own addresses win."""
    if not settings.url_style:
        return []
    endings = "|".join(sorted(old_addresses(settings).endings))
    routes = []
    for root in _roots(settings):
        path = f"{root}/{{tail:(?:.+/)?(?:{endings})/?}}"
        routes += [web.get(path, show_old), web.options(path, preflight)]
        if UrlStyle.WORDPRESS in settings.url_style:
            routes += [web.get(f"{root}/index.php", show_old), web.get(f"{root}/", show_old)]
    return routes


def old_addresses(settings: Settings) -> OldAddresses:
    bases = {
        Kind.CATEGORY: settings.url_category_base,
        Kind.TAG: settings.url_tag_base,
        Kind.AUTHOR: settings.url_author_base,
    }
    return OldAddresses(settings.url_style, bases, settings.feed_kinds)


async def show_old(request: web.Request) -> web.StreamResponse:
    """Answer as the canonical address would. Raises as `hub.web.feeds.show` does."""
    old = _read(request)
    if old is None:
        raise NotFound("No feed was ever at this address.")
    path = await _named(request, old.feed) if isinstance(old.feed, TermRef) else old.feed
    return await show_target(request, Target(path, old.format))


async def directory_or_old(request: web.Request) -> web.StreamResponse:
    """Answer `/?feed=…` as a feed where WordPress's addresses are answered, and `/` as ever."""
    is_old = UrlStyle.WORDPRESS in request.app[PARTS].front.settings.url_style and "feed" in request.query
    return await (show_old if is_old else directory)(request)


def _read(request: web.Request) -> OldTarget | None:
    settings, raw = request.app[PARTS].front.settings, request.rel_url.raw_path
    tails = [raw.removeprefix(f"{root}/") for root in _roots(settings) if raw.startswith(f"{root}/")]
    found = (read_old(tail, request.query, old_addresses(settings)) for tail in tails)
    return next((old for old in found if old), None)


async def _named(request: web.Request, term: TermRef) -> FeedPath:
    """Find the feed of a term that is asked for by WordPress's number: one read of Redis. Raises NotFound."""
    if path := await request.app[PARTS].front.store.place_of(term):
        return path
    raise NotFound(f"There is no {term.kind} with this number.")


def _roots(settings: Settings) -> list[str]:
    """Where the CMS was, longest first: under its own URL's path, that of PUBLIC_URL, or at the root."""
    urls = (settings.public_url, settings.site_url, settings.wordpress_url, settings.ghost_url)
    return sorted({urlsplit(url).path for url in urls if url} | {""}, key=len, reverse=True)
