"""The embedded Valkey server: one process on one data directory, reached by a private Unix socket.

Who lives on the directory is decided by `server.lock` alone. The server inherits its descriptor, so the lock
is held exactly as long as any process of it lives, however `feedhub up` died. On Linux the server also gets
SIGTERM when its parent dies; elsewhere it stays, and the next start asks it to stop. Two never run at once.
"""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import logging
import os
import re
import shlex
import shutil
import signal
import stat
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from hub.adapters.datadir import open_data_dir, owned, try_lock
from hub.adapters.processes import Stage, Supervisor, describe_end
from hub.adapters.serverbinary import Server, find_binary
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hub.adapters.datadir import DataDir

logger = logging.getLogger(__name__)

# A socket's path has 104 bytes on macOS and 108 on Linux, less the final NUL and one that Valkey cuts off.
_SOCKET_PATH_BYTES = 102
_LEFTOVER_SECONDS = 20.0
_SILENT_SECONDS = 30.0
_POLL_SECONDS = 0.01
_LOG_BYTES = 1 << 20
_LOG_LINES = 8
_PR_SET_PDEATHSIG = 1

_REPAIR = (
    "{file} is damaged before its end. Copy {directory}, then cut the file there (what follows is lost): "
    # The server's binary is the checker when called so. Given the manifest, 9.1's stumbles over its own RDB.
    "(cd {directory}/appendonlydir && exec -a valkey-check-aof {binary} --fix {file})"
)
_ADVICE = (
    (r"No space left on device", "Free some space on the disk of {directory}."),
    (r"Permission denied", "Make {directory} and all in it belong to the user who runs the hub."),
    (r"reading the append only file (?P<file>\S+\.aof)", _REPAIR),
)
_NO_ADVICE = "Look there for the reason; the data in {directory} was not changed."


