"""RQ's worker as this hub wants it: in process, one queue, JSON, and only the jobs on the list."""

from __future__ import annotations

import importlib
import logging
import time
from typing import TYPE_CHECKING, Any

from rq.job import Job
from rq.queue import Queue
from rq.timeouts import JobTimeoutException
from rq.worker import SimpleWorker, WorkerStatus

from hub.adapters.queue import JOB_SECONDS, JOBS, rung

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis
    from redis.client import Pipeline

log = logging.getLogger("workers.worker")

WORKER_TTL = 25
MAINTENANCE_SECONDS = 15
HEARTBEAT_SECONDS = 5.0


class ListedJob(Job):
    """A job that runs only what `JOBS` names, without arguments, callbacks or webhooks.

    RQ imports whatever dotted name the job's hash holds; whoever can write to Redis could run any code.
    """

    @classmethod
    def fetch(cls, id: str, connection: Redis | None = None, serializer: Any = None) -> Job:  # noqa: A002  (RQ's)
        """Read a job; of a ring its id says all that there is to know, which spares a round trip."""
        if (queue := rung(id)) is None:
            return super().fetch(id, connection, serializer)
        return cls.create(
            JOBS[queue],
            connection=connection,
            id=id,
            origin=queue,
            timeout=JOB_SECONDS,
            serializer=serializer,
        )

    @property
    def func(self) -> Callable[[], None]:
        name = self.func_name
        if name not in JOBS.values():
            raise PermissionError(f"job {self.id} names {name!r}, which is not on the list")
        module, _, attribute = str(name).rpartition(".")
        found: Callable[[], None] = getattr(importlib.import_module(module), attribute)
        return found

    def restore(self, raw_data: dict[bytes, bytes]) -> Any:
        """Take from the hash only what a doorbell has."""
        unwanted = (b"_callback", b"webhooks", b"repeat", b"retr", b"dependency", b"group_id")
        kept = {key: value for key, value in raw_data.items() if not any(word in key for word in unwanted)}
        return super().restore(kept)

    def _execute(self) -> Any:
        return self.func()


class ListedQueue(Queue):
    job_class = ListedJob


class HubWorker(SimpleWorker):
    """Runs jobs in this process (3 to 6 ms from ring to run; a forking worker takes 27) and survives odd job hashes."""

    job_class = ListedJob
    queue_class = ListedQueue
    max_connection_wait_time = 0.5
    """Seconds between tries while Redis is away; rq would wait up to a minute, and the feeds with it."""
    _heartbeat_at = 0.0

    @classmethod
    def on(cls, queue: Queue) -> HubWorker:
        """Make a worker for one queue: with one, RQ pops by LMOVE and can't lose the job with its worker."""
        connection: Redis = queue.connection
        return cls(
            [ListedQueue(queue.name, connection=connection, serializer=queue.serializer)],
            connection=connection,
            serializer=queue.serializer,
            worker_ttl=WORKER_TTL,
            maintenance_interval=MAINTENANCE_SECONDS,
            job_monitoring_interval=10,
            log_job_description=False,
        )

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a doorbell with none of RQ's bookkeeping around it, which costs more than it tells.

        No result, no execution record, no registry: if the job fails or its process dies, the state still says what is
        owed. What stays is the time-out.
        """
        del queue
        self._state = WorkerStatus.BUSY  # here alone: SIGTERM then lets the job end
        try:
            with self.death_penalty_class(job.timeout or JOB_SECONDS, JobTimeoutException, job_id=job.id):
                job.perform()
        except Exception:
            log.exception("job failed: id=%s", job.id)
        finally:
            pipe = self.connection.pipeline(transaction=False)
            pipe.delete(job.key)
            pipe.lrem(self.queues[0].intermediate_queue_key, 1, job.id)
            pipe.execute()
            self._state = WorkerStatus.IDLE

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Say that this worker lives; not three times a job, which would be as many round trips."""
        if pipeline is None and time.monotonic() < self._heartbeat_at:
            return
        self._heartbeat_at = time.monotonic() + HEARTBEAT_SECONDS
        super().heartbeat(timeout, pipeline=pipeline)

    def run_maintenance_tasks(self) -> None:
        """Let one unreadable job hash cost a log line, not the worker (rq would exit, and hold its lock 15 minutes)."""
        try:
            super().run_maintenance_tasks()  # type: ignore[no-untyped-call]  # rq is typed in part
        except Exception:
            log.exception("RQ's maintenance failed; doorbells do not need it, the pump rings")

    @property
    def stopped_on_request(self) -> bool:
        """True after SIGTERM or Ctrl-C; False if the loop ended for a trouble (a supervisor should restart)."""
        return self._stop_requested or self._shutdown_requested_date is not None
