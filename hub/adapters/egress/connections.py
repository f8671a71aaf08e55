"""How names are looked up and answers taken from the wire, where aiohttp alone lets a receiver cost too much."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from aiohttp.connector import Connection
    from yarl import URL

_AROUND_BYTES = 32 * 1024
_AROUND_EACH = 4
"""What may come in besides a body: head and interim answers, and the frames of chunks per byte asked for."""
_NEVER = float("inf")
_SWEEPS = 4
"""Within the time for which a line may rest."""
_DNS_THREADS = 32
_ADDRESSES = 8
"""Of one name: aiohttp tries n addresses n²/2 times, and an answer holds thousands."""


class Protocol(ResponseHandler):
    """Aborts a connection on which more comes in than any honest answer needs around its body.

    The deadline alone lets a stream of `103` answers, or of one-byte chunks with long extensions, cost a whole core
    for as long as it lasts.
    """

    _left = _AROUND_BYTES
    _ready_for = 0
    _deadline = _NEVER
    _alarm: TimerHandle | None = None
    _alarm_at = _NEVER

    def set_response_params(self, *, read_bufsize: int = 2**16, **others: Any) -> None:
        self._left = _AROUND_BYTES + _AROUND_EACH * read_bufsize
        self._ready_for = 0
        super().set_response_params(read_bufsize=read_bufsize, **others)

    def expect(self, limit: int, seconds: float) -> None:
        """Be ready for the answer to one more POST: `limit` bytes of its body, within `seconds`.

        One parser and one timer serve all of a connection's POSTs: each costs as much as sending some.
        """
        if self._ready_for == limit:
            self._left = _AROUND_BYTES + _AROUND_EACH * limit
        else:
            self.set_response_params(read_until_eof=True, auto_decompress=False, read_bufsize=limit)
            self._ready_for = limit
        self._deadline = self._loop.time() + seconds
        if self._deadline < self._alarm_at:
            self._set_alarm()

    def expect_more(self, limit: int) -> None:
        """Be ready for a body of `limit` bytes, of which only a part is ever kept here."""
        self._left += _AROUND_EACH * limit

    def answered(self) -> None:
        """The answer is here, or nobody waits for it any more: the deadline counts no more."""
        self._deadline = _NEVER

    def data_received(self, data: bytes) -> None:
        if self._left > 0:
            super().data_received(data)  # it stops reading by itself once more than enough of a body has come
        elif self.transport is not None:
            self.transport.abort()
        self._left -= len(data)

    def _set_alarm(self) -> None:
        if self._alarm:
            self._alarm.cancel()
        self._alarm_at = self._deadline
        self._alarm = self._loop.call_at(self._alarm_at, self._expire)

    def _expire(self) -> None:
        """Tell whoever waits for the answer, or for more of its body, that its deadline has passed, if it has."""
        self._alarm, self._alarm_at = None, _NEVER
        if self._deadline <= self._loop.time():
            self._on_read_timeout()
        elif self._deadline < _NEVER:
            self._set_alarm()


class Line(NamedTuple):
    """An open connection on which one POST after the other goes out."""

    connection: Connection
    protocol: Protocol

    @property
    def serves(self) -> bool:
        """Whether the next request can go out: it is open, and was told nothing that nobody had asked for."""
        return self.protocol.is_connected() and not self.protocol.should_close


class Connector(TCPConnector):
    """Makes connections that end as `Protocol` says, and keeps open `Line`s for POSTs beside aiohttp's own pool.

    They rest here for `keepalive_timeout` at most.
    """

    def __init__(self, *, keepalive_timeout: float, **options: Any) -> None:
        super().__init__(keepalive_timeout=keepalive_timeout, **options)
        # aiohttp has no public way to give another protocol; a test notices if this one goes.
        self._factory = partial(Protocol, loop=self._loop)  # type: ignore[assignment]  # partial is invariant
        self._rest_seconds = keepalive_timeout
        self._resting: dict[URL, list[tuple[float, Line]]] = {}
        self._sweeper: TimerHandle | None = None

    async def line(self, origin: URL) -> Line | None:
        """Give an open line to `origin`, if there is one."""
        resting = self._resting.get(origin)
        while resting:
            since, line = resting.pop()  # the one used last: those that are too many come to rest long enough
            if line.serves and self._loop.time() - since < self._rest_seconds:
                return line
            line.connection.close()
        return await self._pooled(origin)

    def keep(self, origin: URL, line: Line) -> None:
        """Have a line rest until its next use; one that doesn't serve any more is closed."""
        if not line.serves:
            return line.connection.close()
        self._resting.setdefault(origin, []).append((self._loop.time(), line))
        if self._sweeper is None:
            self._sweep_later()
        return None

    def hang_up(self) -> None:
        """Close all lines that rest."""
        self._close_resting(_NEVER)

    async def _pooled(self, origin: URL) -> Line | None:
        """Make a line of a connection that lies in aiohttp's pool after its first request."""
        key = ConnectionKey(
            origin.raw_host or "", origin.port, origin.scheme == "https", True, None, None, None
        )
        while connection := await self._get(key, []):
            protocol = connection.protocol
            if isinstance(protocol, Protocol) and (line := Line(connection, protocol)).serves:
                return line
            connection.close()
        return None

    def _sweep_later(self) -> None:
        self._sweeper = self._loop.call_later(self._rest_seconds / _SWEEPS, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        self._close_resting(self._loop.time() - self._rest_seconds)
        if self._resting:
            self._sweep_later()

    def _close_resting(self, before: float) -> None:
        for origin, resting in list(self._resting.items()):
            for since, line in resting:
                if since <= before or not line.serves:
                    line.connection.close()
            left = [(since, line) for since, line in resting if not line.connection.closed]
            if left:
                self._resting[origin] = left
            else:
                del self._resting[origin]


class Resolver(AbstractResolver):
    """The system's resolver on threads of its own: uvloop has four for everything, one dead name server blocks them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_DNS_THREADS, thread_name_prefix="dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        infos = await loop.run_in_executor(
            self._threads,
            lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG),
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for family, _, protocol, _, address in infos[:_ADDRESSES]
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
