"""GET of `/stream`: a feed's changes as server-sent events (hub.sse), for as long as the client stays."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from aiohttp import ClientConnectionError, hdrs, web

from hub import sse
from hub.errors import BadRequest, HubError
from hub.web.cursors import read_cursor
from hub.web.front import PARTS
from hub.web.headers import PRIVATE_HEADERS, STREAM_HEADERS
from hub.web.keyring import HOLDER
from hub.web.logs import SERVER
from hub.web.sources import source_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.model import FeedNumber
    from hub.web.frames import Batch, Frame, Frames
    from hub.web.keyring import Holder
    from hub.web.streams import Channel, Client

LAST_EVENT_ID = "Last-Event-ID"
RETRY_MS = (2000, 5000)
"""Clients of a front that stopped come back spread over this."""
LOOK_SECONDS = 1.0
"""How often a quiet stream looks whether its client is still there: nobody tells it."""
WRITE_SECONDS = 30.0
"""How long a client may take nothing before its stream ends."""


async def show_stream(request: web.Request, number: FeedNumber) -> web.StreamResponse:
    """Answer with a feed's changes as they come. Raises BadRequest, TooManyRequests, StoreUnavailable."""
    parts = request.app[PARTS]
    cursor = _cursor(request, number)
    holder = request.get(HOLDER)
    headers = STREAM_HEADERS | PRIVATE_HEADERS if holder else STREAM_HEADERS
    if request.method == hdrs.METH_HEAD:
        return web.Response(headers=headers)
    source = source_of(request, parts.front.settings.trusted_proxies)
    full = holder.partner.edition.full_content if holder else None
    with parts.streams.admit(source), parts.streams.follow(number, full_content=full) as (channel, client):
        stream = _Stream(request, client, parts.front.heartbeat_seconds, headers, holder)
        try:
            await _serve(stream, number, channel, cursor)
        except (ConnectionError, ClientConnectionError, TimeoutError):
            pass  # the client went away, or takes nothing any more
        except HubError:  # once begun it can only end: the client comes back, and hears of it
            if not stream.response.prepared:
                raise
        return stream.response


def _cursor(request: web.Request, number: FeedNumber) -> int | None:
    """Read where to go on; None: from now. Browsers repeat `?since=` when they come back: the header is newer.

    What no id ever was is a gap like one that is too old. Raises BadRequest for such a `since`.
    """
    if text := request.headers.get(LAST_EVENT_ID, ""):
        seq = sse.read_id(text)
        return _NEVER if seq is None else seq
    if "since" not in request.query:
        return None
    text = request.query["since"]
    if (seq := sse.read_id(text)) is not None:
        return seq
    cursor = read_cursor(text)
    if cursor is not None and cursor.feed != number:
        raise BadRequest("since is the cursor of another feed.")
    return cursor.seq if cursor else 0


_NEVER = 2**53 - 1


class _Stream:
    """The wire's side of one stream."""

    def __init__(
        self,
        request: web.Request,
        client: Client,
        heartbeat_seconds: float,
        headers: Mapping[str, str],
        holder: Holder | None,
    ) -> None:
        self.response = web.StreamResponse(headers={**headers, hdrs.SERVER: SERVER})
        self.response.force_close()
        self.client = client
        client.drop = self._drop
        self._request = request
        self._holder = holder
        self._heartbeat = heartbeat_seconds
        self._clock = asyncio.get_running_loop().time
        self._written = 0.0

    async def begin(self, cursor: int) -> None:
        """Send the head, and where the stream begins."""
        self.client.cursor = cursor
        await self.response.prepare(self._request)
        await self._write(sse.opening(cursor, random.randint(*RETRY_MS)))

    async def send(self, frames: list[Frame]) -> None:
        if frames:
            await self._write(b"".join(frame.data for frame in frames))

    async def look(self, number: FeedNumber) -> None:
        """End it where its key opens this no more, or other content: whoever comes back hears of that."""
        keyring = self._request.app[PARTS].keyring
        if self._holder and not await keyring.still_opens(self._holder, number):
            self.client.end()

    async def follow(self, number: FeedNumber) -> None:
        """Send what is offered, until one of both sides ends it. Raises ConnectionError, TimeoutError."""
        while not self.client.ended:
            await self.send(await self.client.take(min(LOOK_SECONDS, self._heartbeat)))
            transport = self._request.transport
            if transport is None or transport.is_closing():
                return
            await self.look(number)
            if not self.client.ended and self._clock() - self._written >= self._heartbeat:
                await self._write(sse.HEARTBEAT)

    async def _write(self, data: bytes) -> None:
        """Write, and wait until the client has room for more. Raises ConnectionError, TimeoutError."""
        self.client.writing = True
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self.response.write(data)
        except TimeoutError:
            self._drop()
            raise
        finally:
            self.client.writing = False
        if self._holder:
            self._request.app[PARTS].usage.stream(self._holder, self._request, len(data))
        self._written = self._clock()

    def _drop(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()


async def _serve(stream: _Stream, number: FeedNumber, channel: Channel, cursor: int | None) -> None:
    """Catch up, then follow. What is told meanwhile waits for this client, so nothing is missed in between."""
    client, frames = stream.client, channel.frames
    if cursor is None:
        head = await frames.head(number)
        await stream.begin(head)
        channel.begin(head)
    else:
        batch = await frames.read(number, cursor, known=cursor)
        await stream.begin(cursor)
        channel.begin(batch.head)
        await _catch_up(stream, number, frames, batch, cursor)
    if not client.ended:
        await stream.follow(number)


async def _catch_up(stream: _Stream, number: FeedNumber, frames: Frames, batch: Batch, cursor: int) -> None:
    client, base = stream.client, 0 if cursor else batch.head
    while True:
        await stream.send(client.fresh(batch.frames))
        client.cursor = batch.cursor
        await stream.look(number)
        if client.ended or not batch.more:
            return
        batch = await frames.read(number, batch.cursor, known=cursor, base=base)
