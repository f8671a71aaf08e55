"""A line to Redis: commands out in one write, answers back in their order, nothing in between.

redis-py opens it (addresses, TLS, AUTH, SELECT, trying again); hiredis packs and parses. What is left out is redis-py's
way from an awaited command to its answer, which takes longer than most scripts (`python -m bench line`). For the
scripts and the change stream: they are what lies between a hook and its document.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from hiredis import Reader, pack_command
from redis import exceptions as redis_errors
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis
    from redis.asyncio.connection import AbstractConnection

Command = tuple[str | bytes | int | float, ...]

_ERRORS: dict[str, type[redis_errors.RedisError]] = {
    "NOSCRIPT": redis_errors.NoScriptError,
    "OOM": redis_errors.OutOfMemoryError,
    "READONLY": redis_errors.ReadOnlyError,
    "CLUSTERDOWN": redis_errors.ClusterDownError,
    "LOADING": redis_errors.BusyLoadingError,
}


class Line:
    """One connection of a client's pool, taken when it is first needed, kept, and taken anew when it was lost.

    For one event loop. What is asked while answers are outstanding goes out behind it.
    """

    def __init__(self, client: Redis) -> None:
        self._pool: Any = client.connection_pool
        self._timeout: float = self._pool.connection_kwargs["socket_timeout"]
        self._wire: _Wire | None = None
        self._opening: asyncio.Task[_Wire] | None = None

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands together; answers what redis-py would, undecoded, after all have run.

        Whatever is sent may run more than once: a lost connection is tried again for about half a second, a silent
        server is not. Raises redis-py's ConnectionError and TimeoutError, and the first error among the answers.
        """
        if not commands:
            return []
        sent = b"".join([pack_command(command) for command in commands])  # type: ignore[arg-type]  # their stub
        try:
            return await self._try(sent, len(commands))
        except _AGAIN:
            return await _RETRY.call_with_retry(lambda: self._try(sent, len(commands)), _nothing)

    async def _try(self, sent: bytes, count: int) -> list[Any]:
        wire = self._wire if self._wire and self._wire.is_open else await self._opened()
        answers = await wire.ask(sent, count)
        for answer in answers:
            if isinstance(answer, redis_errors.RedisError):
                raise answer
        return answers

    async def _opened(self) -> _Wire:
        """Open the line. All who wait for that share what comes of it, and it goes on when one of them leaves."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> _Wire:
        try:
            if self._wire:
                lost, self._wire = self._wire.connection, None
                await lost.disconnect()
                await self._pool.release(lost)
            wire = self._wire = _Wire(await self._pool.get_connection(), self._timeout)
        except RuntimeError as error:  # uvloop's word for a transport that was closed a moment ago
            raise _Lost(str(error)) from error
        finally:
            self._opening = None
        return wire


class _Lost(redis_errors.ConnectionError):
    """The connection ended before the answer came."""


_AGAIN = (_Lost, redis_errors.BusyLoadingError)
_RETRY = Retry(ExponentialBackoff(cap=0.2, base=0.02), 4, supported_errors=_AGAIN)
"""As `connect` has it. An opening that failed was tried again by redis-py."""


async def _nothing(_: Exception) -> None:
    """Do nothing between two tries: the next one opens the line."""


class _Exchange:
    """Commands that were sent, when (loop time), and what has been answered so far."""

    __slots__ = ("answers", "count", "done", "since")

    def __init__(self, count: int, done: asyncio.Future[list[Any]], since: float) -> None:
        self.count = count
        self.done = done
        self.since = since
        self.answers: list[Any] = []


class _Wire(asyncio.Protocol):
    """An open connection, taken over from redis-py once it has said hello.

    `_writer` is the one private name of redis-py's that this leans on; it would be missed by the first test.
    """

    def __init__(self, connection: AbstractConnection, timeout: float) -> None:
        self.connection = connection
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._reader = Reader(protocolError=redis_errors.InvalidResponse, replyError=_error)
        self._waiting: deque[_Exchange] = deque()
        self._heard = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport = connection._writer.transport  # type: ignore[union-attr, assignment]  # noqa: SLF001
        self._displaced = self._transport.get_protocol()
        self._transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    def ask(self, sent: bytes, count: int) -> asyncio.Future[list[Any]]:
        """Send `count` commands. Raises _Lost, now or later."""
        if not self.is_open:
            raise _Lost("the connection was lost while it lay in the pool")
        done = self._loop.create_future()
        self._waiting.append(_Exchange(count, done, self._loop.time()))
        if self._watch is None:
            self._watch = self._loop.call_later(self._timeout, self._look)
        self._transport.write(sent)
        return done

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            if not self._waiting:  # an answer to nobody: whose would the next ones be?
                self._transport.abort()
                return
            exchange = self._waiting[0]
            exchange.answers.append(answer)
            if len(exchange.answers) == exchange.count:
                self._waiting.popleft()
                if not exchange.done.done():  # whoever asked may have gone
                    exchange.done.set_result(exchange.answers)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(_Lost(f"the connection was lost: {exc or 'closed by Redis'}"))
        if self._watch:
            self._watch.cancel()
        # redis-py waits until this one has heard of the end, and raises what it heard.
        if isinstance(self._displaced, asyncio.Protocol):
            self._displaced.connection_lost(exc if isinstance(exc, OSError) else None)

    def _look(self) -> None:
        """Give a silent server up: answers after the one that is late would be later still."""
        self._watch = None
        if not self._waiting:
            return
        left = max(self._heard, self._waiting[0].since) + self._timeout - self._loop.time()
        if left > 0:
            self._watch = self._loop.call_later(left, self._look)
            return
        self._fail(redis_errors.TimeoutError(f"Redis said nothing for {self._timeout:g} s"))
        self._transport.abort()

    def _fail(self, error: Exception) -> None:
        while self._waiting:
            exchange = self._waiting.popleft()
            if not exchange.done.done():
                exchange.done.set_exception(error)


def _error(text: str) -> redis_errors.RedisError:
    kind = _ERRORS.get(text.partition(" ")[0], redis_errors.ResponseError)
    return kind(text)
