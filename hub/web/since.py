"""`.json?since=`: for partners who keep a copy, what changed after their cursor (INTERFACE, Feeds)."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import orjson
from aiohttp import hdrs, web

from hub.adapters.items import CHUNK, Items
from hub.errors import CursorGone, Gone
from hub.model import FeedState, Format, Seq, Tombstone
from hub.render import json_item, json_page
from hub.web.api import limit_of
from hub.web.cursors import Cursor, read_cursor
from hub.web.front import PARTS
from hub.web.headers import PRIVATE_HEADERS, SINCE_HEADERS
from hub.web.keyring import HOLDER
from hub.web.representation import send
from hub.web.shelf import Shelf
from hub.web.variants import Variants

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.model import EntryNumber, FeedNumber, Item, Logged, LogSlice, Site
    from hub.partner import Edition
    from hub.web.ports import LogSource

MOST_BYTES = 8 * 1024 * 1024
"""Of items in one answer; then it ends early, and says that there is more."""


async def show_since(request: web.Request, number: FeedNumber) -> web.Response:
    """Answer what changed in a feed. Raises BadRequest, CursorGone, Gone, StoreUnavailable."""
    parts = request.app[PARTS]
    cursor, limit = read_cursor(request.query["since"]), limit_of(request)
    partner = request[HOLDER].partner if HOLDER in request else None
    page = await parts.polls.page(number, cursor, limit, partner.edition if partner else None)
    headers = SINCE_HEADERS | {hdrs.CONTENT_TYPE: Format.JSON.content_type}
    if partner:
        headers |= PRIVATE_HEADERS
    return await send(request, page, headers)


class _Page(NamedTuple):
    """All that an answer depends on."""

    feed: FeedNumber
    head: Seq
    labels: int
    cursor: Cursor | None
    limit: int
    site: Site
    """As the asker is shown it: in full or in summaries, with or without a hub."""


class Polls:
    """The answers made so far. One read of the log each, and the rest only when something is new."""

    def __init__(self, store: LogSource, site: Site) -> None:
        self._store = store
        self._site = site
        self._items = Items(store)
        self._shelf: Shelf[_Page, Variants] = Shelf()

    async def page(
        self, feed: FeedNumber, cursor: Cursor | None, limit: int, edition: Edition | None = None
    ) -> Variants:
        """Give the JSON Feed of what changed after a cursor. Raises CursorGone, Gone, StoreUnavailable."""
        log = await self._read(feed, cursor, limit)
        site = edition.of(self._site) if edition else self._site
        key = _Page(feed, log.head, log.labels, cursor, limit, site)
        page = await self._shelf.get(key, lambda: self._make(log, cursor, site))
        assert page is not None  # noqa: S101  (_make always makes one)
        return page

    async def _read(self, feed: FeedNumber, cursor: Cursor | None, limit: int) -> LogSlice:
        if cursor is None:
            log = await self._store.log(feed, 0, limit=limit)
        elif cursor.feed == feed:
            log = await self._store.log(feed, cursor.seq, limit=limit, base=cursor.base)
        else:  # of a feed that was merged into this one, or by mistake
            raise _cursor_gone()
        if log.state is not FeedState.LIVE:
            raise Gone(f"The feed {log.path} has ended.")
        if log.gap:
            raise _cursor_gone()
        return log

    async def _make(self, log: LogSlice, cursor: Cursor | None, site: Site) -> Variants:
        items: list[bytes] = []
        rows, size = 0, 0
        while rows < len(log.rows) and size < MOST_BYTES:
            chunk = log.rows[rows : rows + CHUNK]
            found = await self._items.of(replace(log, rows=chunk))
            items += _encoded(chunk, found, full_content=site.full_content)
            rows, size = rows + len(chunk), sum(map(len, items))
        told = replace(log, rows=log.rows[:rows], more=log.more or rows < len(log.rows))
        head = await self._store.head(log.feed)
        after = str(_next(told, cursor))
        text = json_page(site, head, items, _tombstones(told.rows), after, more=told.more)
        return Variants(await asyncio.to_thread(gzip.compress, text, 5, mtime=0))


def _encoded(rows: Sequence[Logged], found: Mapping[EntryNumber, Item], *, full_content: bool) -> list[bytes]:
    """Write the items in the log's order. What JSON can't hold is left out here, as in documents, which report it."""
    items = []
    for row in rows:
        item = found.get(row.number)
        if item and item.seq == row.seq:  # else a later row tells it
            try:
                items.append(orjson.dumps(json_item(item, full_content=full_content)))
            except orjson.JSONEncodeError:
                continue
    return items


def _tombstones(rows: Sequence[Logged]) -> list[Tombstone]:
    return [
        Tombstone(row.id, row.seq, datetime.fromtimestamp(row.seq // 10**6, UTC))
        for row in rows
        if row.removed
    ]


def _next(told: LogSlice, cursor: Cursor | None) -> Cursor:
    """Give the cursor after this page: the head at its end, also where the last rows were swept away."""
    if not told.more:
        return Cursor(told.feed, told.head, base=Seq(0))
    base = told.head if cursor is None else cursor.base
    return Cursor(told.feed, told.rows[-1].seq, base)


def _cursor_gone() -> CursorGone:
    return CursorGone(
        "What changed after this cursor can't be told any more: start at since=0, and drop what does not come back."
    )
