"""Doorbells: RQ jobs that say "look at the state now". Losing, repeating or delaying one is harmless (DESIGN §1, §5).

RQ reads its key prefix when it is first imported, so this module imports it inside `open_queue`, after setting it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from redis import Redis
from redis.exceptions import RedisError

from hub.adapters.keys import Keys
from hub.errors import HubError

if TYPE_CHECKING:
    from rq import Queue

    from hub.adapters.crashpoints import CrashPoints
    from hub.adapters.store import Database

log = logging.getLogger("hub.queue")

REGENERATE = "regenerate"
DISTRIBUTE = "distribute"
JOBS = {REGENERATE: "workers.jobs.regenerate"}
"""Queue → the one job that it rings for, by dotted name: the hub never imports its workers."""

PENDING_MS = 1000
"""How long a ring counts as under way: a bell lost with its process is silent no longer than that."""
JOB_SECONDS = 30
_TTL_SECONDS = 120
_FAILURE_SECONDS = 3600


def open_queue(url: str, name: str, queue: str) -> Queue:
    """Open an RQ queue on a client of its own: RQ raises the time-outs of the one that it gets."""
    prefix = Keys(name).rq_prefix
    loaded = sys.modules.get("rq.defaults")
    if loaded and prefix != loaded.RQ_KEY_PREFIX:
        raise RuntimeError(
            f"rq was imported with the key prefix {loaded.RQ_KEY_PREFIX}, this hub needs {prefix}"
        )
    os.environ["RQ_KEY_PREFIX"] = prefix
    from rq import Queue  # noqa: PLC0415  (see the module's docstring)
    from rq.serializers import JSONSerializer  # noqa: PLC0415

    connection = Redis.from_url(url, protocol=2, socket_timeout=5, socket_connect_timeout=2)
    return Queue(queue, connection=connection, serializer=JSONSerializer)


class Bell:
    """Rings one queue. Coalesces: while a ring is pending, another adds nothing."""

    def __init__(self, store: Database, queue: Queue, crash: CrashPoints) -> None:
        self._store = store
        self._queue = queue
        self._crash = crash
        self._pending = store.keys.of("pending", queue.name)
        # RQ enqueues synchronously; one thread, because the client is one.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"ring-{queue.name}")

    async def ring(self, *, force: bool = False) -> None:
        """Have the queue's job run soon. Never raises: the pump rings for whatever is still owed.

        `force` ignores the pending flag, for what is overdue.
        """
        self._crash.reach("after_accept")
        try:
            won = await self._store.client.set(self._pending, 1, px=PENDING_MS, nx=not force)
            if not won:
                return
            self._crash.reach("after_pending")
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._enqueue)
            except (RedisError, OSError):
                await self.clear()
                raise
        except (RedisError, OSError, HubError) as error:
            log.warning("ring failed, the pump will: queue=%s error=%s", self._queue.name, error)

    def _enqueue(self) -> None:
        options: dict[str, Any] = {
            "job_id": uuid4().hex,  # fresh: RQ reruns a reused id with old arguments, or never
            "job_timeout": JOB_SECONDS,
            "ttl": _TTL_SECONDS,
            "result_ttl": 0,
            "failure_ttl": _FAILURE_SECONDS,
            "description": self._queue.name,
        }
        self._queue.enqueue(JOBS[self._queue.name], **options)

    async def clear(self) -> None:
        """Take the pending flag down: a job's first act, before it reads any state."""
        await self._store.client.delete(self._pending)

    def close(self) -> None:
        self._thread.shutdown(wait=False)
        self._queue.connection.close()
