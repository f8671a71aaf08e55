"""The baseline: bare RQ, `SimpleWorker`, as its documentation shows it. Enqueue → the function starts."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from redis import Redis

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKER = """
import sys
from redis import Redis
from rq import Queue, SimpleWorker
connection = Redis.from_url(sys.argv[1])
SimpleWorker([Queue("bare", connection=connection)], connection=connection).work(logging_level="WARNING")
"""


def started(sent_ns: int, url: str) -> None:
    """The job: say how long ago it was enqueued. CLOCK_MONOTONIC is the same in all processes of a machine."""
    elapsed = time.monotonic_ns() - sent_ns
    Redis.from_url(url).lpush("bare:answers", elapsed)


class BareRq:
    """One SimpleWorker process, asked job by job."""

    def __init__(self, url: str) -> None:
        from rq import Queue

        self._url = url
        self._redis = Redis.from_url(url)
        self._queue = Queue("bare", connection=self._redis)
        command = [sys.executable, "-c", WORKER, url]
        self._worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self) -> float:
        """Enqueue one job; answers milliseconds from before the enqueue to the function's first line."""
        self._queue.enqueue(started, time.monotonic_ns(), self._url, result_ttl=0)
        answer = self._redis.blpop(["bare:answers"], timeout=30)
        assert answer is not None, "the bare worker did not answer"
        return int(answer[1]) / 1e6

    def close(self) -> None:
        self._worker.kill()
        self._worker.wait()


def summary(values: Sequence[float]) -> dict[str, float]:
    """p50 and p99, in the unit of the values."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 3), "p99": round(cuts[98], 3)}
