"""How names are looked up and answers taken from the wire, where aiohttp alone lets a receiver cost too much."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from yarl import URL

_AROUND_BYTES = 32 * 1024
_AROUND_EACH = 4
"""What may come in besides a body: head and interim answers, and the frames of chunks per byte asked for."""
_DNS_THREADS = 32
_ADDRESSES = 8
"""Of one name: aiohttp tries n addresses n²/2 times, and an answer holds thousands."""


class Protocol(ResponseHandler):
    """Aborts a connection on which more comes in than any honest answer needs around its body.

    The deadline alone lets a stream of `103` answers, or of one-byte chunks with long extensions, cost a whole core
    for as long as it lasts.
    """

    _left = _AROUND_BYTES

    def set_response_params(self, *, read_bufsize: int = 2**16, **others: Any) -> None:
        self._left = _AROUND_BYTES + _AROUND_EACH * read_bufsize
        super().set_response_params(read_bufsize=read_bufsize, **others)

    def data_received(self, data: bytes) -> None:
        if self._left > 0:
            super().data_received(data)  # it stops reading by itself once more than enough of a body has come
        elif self.transport is not None:
            self.transport.abort()
        self._left -= len(data)

    def expire(self) -> None:
        """The deadline has passed: whoever waits for the answer, or for more of its body, is told so."""
        self._on_read_timeout()


class Connector(TCPConnector):
    """Makes connections that end as `Protocol` says."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # aiohttp has no public way to give another protocol; a test notices if this one goes.
        self._factory = partial(Protocol, loop=self._loop)  # type: ignore[assignment]  # partial is invariant

    async def kept(self, origin: URL) -> tuple[Connection, Protocol] | None:
        """Give a connection to `origin` that is open and idle, if there is one, for its next request."""
        key = ConnectionKey(
            origin.raw_host or "", origin.port, origin.scheme == "https", True, None, None, None
        )
        while connection := await self._get(key, []):
            protocol = connection.protocol
            if isinstance(protocol, Protocol) and not protocol.should_close:
                return connection, protocol
            connection.close()  # it was told something that nobody had asked for
        return None


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
