"""The data directory of `feedhub up`: who owns it, what it keeps for good, and where the running hub is.

    owner.lock      held by the `up` that runs here; its text is that process's id
    server.lock     held by the Valkey server that runs here, which inherits the descriptor
    identity.json   NAME, tokens and key, made at the first start (0600)
    hub.json        address and tokens for commands, present while a hub runs (0600)
    valkey.sock     the server's socket, unless this path is too long for one
    run             then: a link to the private temporary folder with the socket
    valkey/         the server's data and log

The locks are flock's, so no dead process holds one.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hub.errors import Misconfigured

if sys.platform != "win32":  # commands also run on Windows, where no hub does
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.settings import Settings

# A command that only asks whether somebody owns the directory holds the lock for an instant.
_CLAIM_SECONDS = 0.2
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class DataDir:
    """The places in a data directory. `root` is absolute."""

    root: Path

    @property
    def owner_lock(self) -> Path:
        return self.root / "owner.lock"

    @property
    def server_lock(self) -> Path:
        return self.root / "server.lock"

    @property
    def identity(self) -> Path:
        return self.root / "identity.json"

    @property
    def hub(self) -> Path:
        return self.root / "hub.json"

    @property
    def socket(self) -> Path:
        return self.root / "valkey.sock"

    @property
    def run_link(self) -> Path:
        return self.root / "run"

    @property
    def server(self) -> Path:
        return self.root / "valkey"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a data directory keeps for good. A secret is None where the operator's settings brought one."""

    name: str
    admin_token: str | None = None
    publish_token: str | None = None
    secret_key: str | None = None


_SECRETS = ("admin_token", "publish_token", "secret_key")


@dataclass(frozen=True, slots=True)
class RunningHub:
    """Where commands find the hub of a data directory. `url` is its address on this machine."""

    url: str
    public_url: str
    admin_token: str
    publish_token: str
    pid: int


def open_data_dir(path: Path) -> DataDir:
    """Make the directory if it is missing (0700). Raises Misconfigured if nothing can be written there."""
    root = path.expanduser().absolute()
    data = DataDir(root)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        data.server.mkdir(mode=0o700, exist_ok=True)
        os.close(_open_private(data.owner_lock))
    except OSError as error:
        problem = f"{root} can't be used as data directory ({error.strerror}): choose another --data"
        raise Misconfigured([problem]) from error
    return data


@contextmanager
def owned(data: DataDir) -> Iterator[None]:
    """Be the one hub of this directory for as long as the block runs, or until SIGKILL.

    Raises Misconfigured, with the owner's process id, if another hub runs here.
    """
    descriptor = _open_private(data.owner_lock)
    try:
        _claim(data, descriptor)
        try:
            yield
        finally:
            data.hub.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _claim(data: DataDir, descriptor: int) -> None:
    if not _locked_within(descriptor, _CLAIM_SECONDS):
        owner = data.owner_lock.read_text(encoding="ascii").strip() or "unknown"
        problem = f"{data.root} is in use by another hub (process {owner}): stop it, or choose another --data"
        raise Misconfigured([problem])
    data.hub.unlink(missing_ok=True)  # a killed owner left its address
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def try_lock(descriptor: int) -> bool:
    """Take a file's lock if nobody has it; it is let go when the last copy of the descriptor closes."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def keep_identity(data: DataDir, settings: Settings) -> tuple[Settings, dict[str, str]]:
    """Complete the settings with the secrets kept here, made now where they were never given.

    The second value holds what was made just now. Raises Misconfigured if NAME is not the one of the first
    start, since another one would begin a second, empty hub beside the first.
    """
    kept = _read_identity(data) or Identity(settings.name)
    if kept.name != settings.name:
        problem = (
            f"FEEDHUB_NAME is {settings.name!r}, but {data.root} is {kept.name!r} since its first start:"
            f" set FEEDHUB_NAME={kept.name}, or choose another --data"
        )
        raise Misconfigured([problem])
    known = asdict(kept)
    missing = [key for key in _SECRETS if not getattr(settings, key)]
    made = {key: secrets.token_urlsafe(32) for key in missing if not known[key]}
    if made or not data.identity.exists():
        _write_private(data.identity, known | made)
    found = {key: ((known | made)[key],) for key in missing}
    return settings.model_copy(update=found), made


def announce(data: DataDir, hub: RunningHub) -> None:
    """Tell commands where the hub is, for as long as its directory is owned."""
    _write_private(data.hub, asdict(hub))


def running_hub(path: Path) -> RunningHub | None:
    """Find the hub that runs on a data directory; None if none does, even where a killed one left a file."""
    data = DataDir(path.expanduser().absolute())
    if sys.platform == "win32" or not _is_owned(data):
        return None
    try:
        return RunningHub(**_read_object(data.hub))
    except (OSError, ValueError, TypeError):  # not announced yet, or written by another version
        return None


def _is_owned(data: DataDir) -> bool:
    try:
        descriptor = os.open(data.owner_lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)


def _locked_within(descriptor: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not try_lock(descriptor):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _read_identity(data: DataDir) -> Identity | None:
    try:
        return Identity(**_read_object(data.identity))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        problem = f"{data.identity} can't be read ({error}): restore it, since it holds this hub's keys"
        raise Misconfigured([problem]) from error


def _read_object(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise TypeError("it holds no JSON object")
    return value


def _write_private(path: Path, value: dict[str, Any]) -> None:
    """Write all or nothing, 0600 from the first byte on."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(_open_private(draft), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _open_private(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
