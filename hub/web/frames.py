"""A feed's log as events: read once, written once, whoever they are for."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson

from hub import sse, webhook
from hub.adapters.items import CHUNK, Items
from hub.model import FeedState, Format, Seq
from hub.render import json_item
from hub.urls import document_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.model import EntryNumber, FeedHead, FeedNumber, FeedPath, Item, Logged, LogSlice, Site
    from hub.web.ports import LogSource

log = logging.getLogger("hub.web.stream")


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it goes out."""

    seq: Seq
    data: bytes
    reset: bool = False
    """From here on only what comes after `seq` counts, even if that is below what was sent."""
    last: bool = False
    """The feed has ended."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A piece of a feed's log as events."""

    frames: tuple[Frame, ...]
    cursor: Seq
    """Of whoever has got them."""
    head: Seq
    more: bool


class Frames:
    """Reads feeds' logs for streams. Every method raises StoreUnavailable, and NotFound for no feed's number."""

    def __init__(self, store: LogSource, site: Site) -> None:
        self._store = store
        self._site = site
        self._items = Items(store)

    @property
    def full_content(self) -> bool:
        """Whether entries come whole, or as summaries."""
        return self._site.full_content

    def other(self) -> Frames:
        """Give the ones that show the other: summaries, or whole entries."""
        return Frames(self._store, replace(self._site, full_content=not self.full_content))

    async def head(self, feed: FeedNumber) -> Seq:
        """Give the place of whoever wants only what comes from now on."""
        return (await self._store.log(feed, 0, limit=0)).head

    async def read(self, feed: FeedNumber, cursor: int, *, known: int, base: int = 0) -> Batch:
        """Read on after a cursor, past quiet changes. Entries that joined after `known` are new to the reader.

        `base`: see `Store.log`.
        """
        part = await self._store.log(feed, cursor, limit=CHUNK, base=base, loud=True)
        ended = part.state is not FeedState.LIVE
        if part.gap:
            return Batch((self._reset(part),), part.head, part.head, more=ended)
        items = await self._items.of(part)
        own = await self._store.head(feed) if any(not row.number for row in part.rows) else None
        frames = [frame for row in part.rows if (frame := self._frame(part, row, items, own, known))]
        if ended and not part.more:
            frames.append(_removed_feed(part))
        after = part.rows[-1].seq if part.more and part.rows else part.head
        return Batch(tuple(frames), after, part.head, part.more)

    def _frame(
        self,
        part: LogSlice,
        row: Logged,
        items: Mapping[EntryNumber, Item],
        own: FeedHead | None,
        known: int,
    ) -> Frame | None:
        """Write one row; None where a later row will tell, or the end of the feed does."""
        if row.removed:
            body = webhook.removed_entry(part.path, row.seq, row.id)
            return _frame(webhook.Type.ENTRY_REMOVED, row.seq, body)
        if not row.number:
            return self._updated_feed(part, row, own) if own and part.state is FeedState.LIVE else None
        item = items.get(row.number)
        return self._changed_entry(part.path, row, item, new=row.joined > known) if item else None

    def _changed_entry(self, path: FeedPath, row: Logged, item: Item, *, new: bool) -> Frame | None:
        shown = json_item(item, full_content=self._site.full_content)
        type_ = webhook.Type.ENTRY_PUBLISHED if new else webhook.Type.ENTRY_UPDATED
        try:
            return _frame(type_, row.seq, webhook.changed_entry(path, row.seq, shown, new=new))
        except orjson.JSONEncodeError as error:
            log.warning("entry left out: feed=%s entry=%r reason=%s", path, row.id, error)
            return None

    def _updated_feed(self, part: LogSlice, row: Logged, own: FeedHead) -> Frame:
        body = webhook.changed_feed(
            part.path, row.seq, self._site.public_url, name=own.name, description=own.description
        )
        return _frame(webhook.Type.FEED_UPDATED, row.seq, body)

    def _reset(self, part: LogSlice) -> Frame:
        said = {
            "type": sse.RESET,
            "feed": str(part.path),
            "seq": part.head,
            "timestamp": webhook.moment(part.head),
            "url": f"{document_url(self._site.public_url, part.path, Format.JSON)}?since=0",
        }
        return Frame(part.head, sse.event(sse.RESET, part.head, orjson.dumps(said)), reset=True)


def _frame(type_: webhook.Type, seq: Seq, body: bytes) -> Frame:
    return Frame(seq, sse.event(type_, seq, body))


def _removed_feed(part: LogSlice) -> Frame:
    moved_to = part.path if part.state is FeedState.MOVED else None
    body = webhook.removed_feed(part.path, part.head, moved_to)
    return Frame(part.head, sse.event(webhook.Type.FEED_REMOVED, part.head, body), last=True)
