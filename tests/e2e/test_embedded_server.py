"""The embedded server as an operator meets it: a real Valkey on a real directory."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis

from hub.adapters.datadir import open_data_dir
from hub.adapters.embedded import EmbeddedServer, embedded
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SAFETY = ("appendonly", "appendfsync", "maxmemory-policy")

DRIVER = """
import asyncio, sys
from pathlib import Path
from hub.adapters.embedded import embedded

async def main():
    async with embedded(Path(sys.argv[1])):
        print("up", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@contextmanager
def _client(url: str) -> Iterator[Any]:
    client = Redis.from_url(url, decode_responses=True)
    try:
        yield client
    finally:
        client.close()


async def test_a_second_start_finds_the_data_of_the_first(tmp_path: Path) -> None:
    async with embedded(tmp_path) as url:
        with _client(url) as client:
            client.set("kept", "yes")
            first = client.info("server")["process_id"]
    async with embedded(tmp_path) as url:
        with _client(url) as client:
            assert client.get("kept") == "yes"
            assert client.info("server")["process_id"] != first


async def test_it_is_up_in_a_fraction_of_a_second(tmp_path: Path) -> None:
    began = time.monotonic()

    async with embedded(tmp_path):
        assert time.monotonic() - began < 1


@pytest.mark.parametrize(("strict", "fsync"), [(False, "everysec"), (True, "always")])
async def test_what_is_acknowledged_is_written_and_nothing_is_evicted(
    tmp_path: Path, *, strict: bool, fsync: str
) -> None:
    async with embedded(tmp_path, strict=strict) as url:
        with _client(url) as client:
            told = {key: client.config_get(key)[key] for key in _SAFETY}

    assert told == {"appendonly": "yes", "appendfsync": fsync, "maxmemory-policy": "noeviction"}


async def test_only_its_owner_reaches_it_and_only_by_the_socket(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path / "data")

    async with embedded(data.root) as url:
        with _client(url) as client:
            port = client.config_get("port")["port"]
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (data.root, data.socket, data.server)]

    assert port == "0"
    assert modes == [0o700, 0o700, 0o700]


async def test_it_sees_none_of_the_hubs_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDHUB_SECRET_KEY", "hidden")
    monkeypatch.setenv("LC_ALL", "xx_XX.none")  # which would keep it from starting

    async with embedded(tmp_path) as url:
        with _client(url) as client:
            pid = client.info("server")["process_id"]
        seen = await asyncio.to_thread(subprocess.check_output, ["ps", "eww", "-p", str(pid)], text=True)

    assert "valkey" in seen or "redis" in seen
    assert "hidden" not in seen


@pytest.mark.parametrize("name", ["with space", "日本語 ü", "quote'\"$HOME", "per%20cent?db=3#x", "x" * 60])
async def test_any_directory_name_will_do(tmp_path: Path, name: str) -> None:
    for _ in range(2):
        async with embedded(tmp_path / name) as url:
            with _client(url) as client:
                client.incr("starts")
                starts = client.get("starts")

    assert starts == "2"


async def test_a_path_too_long_for_a_socket_gets_a_private_folder_until_the_stop(
    tmp_path: Path,
) -> None:
    data = open_data_dir(tmp_path / ("d" * 60) / ("e" * 60))

    async with embedded(data.root) as url:
        with _client(url) as client:
            client.set("kept", "yes")
        folder = data.run_link.readlink()
        private = stat.S_IMODE(folder.stat().st_mode)
        assert (folder / "valkey.sock").is_socket()

    assert private == 0o700
    assert not folder.exists()
    assert not data.run_link.is_symlink()
    assert (data.server / "appendonlydir").is_dir()


async def test_a_copied_directory_does_not_take_the_others_socket(tmp_path: Path) -> None:
    first = open_data_dir(tmp_path / ("d" * 60) / ("e" * 60))
    second = open_data_dir(tmp_path / ("d" * 60) / ("f" * 60))
    async with embedded(first.root) as url:
        second.run_link.symlink_to(first.run_link.readlink())

        async with embedded(second.root) as other:
            with _client(url) as one, _client(other) as two:
                one.set("who", "first")
                two.set("who", "second")

                assert one.get("who") == "first"


def test_a_second_hub_on_the_directory_is_refused_with_the_owners_process(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, tmp_path], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "up\n"

        with pytest.raises(Misconfigured, match=rf"in use by another hub \(process {owner.pid}\)"):
            asyncio.run(_start(tmp_path))
        owner.terminate()


async def _start(path: Path) -> None:
    async with embedded(path):
        pytest.fail("two own it")


async def test_a_clean_stop_leaves_no_process_and_no_socket(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)
    async with embedded(tmp_path) as url:
        with _client(url) as client:
            pid = client.info("server")["process_id"]

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not data.socket.exists()
    assert "bye bye" in (data.server / "valkey.log").read_text(encoding="utf-8")


async def test_a_server_that_can_not_start_shows_its_reason_and_what_to_do(tmp_path: Path) -> None:
    async with embedded(tmp_path) as url:
        with _client(url) as client:
            client.mset({f"key{number}": "x" * 100 for number in range(100)})
    (log,) = (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof")
    damaged = log.read_bytes()
    log.write_bytes(damaged[:500] + b"\0garbage\0" + damaged[500:])

    with pytest.raises(Misconfigured) as refusal:
        await _start(tmp_path)

    (problem,) = refusal.value.problems
    assert "ended with status 1" in problem
    assert "Bad file format reading the append only file" in problem
    assert "valkey-check-aof" in problem
    _repair(problem)
    async with embedded(tmp_path) as url:
        with _client(url) as client:
            assert client.ping()


def _repair(problem: str) -> None:
    """Do what the message says."""
    (command,) = (line for line in problem.splitlines() if "exec -a" in line)
    script = command[command.index("(cd ") :]
    subprocess.run(["bash", "-c", script], input="y\n", text=True, check=True, capture_output=True)


async def test_data_of_a_newer_server_is_not_touched_by_an_older_one(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)
    (data.server / "written-by").write_text("Valkey 99.0.0\n", encoding="ascii")

    with pytest.raises(Misconfigured, match=r"can't read the data that Valkey 99\.0\.0 wrote"):
        await _start(tmp_path)

    assert not (data.server / "appendonlydir").exists()


async def test_the_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)
    server = EmbeddedServer(data)
    server.log.write_bytes(b"old line\n" * 200_000)

    async with embedded(tmp_path):
        assert server.log.stat().st_size < 100_000
    assert server.log.with_suffix(".log.old").stat().st_size == 1_800_000
