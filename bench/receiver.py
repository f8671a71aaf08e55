"""A receiver in a process of its own, as fast as Python can be: echoes challenges, acknowledges deliveries.

`GET /times` answers the monotonic nanoseconds of every delivery since the last `GET /reset`, in the order of arrival;
`/count` how many there are, for those who wait; `/last` the last one's headers and body.
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
    last: tuple[bytes, bytes] = (b"", b"")

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
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            method, target, _ = head.split(b" ", 2)
            if method == b"POST":
                Receiver.last = (head, body)
                self.times.append(time.monotonic_ns())
                self.paths.add(target.decode())
                self._transport.write(ACKNOWLEDGED)
            else:
                self._transport.write(self._answer(target.decode()))

    def _answer(self, target: str) -> bytes:
        body = b"{}"
        if target == "/reset":
            self.times.clear()
            self.paths.clear()
        elif target == "/count":
            body = json.dumps({"deliveries": len(self.times), "receivers": len(self.paths)}).encode()
        elif target == "/times":
            body = json.dumps({"times": self.times}).encode()
        elif target == "/last":
            body = json.dumps([part.decode("latin-1") for part in self.last]).encode()
        else:
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
        return int(self._get("/count")["receivers"])

    def last(self) -> tuple[dict[str, str], bytes]:
        """The last delivery: what says what it is (headers), and its bytes."""
        head, body = self._get("/last")
        lines = (line.partition(": ") for line in head.split("\r\n")[1:])
        kept = {"content-type", "link", "x-hub-signature"}
        return {name: value for name, _, value in lines if name.lower() in kept}, body.encode("latin-1")

    def await_deliveries(self, count: int, *, seconds: float = 120) -> list[int]:
        """Wait for so many; answers their times."""
        deadline = time.monotonic() + seconds
        while (came := self._get("/count")["deliveries"]) < count:
            assert time.monotonic() < deadline, f"{came} of {count} deliveries came"
            time.sleep(0.05 if count > 1 else 0.002)
        return self.times()

    def _get(self, path: str) -> Any:
        with urlopen(self.url + path, timeout=30) as answer:  # noqa: S310  (our own)
            return json.load(answer)


if __name__ == "__main__":
    uvloop.run(serve())
