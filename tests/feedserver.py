"""A server of feeds on loopback, as other people's servers are: documents by path, and conditional requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.receivers import Receiver, answer

if TYPE_CHECKING:
    from asyncio import StreamWriter

    from tests.receivers import Received


class FeedServer(Receiver):
    """Serves documents by path, with an ETag; conditional requests are answered as RFC 9110 says."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: dict[str, bytes] = {}
        self.headers: dict[str, str] = {"content_type": "application/rss+xml; charset=utf-8"}
        self.status = 200

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def at(self, path: str) -> str:
        return f"{self.root}{path}"

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        body = self.documents.get(request.path)
        etag = f'"{hash(body)}"'
        if self.status != 200:
            writer.write(answer(self.status, b"no", **self.headers))
        elif body is None:
            writer.write(answer(404))
        elif request.headers.get("if-none-match") == etag:
            writer.write(answer(304, etag=etag))
        else:
            writer.write(answer(200, body, etag=etag, **self.headers))
        await writer.drain()
        return True
