"""One text in every content coding, each made once, off the loop where it is long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hub.web.codings import Coding, transcode
from hub.web.flights import SingleFlight

if TYPE_CHECKING:
    from collections.abc import Callable

_INLINE_BYTES = 4096
"""Below this, gzipped, a thread costs more (0.1 ms) than the work: 20 KB of text take br about 0.4 ms."""


class Variants:
    """A text, given as gzip (what Redis keeps), and the codings derived from it."""

    __slots__ = ("_bodies", "_flights", "_grown")

    def __init__(self, gzipped: bytes) -> None:
        self._bodies = {Coding.GZIP: gzipped}
        self._flights: SingleFlight[Coding, bytes] = SingleFlight()
        self._grown: Callable[[], None] | None = None

    @property
    def gzip(self) -> bytes:
        """The text as it was given."""
        return self._bodies[Coding.GZIP]

    @property
    def size(self) -> int:
        """Bytes held now."""
        return sum(map(len, self._bodies.values()))

    def when_grown(self, call: Callable[[], None]) -> None:
        """Have `call` called whenever another coding is held."""
        self._grown = call

    async def get(self, coding: Coding) -> bytes:
        """Give the text in this coding."""
        body = self._bodies.get(coding)
        return body if body is not None else await self._flights.join(coding, lambda: self._derive(coding))

    async def _derive(self, coding: Coding) -> bytes:
        gzipped = self._bodies[Coding.GZIP]
        if len(gzipped) <= _INLINE_BYTES:
            body = transcode(gzipped, coding)
        else:
            body = await asyncio.to_thread(transcode, gzipped, coding)
        self._bodies[coding] = body
        if self._grown:
            self._grown()
        return body
