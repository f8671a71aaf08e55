"""What fronts make on request and keep for a while: answers of polls, by what they were made of."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from hub.web.flights import SingleFlight

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable


class Sized(Protocol):
    """What can be kept: it knows its bytes."""

    @property
    def size(self) -> int: ...


K = TypeVar("K", bound="Hashable")
V = TypeVar("V", bound=Sized)

SHELF_BYTES = 32 * 1024 * 1024
_LANES = 2
"""Made at a time: a front has other things to do."""
_MOST = 500


class Shelf(Generic[K, V]):
    """Texts by key, within `limit` bytes; the least recently asked for go first. Each is made once at a time."""

    def __init__(self, limit: int = SHELF_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[K, V | None] = OrderedDict()
        self._flights: SingleFlight[K, V | None] = SingleFlight()
        self._lanes = asyncio.Semaphore(_LANES)

    async def get(self, key: K, make: Callable[[], Awaitable[V | None]]) -> V | None:
        """Give what is kept under this key, else what `make` makes. None: it was found that there is nothing."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        return await self._flights.join(key, lambda: self._make(key, make))

    async def _make(self, key: K, make: Callable[[], Awaitable[V | None]]) -> V | None:
        async with self._lanes:
            made = await make()
        self._kept[key] = made
        while len(self._kept) > _MOST or (self._size > self._limit and len(self._kept) > 1):
            self._kept.popitem(last=False)
        return made

    @property
    def _size(self) -> int:
        return sum(made.size for made in self._kept.values() if made)
