"""Sending an archive's entries: in batches, in order, one batch under way while the next is read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any, Self

import orjson

from hub.cli.client import Refused
from hub.errors import HubError
from hub.intake.archives.publishing import as_published
from hub.intake.policy import MAX_ENTRY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from hub.cli.client import Client
    from hub.cli.importing.tally import Tally
    from hub.intake.archives.record import Found

BATCH = 200
BATCH_BYTES = 4 * 1024 * 1024
"""A quarter of what the hub takes: it answers within a second or two."""
WAITS = (0.5, 1, 2, 4, 8, 15, 30, 30, 30)
"""Seconds before each next try, while the hub can't store or does not answer: two minutes in all."""
_PASSING = frozenset({None, 408, 429, 502, 503, 504})
_CONFLICT = 409


class Stopped(HubError):
    """The rest can't be sent; what was sent is there."""


class Sender:
    """One import's entries on their way. A context manager; at its end everything was answered."""

    def __init__(
        self,
        client: Client,
        manner: Mapping[str, str],
        tally: Tally,
        *,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._client = client
        self._manner = dict(manner)
        self._tally = tally
        self._over = Event()
        self._wait = wait or self._over.wait
        self._pool = ThreadPoolExecutor(1)
        self._under_way: tuple[list[Found], Future[list[dict[str, Any]]]] | None = None
        self._batch: list[Found] = []
        self._events: list[bytes] = []
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
                self._settle()
        finally:
            self._over.set()  # nobody waits for a next try any more
            self._pool.shutdown(wait=True, cancel_futures=True)

    def check(self) -> None:
        """Ask whether this may be sent in this manner, before any of it is. Raises HubError with what to do."""
        self._publish(b"[]")

    def send(self, found: Found) -> None:
        """Take an entry. Raises Stopped, perhaps for one that was taken before."""
        event = orjson.dumps(as_published(found.event))
        if len(event) > MAX_ENTRY_BYTES:
            self._tally.refused.add(f"is larger than {MAX_ENTRY_BYTES} bytes as JSON", found)
            return
        if len(self._batch) == BATCH or self._size + len(event) > BATCH_BYTES:
            self._flush()
        self._batch.append(found)
        self._events.append(event)
        self._size += len(event)

    def _flush(self) -> None:
        self._settle()
        if self._batch:
            body = b"[" + b",".join(self._events) + b"]"
            self._under_way = self._batch, self._pool.submit(self._publish, body)
            self._batch, self._events, self._size = [], [], 0

    def _settle(self) -> None:
        if self._under_way:
            (batch, answers), self._under_way = self._under_way, None
            for found, answer in zip(batch, answers.result(), strict=True):
                self._count(found, answer)

    def _publish(self, body: bytes) -> list[dict[str, Any]]:
        for wait in (*WAITS, None):
            try:
                answers: list[dict[str, Any]] = self._client.publish(body, **self._manner)
            except Refused as error:
                if error.answered not in _PASSING:
                    raise Stopped(_advised(error)) from error
                if wait is None:
                    raise Stopped(f"{error} Nothing is lost: start the same import again later.") from error
                self._wait(wait)
                if self._over.is_set():
                    raise Stopped("It was interrupted.") from error
            else:
                return answers
        raise AssertionError("the last try ends")

    def _count(self, found: Found, answer: dict[str, Any]) -> None:
        tally = self._tally
        match answer["outcome"]:
            case "invalid":
                tally.refused.add(answer["problem"]["detail"], found)
                return
            case "unchanged" | "duplicate":
                tally.unchanged += 1
            case "stale":
                tally.newer += 1
            case _:
                tally.imported += 1
        if found.note:
            tally.notes.add(found.note, found)


def _advised(error: Refused) -> str:
    if error.answered != _CONFLICT:
        return str(error)
    return f"{error} Here that is: --notify tells them of all that is new; --quiet-anyway imports quietly all the same."
