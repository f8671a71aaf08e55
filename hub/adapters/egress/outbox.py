"""Requests on open connections, sent together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Outbox:
    """Writes at the end of a turn of the loop what was put into it during that turn.

    Written one by one between signatures, each request finds its receiver (or the network's queue) asleep again, and
    waking that costs more than all else of a POST. Nobody waits longer for it: the loop would have gone on to the next
    signature anyway.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[asyncio.Transport, Sequence[bytes]]] = []

    def put(self, transport: asyncio.Transport, parts: Sequence[bytes]) -> None:
        """Have `parts` written soon; whoever waits for the answer hears if the connection ends before that."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._write)
        self._waiting.append((transport, parts))

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        for transport, parts in waiting:
            if not transport.is_closing():
                transport.writelines(parts)
