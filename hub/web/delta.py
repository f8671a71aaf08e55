"""`A-IM: feed`: only what changed since the document that a reader has (RFC 3229, with Bob Wyman's `feed`)."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from aiohttp import hdrs, web

from hub.errors import StoreUnavailable
from hub.web.conditional import is_not_modified
from hub.web.front import PARTS
from hub.web.representation import joined, preconditions, send
from hub.web.shelf import Shelf
from hub.web.variants import Variants

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hub.adapters.composer import Composer
    from hub.model import FeedNumber, Format, Site, Version
    from hub.web.memory import Held
    from hub.web.ports import LogSource

T = TypeVar("T")

A_IM = "A-IM"
MEMORY_BYTES = 16 * 1024 * 1024
"""Of fragments: some 700 entries."""
PATIENCE_SECONDS = 0.5
"""How long a reader waits for what could be served whole at once."""
# Our own tags alone: what a proxy made of one says nothing sure of what the reader has.
_TAG = re.compile(r'W/"([0-9]{1,16})-[0-9a-f]{32}"')


class _Delta(NamedTuple):
    number: FeedNumber
    format: Format
    version: Version
    cursor: int


class Deltas:
    """Documents of what changed, each made once."""

    def __init__(self, store: LogSource, site: Site) -> None:
        self._store = store
        self._site = site
        # One thread: a renderer is not for several.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="deltas")
        self._composer: Composer | None = None
        self._shelf: Shelf[_Delta, Variants] = Shelf()

    async def get(self, held: Held, cursor: int) -> Variants | None:
        """Give what changed after a cursor; None where the whole document is the answer."""
        # Names or settings changed since: entries that did not may look different, which nobody would be told.
        if cursor < max(held.version.render, held.version.labels):
            return None
        key = _Delta(*held.key, held.version, cursor)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._shelf.get(key, lambda: self._make(key))
        except (StoreUnavailable, TimeoutError):
            return None

    async def _make(self, key: _Delta) -> Variants | None:
        if self._composer is None:
            opened = await self._off_loop(self._open)
            self._composer = self._composer or opened
        built = await self._composer.since(key.number, key.cursor)
        document = built.diff(key.format) if built else None
        return Variants(document.gzip) if document else None

    def _open(self) -> Composer:
        """Load the renderer when it is needed, which it is not by a front that starts."""
        from hub.adapters.composer import Composer  # noqa: PLC0415

        return Composer(self._store, self._site, memory_bytes=MEMORY_BYTES, run=self._off_loop)

    def _off_loop(self, call: Callable[[], T]) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, call)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


async def show_delta(request: web.Request, held: Held, headers: Mapping[str, str]) -> web.Response | None:
    """Answer 226 to who asks for it and has a document of ours. None: answer as if nobody had asked."""
    parts = request.app[PARTS]
    asked, shown = preconditions(request), held.representation
    if parts.front.settings.delta == "off" or not wants_feed(joined(request, A_IM)):
        return None
    if asked.if_none_match is None or is_not_modified(asked, shown.validators, parts.front.now()):
        return None
    cursor = cursor_of(asked.if_none_match)
    delta = None if cursor is None else await parts.deltas.get(held, cursor)
    if delta is None:
        return None
    said = {
        **headers,
        hdrs.ETAG: shown.validators.etag,
        hdrs.CACHE_CONTROL: "no-store",
        hdrs.VARY: "A-IM, If-None-Match, Accept-Encoding",
        hdrs.CONTENT_TYPE: shown.content_type,
        "IM": "feed",
    }
    return await send(request, delta, said, status=226)


def wants_feed(a_im: str | None) -> bool:
    """Say whether `feed` is among the manipulations that a client takes (RFC 3229 §10.5.3)."""
    for member in (a_im or "").lower().split(","):
        name, *parameters = (part.strip() for part in member.split(";"))
        if name == "feed":
            return not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
    return False


def cursor_of(if_none_match: str) -> int | None:
    """Read the seq of the latest document among those that a client has; None: it has none of ours."""
    tags = (_TAG.fullmatch(tag.strip()) for tag in if_none_match.split(","))
    return max((int(tag[1]) for tag in tags if tag), default=None)
