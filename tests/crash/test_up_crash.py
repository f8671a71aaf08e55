"""`feedhub up` killed: nothing of it stays, nothing is lost, and it starts again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import hub
from hub.adapters.datadir import RunningHub, running_hub

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(hub.__file__).parents[1]


def test_a_killed_hub_leaves_no_process_and_starts_again_on_the_same_address(tmp_path: Path) -> None:
    with _up(tmp_path, port=0) as first:
        before = _announced(tmp_path, first)
        children = _children(first.pid)
        first.kill()
    assert len(children) == 4  # the server, the front, a worker of each queue

    deadline = time.monotonic() + 10
    while any(map(_runs, children)):
        assert time.monotonic() < deadline, "a child outlived the hub"
        time.sleep(0.05)
    assert running_hub(tmp_path) is None

    with _up(tmp_path, port=int(before.url.rpartition(":")[2])) as second:
        assert _announced(tmp_path, second).publish_token == before.publish_token


def test_a_start_right_after_the_kill_waits_for_what_is_left(tmp_path: Path) -> None:
    with _up(tmp_path, port=0) as first:
        before = _announced(tmp_path, first)
        server = next(pid for pid in _children(first.pid) if "unixsocket" in _arguments(pid))
        os.kill(server, signal.SIGSTOP)  # a busy one: it will be slow to end
        first.kill()

    with _up(tmp_path, port=0) as second:
        try:
            time.sleep(1)
            assert running_hub(tmp_path) is None
            assert _children(second.pid) == []
        finally:
            os.kill(server, signal.SIGCONT)
        assert _announced(tmp_path, second).publish_token == before.publish_token
        assert not _runs(server)


@contextmanager
def _up(data: Path, *, port: int) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-m", "hub", "up", "--port", str(port), "--data", str(data)]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FEEDHUB_")}
    with subprocess.Popen(
        argv, cwd=ROOT, env=clean, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def _announced(data: Path, up: subprocess.Popen[bytes]) -> RunningHub:
    """Wait until this very hub serves."""
    deadline = time.monotonic() + 20
    while (found := running_hub(data)) is None or found.pid != up.pid:
        assert up.poll() is None, "it ended"
        assert time.monotonic() < deadline, "it does not serve"
        time.sleep(0.05)
    return found


def _children(parent: int) -> list[int]:
    listed = subprocess.check_output(["ps", "-eo", "ppid=,pid="], text=True)
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for ppid, pid in rows if int(ppid) == parent]


def _arguments(pid: int) -> str:
    return subprocess.check_output(["ps", "-ww", "-o", "args=", "-p", str(pid)], text=True)


def _runs(pid: int) -> bool:
    """Whether a process still runs; one that is dead and only not collected by its parent does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")
