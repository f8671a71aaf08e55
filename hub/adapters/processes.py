"""Child processes that are kept alive, and stopped in order.

What belongs here: when a child is started again, and how all of them end. What a child is (a command, the
embedded server) is said by a `Program`.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from asyncio.subprocess import DEVNULL, Process
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from hub.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

RESTART_DELAYS = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the first, second, … restart in a row: one crash costs nothing, a crash loop little."""
STEADY_SECONDS = 30.0
"""A child that lived so long starts the row anew."""
REFUSED = 2
"""The exit status of a child that refuses its settings: starting it again soon can't help."""


class Stage(IntEnum):
    """The order of the stop: who brings work in, who does it, who keeps it. A stage stops together."""

    DEMO = 0
    FRONT = 1
    WORKER = 2
    SERVER = 3


class Program(Protocol):
    """What a child is."""

    @property
    def name(self) -> str: ...
    @property
    def stage(self) -> Stage: ...
    @property
    def stop_seconds(self) -> float:
        """How long it may take between SIGTERM and SIGKILL."""
        ...

    async def launch(self) -> Process:
        """Start it. Raises OSError or HubError if that can't be."""
        ...

    async def ready(self, process: Process) -> None:
        """Return once others may rely on it. Raises HubError if it won't come to that."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """A program that is ready when it runs. It shares our output, but not our terminal's Ctrl-C."""

    name: str
    stage: Stage
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    pass_fds: tuple[int, ...] = ()
    stop_seconds: float = 15.0

    async def launch(self) -> Process:
        return await asyncio.create_subprocess_exec(
            *self.argv, env=self.environ, pass_fds=self.pass_fds, stdin=DEVNULL, start_new_session=True
        )

    async def ready(self, process: Process) -> None:
        """Nothing to wait for."""


def restart_delay(failures: int, status: int | None = None) -> float:
    """Seconds until a child is started again; `failures`: how often in a row it ended early before this."""
    if status == REFUSED:
        return RESTART_DELAYS[-1]
    return RESTART_DELAYS[min(failures, len(RESTART_DELAYS) - 1)]


def describe_end(status: int) -> str:
    """Say in words how a process ended; a negative status is the signal that killed it."""
    if status >= 0:
        return f"ended with status {status}"
    with suppress(ValueError):
        return f"was killed by {signal.Signals(-status).name}"
    return f"was killed by signal {-status}"


class Child:
    """One program over all its lives."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: Process | None = None
        self.refused = False
        self._keeper: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        """Begin the first life. Raises OSError or HubError; from then on it is kept alive."""
        await self._launch()
        self._keeper = asyncio.create_task(self._keep())

    async def let_go(self) -> None:
        """From now on it is not started again."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL to one that does not end in time."""
        if self.process is None or not self.alive:
            return
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self.program.stop_seconds):
                await self.process.wait()
        except TimeoutError:
            logger.warning("%s did not stop in %.0f s", self.program.name, self.program.stop_seconds)
            self._signal(signal.SIGKILL)
            await self.process.wait()

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if self.process is not None and self.alive:
                self.process.send_signal(number)

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop().time
        failures = 0
        end, status = await self._end()
        while True:
            delay = restart_delay(failures, status)
            logger.warning("%s %s; starting it again %s", self.program.name, end, _when(delay))
            await asyncio.sleep(delay)
            began = clock()
            end, status = await self._live()
            failures = 0 if clock() - began >= STEADY_SECONDS else failures + 1

    async def _live(self) -> tuple[str, int | None]:
        try:
            await self._launch()
        except (OSError, HubError) as error:
            return f"could not start: {error}", None
        return await self._end()

    async def _launch(self) -> None:
        self.process = await self.program.launch()
        try:
            await self.program.ready(self.process)
        except HubError:
            self.kill()
            await self.process.wait()
            raise

    async def _end(self) -> tuple[str, int | None]:
        assert self.process is not None  # noqa: S101 - only called after a launch
        status = await self.process.wait()
        self.refused = status == REFUSED
        return f"(process {self.process.pid}) {describe_end(status)}", status


class Supervisor:
    """Keeps children alive until `stop`, which leaves none of them behind."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    async def start(self, program: Program) -> None:
        """Start a child and wait until it is ready. Raises OSError or HubError if its first start fails."""
        child = Child(program)
        self._children.append(child)  # before it runs: a stop in the middle of its start must find it
        await child.start()

    @property
    def pids(self) -> dict[str, int]:
        """The living children."""
        return {c.program.name: c.process.pid for c in self._children if c.process and c.alive}

    @property
    def refused(self) -> list[str]:
        """Names of the children whose last life ended so that starting them again can't help."""
        return [child.program.name for child in self._children if child.refused]

    async def stop(self) -> None:
        """Stop stage after stage, each with its deadline."""
        for child in self._children:
            await child.let_go()
        for stage in Stage:
            await asyncio.gather(*(c.stop() for c in self._children if c.program.stage is stage))

    def force(self) -> None:
        """Make a stop under way quick: only the server keeps its time, as it may have a file to finish."""
        for child in self._children:
            if child.program.stage is not Stage.SERVER:
                child.kill()


def _when(delay: float) -> str:
    return f"in {delay:.1f} s" if delay else "now"
