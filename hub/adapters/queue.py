"""Doorbells: RQ jobs that say "look at the state now". Losing, repeating or delaying one is harmless (DESIGN §1, §5).

RQ reads its key prefix when it is first imported, so this module imports it inside `open_queue`, after setting it.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from redis import Redis

from hub.adapters.keys import Keys
from hub.adapters.store.database import Call
from hub.errors import StoreUnavailable

if TYPE_CHECKING:
    from rq import Queue

    from hub.adapters.store import Database
    from hub.adapters.store.database import Argument

log = logging.getLogger("hub.queue")

REGENERATE = "regenerate"
DISTRIBUTE = "distribute"
JOBS = {REGENERATE: "workers.jobs.regenerate", DISTRIBUTE: "workers.jobs.distribute"}
"""Queue → the one job that it rings for, by dotted name: the hub never imports its workers."""

PENDING_MS = 1000
"""How long a ring counts as under way: a job lost with its worker silences the bell no longer than that."""
JOB_SECONDS = 30
_TTL_SECONDS = 120
_RING = "-ring-"
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


def rung(job_id: str) -> str | None:
    """The queue that a job of the RING script's rings, by its id; None for a job of somebody else."""
    queue, found, _ = job_id.partition(_RING)
    return queue if found and queue in JOBS else None


class Bell:
    """Rings one queue. Coalesces: while a ring is pending, another adds nothing.

    RQ enqueues synchronously, in three round trips. A job that is never more than a doorbell needs one: RQ's own `Job`
    says what its hash holds, and the RING script stores and enqueues it, together with the flag.
    """

    def __init__(self, store: Database, queue: Queue) -> None:
        self._store = store
        self._queue = queue
        self._job = _job_of(queue)

    def call(self, *, force: bool = False, if_owed: bool = False) -> Call:
        """Give the ring as a script call, to go with others in one round trip.

        `force` ignores the pending flag, for what is overdue; `if_owed` rings only if somebody is to be told now.
        """
        created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # as RQ writes it
        how = 1 if force else 2 * if_owed
        return Call("ring", (self._queue.name, PENDING_MS, how, *self._job, "created_at", created))

    async def ring(self, *, force: bool = False) -> None:
        """Have the queue's job run soon. Never raises: the pump rings for whatever is still owed."""
        try:
            await self._store.call(self.call(force=force))
        except StoreUnavailable as error:
            log.warning("ring failed, the pump will: queue=%s error=%s", self._queue.name, error)

    def close(self) -> None:
        self._queue.connection.close()


def _job_of(queue: Queue) -> tuple[Argument, ...]:
    """What all rings of a queue have in common, as the RING script takes it."""
    from rq.job import Job, JobStatus  # noqa: PLC0415  (see the module's docstring)

    job = Job.create(
        JOBS[queue.name],
        connection=queue.connection,
        id="ring",  # the script gives the real one
        origin=queue.name,
        status=JobStatus.QUEUED,
        timeout=JOB_SECONDS,
        result_ttl=0,
        failure_ttl=_FAILURE_SECONDS,
        description=queue.name,
        serializer=queue.serializer,
    )
    fields = job.to_dict()
    del fields["created_at"]
    rq_keys = (queue.redis_queues_keys, queue.key, job.key.removesuffix(job.id))
    return (*rq_keys, _TTL_SECONDS, *(part for pair in fields.items() for part in pair))
