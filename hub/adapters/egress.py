"""The one client for requests that leave: to callbacks, webhooks and origins, whose addresses strangers choose.

The guard stands where a socket is made, with the very address about to be connected: literals, names, names that
change between two look-ups, mapped addresses and odd spellings all end there. What a receiver does, or fails to do, is
a value; nothing that it does costs more than a deadline, a few connections and some kilobytes.
"""

from __future__ import annotations

import asyncio
import errno
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache, partial
from io import BytesIO
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from weakref import WeakValueDictionary

from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientPayloadError,
    ClientResponseError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    ServerDisconnectedError,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from hub.adapters.networks import destination_refusal
from hub.intake.urls import MAX_URL, http_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiohappyeyeballs import AddrInfoType
    from aiohttp import StreamReader

    from hub.adapters.networks import Network

BODY_BYTES = 16 * 1024
"""An answer is read so far; a longer one costs its connection."""
SECONDS = 10.0

_CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 4.0
"""Below the 5 s after which many servers (Node's, Apache) close an idle connection: a POST that meets that is lost."""
_PIECE_BYTES = 2**20
_AROUND_BYTES = 32 * 1024
_AROUND_EACH = 4
"""What may come in besides a body: head and interim answers, and the frames of chunks per byte asked for."""
_DNS_THREADS = 32
_ADDRESSES = 8
"""Of one name: aiohttp tries n addresses n²/2 times, and an answer holds thousands."""
_RETRY_AFTER_LENGTH = 100
_HEADERS = {"User-Agent": "Feedhub", "Accept-Encoding": "identity"}
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})

_URL = re.compile(r"(https?)://([^/?#]*)([!-~]*)", re.IGNORECASE)
_NAME = r"(?=[^:]{1,254}(?::|$))[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?"
_AUTHORITY = re.compile(rf"({_NAME}|\[[0-9a-f:.]{{2,45}}\])(?::([0-9]{{0,5}}))?", re.IGNORECASE)
_MAX_PORT = 65535

_OURS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
"""This machine has no socket left: nothing that the receiver did."""


class FailureKind(StrEnum):
    """Why there is no answer."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    FORBIDDEN = "forbidden"
    """The guard kept the request from an address or a port."""
    BAD_URL = "bad_url"
    BROKEN = "broken"
    """Connected, but what came back is no HTTP answer, or only a part of one."""
    BUSY = "busy"
    """Never tried: no turn came at that host, or no socket was left. The receiver isn't to blame."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said. A redirect is an answer like any other and is not followed."""

    status: int
    body: bytes
    """As it came, never decompressed; cut off at the limit."""
    retry_after: str | None
    """The header as it stands; it may say anything."""
    ms: float
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name in any case; values as they stand."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer. `detail` is for people and holds nothing of the URL but host and port."""

    kind: FailureKind
    detail: str
    ms: float


class _Request(NamedTuple):
    method: str
    body: bytes | None
    headers: Mapping[str, str]
    seconds: float
    limit: int


