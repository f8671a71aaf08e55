"""Memory first: finding documents, and keeping what is remembered true (DESIGN §8).

While the change stream is followed, a remembered document is current without asking. Otherwise it is re-checked in
Redis when asked for, at most once a second, and served as it is when Redis does not answer soon.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.errors import StoreUnavailable
from hub.model import Format, Live, Moved, Retired
from hub.web.flights import SingleFlight
from hub.web.following import Following
from hub.web.memory import Held, Key, Memory

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable

    from hub.model import Change, FeedNumber, FeedPath, Resolution
    from hub.web.ports import DocumentSource

MEMORY_BYTES = 256 * 1024 * 1024
RECHECK_SECONDS = 1.0
PATIENCE_SECONDS = 0.25
"""How long a reader waits for a re-check of what could be served at once."""
_PLACES = 100_000
_FETCHES = 16
"""Documents fetched at a time after changes, so that readers' own fetches get through."""
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """A live feed whose documents were never committed."""


Found = Held | Moved | Retired | Unbuilt | None


@dataclass(slots=True)
class _Place:
    """Where a path led: `confirmed` is the moment before Redis was asked, `tried` that of the last attempt."""

    number: FeedNumber
    confirmed: float
    tried: float


class Documents:
    """The documents of every feed, from memory or from the store."""

    def __init__(
        self,
        source: DocumentSource,
        *,
        memory: Memory | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.following = Following()
        self._source = source
        self._memory = memory or Memory(MEMORY_BYTES)
        self._monotonic = monotonic
        self._places: dict[FeedPath, _Place] = {}
        self._moves = 0
        self._confirming: SingleFlight[FeedPath, Resolution] = SingleFlight()
        self._fetching: SingleFlight[Key, Held | None] = SingleFlight()
        self._settling: SingleFlight[str, None] = SingleFlight()
        self._lanes = asyncio.Semaphore(_FETCHES)

    async def find(self, path: FeedPath, format_: Format) -> Found:
        """Find a document. Raises StoreUnavailable only for what is not in memory."""
        place = await self.locate(path)
        if not isinstance(place, Live):
            return place
        key = Key(place.number, format_)
        if key in self._memory and key in self._fetching:  # there is a newer one
            await _patiently(self._fetch(key))
        return self._memory.get(key) or await self._fetch(key) or Unbuilt()

    async def follow(self, changes: Iterable[Change]) -> None:
        """Renew whatever is remembered of these feeds, or being fetched just now: by patches, or by fetching anew."""
        behind: set[Key] = set()
        for change in changes:
            behind.update(self._concerned(change.feed))
            behind -= {Key(p.feed, p.format) for p in change.patches if self._memory.patch(p)}
        await self._refetch(behind)

    async def catch_up(self, numbers: Collection[FeedNumber] | None = None) -> None:
        """Compare what is remembered (of these feeds, or all) with what is built, and fetch what is behind."""
        wanted = list(self._memory.numbers if numbers is None else numbers)
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            built = await self._source.versions(chunk)
            behind = []
            for number, version in zip(chunk, built, strict=True):
                for key in self._concerned(number):
                    held = self._memory.peek(key)
                    if held is None or (version is not None and held.version < version):
                        behind.append(key)
            await self._refetch(behind)

    def forget_places(self, numbers: Collection[FeedNumber]) -> None:
        """Ask anew where these feeds' paths lead: they moved, retired, or live again."""
        self._moves += 1
        self._places = {path: at for path, at in self._places.items() if at.number not in numbers}

    async def locate(self, path: FeedPath) -> Resolution:
        """Say where a path leads. Raises StoreUnavailable only for what is not remembered."""
        await self._settle()
        place = self._places.get(path)
        if place is None:
            return await self._confirming.join(path, lambda: self._confirm(path))
        now = self._monotonic()
        if self.following.covers(place.confirmed, now) or now - place.tried < RECHECK_SECONDS:
            return Live(place.number)
        place.tried = now
        confirming = self._confirming.join(path, lambda: self._confirm(path))
        try:
            return await asyncio.wait_for(confirming, PATIENCE_SECONDS)
        except (StoreUnavailable, TimeoutError):
            return Live(place.number)

    async def _settle(self) -> None:
        """Take in what Redis has told by now: who was told of a change and asks at once is to see it."""
        await asyncio.sleep(0)  # it may have been read with this very request
        if not self.following.settled(self._monotonic()):
            await _patiently(self._settling.join("", lambda: self.following.settle(self._source.fence)))

    async def _confirm(self, path: FeedPath) -> Resolution:
        """Ask Redis where a path leads, and bring what is remembered of that feed up to date."""
        asked, moves = self._monotonic(), self._moves
        resolution = await self._source.resolve(path)
        if isinstance(resolution, Live):
            if self._concerned(resolution.number):
                await self.catch_up([resolution.number])
            if moves == self._moves:  # else this answer may be older than the move
                self._remember(path, _Place(resolution.number, confirmed=asked, tried=asked))
                return resolution
        self._places.pop(path, None)
        return resolution

    def _remember(self, path: FeedPath, place: _Place) -> None:
        self._places.pop(path, None)
        self._places[path] = place
        if len(self._places) > _PLACES:
            del self._places[next(iter(self._places))]

    def _concerned(self, number: FeedNumber) -> list[Key]:
        keys = (Key(number, format_) for format_ in Format)
        return [key for key in keys if key in self._memory or key in self._fetching]

    async def _refetch(self, keys: Iterable[Key]) -> None:
        async def one(key: Key) -> None:
            async with self._lanes:
                await self._fetching.follow(key, lambda: self._load(key))

        await asyncio.gather(*map(one, keys))

    async def _fetch(self, key: Key) -> Held | None:
        return await self._fetching.join(key, lambda: self._load(key))

    async def _load(self, key: Key) -> Held | None:
        document = await self._source.document(*key)
        return self._memory.keep(document) if document else self._memory.peek(key)


async def _patiently(what: Awaitable[object]) -> None:
    """Wait for what would be better, and not for long: there is something to serve."""
    with suppress(StoreUnavailable, TimeoutError):
        await asyncio.wait_for(what, PATIENCE_SECONDS)
