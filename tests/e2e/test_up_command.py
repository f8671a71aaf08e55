"""`feedhub up` as its user meets it: real processes, a real Valkey, a fresh directory."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import hub
from hub.adapters.datadir import open_data_dir, running_hub
from hub.adapters.serverbinary import find_binary
from hub.cli.up import EXAMPLE, run_up
from hub.settings import Settings
from tests.hubprocess import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(hub.__file__).parents[1]


class Up:
    """A running `feedhub up`."""

    def __init__(self, process: subprocess.Popen[str], greeting: str) -> None:
        self.process = process
        self.greeting = greeting
        found = re.search(r"open (http://\S+)/", greeting)
        assert found, greeting
        self.url = found[1]

    def children(self) -> dict[str, int]:
        """Process ids by the words that tell the children apart."""
        listed = subprocess.check_output(["ps", "-eww", "-o", "ppid=,pid=,args="], text=True)
        rows = [line.split(maxsplit=2) for line in listed.splitlines()]
        names = ("hub front", "--queue regenerate", "--queue distribute", "unixsocket:")
        mine = {int(pid): args for ppid, pid, args in rows if int(ppid) == self.process.pid}
        return {name: pid for name in names for pid, args in mine.items() if name in args}

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)


@contextmanager
def _up(data: Path, *options: str, **environ: str) -> Iterator[Up]:
    process = _spawn(data, *options, **environ)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while lines[-1] and not lines[-1].startswith("Ctrl-C"):
            lines.append(process.stdout.readline())
        yield Up(process, "".join(lines))
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _spawn(data: Path, *options: str, **environ: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "hub", "up", "--port", "0", "--data", str(data), *options]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FEEDHUB_")}
    return subprocess.Popen(
        argv, cwd=ROOT, env=clean | environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _ask(up: Up, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, bytes]:
    connection = HTTPConnection(up.url.removeprefix("http://"), timeout=10)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        connection.request(method, path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _titles(up: Up) -> list[str]:
    """What the feed of the example's category shows, once there is one."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        status, body = _ask(up, "GET", "/feeds/category/news.json")
        if status == 200:
            return [item["title"] for item in json.loads(body)["items"]]
        time.sleep(0.05)
    return []


def test_a_fresh_hub_is_ready_within_three_seconds(tmp_path: Path) -> None:
    began = time.monotonic()

    with _up(tmp_path / "fresh") as up:
        took = time.monotonic() - began
        assert _ask(up, "GET", "/readyz")[0] == 200

    assert took < 3


@pytest.mark.parametrize(
    ("host", "reached"),
    [("0.0.0.0", "127.0.0.1"), ("localhost", "localhost"), ("::1", "[::1]")],  # noqa: S104 - for an instant
)
def test_it_listens_where_it_is_told_and_says_how_to_reach_it(
    tmp_path: Path, host: str, reached: str
) -> None:
    with _up(tmp_path, "--host", host) as up:
        assert up.url.startswith(f"http://{reached}:")
        assert _ask(up, "GET", "/healthz")[0] == 200


def test_a_second_start_finds_everything_again_and_shows_no_token(tmp_path: Path) -> None:
    with _up(tmp_path) as up:
        token = re.search(r"publish token +(\S+)", up.greeting)
        assert token
        assert _ask(up, "POST", "/publish", EXAMPLE, token[1])[0] == 202
        assert _titles(up) == ["Hello"]
        assert up.stop() == 0

    with _up(tmp_path) as up:
        assert _titles(up) == ["Hello"]
        assert token[1] not in up.greeting
        running = running_hub(tmp_path)
        assert running is not None
        assert (running.url, running.publish_token, running.pid) == (up.url, token[1], up.process.pid)


def test_the_command_that_the_greeting_shows_works(tmp_path: Path) -> None:
    with _up(tmp_path) as up:
        command = up.greeting[up.greeting.index("curl") : up.greeting.index("Ctrl-C")]
        answer = subprocess.check_output(["sh", "-c", command], stderr=subprocess.DEVNULL, text=True)

    assert json.loads(answer)["outcome"] == "accepted"


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with _up(tmp_path, "--workers", "2") as up:
        children = up.children()
        up.process.send_signal(number)

        assert up.process.wait(20) == 0

    assert children.keys() == {"hub front", "--queue regenerate", "--queue distribute", "unixsocket:"}
    assert not any(map(_runs, children.values()))
    assert running_hub(tmp_path) is None
    assert not open_data_dir(tmp_path).hub.exists()


def test_a_front_that_dies_refuses_no_connection(tmp_path: Path) -> None:
    with _up(tmp_path) as up:
        front = up.children()["hub front"]
        os.kill(front, signal.SIGKILL)
        while _runs(front):
            time.sleep(0.001)

        assert _ask(up, "GET", "/healthz")[0] == 200
        assert up.children()["hub front"] != front


def test_a_second_hub_on_the_directory_is_refused_with_the_owners_process(tmp_path: Path) -> None:
    with _up(tmp_path) as up:
        status, said = _refusal(tmp_path)

        assert status == 2
        assert f"in use by another hub (process {up.process.pid})" in said


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        status, said = _refusal(tmp_path, "--port", str(port))

    assert status == 2
    assert f"can't listen on 127.0.0.1, port {port}" in said
    assert "Traceback" not in said


def test_another_name_than_at_the_first_start_is_refused(tmp_path: Path) -> None:
    with _up(tmp_path, FEEDHUB_NAME="world") as up:
        assert up.stop() == 0

    status, said = _refusal(tmp_path, FEEDHUB_NAME="sport")

    assert status == 2
    assert "set FEEDHUB_NAME=world" in said


def test_a_redis_that_may_lose_hooks_is_refused(tmp_path: Path) -> None:
    unsafe = ["--port", "0", "--unixsocket", str(tmp_path / "v.sock"), "--dir", str(tmp_path), "--save", ""]
    with subprocess.Popen([str(find_binary(None).path), *unsafe], stdout=subprocess.DEVNULL) as server:
        wait_for((tmp_path / "v.sock").exists)
        status, said = _refusal(tmp_path / "data", FEEDHUB_REDIS_URL=f"unix://{tmp_path}/v.sock")
        server.terminate()

    assert status == 2
    assert "set appendonly yes" in said
    assert "refused to start" in said


def test_on_windows_it_names_the_ways_that_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    assert run_up(Settings(data_dir=tmp_path / "data"), "127.0.0.1", 0, 1, demo=False) == 2

    assert "WSL 2" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def _refusal(data: Path, *options: str, **environ: str) -> tuple[int, str]:
    process = _spawn(data, *options, **environ)
    _, said = process.communicate(timeout=20)
    return process.returncode, said


def _runs(pid: int) -> bool:
    """Whether a process still runs; one that is dead and only not collected by its parent does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")
