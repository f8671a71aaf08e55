"""What subscribers are sent: a topic's document or what changed in it, a webhook's bodies; each is made once."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from hub import webhook
from hub.adapters.composer import Composer
from hub.adapters.items import Items
from hub.model import FeedState, Format, Seq
from hub.render import json_item
from hub.render.diffs import told_by
from hub.render.renderer import MEMORY_BYTES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Mapping

    from hub.adapters.store import Store
    from hub.model import EntryNumber, FeedNumber, FeedPath, Logged, LogSlice

KEPT = 64
"""Contents kept: those of a few feeds at a few cursors are wanted at a time."""
FRAGMENT_BYTES = MEMORY_BYTES // 3
"""Of fragments in each of the formats that can say what changed."""
ROWS = 50
"""Changes that a webhook is sent before the next are read."""

K = TypeVar("K", bound="Hashable")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Content:
    """A WebSub delivery's body, and the last change that it holds."""

    content_type: str
    body: bytes
    seq: Seq


@dataclass(frozen=True, slots=True)
class Ended:
    """There will be nothing more of this feed."""

    seq: Seq
    moved_to: FeedPath | None


@dataclass(frozen=True, slots=True)
class Body:
    """One webhook delivery: the change's seq, its id, and the bytes to sign."""

    seq: Seq
    id: str
    body: bytes
    last: bool = False
    """The feed has ended with it."""


