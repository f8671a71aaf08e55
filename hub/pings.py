"""What a ping names, whoever sends it in whatever form: the one answer to "what does this URL mean here". Pure.

A ping is a hint by a stranger: it makes the hub look at what it knows, and nothing else. This hub's own feeds are not
looked at: the CMS's hooks say everything of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from hub.origins import Origin, is_allowed, meant_by
from hub.remote import remote_of
from hub.urls import is_own

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.events import Source
    from hub.remote import RemoteId
    from hub.settings import Settings


@dataclass(frozen=True, slots=True)
class Named:
    """What some URLs name, each once, in order."""

    remotes: tuple[str, ...] = ()
    """Ingest feeds (`i:…`) and what may be topics of other servers (`origin/…`), as the store's `pinged` takes them."""
    sources: tuple[Source, ...] = ()
    """CMSs that the hub compares with, at whose address they are."""


def named_by(urls: Iterable[str], settings: Settings) -> Named:
    """Say what URLs name; one that is no URL, or leads elsewhere, names nothing."""
    feeds, sites = _ingest_keys(settings.ingest_feeds), _sites(settings)
    remotes: dict[str, None] = {}
    sources: dict[Source, None] = {}
    for url in urls:
        for key in meant_by(url):
            if settings.public_url and is_own(settings.public_url, key):
                continue
            if key in feeds:
                remotes[feeds[key]] = None
            if is_allowed(settings.origins, key):
                remotes[f"origin/{key}"] = None
            sources |= dict.fromkeys(source for source, site in sites if site.holds(key))
    return Named(tuple(remotes), tuple(sources))


@lru_cache(maxsize=4)
def _ingest_keys(urls: tuple[str, ...]) -> Mapping[str, RemoteId]:
    return {key: remote_of(url) for url in urls for key in meant_by(url)}


def _sites(settings: Settings) -> list[tuple[Source, Origin]]:
    """Where each CMS is: at the address that the hub asks, and at the one that the world knows."""
    known = {source: {settings.base_url(source), settings.site_url} - {None} for source in settings.compared}
    return [(source, Origin.read(url)) for source, urls in known.items() for url in urls if url]
