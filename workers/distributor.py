"""All that asks other servers in one worker process: lanes, verifier, reader of remotes, and what they share."""

from __future__ import annotations

import asyncio
import resource
from typing import TYPE_CHECKING

from hub.adapters.egress import Egress
from hub.adapters.sealing import Sealer
from hub.subscription import Lane
from workers.contents import Contents
from workers.courier import POST_SECONDS, Courier, now_ms
from workers.lanes import LaneTask
from workers.loop import end
from workers.remotes import PACES, RemoteReader
from workers.settler import Settler
from workers.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.adapters.crashpoints import CrashPoints
    from hub.adapters.queue import Bell
    from hub.adapters.store import Store
    from hub.remote import Pace, Role
    from workers.loop import Loop

TURNS_PER_HOST = 64
"""More than all lanes together give one host: whose turn it is, they decide."""
REQUESTS = 2_000
DRAIN_SECONDS = 12.0
"""Longer than one attempt may take: what is under way at SIGTERM is finished and settled."""


def raise_descriptor_limit() -> None:
    """Allow as many connections as the system lets this process have: each receiver may keep some."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Distributor:
    """The tasks of a worker on queue `distribute`."""

    def __init__(
        self,
        loop: Loop,
        store: Store,
        crash: CrashPoints,
        *,
        regenerate: Bell | None = None,
        seconds: float = POST_SECONDS,
        now: Callable[[], int] = now_ms,
        paces: Mapping[Role, Pace] = PACES,
    ) -> None:
        settings = store.settings
        self._loop = loop
        self._egress = Egress(settings.egress_allow, total_limit=REQUESTS, per_host=TURNS_PER_HOST)
        self._settler = Settler(store, self.wake)
        contents = Contents(store)
        courier = Courier(
            store,
            egress=self._egress,
            sealer=Sealer(settings.secret_key),
            contents=contents,
            settler=self._settler,
            crash=crash,
            seconds=seconds,
            now=now,
        )
        self._lanes = [
            LaneTask(
                lane, store=store, courier=courier, settler=self._settler, crash=crash, wake_all=self.wake
            )
            for lane in Lane
        ]
        self._verifier = Verifier(store, self._egress, self.wake)
        self._remotes = RemoteReader(store, self._egress, regenerate, self.wake, paces)
        others = (self._settler.run(), self._verifier.run(), self._remotes.run())
        running = (*others, *(lane.run() for lane in self._lanes))
        self._tasks = [asyncio.create_task(each) for each in running]

    def wake(self) -> None:
        """Have every lane look at the state. On the event loop."""
        for lane in self._lanes:
            lane.wake()
        self._verifier.wake()

    def wake_soon(self) -> None:
        """`wake`, and have remotes looked at: somebody rang. From another thread."""
        self._loop.soon(self.wake)
        self._loop.soon(self._remotes.wake)

    async def close(self) -> None:
        """Claim no more, finish what is under way, settle it."""
        for lane in self._lanes:
            lane.stop()
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(*(lane.stopped() for lane in self._lanes))
                await self._settler.settled()
        except TimeoutError:
            pass  # what is left is due again when its lease ends
        await end(self._tasks)
        await self._egress.close()


async def start_distributor(loop: Loop, store: Store, crash: CrashPoints, regenerate: Bell) -> Distributor:
    """Start the tasks on the running event loop, and have them look at the state at once. Raises Misconfigured."""
    raise_descriptor_limit()
    distributor = Distributor(loop, store, crash, regenerate=regenerate)
    distributor.wake()
    return distributor
