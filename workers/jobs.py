"""The jobs that RQ runs: each looks at the state and does what is owed. Named in `hub.adapters.queue.JOBS`."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from hub.errors import StoreUnavailable
from hub.model import ALL

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from hub.adapters.composer import Built
    from hub.adapters.crashpoints import CrashPoints
    from hub.adapters.queue import Bell
    from hub.adapters.store import Snapshot, Store
    from hub.model import FeedNumber
    from workers.distributor import Distributor
    from workers.loop import Loop
    from workers.rebuild import Rebuilder

log = logging.getLogger("workers.jobs")

T = TypeVar("T")

CLAIMED_ENTRIES = 400
"""About how many entries one claim may have to render anew: well below what its lease allows."""
SENDING_TURNS = 2
"""Turns of the loop until a commit is on its way (uvloop writes at a turn's end): else it would wait for the next feed
to be built."""


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
_distributor: Distributor | None = None


def bind(runtime: Runtime) -> None:
    """Give `regenerate` what it works with: RQ calls jobs by name, without arguments."""
    global _runtime  # noqa: PLW0603  (one worker a process, by design)
    _runtime = runtime


def bind_distributor(distributor: Distributor) -> None:
    """Give `distribute` the lanes that it wakes."""
    global _distributor  # noqa: PLW0603
    _distributor = distributor


def distribute() -> None:
    """Wake the lanes: somebody is to be told, or verified. They read the state themselves, on the event loop."""
    if _distributor is None:
        raise RuntimeError("this process tells nobody: start `feedhub worker --queue distribute`")
    _distributor.wake_soon()


def regenerate() -> None:
    """Rebuild and cache what is dirty. Runs on RQ's thread; the work itself on the process's event loop."""
    if _runtime is None:
        raise RuntimeError("this process is no hub worker: start `feedhub worker`")
    _runtime.crash.reach("after_pop")
    _runtime.loop.run(regenerate_due(_runtime))


async def regenerate_due(runtime: Runtime) -> None:
    """Claim due feeds, commit a document of each, ring again if more is due.

    The claim takes the pending flag down before it reads any state: an event after that rings anew. One feed is
    built while the commit of the one before is under way. The feed of everything comes last: it is due with every
    other, and who follows one category need not wait for it.
    """
    claim = await runtime.store.claim(uuid4().hex, limit=runtime.claim_limit, known=runtime.rebuilder.known)
    commits = []
    for feed, snapshot in sorted(claim.feeds.items(), key=_is_everything):
        if built := await _guarded(runtime, feed, runtime.rebuilder.build(feed, snapshot, claim.fresh)):
            commits.append(asyncio.create_task(_guarded(runtime, feed, _commit(runtime, built))))
            for _ in range(SENDING_TURNS):
                await asyncio.sleep(0)
    await asyncio.gather(*commits)
    if claim.more:
        await runtime.bell.ring()


def _is_everything(claimed: tuple[FeedNumber, Snapshot | None]) -> bool:
    _, snapshot = claimed
    return snapshot is not None and snapshot.head.path == ALL


async def _commit(runtime: Runtime, built: Built) -> None:
    started = time.perf_counter()
    taken = await runtime.rebuilder.commit(built)
    runtime.crash.reach("after_commit")
    outcome = "committed" if taken else "overtaken"  # another worker got there first: normal
    log.info(
        "regenerate feed=%s outcome=%s seq=%s fresh=%s ms=%.1f",
        built.path, outcome, built.snapshot.seq, built.rendering.fresh, (time.perf_counter() - started) * 1000,
    )  # fmt: skip


async def _guarded(runtime: Runtime, feed: FeedNumber, step: Awaitable[T]) -> T | None:
    """One bad feed never stops the hub: its claim goes back with the reason, and it is quarantined if that goes on."""
    try:
        return await step
    except StoreUnavailable as error:
        log.warning("regenerate feed=%s outcome=unavailable error=%s (its lease brings it back)", feed, error)
    except Exception as error:
        log.exception("regenerate feed=%s outcome=failed", feed)
        await runtime.store.release(feed, f"{type(error).__name__}: {error}")
    return None
