"""Health, and the server around the application: sockets, signals, draining, connections that say nothing."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, web

from hub.errors import Misconfigured
from hub.web import server
from hub.web.server import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.web.conftest import Client
    from tests.web.fakes import FakeStore


async def test_the_process_is_healthy_whatever_redis_does(client: Client, fake: FakeStore) -> None:
    fake.go_away()

    answer = await client.get("/healthz")

    assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"


async def test_ready_means_that_hooks_can_be_stored(client: Client, fake: FakeStore) -> None:
    ready = await client.get("/readyz")
    fake.go_away()
    away = await client.get("/readyz")

    assert (ready.status, await ready.json()) == (200, {"status": "ready"})
    assert away.status == 503
    assert away.headers["Retry-After"] == "2"
    assert (await away.json(content_type="application/problem+json"))["detail"] == "Redis can't be reached."


async def test_a_redis_that_hangs_is_not_ready(
    client: Client, fake: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.health._READY_SECONDS", 0.05)
    fake.hanging = True

    answer = await client.get("/readyz")

    assert answer.status == 503


class Serving:
    """`serve` at work on a small application."""

    def __init__(self) -> None:
        self.entered, self.go = asyncio.Event(), asyncio.Event()
        self.app = web.Application()
        self.app.add_routes([web.get("/", self.slow)])
        self.address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None

    async def slow(self, _request: web.Request) -> web.Response:
        self.entered.set()
        await self.go.wait()
        return web.Response(text="done")

    async def begin(self, *, fd: int | None = None) -> str:
        self.task = asyncio.create_task(serve(self.app, port=0, fd=fd, ready=self.address.set_result))
        return await asyncio.wait_for(self.address, 3)

    async def end(self) -> None:
        assert self.task is not None
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(self.task, 5)


@pytest.fixture
async def serving() -> AsyncIterator[Serving]:
    serving = Serving()
    yield serving
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)


async def test_sigterm_lets_what_is_under_way_finish(serving: Serving) -> None:
    address = await serving.begin()
    async with ClientSession() as session:
        asked = asyncio.create_task(session.get(address))
        await asyncio.wait_for(serving.entered.wait(), 3)

        ending = asyncio.create_task(serving.end())
        await asyncio.sleep(0.05)
        with pytest.raises(OSError, match=r"Connect call failed|refused|reset"):
            await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        serving.go.set()

        assert await (await asked).text() == "done"
        await ending


async def test_an_idle_connection_does_not_delay_the_end(serving: Serving) -> None:
    address = await serving.begin()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))

    async with asyncio.timeout(2):
        await serving.end()
        assert await reader.read() == b""
    writer.close()


async def test_an_inherited_socket_is_served(serving: Serving) -> None:
    serving.go.set()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        address = await serving.begin(fd=os.dup(listener.fileno()))

        assert address == f"http://127.0.0.1:{port}"
        async with ClientSession() as session:
            assert await (await session.get(address)).text() == "done"
        await serving.end()


async def test_a_descriptor_that_is_no_socket_is_named(serving: Serving) -> None:
    with pytest.raises(Misconfigured, match="descriptor 999999"):
        await serve(serving.app, fd=999_999)


async def test_a_taken_port_is_named(serving: Serving) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(Misconfigured, match=f"port {port}"):
            await serve(serving.app, port=port)


async def test_a_connection_that_says_nothing_is_closed(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "KEEPALIVE_SECONDS", 0.1)
    address = await serving.begin()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Drip: ")

    async with asyncio.timeout(2):
        assert await reader.read() == b""
    writer.close()
    await serving.end()


async def test_what_is_no_http_is_one_line_in_the_log(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hub.web.connections")
    address = await serving.begin()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    writer.write(b"GET /\xff HTTP/1.1\r\n\r\n")
    await reader.read()
    writer.close()
    await serving.end()

    (record,) = [record for record in caplog.records if record.name == "hub.web.connections"]
    assert record.levelname == "INFO"
    assert record.exc_info is None
    assert record.getMessage().startswith("request refused: error=")
