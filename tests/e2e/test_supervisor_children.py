"""Real children, small ones: started again, stopped in order, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from hub.adapters.lifeline import Lifeline
from hub.adapters.processes import Command, Stage, Supervisor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


def _python(name: str, code: str, stage: Stage = Stage.WORKER, **options: float) -> Command:
    return Command(name, stage, (sys.executable, "-c", code), os.environ, **options)  # type: ignore[arg-type]


@asynccontextmanager
async def _supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor()
    try:
        yield supervisor
    finally:
        supervisor.force()
        await supervisor.stop()


async def _until(condition: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="ascii").splitlines() if path.exists() else []


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_killed_child_is_started_again_at_once() -> None:
    async with _supervisor() as supervisor:
        await supervisor.start(_python("front", SLEEP))
        first = supervisor.pids["front"]
        began = time.monotonic()

        os.kill(first, signal.SIGKILL)
        await _until(lambda: supervisor.pids.get("front", first) != first)

        assert time.monotonic() - began < 1
        assert not _alive(first)


async def test_a_child_that_keeps_dying_is_started_ever_more_slowly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "starts"
    crash = f"open({str(log)!r}, 'a').write('start\\n'); raise SystemExit(7)"
    async with _supervisor() as supervisor:
        await supervisor.start(_python("front", crash))
        await _until(lambda: len(caplog.records) == 3)

        assert len(_lines(log)) == 3
    said = [record.getMessage().split(") ")[1] for record in caplog.records]
    assert said == [
        "ended with status 7; starting it again now",
        "ended with status 7; starting it again in 0.2 s",
        "ended with status 7; starting it again in 0.5 s",
    ]


async def test_a_child_that_refuses_its_settings_is_named_and_not_hurried() -> None:
    async with _supervisor() as supervisor:
        await supervisor.start(_python("front", "raise SystemExit(2)"))
        await supervisor.start(_python("worker", SLEEP))

        await _until(lambda: supervisor.refused == ["front"])
        await asyncio.sleep(0.3)

        assert supervisor.pids.keys() == {"worker"}


async def test_a_command_that_can_not_be_started_says_so() -> None:
    async with _supervisor() as supervisor:
        with pytest.raises(FileNotFoundError):
            await supervisor.start(Command("front", Stage.FRONT, ("/nowhere/python",), os.environ))


async def test_children_stop_in_the_order_of_their_stages(tmp_path: Path) -> None:
    log = tmp_path / "stops"
    code = f"""
import signal, sys, time
def stop(*_):
    time.sleep(0.1)
    open({str(log)!r}, "a").write(sys.argv[1] + "\\n")
    sys.exit()
signal.signal(signal.SIGTERM, stop)
open({str(log)!r} + sys.argv[1], "w")
time.sleep(60)
"""
    async with _supervisor() as supervisor:
        for stage in (Stage.SERVER, Stage.WORKER, Stage.FRONT):
            argv = (sys.executable, "-c", code, stage.name)
            await supervisor.start(Command(stage.name, stage, argv, os.environ))
        await _until(lambda: len(list(tmp_path.iterdir())) == 3)
        pids = list(supervisor.pids.values())

        await supervisor.stop()

    assert _lines(log) == ["FRONT", "WORKER", "SERVER"]
    assert not any(map(_alive, pids))


async def test_a_child_that_ignores_the_stop_is_killed_when_its_time_is_over() -> None:
    async with _supervisor() as supervisor:
        await supervisor.start(_python("worker", STUBBORN, stop_seconds=0.3))
        pid = supervisor.pids["worker"]
        await asyncio.sleep(0.2)

        async with asyncio.timeout(3):
            await supervisor.stop()

    assert not _alive(pid)


async def test_force_ends_a_long_stop_at_once() -> None:
    async with _supervisor() as supervisor:
        await supervisor.start(_python("front", STUBBORN, Stage.FRONT, stop_seconds=30))
        await supervisor.start(_python("worker", STUBBORN, stop_seconds=30))
        await asyncio.sleep(0.2)

        async with asyncio.timeout(3):
            stopping = asyncio.create_task(supervisor.stop())
            await asyncio.sleep(0.1)
            supervisor.force()
            await stopping

        assert supervisor.pids == {}


async def test_a_child_between_two_lives_is_not_started_by_a_stop(tmp_path: Path) -> None:
    log = tmp_path / "starts"
    crash = f"open({str(log)!r}, 'a').write('start\\n'); raise SystemExit(2)"
    async with _supervisor() as supervisor:
        await supervisor.start(_python("worker", crash))
        await _until(lambda: supervisor.refused == ["worker"])

        async with asyncio.timeout(1):
            await supervisor.stop()

    assert _lines(log) == ["start"]


async def test_children_do_not_get_the_terminals_interrupt() -> None:
    async with _supervisor() as supervisor:
        await supervisor.start(_python("front", SLEEP))

        assert os.getpgid(supervisor.pids["front"]) != os.getpgid(0)


PARENT = """
import os, subprocess, sys, time
from hub.adapters.lifeline import Lifeline
line = Lifeline()
argv = [sys.executable, "-c", sys.argv[1]]
child = subprocess.Popen(argv, pass_fds=line.fds, env=os.environ | line.environ, start_new_session=True)
time.sleep(60)
"""
CHILD = """
import os, time
from hub.adapters.lifeline import VARIABLE, follow_parent
follow_parent(os.environ)
print(os.getpid(), VARIABLE in os.environ, flush=True)
time.sleep(60)
"""


def test_a_child_ends_when_its_parent_is_killed() -> None:
    argv = [sys.executable, "-c", PARENT, CHILD]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, variable = parent.stdout.readline().split()

        parent.kill()
        # The pipe's other end is the child's alone now: reading it ends when the child has.
        assert parent.stdout.read() == ""

    assert variable == "False"
    assert not _runs(int(pid))


def test_without_a_supervisor_nothing_is_followed() -> None:
    argv = [sys.executable, "-c", CHILD.replace("sleep(60)", "sleep(0.2)")]

    child = subprocess.run(argv, stdin=subprocess.DEVNULL, check=False)

    assert child.returncode == 0


def test_the_parents_end_is_inherited_by_nobody() -> None:
    line = Lifeline()
    try:
        assert [os.get_inheritable(descriptor) for descriptor in (line._read, line._write)] == [False, False]
    finally:
        line.close()


def _runs(pid: int) -> bool:
    """Whether a process, not ours to wait for, still runs; one that is only not collected does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")