class Egress:
    """Sends requests that reach public addresses and the networks of `allow`, and no others.

    One per process, made and closed on its loop. At most `total_limit` requests are under way, and `per_host` to one
    host and port. `resolver` stands in for the system's in tests.
    """

    def __init__(
        self,
        allow: Sequence[Network],
        *,
        total_limit: int = 256,
        per_host: int = 4,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._allow = tuple(allow)
        self._per_host = per_host
        self._all = asyncio.Semaphore(total_limit)
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._resolver = resolver or _Resolver()
        self._connector = _Connector(
            socket_factory=self._open_socket,
            resolver=self._resolver,
            limit=0,  # turns are taken before, so that waiting for one is told from a slow receiver
            keepalive_timeout=_IDLE_SECONDS,
        )
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

    async def _request(self, url: str, request: _Request) -> Answer | Failure:
        started = perf_counter()
        try:
            target = _target(url)
        except ValueError as error:
            return Failure(FailureKind.BAD_URL, f"the URL {error}", _ms(started))
        turn = self._turn(target.authority)
        if not await self._take(turn, request.seconds):
            return Failure(FailureKind.BUSY, f"no turn came in {request.seconds:g} s", _ms(started))
        started = perf_counter()
        try:
            status, body, answered = await self._exchange(target, request)
        except (ClientError, OSError) as error:
            return Failure(*_kind_and_detail(error), _ms(started))
        finally:
            turn.release()
            self._all.release()
        return Answer(status, body, _retry_after(answered), _ms(started), answered)

    async def _exchange(self, target: URL, request: _Request) -> tuple[int, bytes, Mapping[str, str]]:
        response = await self._session.request(
            request.method,
            target,
            data=_sendable(request.body),
            headers=request.headers,
            allow_redirects=False,
            timeout=_deadline(request.seconds),
            read_bufsize=request.limit,
        )
        try:
            body = await _read(response.content, request.limit)
        except (ClientError, OSError):
            if request.method == "GET":
                raise
            body = b""
        finally:
            response.close()  # a no-op on what was read to its end: that connection serves again
        return response.status, body, response.headers

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


class _Protocol(ResponseHandler):
    """Aborts a connection on which more comes in than any honest answer needs around its body.

    The deadline alone lets a stream of `103` answers, or of one-byte chunks with long extensions, cost a whole core
    for as long as it lasts.
    """

    _left = _AROUND_BYTES

    def set_response_params(self, *, read_bufsize: int = BODY_BYTES, **others: Any) -> None:
        self._left = _AROUND_BYTES + _AROUND_EACH * read_bufsize
        super().set_response_params(read_bufsize=read_bufsize, **others)

    def data_received(self, data: bytes) -> None:
        if self._left > 0:
            super().data_received(data)  # it stops reading by itself once more than enough of a body has come
        elif self.transport is not None:
            self.transport.abort()
        self._left -= len(data)


class _Connector(TCPConnector):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # aiohttp has no public way to give another protocol; a test notices if this one goes.
        self._factory = partial(_Protocol, loop=self._loop)  # type: ignore[assignment]  # partial is invariant


class _Resolver(AbstractResolver):
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


@lru_cache(maxsize=2048)
def _target(url: str) -> URL:
    """Read a URL so that it goes out as it is written. Raises ValueError with a sentence's end.

    yarl drops an empty query, so the query travels as part of the path. One that isn't ASCII can't go out as it is:
    it is made valid first.
    """
    if not url.isascii():
        url = http_url(url)
    parts = _URL.fullmatch(url)
    if parts is None or len(url) > MAX_URL:
        raise ValueError("is no absolute http(s) URL of printable characters")
    scheme, authority, rest = parts.groups()
    if "@" in authority:
        raise ValueError("must not hold a user name or password")
    where = _AUTHORITY.fullmatch(authority)
    if where is None or not 0 < int(where[2] or 80) <= _MAX_PORT:
        raise ValueError("has an invalid host or port")
    path, _, _ = rest.partition("#")
    return URL.build(
        scheme=scheme.lower(),
        authority=(f"{where[1]}:{where[2]}" if where[2] else where[1]).lower(),
        path=path if path.startswith("/") else f"/{path}",
        encoded=True,
    )


@lru_cache(maxsize=64)
def _deadline(seconds: float) -> ClientTimeout:
    """One deadline over all of a request, its body included, kept to the split second; a part of it to connect."""
    return ClientTimeout(
        total=seconds, sock_connect=min(seconds, _CONNECT_SECONDS), ceil_threshold=float("inf")
    )


def _sendable(body: bytes | None) -> bytes | BytesIO | None:
    """Have a large body sent in pieces: in one piece it would hold the loop, and aiohttp warns."""
    return body if body is None or len(body) <= _PIECE_BYTES else BytesIO(body)


async def _read(content: StreamReader, limit: int) -> bytes:
    parts = [await content.read(limit)]
    left = limit - len(parts[0])
    while left > 0 and not content.at_eof():
        parts.append(await content.read(left))
        left -= len(parts[-1])
    return b"".join(parts)


def _retry_after(headers: Mapping[str, str]) -> str | None:
    value = headers.get("Retry-After")
    return value and value[:_RETRY_AFTER_LENGTH]


def _kind_and_detail(error: ClientError | OSError) -> tuple[FailureKind, str]:
    """Say what an exception means. Texts of aiohttp's that hold the URL are not passed on."""
    match error:
        case ClientSSLError():
            return FailureKind.TLS, str(getattr(error, "certificate_error", error.os_error))
        case ClientConnectorDNSError():
            return FailureKind.UNREACHABLE, "the host's name can't be resolved"
        case ClientConnectorError():
            return _unconnected(error.os_error), error.os_error.strerror or str(error.os_error)
        case TimeoutError():
            return FailureKind.TIMEOUT, "no complete answer in time"
        case InvalidURL():
            return FailureKind.BAD_URL, "the URL's host is not written as a name or an address"
        case _:
            return FailureKind.BROKEN, _what_broke(error)


def _unconnected(error: OSError) -> FailureKind:
    if error.errno in _OURS:
        return FailureKind.BUSY
    match error:
        case PermissionError():
            return FailureKind.FORBIDDEN
        case ConnectionRefusedError():
            return FailureKind.REFUSED
        case TimeoutError():
            return FailureKind.TIMEOUT
        case ConnectionError():
            return FailureKind.BROKEN
        case _:
            return FailureKind.UNREACHABLE


def _what_broke(error: ClientError | OSError) -> str:
    match error:
        case ServerDisconnectedError():
            return "disconnected without an answer"
        case ClientPayloadError():
            return "the body broke off"
        case ClientResponseError():
            return "the answer is not valid HTTP"
        case OSError():
            return error.strerror or str(error)
        case _:
            return type(error).__name__


def _ms(started: float) -> float:
    return (perf_counter() - started) * 1000
