"""How far a front may believe what it remembers, by how it follows the change stream. Moments are monotonic seconds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SILENCE_SECONDS = 3.0
"""The stream answers every second at least; quiet for longer is a lost connection that nobody has noticed."""


class Following:
    """Since when every change has been heard of."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._heard = 0.0
        self._batches = 0
        self._settled = 0
        self._asking = asyncio.Event()

    def began(self, now: float) -> None:
        """Follow from here on; what changed before may have been missed."""
        self._since = self._heard = now

    def asks(self) -> None:
        """Note that the next read of the stream is on its way to Redis."""
        self._asking.set()

    def heard(self, now: float, *, news: bool = False) -> None:
        """Note an answer of the stream; after `news` there may be more already, until the next read is asked for."""
        self._heard = now
        if news:
            self._batches += 1
            self._asking.clear()

    def settled(self, now: float) -> bool:
        """Say whether no news can be waiting to be read that were there before this; true if nobody reads any."""
        return self._settled == self._batches or not self.covers(now, now)

    async def settle(self, fence: Callable[[], Awaitable[None]]) -> None:
        """Become settled, unless there are news again. `fence` returns when Redis has done all that it was asked."""
        await self._asking.wait()
        batches = self._batches
        await fence()
        # What came before the fence's answer was read: the follower has one turn to take it in.
        await asyncio.sleep(0)
        self._settled = batches

    def lost(self) -> bool:
        """Note that the stream can't be read. Answers whether that is news."""
        was_following = self._since is not None
        self._since = None
        return was_following

    def covers(self, moment: float, now: float) -> bool:
        """Say whether what was read from Redis at `moment` is still true, or would have been corrected."""
        return self._since is not None and moment >= self._since and now - self._heard < SILENCE_SECONDS
