"""Who follows which feed at this front: one read of a feed's log per change, shared by all its followers."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hub.errors import StoreUnavailable, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from hub.model import FeedNumber
    from hub.web.frames import Frame, Frames

log = logging.getLogger("hub.web.stream")

TOTAL = 500
"""Streams of one front: half of the 1,024 descriptors that a process usually has."""
PER_CLIENT = 30
"""Streams of one source, behind which may be an office."""
RETRY_SECONDS = 10
"""When to ask again for one that was refused."""
_BUFFER_FRAMES = 1000
_BUFFER_BYTES = 4 * 1024 * 1024


class Client:
    """One stream: what it is still to be sent. One that can't keep up ends, and comes back to where it was."""

    def __init__(self) -> None:
        self.cursor = 0
        """The last change that was taken out for it."""
        self.ended = False
        self.writing = False
        """Something was written that it has not taken yet."""
        self.drop: Callable[[], None] = lambda: None
        """Cuts the connection."""
        self._buffer: deque[Frame] = deque()
        self._bytes = 0
        self._ready = asyncio.Event()

    def offer(self, frames: Iterable[Frame]) -> None:
        """Put events behind those that wait."""
        for frame in frames:
            self._buffer.append(frame)
            self._bytes += len(frame.data)
        if len(self._buffer) > _BUFFER_FRAMES or self._bytes > _BUFFER_BYTES:
            self.end()
        self._ready.set()

    def end(self) -> None:
        """End it now. What waits is dropped: the client's cursor says what it has."""
        self.ended = True
        self._buffer.clear()
        self._ready.set()
        if self.writing:
            self.drop()

    async def take(self, seconds: float) -> list[Frame]:
        """Wait for events, so long at most, and take what is new to it."""
        try:
            async with asyncio.timeout(seconds):
                await self._ready.wait()
        except TimeoutError:
            return []
        self._ready.clear()
        waiting, self._bytes = list(self._buffer), 0
        self._buffer.clear()
        return self.fresh(waiting)

    def fresh(self, frames: Iterable[Frame]) -> list[Frame]:
        """Pick what it has not been sent, as sent from now on."""
        taken = []
        for frame in frames:
            if frame.seq > self.cursor or frame.reset or frame.last:
                self.cursor = frame.seq
                self.ended = self.ended or frame.last
                taken.append(frame)
        return taken


class Channel:
    """One feed's followers who read the same, and how far they were told."""

    def __init__(self, feed: FeedNumber, frames: Frames, retry_seconds: float) -> None:
        self.clients: set[Client] = set()
        self.cursor: int | None = None
        """None: nobody has said yet where to begin."""
        self.frames = frames
        self._feed = feed
        self._retry_seconds = retry_seconds
        self._woken = False
        self._task: asyncio.Task[None] | None = None

    def begin(self, cursor: int) -> None:
        """Tell what comes after this from now on; what came while that was read, too."""
        if self.cursor is None:
            self.cursor = cursor
            self.wake()

    def wake(self) -> None:
        """Something changed."""
        self._woken = self.cursor is not None
        if self._woken and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run(), name=f"stream-{self._feed}")

    def close(self) -> None:
        if self._task:
            self._task.cancel()

    async def _run(self) -> None:
        while self._woken:
            self._woken = False
            try:
                await self._tell()
            except StoreUnavailable:
                self._woken = True
                await asyncio.sleep(self._retry_seconds)
            except Exception:
                log.exception("stream failed; its clients come back: feed=%s", self._feed)
                for client in self.clients:
                    client.end()

    async def _tell(self) -> None:
        """Read on to the end of the log, once for all."""
        known, more = self.cursor or 0, True
        while more:
            batch = await self.frames.read(self._feed, self.cursor or 0, known=known)
            for client in self.clients:
                client.offer(batch.frames)
            self.cursor, more = batch.cursor, batch.more


class Streams:
    """All streams of one front."""

    def __init__(
        self, frames: Frames, *, total: int = TOTAL, per_client: int = PER_CLIENT, retry_seconds: float = 0.5
    ) -> None:
        self._frames = {each.full_content: each for each in (frames, frames.other())}
        self._public = frames.full_content
        self._total = total
        self._per_client = per_client
        self._retry_seconds = retry_seconds
        self._channels: dict[tuple[FeedNumber, bool], Channel] = {}
        self._sources: Counter[str] = Counter()
        self._closing = False

    @contextmanager
    def admit(self, source: str) -> Iterator[None]:
        """Count in a stream of one source. Raises TooManyRequests."""
        if self._closing or self._sources.total() >= self._total:
            raise TooManyRequests(
                "There are as many streams as this server holds.", retry_after=RETRY_SECONDS
            )
        if self._sources[source] >= self._per_client:
            sentence = f"There are {self._per_client} streams to {source} already: close some of them."
            raise TooManyRequests(sentence, retry_after=RETRY_SECONDS)
        self._sources[source] += 1
        try:
            yield
        finally:
            self._sources[source] -= 1
            self._sources += Counter()  # forgets who has none

    @contextmanager
    def follow(
        self, feed: FeedNumber, *, full_content: bool | None = None
    ) -> Iterator[tuple[Channel, Client]]:
        """Have everything offered that is told of a feed from now on; `full_content` None: as documents show it."""
        key = feed, self._public if full_content is None else full_content
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = Channel(feed, self._frames[key[1]], self._retry_seconds)
        client = Client()
        channel.clients.add(client)
        try:
            yield channel, client
        finally:
            channel.clients.discard(client)
            if not channel.clients:
                channel.close()
                self._channels.pop(key, None)

    def wake(self, feeds: Collection[FeedNumber] | None = None) -> None:
        """Tell the followers of these feeds (or of all) what changed."""
        for (feed, _), channel in self._channels.items():
            if feeds is None or feed in feeds:
                channel.wake()

    def close(self) -> None:
        """End all streams now, and take no more: the process stops."""
        self._closing = True
        for channel in self._channels.values():
            for client in channel.clients:
                client.end()