class Contents:
    """Makes what is sent, from the store's present state."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._site = store.settings.site
        # One each: whoever waits for a delivery does not wait for formats that nobody asked for.
        self._composers = {
            each: Composer(store, self._site, formats=(each,), memory_bytes=FRAGMENT_BYTES)
            for each in (Format.ATOM, Format.RSS)
        }
        self._items = Items(store)
        self._topics: Once[tuple[FeedNumber, Format | None, int, int], Content | Ended | None] = Once(KEPT)
        self._bodies: Once[tuple[FeedNumber, int, int, int, bool], tuple[Body, ...]] = Once(KEPT)

    async def topic(
        self, feed: FeedNumber, format_: Format | None, after: int, upto: int
    ) -> Content | Ended | None:
        """Give what a WebSub subscriber at `after` is sent; None: nothing is built, so nothing is to be told."""
        if format_ is None:
            return await self._topics.get((feed, None, 0, upto), lambda: self._origin(feed, upto))
        return await self._topics.get(
            (feed, format_, after, upto), lambda: self._topic(feed, format_, after, upto)
        )

    async def bodies(
        self, feed: FeedNumber, after: int, upto: int, *, known: int, full_content: bool
    ) -> tuple[Body, ...]:
        """Give the next deliveries of a webhook at `after`, oldest first; empty: it has all, at least up to `upto`.

        What joined the feed after `known`, where these deliveries began, is published; all else is updated.
        """
        return await self._bodies.get(
            (feed, after, upto, known, full_content),
            lambda: self._webhook_bodies(feed, after, upto, known, full_content=full_content),
        )

    # ---- WebSub --------------------------------------------------------------------------------------------------

    async def _topic(
        self, feed: FeedNumber, format_: Format, after: int, upto: int
    ) -> Content | Ended | None:
        slice_, snapshot, fresh = await self._store.changed(feed, after, upto)
        if slice_.state is not FeedState.LIVE:
            return Ended(slice_.head, slice_.path if slice_.state is FeedState.MOVED else None)
        if self._store.settings.websub_content == "diff" and sayable(slice_, format_):
            pick = partial(told_by, rows=slice_.rows)
            built = await self._composers[format_].compose(feed, snapshot, fresh, pick=pick)
            if built and (document := built.diff(format_)):
                return Content(format_.content_type, document.raw, Seq(upto))
        return await self._whole(feed, format_)

    async def _whole(self, feed: FeedNumber, format_: Format) -> Content | None:
        document = await self._store.document(feed, format_)
        if document is None:
            return None
        body = await asyncio.to_thread(gzip.decompress, document.gzip)
        return Content(format_.content_type, body, Seq(document.version.seq))

    async def _origin(self, feed: FeedNumber, upto: int) -> Content | Ended | None:
        """Give a topic of another server, as it came: what it says of itself is its server's business."""
        if await self._store.has_ended(feed):
            return Ended(Seq(upto), None)
        document = await self._store.origin_document(feed)
        if document is None:
            return None
        body = await asyncio.to_thread(gzip.decompress, document.gzip)
        return Content(document.content_type, body, document.seq)

    # ---- webhooks ------------------------------------------------------------------------------------------------

    async def _webhook_bodies(
        self, feed: FeedNumber, after: int, upto: int, known: int, *, full_content: bool
    ) -> tuple[Body, ...]:
        base = 0 if known else upto  # who began with nothing misses no tombstone
        # To the log's end, not to `upto`: what was new by then and has changed again since would be passed over, and
        # be told as an update to who never had it.
        slice_ = await self._store.log(feed, after, limit=ROWS, base=base, loud=True)
        if slice_.gap:
            return (self._reset(slice_),)
        found = await self._items.of(slice_)
        items = {n: json_item(item, full_content=full_content) for n, item in found.items()}
        made = [await self._body(slice_, row, items, known) for row in slice_.rows]
        bodies = tuple(body for body in made if body)
        if not bodies and slice_.more:  # all of these changed again; those after them are still owed
            return await self._webhook_bodies(
                feed, slice_.rows[-1].seq, upto, known, full_content=full_content
            )
        return bodies

    def _reset(self, slice_: LogSlice) -> Body:
        body = webhook.reset_feed(slice_.path, slice_.head, self._site.public_url)
        return Body(slice_.head, webhook.reset_id(slice_.path, slice_.head), body)

    async def _body(
        self, slice_: LogSlice, row: Logged, items: Mapping[EntryNumber, Mapping[str, object]], known: int
    ) -> Body | None:
        path, id_ = slice_.path, webhook.delivery_id(slice_.path, row.seq)
        if not row.number:
            return await self._feed_body(slice_, row.seq, id_)
        if row.removed:
            return Body(row.seq, id_, webhook.removed_entry(path, row.seq, row.id))
        if row.number not in items:  # changed since the log was read: a later row tells it
            return None
        new = row.joined > known
        return Body(row.seq, id_, webhook.changed_entry(path, row.seq, items[row.number], new=new))

    async def _feed_body(self, slice_: LogSlice, seq: Seq, id_: str) -> Body:
        if slice_.state is not FeedState.LIVE:
            moved_to = slice_.path if slice_.state is FeedState.MOVED else None
            own = (await self._store.feed_paths([slice_.feed]))[slice_.feed]
            id_ = webhook.delivery_id(own, seq)
            return Body(seq, id_, webhook.removed_feed(own, seq, moved_to), last=True)
        snapshot = await self._store.snapshot(slice_.feed)
        head = snapshot.head if snapshot else None
        body = webhook.changed_feed(
            slice_.path,
            seq,
            self._site.public_url,
            name=head.name if head else "",
            description=head.description if head else "",
        )
        return Body(seq, id_, body)


def sayable(slice_: LogSlice, format_: Format) -> bool:
    """Say whether this format can say these changes one by one (DESIGN §7).

    JSON has no way to say that a document is a part; RSS has none to say that an entry left; nothing but the whole says
    that the feed's own data changed, or what was missed in a gap.
    """
    if format_ is Format.JSON or slice_.gap or slice_.more or not slice_.rows:
        return False
    return not any(not row.number or (row.removed and format_ is Format.RSS) for row in slice_.rows)


class Once(Generic[K, T]):
    """The last results by key; who asks for what is being made waits for it. Failures are not kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[K, asyncio.Future[T]] = OrderedDict()

    async def get(self, key: K, make: Callable[[], Awaitable[T]]) -> T:
        future = self._made.get(key)
        if future is None:
            future = self._made[key] = asyncio.ensure_future(make())
            future.add_done_callback(lambda done: self._forget_failure(key, done))
            if len(self._made) > self._most:
                self._made.popitem(last=False)
        return future.result() if future.done() else await asyncio.shield(future)

    def _forget_failure(self, key: K, done: asyncio.Future[T]) -> None:
        if (done.cancelled() or done.exception()) and self._made.get(key) is done:
            del self._made[key]
