"""The client: sends what it is given to where it may, under limits and deadlines, and says what came of it.

The guard stands where a socket is made, with the very address about to be connected: literals, names, names that
change between two look-ups, mapped addresses and odd spellings all end there.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from functools import lru_cache
from io import BytesIO
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Self
from weakref import WeakValueDictionary

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar
from aiohttp.http import HttpProcessingError

from hub.adapters.egress.connections import Connector, Protocol, Resolver
from hub.adapters.egress.networks import destination_refusal
from hub.adapters.egress.outbox import Outbox
from hub.adapters.egress.outcomes import Answer, Failure, FailureKind, kind_and_detail
from hub.adapters.egress.targets import target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiohappyeyeballs import AddrInfoType
    from aiohttp import StreamReader
    from aiohttp.abc import AbstractResolver

    from hub.adapters.egress.connections import Line
    from hub.adapters.egress.networks import Network
    from hub.adapters.egress.targets import Target

BODY_BYTES = 16 * 1024
"""An answer is read so far; a longer one costs its connection."""
SECONDS = 10.0

_CONNECT_SECONDS = 5.0
IDLE_SECONDS = 4.0
"""Below the 5 s after which many servers (Node's, Apache) close an idle connection: a POST that meets that is lost."""
_PIECE_BYTES = 2**20
_BUFFER_BYTES = 2**20
OK = 200
_RETRY_AFTER_LENGTH = 100
_HEADERS = {"User-Agent": "Feedhub", "Accept-Encoding": "identity"}
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class _Request(NamedTuple):
    method: str
    body: bytes | None
    headers: Mapping[str, str]
    seconds: float
    limit: int
    take: Callable[[bytes], object] | None = None
    """Gets the pieces of a 200's body as they come, instead of the answer."""


class Egress:
    """Sends requests that reach public addresses and the networks of `allow`, and no others.

    One per process, made and closed on its loop. At most `total_limit` requests are under way, and `per_host` to one
    host and port; a connection rests for `idle_seconds` at most. `resolver` stands in for the system's in tests.
    """

    def __init__(
        self,
        allow: Sequence[Network],
        *,
        total_limit: int = 256,
        per_host: int = 4,
        idle_seconds: float = IDLE_SECONDS,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._allow = tuple(allow)
        self._per_host = per_host
        self._all = asyncio.Semaphore(total_limit)
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._resolver = resolver or Resolver()
        self._connector = Connector(
            socket_factory=self._open_socket,
            resolver=self._resolver,
            limit=0,  # turns are taken before, so that waiting for one is told from a slow receiver
            keepalive_timeout=idle_seconds,
        )
        self._outbox = Outbox()
        self._session = ClientSession(
            connector=self._connector,
            headers=_HEADERS,
            cookie_jar=DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        self._connector.hang_up()
        await self._session.close()
        await self._resolver.close()

    def forget_names(self) -> None:
        """Look every name up anew; names are otherwise kept for 10 seconds."""
        self._connector.clear_dns_cache()

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = SECONDS
    ) -> Answer | Failure:
        """Deliver. The status is the answer: what goes wrong in the body behind it changes nothing.

        Waits up to `seconds` for its turn, then up to `seconds` for the answer. The URL goes out byte for byte,
        without its fragment.
        """
        return await self._request(url, _Request("POST", body, headers, seconds, BODY_BYTES))

    async def get(
        self,
        url: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        seconds: float = SECONDS,
        limit: int = BODY_BYTES,
    ) -> Answer | Failure:
        """Fetch up to `limit` bytes; like `post`, but a body that breaks off is a failure."""
        return await self._request(url, _Request("GET", None, headers, seconds, limit))

    async def download(
        self,
        url: str,
        take: Callable[[bytes], object],
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        seconds: float,
        limit: int,
    ) -> Answer | Failure:
        """Fetch what may be large: `take` gets each piece of a 200's body, up to `limit` bytes. Else like `get`."""
        return await self._request(url, _Request("GET", None, headers, seconds, limit, take))

    async def _request(self, url: str, request: _Request) -> Answer | Failure:
        started = perf_counter()
        try:
            where = target(url)
        except ValueError as error:
            return Failure(FailureKind.BAD_URL, f"the URL {error}", _ms(started))
        turn = self._turn(where.origin.raw_authority)
        if not await self._take(turn, request.seconds):
            return Failure(FailureKind.BUSY, f"no turn came in {request.seconds:g} s", _ms(started))
        started = perf_counter()
        try:
            status, body, answered = await self._exchange(where, request)
        except (ClientError, HttpProcessingError, OSError) as error:
            return Failure(*kind_and_detail(error), _ms(started))
        finally:
            turn.release()
            self._all.release()
        return Answer(status, body, _retry_after(answered), _ms(started), answered)

    async def _exchange(self, where: Target, request: _Request) -> tuple[int, bytes, Mapping[str, str]]:
        if request.body is not None and (line := await self._connector.line(where.origin)):
            return await self._post_again(line, where, request, request.body)
        response = await self._session.request(
            request.method,
            where.url,
            data=_sendable(request.body),
            headers=request.headers,
            allow_redirects=False,
            timeout=_deadline(request.seconds),
            read_bufsize=_BUFFER_BYTES if request.take else request.limit,
        )
        try:
            if request.take and response.status == OK:
                if response.connection and isinstance(response.connection.protocol, Protocol):
                    response.connection.protocol.expect_more(request.limit)
                await _pass_on(response.content, request.take, request.limit)
                return response.status, b"", response.headers
            body = await _read(response.content, request)
        finally:
            response.close()  # a no-op on what was read to its end: that connection serves again
        return response.status, body, response.headers

    async def _post_again(
        self, line: Line, where: Target, request: _Request, body: bytes
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """POST on an open line without a ClientRequest: that halves what most deliveries cost.

        A GET goes the long way: there aiohttp asks anew where the connection turns out to be closed.
        """
        connection, protocol = line
        transport = connection.transport
        assert transport is not None  # noqa: S101  (it is open)
        served = False
        try:
            protocol.expect(request.limit, request.seconds)
            self._outbox.put(transport, (_head(where, request.headers, len(body)), body))
            message, content = await protocol.read()
            while 100 <= message.code < 200 and message.code != 101:  # noqa: PLR2004  (interim answers)
                message, content = await protocol.read()
            answered = await _read(content, request)
            served = not transport.get_write_buffer_size()
        finally:
            protocol.answered()
            if served:
                self._connector.keep(where.origin, line)
            else:
                connection.close()
        return message.code, answered, message.headers

    def _turn(self, host: str) -> asyncio.Semaphore:
        turn = self._hosts.get(host)
        if turn is None:
            turn = self._hosts[host] = asyncio.Semaphore(self._per_host)
        return turn

    async def _take(self, turn: asyncio.Semaphore, seconds: float) -> bool:
        """Take a turn at the host and one of all; no timer is needed where both are free."""
        if not turn.locked() and not self._all.locked():
            return await turn.acquire() and await self._all.acquire()
        try:
            async with asyncio.timeout(seconds):
                await turn.acquire()
                try:
                    return await self._all.acquire()
                except BaseException:
                    turn.release()
                    raise
        except TimeoutError:
            return False

    def _open_socket(self, info: AddrInfoType) -> socket.socket:
        """Make the socket for one address, or raise PermissionError: the guard."""
        family, kind, protocol, _, (host, port, *_) = info
        if reason := destination_refusal(host, port, self._allow):
            raise PermissionError(errno.EPERM, f"{host} is out of bounds: {reason}")
        return socket.socket(family, kind, protocol)


@lru_cache(maxsize=64)
def _deadline(seconds: float) -> ClientTimeout:
    """One deadline over all of a request, its body included, kept to the split second; a part of it to connect."""
    return ClientTimeout(
        total=seconds, sock_connect=min(seconds, _CONNECT_SECONDS), ceil_threshold=float("inf")
    )


def _sendable(body: bytes | None) -> bytes | BytesIO | None:
    """Have a large body sent in pieces: in one piece it would hold the loop, and aiohttp warns."""
    return body if body is None or len(body) <= _PIECE_BYTES else BytesIO(body)


def _head(where: Target, headers: Mapping[str, str], length: int) -> bytes:
    lines = [
        f"POST {where.path} HTTP/1.1",
        f"Host: {where.origin.host_port_subcomponent}",
        "Accept: */*",
        f"Content-Length: {length}",
        *[f"{name}: {value}" for name, value in {**_HEADERS, **headers}.items()],
        "\r\n",
    ]
    text = "\r\n".join(lines)
    if text.count("\r") + text.count("\n") != 2 * len(lines):
        raise ValueError("a header must not hold line breaks")
    return text.encode()


async def _read(content: StreamReader, request: _Request) -> bytes:
    """Read a body up to the limit. One that breaks off counts as none, but to a GET."""
    try:
        parts = [await content.read(request.limit)]
        left = request.limit - len(parts[0])
        while left > 0 and not content.at_eof():
            parts.append(await content.read(left))
            left -= len(parts[-1])
    except (ClientError, OSError):
        if request.method == "GET":
            raise
        return b""
    return b"".join(parts)


async def _pass_on(content: StreamReader, take: Callable[[bytes], object], limit: int) -> None:
    """Hand a body on, piece by piece. Raises what breaks it off."""
    while limit > 0 and (piece := await content.read(min(limit, _BUFFER_BYTES))):
        take(piece)
        limit -= len(piece)


def _retry_after(headers: Mapping[str, str]) -> str | None:
    value = headers.get("Retry-After")
    return value and value[:_RETRY_AFTER_LENGTH]


def _ms(started: float) -> float:
    return (perf_counter() - started) * 1000
