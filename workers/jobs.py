"""The jobs that RQ runs: each looks at the state and does what is owed. Named in `hub.adapters.queue.JOBS`."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from hub.errors import StoreUnavailable

if TYPE_CHECKING:
    from hub.adapters.crashpoints import CrashPoints
    from hub.adapters.queue import Bell
    from hub.adapters.store import Snapshot, Store
    from hub.model import FeedNumber
    from workers.loop import Loop
    from workers.rebuild import Rebuilder

log = logging.getLogger("workers.jobs")

CLAIMED_ENTRIES = 400
"""About how many entries one claim may have to render anew: well below what its lease allows."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a worker process lives with, all on its one event loop."""

    loop: Loop
    store: Store
    bell: Bell
    rebuilder: Rebuilder
    crash: CrashPoints

    @property
    def claim_limit(self) -> int:
        return max(1, CLAIMED_ENTRIES // self.store.settings.feed_size)


_runtime: Runtime | None = None


def bind(runtime: Runtime) -> None:
    """Give the jobs of this process what they work with: RQ calls them by name, without arguments."""
    global _runtime  # noqa: PLW0603  (one worker a process, by design)
    _runtime = runtime


def regenerate() -> None:
    """Rebuild and cache what is dirty. Runs on RQ's thread; the work itself on the process's event loop."""
    if _runtime is None:
        raise RuntimeError("this process is no hub worker: start `feedhub worker`")
    _runtime.crash.reach("after_pop")
    _runtime.loop.run(regenerate_due(_runtime))


async def regenerate_due(runtime: Runtime) -> None:
    """Claim due feeds, commit a document of each, ring again if more is due.

    The pending flag goes down first, and only then is any state read: an event after that rings anew.
    """
    await runtime.bell.clear()
    claim = await runtime.store.claim(uuid4().hex, limit=runtime.claim_limit)
    snapshots = await runtime.store.snapshots(claim.feeds) if claim.feeds else []
    for feed, snapshot in zip(claim.feeds, snapshots, strict=True):
        await _regenerate(runtime, feed, snapshot)
    runtime.crash.reach("after_commit")
    if claim.more:
        await runtime.bell.ring()


async def _regenerate(runtime: Runtime, feed: FeedNumber, snapshot: Snapshot | None) -> None:
    started = time.perf_counter()
    try:
        report = await runtime.rebuilder.rebuild(feed, snapshot)
    except StoreUnavailable:
        raise  # the claim's lease brings it back
    except Exception as error:
        # One bad feed never stops the hub: its claim goes back, and it is quarantined if that goes on.
        log.exception("regenerate failed: feed=%s", feed)
        await runtime.store.release(feed, f"{type(error).__name__}: {error}")
        return
    milliseconds = (time.perf_counter() - started) * 1000
    log.info("regenerate: outcome=%s ms=%.1f", report, milliseconds)
