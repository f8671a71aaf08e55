"""A receiver in a process of its own, as fast as Python can be: echoes challenges, acknowledges deliveries.

`GET /times` answers the monotonic nanoseconds of every delivery since the last `GET /reset`, in the order of arrival.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterator

ACKNOWLEDGED = b"HTTP/1.1 204 No Content\r\n\r\n"
LENGTH = b"content-length:"


class Receiver(asyncio.Protocol):
    """One connection. HTTP/1.1 with Content-Length, which is all that our clients send."""

    times: list[int] = []  # noqa: RUF012  (of the whole process)
    paths: set[str] = set()  # noqa: RUF012

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            at = head.lower().find(LENGTH)
            length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            method, target, _ = head.split(b" ", 2)
            if method == b"POST":
                self.times.append(time.monotonic_ns())
                self.paths.add(target.decode())
                self._transport.write(ACKNOWLEDGED)
            else:
                self._transport.write(self._answer(target.decode()))

    def _answer(self, target: str) -> bytes:
        body = json.dumps({"times": self.times, "receivers": len(self.paths)}).encode()
        if target == "/reset":
            self.times.clear()
            self.paths.clear()
        elif target != "/times":
            body = parse_qs(urlsplit(target).query).get("hub.challenge", [""])[0].encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class ReceiverProcess:
    """The same, as benches start it. A context manager."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bench.receiver"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    def callbacks(self, count: int) -> Iterator[str]:
        return (f"{self.url}/callback/{number}" for number in range(count))

    def reset(self) -> None:
        self._get("/reset")

    def times(self) -> list[int]:
        times: list[int] = self._get("/times")["times"]
        return times

    def receivers(self) -> int:
        """How many different callbacks were called."""
        return int(self._get("/times")["receivers"])

    def await_deliveries(self, count: int, *, seconds: float = 120) -> list[int]:
        """Wait for so many; answers their times."""
        deadline = time.monotonic() + seconds
        while len(times := self.times()) < count:
            assert time.monotonic() < deadline, f"{len(times)} of {count} deliveries came"
            time.sleep(0.05 if count > 1 else 0.002)
        return times

    def _get(self, path: str) -> Any:
        with urlopen(self.url + path, timeout=30) as answer:  # noqa: S310  (our own)
            return json.load(answer)


if __name__ == "__main__":
    uvloop.run(serve())
