"""The embedded server and its directory after a death: of the server, of its parent, of half a write."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from hub.adapters.datadir import open_data_dir
from hub.adapters.embedded import EmbeddedServer, embedded
from hub.adapters.serverbinary import find_binary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DRIVER = """
import asyncio, sys
from pathlib import Path
from hub.adapters.embedded import embedded

async def main():
    async with embedded(Path(sys.argv[1])) as url:
        print(url, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@contextmanager
def _client(url: str) -> Iterator[Any]:
    client = Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 0))
    try:
        yield client
    finally:
        client.close()


class _Writer(threading.Thread):
    """Counts up until the server is gone; `acknowledged` is the last answer that came."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self.acknowledged = 0

    def run(self) -> None:
        with _client(self._url) as client:
            try:
                while True:
                    self.acknowledged = client.incr("count")
            except RedisError:
                return

    def written(self, count: int) -> None:
        while self.acknowledged < count:
            time.sleep(0.005)


def _runs(pid: int) -> bool:
    """Whether a process still runs; one that is dead and only not collected by its parent does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


async def test_a_killed_server_is_back_in_two_seconds_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    async with embedded(tmp_path) as url:
        with _client(url) as client:
            pid = client.info("server")["process_id"]
        writer = _Writer(url)
        writer.start()
        await asyncio.to_thread(writer.written, 500)

        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        await asyncio.to_thread(writer.join)
        with _client(url) as client:
            await _until_it_answers(client)
            away = time.monotonic() - killed

            assert int(client.get("count")) >= writer.acknowledged >= 500
            assert client.info("server")["process_id"] != pid
    assert away < 2


@pytest.mark.parametrize("name", ["data", "d" * 120])
async def test_a_killed_parent_loses_nothing_and_no_two_servers_meet(tmp_path: Path, name: str) -> None:
    data = open_data_dir(tmp_path / name)
    with _started(sys.executable, "-c", DRIVER, str(data.root)) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        with _client(url) as client:
            pid = client.info("server")["process_id"]
        writer = _Writer(url)
        writer.start()
        await asyncio.to_thread(writer.written, 500)
        parent.kill()

    async with embedded(data.root) as again:
        assert not _runs(pid)
        writer.join()
        with _client(again) as client:
            assert int(client.get("count")) >= writer.acknowledged >= 500
    assert again == url


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
async def test_on_linux_the_server_ends_with_its_parent(tmp_path: Path) -> None:
    with _started(sys.executable, "-c", DRIVER, str(tmp_path)) as parent:
        assert parent.stdout is not None
        with _client(parent.stdout.readline().strip()) as client:
            pid = client.info("server")["process_id"]
        parent.kill()

    async with asyncio.timeout(5):
        while _runs(pid):
            await asyncio.sleep(0.02)
    assert "bye bye" in (tmp_path / "valkey" / "valkey.log").read_text(encoding="utf-8")


async def test_a_server_that_outlived_its_parent_is_stopped_before_another_starts(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)
    with _leftover(EmbeddedServer(data), data.server_lock) as left:
        with _client(EmbeddedServer(data).url) as client:
            await _until_it_answers(client)
            client.set("kept", "yes")

        async with embedded(tmp_path) as url:
            assert not _runs(left)
            with _client(url) as client:
                assert client.get("kept") == "yes"


@contextmanager
def _leftover(server: EmbeddedServer, lock_file: Path) -> Iterator[int]:
    """A server as a killed parent leaves it where nothing tells the server of that death (macOS)."""
    descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    argv = (str(find_binary(None).path), *server._options())
    with _started(*argv, pass_fds=(descriptor,)) as process:
        os.close(descriptor)
        try:
            yield process.pid
        finally:
            process.kill()


async def test_a_write_cut_in_half_costs_that_write_alone(tmp_path: Path) -> None:
    async with embedded(tmp_path) as url:
        with _client(url) as client:
            client.set("whole", "yes")
            client.set("half", "x" * 100)
    (log,) = (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof")
    os.truncate(log, log.stat().st_size - 50)

    async with embedded(tmp_path) as url:
        with _client(url) as client:
            assert client.get("whole") == "yes"
            assert client.get("half") is None


def _started(*argv: str, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        argv, stdout=subprocess.PIPE, text=True, pass_fds=pass_fds, start_new_session=True
    )


async def _until_it_answers(client: Any) -> None:
    while not _answers(client):
        await asyncio.sleep(0.01)


def _answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False
