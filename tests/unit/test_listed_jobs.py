"""Whoever can write to Redis must not be able to run code: only listed jobs run, whatever a job's hash says."""

from __future__ import annotations

import json
import zlib
from importlib import import_module
from typing import Any

import pytest
from redis import Redis

from hub.adapters.queue import JOB_SECONDS, JOBS, REGENERATE, open_queue, rung

QUEUE = open_queue("redis://127.0.0.1:1", "feedhub", REGENERATE)  # never connected: sets RQ's prefix first


def job(func: str, *args: str, **fields: bytes) -> Any:
    """A job as RQ would read it from a hostile hash."""
    worker = import_module("workers.worker")
    found = worker.ListedJob("id", connection=Redis(port=1), serializer=QUEUE.serializer)
    data = zlib.compress(json.dumps([func, None, args, {}]).encode())
    found.restore({b"data": data, **{key.encode(): value for key, value in fields.items()}})
    return found


@pytest.mark.parametrize("name", JOBS.values())
def test_every_listed_job_exists(name: str) -> None:
    assert callable(job(name).func)


@pytest.mark.parametrize(
    "name", ["os.system", "subprocess.run", "workers.jobs.bind", "builtins.eval", "", "os"]
)
def test_other_functions_are_refused(name: str) -> None:
    with pytest.raises(PermissionError, match="not on the list"):
        _ = job(name).func


def test_callbacks_and_webhooks_of_a_hash_are_ignored() -> None:
    found = job(
        JOBS[REGENERATE],
        success_callback_name=b"os.system",
        failure_callback_name=b"os.system",
        stopped_callback_name=b"os.system",
        webhooks=b'[{"url": "http://169.254.169.254/", "statuses": ["finished"]}]',
    )

    assert found.success_callback is None
    assert found.failure_callback is None
    assert found.stopped_callback is None
    assert not found.webhooks


def test_arguments_of_a_hash_do_not_reach_the_job() -> None:
    found = job(JOBS[REGENERATE], "unexpected")

    with pytest.raises(RuntimeError, match="no hub worker"):
        found.perform()


@pytest.mark.parametrize("name", JOBS)
def test_a_ring_is_known_by_its_id_alone(name: str) -> None:
    """Whatever its hash says: it is not read, and Redis not asked for it."""
    worker = import_module("workers.worker")

    found = worker.ListedJob.fetch(f"{name}-ring-17", connection=Redis(port=1), serializer=QUEUE.serializer)

    assert found.func is job(JOBS[name]).func
    assert (found.id, found.timeout) == (f"{name}-ring-17", JOB_SECONDS)


@pytest.mark.parametrize("id_", ["os.system-ring-1", "ring-1", "-ring-1", "regenerate", "regenerate-rings-1"])
def test_another_id_is_no_ring(id_: str) -> None:
    assert rung(id_) is None
