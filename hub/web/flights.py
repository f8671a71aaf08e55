"""Many who want the same thing at the same time: one makes it, all get it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

K = TypeVar("K", bound="Hashable")
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """At most one call in flight per key. It goes on when whoever asked first goes away."""

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Task[T]] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._flights

    async def join(self, key: K, make: Callable[[], Awaitable[T]]) -> T:
        """Answer what `make` makes, or what the call in flight for this key makes. Raises what that raises."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._fly(key, make))
        return await asyncio.shield(flight)

    async def follow(self, key: K, make: Callable[[], Awaitable[T]]) -> T:
        """Like `join`, but never answer from a call that began earlier: wait for that one and start after it.

        For whoever knows that something has changed: an earlier call may have read what was before.
        """
        if earlier := self._flights.get(key):
            await asyncio.wait([earlier])
        return await self.join(key, make)

    async def _fly(self, key: K, make: Callable[[], Awaitable[T]]) -> T:
        try:
            return await make()
        finally:
            del self._flights[key]
