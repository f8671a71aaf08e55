"""One worker process: RQ on the main thread, everything asynchronous on one loop beside it."""

from __future__ import annotations

import gc
import logging
import os
import socket
import time
from typing import TYPE_CHECKING

from hub.adapters.crashpoints import CrashPoints
from hub.adapters.queue import DISTRIBUTE, JOBS, REGENERATE, Bell, open_queue
from hub.adapters.store import Store, connect
from hub.errors import Misconfigured, StoreUnavailable
from workers.loop import Loop
from workers.pump import Pump
from workers.watch import Watch

if TYPE_CHECKING:
    from rq import Queue

    from hub.settings import Settings

log = logging.getLogger("workers.process")

START_SECONDS = 10.0
"""How long a starting worker waits for Redis before it leaves it to its supervisor."""


def run_worker(settings: Settings, queue_name: str) -> int:
    """Serve one queue until SIGTERM; answers the exit status (1: ended for a trouble, start it again).

    Raises Misconfigured where this Redis would lose acknowledged hooks, or its data is of a newer version.
    """
    if not settings.redis_url:
        raise Misconfigured(
            ["FEEDHUB_REDIS_URL is missing: set it, or run `feedhub up`, which brings its own server"]
        )
    queue = open_queue(settings.redis_url, settings.name, queue_name)
    loop = Loop()
    try:
        return _work(settings, queue, loop)
    finally:
        loop.close()


def _work(settings: Settings, queue: Queue, loop: Loop) -> int:
    """Start the pump, bind the jobs, and let RQ work."""
    from workers import jobs  # noqa: PLC0415  (all need rq's key prefix, which open_queue set)
    from workers.distributor import start_distributor  # noqa: PLC0415
    from workers.rebuild import Rebuilder  # noqa: PLC0415
    from workers.reconciler import start_reconcilers  # noqa: PLC0415
    from workers.worker import HubWorker  # noqa: PLC0415

    crash = CrashPoints.parse(settings.crash_at)
    assert settings.redis_url is not None  # noqa: S101  (checked by the caller)
    store = Store(connect(settings.redis_url), settings)
    loop.run(_until_reachable(store))
    # The pump rings for whatever is owed, whichever queue this process serves.
    bells = {name: Bell(store, open_queue(settings.redis_url, settings.name, name)) for name in JOBS}
    distributor = reconcilers = None
    if queue.name == REGENERATE:
        rebuilder = Rebuilder(store, settings.site, crash, bells[DISTRIBUTE])
        loop.run(rebuilder.register())
        jobs.bind(jobs.Runtime(loop, store, bells[REGENERATE], rebuilder, crash))
        reconcilers = loop.run(start_reconcilers(store, bells[REGENERATE]))
    else:
        distributor = loop.run(start_distributor(loop, store, crash, bells[REGENERATE]))
        jobs.bind_distributor(distributor)
    name = f"{queue.name}@{socket.gethostname()}:{os.getpid()}"
    loop.start(Pump(store, bells[REGENERATE], bells[DISTRIBUTE], name).run())
    loop.start(Watch(store).run())
    worker = HubWorker.on(queue)
    gc.freeze()  # what is there by now stays: the collector need not look through it in the middle of a job
    worker.work(logging_level="WARNING")
    if distributor:
        loop.run(distributor.close())
    if reconcilers:
        loop.run(reconcilers.close())
    for bell in bells.values():
        bell.close()
    return 0 if worker.stopped_on_request else 1


async def _until_reachable(store: Store) -> None:
    """Wait for a Redis that is starting, then check that it is fit to keep what is acknowledged."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            await store.check_writable()
            break
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
    for warning in await store.check_fit():
        log.warning("%s", warning)
