"""How far an import is: a bar with rate and time left on a terminal, a line now and then elsewhere. On stderr."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Task

SECONDS = 5.0
"""Between two lines where there is no terminal."""


class _Rate(ProgressColumn):
    """Pieces a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="progress.data.speed")


@contextmanager
def shown_progress(what: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Show how far it is; call what this gives with the number done so far."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(what, total, unit).advance
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


class _Lines:
    """One line every few seconds."""

    def __init__(self, what: str, total: int | None, unit: str) -> None:
        self._what, self._total, self._unit = what, total, unit
        self._began = self._last = time.monotonic()

    def advance(self, done: int) -> None:
        now = time.monotonic()
        if now - self._last >= SECONDS:
            self._last = now
            line = progress_line(self._what, done, self._total, self._unit, now - self._began)
            typer.echo(line, err=True)


def progress_line(what: str, done: int, total: int | None, unit: str, seconds: float) -> str:
    """Say how far it is, how fast that goes, and when it ends at that rate."""
    rate = done / seconds if seconds else 0.0
    if not total or not rate:
        return f"{what}: {done:,} {unit}, {rate:,.0f}/s"
    minutes, seconds_left = divmod(round(max(total - done, 0) / rate), 60)
    part = f"{done:,} of {total:,} {unit} ({done * 100 // total} %)"
    return f"{what}: {part}, {rate:,.0f}/s, {minutes}:{seconds_left:02} left"
