"""The connection, the scripts and the translation of Redis's errors. No meaning of any key lives here."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha1
from importlib import resources
from typing import TYPE_CHECKING, Any

from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from hub.adapters.crashpoints import CrashPoints
from hub.adapters.keys import Keys
from hub.adapters.line import Line
from hub.errors import Misconfigured, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.settings import Settings

log = logging.getLogger("hub.store")

SCHEMA = 1
"""The layout's number. Raise it with a migration beside it; a newer one than this is refused."""

_LIBRARIES = {
    "accept": ("lib", "terms"),
    "feed_event": ("lib", "telling", "terms"),
    "turn": ("lib", "terms"),
    "claim": ("lib", "snapshots"),
    "snapshot": ("lib", "snapshots"),
    "commit": ("lib", "telling"),
    "origin": ("lib", "telling"),
    **dict.fromkeys(("look", "looked", "topic"), ("lib", "remotes")),
    **dict.fromkeys(
        (
            "verify",
            "owing",
            "settle",
            "told",
            "renew",
            "webhook",
            "unhook",
            "replay",
            "lapse",
            "partner",
            "unpartner",
        ),
        ("lib", "telling", "subs"),
    ),
}
# What means "not now", as opposed to a defect of ours: no space, a failing disk, a replica, still loading.
# By class where redis-py has one, else by code, which a pipeline's error has in its middle.
_REFUSING = (redis_errors.OutOfMemoryError, redis_errors.ReadOnlyError, redis_errors.ClusterDownError)
_REFUSALS = (
    "OOM ",
    "used memory >",
    "MISCONF",
    "READONLY",
    "read only replica",
    "NOREPLICAS",
    "MASTERDOWN",
    "BUSY ",
)

Argument = str | bytes | int | float


def connect(url: str, *, timeout: float = 5.0) -> Redis:
    """Open a client of our own for one event loop (RQ changes the timeouts of a client that it is given).

    `timeout` is in seconds, for connecting and for each answer. A lost connection is tried again for about half a
    second, a silent server is not; then the caller hears of it.
    """
    lost = (redis_errors.ConnectionError,)
    retry = Retry(ExponentialBackoff(cap=0.2, base=0.02), 4, supported_errors=lost)
    return Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=min(timeout, 2.0), retry=retry, protocol=2
    )


@contextmanager
def unavailable() -> Iterator[None]:
    """Turn "can't be reached" and "can't store" into StoreUnavailable; let defects through as they are."""
    try:
        yield
    except (redis_errors.ConnectionError, redis_errors.TimeoutError, OSError) as error:
        raise StoreUnavailable(f"Redis can't be reached: {error}") from error
    except redis_errors.ResponseError as error:
        if not isinstance(error, _REFUSING) and not any(code in str(error) for code in _REFUSALS):
            raise
        log.warning("Redis refuses: %s", error)
        raise StoreUnavailable(
            "Redis can't store anything now; its log and `feedhub doctor` say why"
        ) from error


@dataclass(frozen=True, slots=True)
class Call:
    """A script's name and its arguments."""

    script: str
    args: Sequence[Argument]


class Script:
    """One `.lua` file behind the keys and the library that it shares."""

    def __init__(self, name: str, keys: Keys) -> None:
        parts = (*_LIBRARIES.get(name, ("lib",)), name)
        folder = resources.files("hub.adapters") / "scripts"
        texts = [(folder / f"{part}.lua").read_text(encoding="utf-8") for part in parts]
        self.body = (keys.lua() + "\n".join(texts)).encode()
        self.sha = sha1(self.body, usedforsecurity=False).hexdigest()


class Database:
    """A Redis client, the keys of one hub, and its scripts."""

    def __init__(self, client: Redis, settings: Settings, crash: CrashPoints | None = None) -> None:
        self.client: Any = client
        self._line = Line(client)
        self._listening = Line(client)
        self.crash = crash or CrashPoints()
        self.settings = settings
        self.keys = Keys(settings.name)
        self._scripts: dict[str, Script] = {}
        self._pace = (settings.debounce_ms, ",".join(settings.feed_kinds))

    @property
    def pace(self) -> tuple[Argument, Argument]:
        """The two arguments of scripts that mark feeds dirty: debounce (ms), kinds that have feeds."""
        return self._pace

    async def close(self) -> None:
        await self.client.aclose()

    async def run(self, name: str, *args: Argument) -> Any:
        """Run a script. Raises StoreUnavailable."""
        return await self.call(Call(name, args))

    async def call(self, call: Call) -> Any:
        """Run a script. Raises StoreUnavailable."""
        (answer,) = await self.calls([call])
        return answer

    async def calls(self, calls: Sequence[Call]) -> list[Any]:
        """Run scripts in order, in one round trip. Raises StoreUnavailable."""
        scripts = [self._scripts.get(c.script) or self._load(c.script) for c in calls]
        with unavailable():
            try:
                return await self._send(scripts, calls)
            except (
                redis_errors.NoScriptError
            ):  # first use, or the server restarted; every script may run twice
                for script in set(scripts):
                    await self.client.script_load(script.body)
                return await self._send(scripts, calls)

    def _load(self, name: str) -> Script:
        return self._scripts.setdefault(name, Script(name, self.keys))

    async def _send(self, scripts: Sequence[Script], calls: Sequence[Call]) -> list[Any]:
        root = self.keys.clock
        return await self._line.ask(
            [("EVALSHA", s.sha, 1, root, *call.args) for s, call in zip(scripts, calls, strict=True)]
        )

    async def check_fit(self) -> list[str]:
        """Refuse a Redis that would lose acknowledged hooks, or data of a newer layout; answers warnings.

        Raises Misconfigured, StoreUnavailable.
        """
        refusals, warnings = await self.safety_problems()
        if refusals:
            raise Misconfigured(refusals)
        with unavailable():
            await self.client.set(self.keys.schema, SCHEMA, nx=True)
            found = int(await self.client.get(self.keys.schema))
        if found != SCHEMA:
            sentence = (
                f"the data of hub {self.keys.name!r} has layout {found} and this version knows {SCHEMA}"
            )
            raise Misconfigured([f"{sentence}: run the version that wrote it, or a newer one"])
        return warnings

    async def safety_problems(self) -> tuple[list[str], list[str]]:
        """Say what would lose acknowledged hooks: (refusals, warnings), one sentence with the cure each."""
        wanted = {"appendonly": "yes", "maxmemory-policy": "noeviction"}
        if self.settings.durability == "strict":
            wanted["appendfsync"] = "always"
        with unavailable():
            try:
                found = await self.client.config_get(*wanted)
            except redis_errors.ResponseError:
                return [], [
                    "this Redis forbids CONFIG: see to it that AOF is on and maxmemory-policy is noeviction"
                ]
        texts = {_text(key): _text(value) for key, value in found.items()}
        return [
            f"Redis has {name} {texts.get(name)}: acknowledged hooks could be lost; set {name} {value}"
            for name, value in wanted.items()
            if texts.get(name) != value
        ], []


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
