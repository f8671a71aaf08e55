"""Receivers of every kind, on ports of their own on loopback: async context managers with a `url`.

Written on bare sockets: an HTTP library would not let them misbehave, and would not show a path as it came.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

FAR_FUTURE = "1000000000"


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    """The request's target, byte for byte."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    at: float


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Make an HTTP answer; `retry_after="5"` becomes `Retry-After: 5`."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Receiver:
    """Takes requests, records them, and answers each with `reply`; kinds below answer otherwise."""

    reply = answer(204)

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.host = host
        self.port = port
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/callback"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        """Answer one request; False ends the connection."""
        writer.write(self.reply)
        await writer.drain()
        return True

    def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                while request := await _read(reader):
                    self.received.append(request)
                    if not await self.respond(request, writer):
                        break
            finally:
                writer.close()


class Fast(Receiver):
    """Acknowledges at once."""


class Status(Receiver):
    """Answers one status, always."""

    def __init__(self, status: int, body: bytes = b"", **headers: str) -> None:
        super().__init__()
        self.reply = answer(status, body, **headers)


class Gone(Status):
    """Wants no more."""

    def __init__(self) -> None:
        super().__init__(410)


class TooMany(Status):
    """Asks to be left alone, for 31 years unless told otherwise."""

    def __init__(self, retry_after: str = FAR_FUTURE) -> None:
        super().__init__(429, retry_after=retry_after)


class Redirecting(Status):
    """Sends everybody to `target`."""

    def __init__(self, target: str, status: int = 302) -> None:
        super().__init__(status, location=target)


class Slow(Receiver):
    """Acknowledges after some seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        await asyncio.sleep(self._seconds)
        return await super().respond(request, writer)


class Dead(Receiver):
    """Accepts and never answers. For a port where nobody listens: `closed_port`."""

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        await asyncio.Event().wait()
        return False


class Drip(Receiver):
    """Sends one byte at a time: of the headers, or of a body behind a 200."""

    def __init__(self, what: Literal["headers", "body"] = "headers", *, every: float = 0.02) -> None:
        super().__init__()
        self._start = b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if what == "body" else b"X-Endless: ")
        self._every = every

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        writer.write(self._start)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(self._every)


class Endless(Receiver):
    """Answers 200 and a body that has no end, or whatever pieces. `sent` counts what was taken from it."""

    def __init__(self, start: bytes = b"HTTP/1.1 200 OK\r\n\r\n", piece: bytes = bytes(65536)) -> None:
        super().__init__()
        self.sent = 0
        self._start = start
        self._piece = piece

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        writer.write(self._start)
        while True:
            writer.write(self._piece)
            await writer.drain()
            self.sent += len(self._piece)


class Raw(Receiver):
    """Sends exactly these bytes, then closes, hangs or resets the connection."""

    def __init__(self, reply: bytes, then: Literal["close", "hang", "reset"] = "close") -> None:
        super().__init__()
        self.reply = reply
        self._then = then

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        await super().respond(request, writer)
        if self._then == "hang":
            await asyncio.Event().wait()
        if self._then == "reset":
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


class Echo(Receiver):
    """A WebSub callback: echoes `hub.challenge` to a GET and acknowledges a POST.

    `body` is echoed in its place, `status` and `delay` (seconds) are those of the GET's answer.
    """

    def __init__(
        self, *, body: bytes | None = None, delay: float = 0, status: int = 200, port: int = 0
    ) -> None:
        super().__init__(port=port)
        self._body = body
        self._delay = delay
        self._status = status

    @property
    def deliveries(self) -> list[Received]:
        return [request for request in self.received if request.method == "POST"]

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        if request.method == "POST":
            return await super().respond(request, writer)
        await asyncio.sleep(self._delay)
        challenge = parse_qs(urlsplit(request.path).query).get("hub.challenge", [""])[0]
        writer.write(answer(self._status, challenge.encode() if self._body is None else self._body))
        await writer.drain()
        return True


def closed_port() -> int:
    """Give a port on 127.0.0.1 where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


async def _read(reader: StreamReader) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body, time.time())
