"""Partners' editions of documents: made when asked for, off the loop, once per version; kept while they are asked for.

A front holds the public document and follows its version, so an edition is looked for under that, without Redis. One
that is not there is rendered of the feed as it is by then, which is that version or a later one: no edition goes back.
(Names beyond the public document's length are as new as the last change of the feed: nobody is told of those.)
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from hub.errors import Gone
from hub.web.conditional import Validators
from hub.web.representation import Representation
from hub.web.shelf import Shelf
from hub.web.variants import Variants

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hub.adapters.composer import Composer
    from hub.model import FeedNumber, Format, Site, Version
    from hub.partner import Order, Partner
    from hub.render.renderer import Rendering
    from hub.web.memory import Held
    from hub.web.ports import LogSource

log = logging.getLogger("hub.web.editions")

T = TypeVar("T")

MEMORY_BYTES = 24 * 1024 * 1024
"""Of fragments, for full editions and for summaries each: some 1,000 entries."""


class _Key(NamedTuple):
    """All that an edition depends on."""

    feed: FeedNumber
    version: Version
    order: Order
    elsewhere: Version | None
    """Of the feed of everything, where it matters what became elsewhere of what left: whether it is over."""


@dataclass(frozen=True, slots=True)
class _Issue:
    """An edition in all formats, with the ETag of each."""

    documents: Mapping[Format, tuple[str, Variants]]

    @property
    def size(self) -> int:
        return sum(variants.size for _, variants in self.documents.values())


class Editions:
    """The editions made so far."""

    def __init__(self, store: LogSource, site: Site) -> None:
        self._store = store
        self._site = site
        # One thread: a renderer is not for several.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="editions")
        self._composers: dict[Site, Composer] = {}
        self._shelf: Shelf[_Key, _Issue] = Shelf()

    async def get(self, held: Held, partner: Partner, elsewhere: Version | None) -> Representation:
        """Give a partner's edition of a document. Raises Gone, StoreUnavailable."""
        key = _Key(held.key.number, held.version, partner.order, elsewhere)
        issue = await self._shelf.get(key, lambda: self._make(key))
        if issue is None:
            raise Gone("This feed has ended.")
        etag, variants = issue.documents[held.key.format]
        return Representation(held.key.format.content_type, Validators(etag, _as_of(key, partner)), variants)

    async def _make(self, key: _Key) -> _Issue | None:
        composer = await self._composer(key.order.edition.of(self._site))
        rendering = await composer.edition(key.feed, key.order)
        if rendering and rendering.skipped:
            ids = [skipped.id for skipped in rendering.skipped]
            log.warning("edition leaves entries out: feed=%d entries=%r", key.feed, ids)
        return _issue(rendering) if rendering else None

    async def _composer(self, site: Site) -> Composer:
        """Give the one that keeps fragments of full articles, or the one for summaries."""
        if site not in self._composers:
            opened = await self._off_loop(lambda: self._open(site))
            self._composers.setdefault(site, opened)
        return self._composers[site]

    def _open(self, site: Site) -> Composer:
        """Load the renderer when it is needed, which it is not by a front that starts."""
        from hub.adapters.composer import Composer  # noqa: PLC0415

        return Composer(self._store, site, memory_bytes=MEMORY_BYTES, run=self._off_loop)

    def _off_loop(self, call: Callable[[], T]) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, call)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _issue(rendering: Rendering) -> _Issue:
    """Name each document by its content alone: this front can't say at which change these bytes first appeared."""
    return _Issue(
        {
            format_: (f'W/"{document.hash}"', Variants(document.gzip))
            for format_, document in rendering.documents.items()
        }
    )


def _as_of(key: _Key, partner: Partner) -> datetime:
    """Say when this edition can have changed last: with a feed, with a name or a setting, or with the partner."""
    versions = [version for version in (key.version, key.elsewhere) if version]
    stamps = [max(version.seq, version.render, version.labels) for version in versions]
    stamp = max(*stamps, partner.changed * 1000)
    return datetime.fromtimestamp(stamp // 10**6, UTC)
