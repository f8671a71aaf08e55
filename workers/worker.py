"""RQ's worker as this hub wants it: in process, one queue, JSON, and only the jobs on the list."""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

from rq.job import Job
from rq.queue import Queue
from rq.worker import SimpleWorker

from hub.adapters.queue import JOBS

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

log = logging.getLogger("workers.worker")

WORKER_TTL = 25
MAINTENANCE_SECONDS = 15


class ListedJob(Job):
    """A job that runs only what `JOBS` names, without arguments, callbacks or webhooks.

    RQ imports whatever dotted name the job's hash holds; whoever can write to Redis could run any code.
    """

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
