"""The bell against a real Valkey: what RQ finds in its queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.adapters.queue import JOBS, PENDING_MS, REGENERATE, Bell, open_queue
from hub.adapters.store import Store, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rq import Queue

    from hub.settings import Settings


@pytest.fixture
def queue(redis_url: str) -> Iterator[Queue]:
    queue = open_queue(redis_url, "feedhub", REGENERATE)
    yield queue
    queue.connection.close()


async def test_a_ring_is_a_job_that_rq_can_run(store: Store, queue: Queue) -> None:
    await Bell(store, queue).ring()

    (job,) = queue.get_jobs()
    assert (job.func_name, job.args, job.kwargs) == (JOBS[REGENERATE], [], {})
    assert job.origin == REGENERATE
    assert job.get_status() == "queued"


async def test_rings_coalesce_until_a_claim_takes_the_flag_down(store: Store, queue: Queue) -> None:
    bell = Bell(store, queue)
    for _ in range(5):
        await bell.ring()
    assert len(queue) == 1

    await store.claim("token", limit=1)
    await bell.ring()

    assert len(queue) == 2


async def test_a_flag_without_a_job_silences_the_bell_for_a_second_at_most(
    store: Store, queue: Queue
) -> None:
    bell = Bell(store, queue)
    await bell.ring()

    assert 0 < await store.client.pttl(store.keys.of("pending", REGENERATE)) <= PENDING_MS
    await bell.ring(force=True)
    assert len(queue) == 2


async def test_a_repeated_ring_never_reuses_a_jobs_id(store: Store, queue: Queue) -> None:
    """redis-py repeats a command whose answer was lost, and RQ deletes a finished job's hash by its id."""
    call = Bell(store, queue).call()

    await store.call(call)
    await store.claim("token", limit=1)
    await store.call(call)

    assert len(set(queue.job_ids)) == 2
    assert all(queue.get_jobs())


async def test_rq_keys_carry_the_hubs_tag(store: Store, queue: Queue) -> None:
    await Bell(store, queue).ring()

    assert all(key.startswith(b"{feedhub}:") for key in await store.client.keys("*"))


async def test_a_bell_without_redis_never_raises(settings: Settings, queue: Queue) -> None:
    store = Store(connect("unix:///nonexistent/socket"), settings)

    await Bell(store, queue).ring()
    await store.close()


def test_another_hubs_prefix_in_the_same_process_is_refused(queue: Queue) -> None:
    with pytest.raises(RuntimeError, match="key prefix"):
        open_queue("redis://127.0.0.1:1", "another", REGENERATE)