class EmbeddedServer:
    """A program for the supervisor. `url` stays the same over all restarts."""

    name = "valkey"
    stage = Stage.SERVER
    stop_seconds = 30.0

    def __init__(self, data: DataDir, *, strict: bool = False) -> None:
        self._data = data
        self._strict = strict
        self._binary = Path("valkey-server")
        self._log_start = 0
        self.socket = _place_socket(data)

    @property
    def url(self) -> str:
        """For redis-py: the path is percent-decoded there."""
        return f"unix://{quote(str(self.socket))}?db=0"

    @property
    def log(self) -> Path:
        return self._data.server / "valkey.log"

    async def launch(self) -> Process:
        """Start the server once no other lives on the directory. Raises Misconfigured, OSError."""
        lock = os.open(self._data.server_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            await self._outlive_leftover(lock)
            self._choose_binary()
            return await self._spawn(lock)
        finally:
            os.close(lock)  # from here on only the server has it

    async def ready(self, process: Process) -> None:
        """Return when it answers and has loaded its data. Raises Misconfigured with the end of its log."""
        clock = asyncio.get_running_loop().time
        answered = clock()
        while process.returncode is None:
            answer = await _ask(self.socket, "PING")
            if answer == "+PONG":
                return
            if answer is not None:  # -LOADING, for as long as that takes
                answered = clock()
            if clock() - answered > _SILENT_SECONDS:
                raise Misconfigured([self._complaint(f"did not answer within {_SILENT_SECONDS:.0f} s")])
            await asyncio.sleep(_POLL_SECONDS)
        raise Misconfigured([self._complaint(describe_end(process.returncode))])

    def close(self) -> None:
        """Remove what lies outside of the data directory, after a clean stop."""
        if folder := _linked_folder(self._data):
            shutil.rmtree(folder, ignore_errors=True)
            self._data.run_link.unlink(missing_ok=True)

    async def _outlive_leftover(self, lock: int) -> None:
        if try_lock(lock):
            return
        logger.warning("a server is left from an earlier run on %s: stopping it", self._data.root)
        await _ask(self.socket, "SHUTDOWN")
        clock = asyncio.get_running_loop().time
        deadline = clock() + _LEFTOVER_SECONDS
        while not try_lock(lock):
            if clock() > deadline:
                pid = _first_line(self._data.server / "valkey.pid") or "unknown"
                problem = f"process {pid}, a server of an earlier run, holds {self._data.server_lock}: end it"
                raise Misconfigured([problem])
            await asyncio.sleep(_POLL_SECONDS)

    def _choose_binary(self) -> None:
        note = self._data.server / "written-by"
        writer = Server.parse(_first_line(note))
        found = find_binary(writer)
        self._binary = found.path
        if found.server != writer:
            note.write_text(f"{found.server}\n", encoding="ascii")

    async def _spawn(self, lock: int) -> Process:
        _bound_log(self.log)
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            return await asyncio.create_subprocess_exec(
                self._binary,
                *self._options(),
                env={"PATH": os.defpath},  # none of our secrets, and no locale: an unknown one would stop it
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
                start_new_session=True,
                preexec_fn=_end_with_parent(),
            )

    def _options(self) -> list[str]:
        directory = self._data.server
        values = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(directory),
            "pidfile": str(directory / "valkey.pid"),
            "logfile": str(self.log),
            "appendonly": "yes",
            "appendfsync": "always" if self._strict else "everysec",
            "aof-load-truncated": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [part for key, value in values.items() for part in (f"--{key}", value)]

    def _complaint(self, what: str) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read(_LOG_BYTES).decode(errors="replace").splitlines()
        said = "\n".join(f"    {line}" for line in lines[-_LOG_LINES:])
        action = _advice(said, directory=shlex.quote(str(self._data.server)), binary=str(self._binary))
        return f"{self._binary} {what}. The end of {self.log}:\n{said}\n{action}"


@asynccontextmanager
async def embedded(path: Path, *, strict: bool = False) -> AsyncIterator[str]:
    """Run a server on a data directory for as long as the block runs; the value is its URL."""
    data = open_data_dir(path)
    supervisor = Supervisor()
    with owned(data):
        server = EmbeddedServer(data, strict=strict)
        try:
            await supervisor.start(server)
            yield server.url
        finally:
            await supervisor.stop()
            server.close()


def _place_socket(data: DataDir) -> Path:
    """Choose the socket's path: in the data directory, or in a temporary folder that a link there names.

    A folder left by a killed hub is taken again: a server that it left listens there.
    """
    if len(os.fsencode(data.socket)) <= _SOCKET_PATH_BYTES:
        return data.socket
    if (folder := _linked_folder(data)) is None:
        folder = Path(tempfile.mkdtemp(prefix=_folder_prefix(data), dir=_short_temp()))
        data.run_link.unlink(missing_ok=True)
        data.run_link.symlink_to(folder)
    return folder / data.socket.name


def _linked_folder(data: DataDir) -> Path | None:
    """Read the link, if it names a folder made for this very directory (a copy of one has a foreign link)."""
    try:
        folder = data.run_link.readlink()
        status = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    return folder if ours and folder.name.startswith(_folder_prefix(data)) else None


def _folder_prefix(data: DataDir) -> str:
    return f"feedhub-{hashlib.sha256(os.fsencode(data.root)).hexdigest()[:8]}-"


def _short_temp() -> str:
    """TMPDIR, unless that is too long as well for a folder and a socket in it."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= _SOCKET_PATH_BYTES - 40 else "/tmp"  # noqa: S108 - mkdtemp makes it 0700


async def _ask(socket: Path, command: str) -> str | None:
    """Send one inline command; the first line of the answer, or None if nobody answers."""
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                writer.write(f"{command}\r\n".encode())
                return (await reader.readline()).decode().strip()
            finally:
                writer.close()
    except OSError:  # TimeoutError is one
        return None


def _end_with_parent() -> Callable[[], None] | None:
    """Make what runs between fork and exec: the server gets SIGTERM when the thread that forked ends.

    That thread must be one that lives as long as the process: the main one.
    """
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the call: no signal will come
            os._exit(1)

    return prepare


def _advice(said: str, **places: str) -> str:
    """What to do about the end of a log."""
    for sign, text in _ADVICE:
        if match := re.search(sign, said):
            return text.format(**places, **match.groupdict())
    return _NO_ADVICE.format(**places)


def _bound_log(log: Path) -> None:
    """Keep the log of the last starts, not of all."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.old"))


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").partition("\n")[0]
    except FileNotFoundError:
        return ""
