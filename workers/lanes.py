"""The lanes: one task each, which claims subscriptions, gives each its turn at its host, and keeps its claims.

A host gets so many turns at a time and no more, however many subscriptions it has. One that stands still gives its
waiting subscriptions up to a lane where nobody else is held up by them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from hub.adapters.store.distribution import MOST_CLAIMED, RENEW_SECONDS, Settlement
from hub.delivery import Act, Verdict
from hub.errors import StoreUnavailable
from hub.subscription import Channel, Lane
from hub.urls import authority

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.adapters.crashpoints import CrashPoints
    from hub.adapters.store import Store
    from hub.adapters.store.distribution import Claimed
    from hub.subscription import SubscriptionId, Webhook
    from workers.courier import Courier
    from workers.settler import Settler

log = logging.getLogger("workers.lanes")

HELD = 750
"""Claims that a lane holds, under way or waiting for their turn."""
ROOM = 250
"""So many places must be free before it claims again: a claim costs as much as some deliveries."""
TURNS = {Lane.FAST: 64, Lane.SLOW: 8, Lane.PROBATION: 1}
"""Attempts at a time to one host."""
STANDSTILL_SECONDS = 1.0
"""A host that answered nothing for so long, while others wait for a turn, holds up the lane."""
ELSEWHERE = {
    Lane.FAST: (Lane.SLOW, 0),
    Lane.SLOW: (Lane.SLOW, 30_000),
    Lane.PROBATION: (Lane.PROBATION, 60_000),
}
"""Where those that waited at such a host go, and for how long (ms)."""


@dataclass(slots=True)
class Host:
    """One receiver's host: its turns, and who waits for one."""

    running: int = 0
    waiting: deque[tuple[Claimed, Webhook | None]] = field(default_factory=deque)
    moved: float = 0.0
    """When it last began to be asked, or answered (monotonic seconds)."""


class LaneTask:
    """Serves one lane for as long as the process lives."""

    def __init__(
        self,
        lane: Lane,
        *,
        store: Store,
        courier: Courier,
        settler: Settler,
        crash: CrashPoints,
        wake_all: Callable[[], None],
    ) -> None:
        self._lane = lane
        self._store = store
        self._courier = courier
        self._settler = settler
        self._crash = crash
        self._wake_all = wake_all
        self._awake = asyncio.Event()
        self._freed = asyncio.Event()
        self._hosts: dict[str, Host] = {}
        self._held: dict[SubscriptionId, str] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._renew_at = 0.0

    def wake(self) -> None:
        """Look at the state: somebody may be owed something."""
        self._awake.set()

    def stop(self) -> None:
        """Claim no more; what waits for a turn is left to its lease's end."""
        self._stopping = True
        for host in self._hosts.values():
            while host.waiting:
                self._release(host.waiting.popleft()[0].subscription.id)

    async def stopped(self) -> None:
        """Return when nothing is under way any more."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def run(self) -> None:
        """Claim and deliver for ever. What a trouble leaves undone is due again when its lease ends."""
        keeper = asyncio.create_task(self._keep(), name=f"{self._lane}-keeper")
        try:
            while True:
                await self._awake.wait()
                self._awake.clear()
                try:
                    await self._drain()
                except StoreUnavailable as error:
                    log.warning("lane=%s waits for Redis: %s", self._lane, error)
                except Exception:
                    log.exception("lane=%s stumbled; it goes on", self._lane)
        finally:
            keeper.cancel()

    async def _drain(self) -> None:
        """Claim until nobody is left, as places become free: the slowest holds up nobody."""
        while not self._stopping:
            self._freed.clear()
            room = min(HELD - len(self._held), MOST_CLAIMED)
            if room >= ROOM:
                if await self._claim(room) < room:
                    return  # nobody is left; who is owed something later, wakes this lane
            else:
                await self._freed.wait()

    async def _claim(self, room: int) -> int:
        claimed, others = await self._store.claim_subscribers(uuid4().hex, self._lane, limit=room)
        if others:
            self._wake_all()
        self._crash.reach("after_claim")
        ids = {each.subscription.callback for each in claimed if each.subscription.channel is Channel.WEBHOOK}
        hooks = await self._store.webhooks(list(ids)) if ids else {}
        for each in claimed:
            self._admit(each, hooks.get(each.subscription.callback))
        return len(claimed)

    def _admit(self, claimed: Claimed, hook: Webhook | None) -> None:
        if claimed.subscription.id in self._held:
            return  # its lease ended in our hands: one delivery at a time, or the order is lost
        name = authority(hook.url if hook else claimed.subscription.callback)
        host = self._hosts.setdefault(name, Host())
        self._held[claimed.subscription.id] = claimed.subscription.claim
        host.waiting.append((claimed, hook))
        if host.running < TURNS[self._lane]:
            host.running += 1
            host.moved = time.monotonic()
            task = asyncio.create_task(self._take_turns(name, host))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _take_turns(self, name: str, host: Host) -> None:
        """Make one attempt after the other while somebody waits for one."""
        while host.waiting:
            claimed, hook = host.waiting.popleft()
            try:
                await self._courier.deliver(claimed, hook)
            except Exception:
                log.exception("distribute subscription=%s outcome=failed", claimed.subscription.id)
            finally:
                host.moved = time.monotonic()
                self._release(claimed.subscription.id)
        host.running -= 1
        if not host.running:
            del self._hosts[name]

    def _release(self, id_: SubscriptionId) -> None:
        self._held.pop(id_, None)
        if len(self._held) <= HELD - ROOM:
            self._freed.set()

    async def _keep(self) -> None:
        """Renew the leases of what is held, and empty the queues of hosts that stand still."""
        while True:
            await asyncio.sleep(STANDSTILL_SECONDS / 2)
            for host in list(self._hosts.values()):
                if host.waiting and time.monotonic() - host.moved > STANDSTILL_SECONDS:
                    self._give_up(host)
            try:
                await self._renew()
            except Exception:
                log.exception("lane=%s could not renew its claims; it goes on", self._lane)

    def _give_up(self, host: Host) -> None:
        lane, delay = ELSEWHERE[self._lane]
        while host.waiting:
            claimed, _ = host.waiting.popleft()
            subscription = claimed.subscription
            verdict = Verdict(
                Act.RETRY,
                "",
                lane,
                subscription.failures,
                subscription.failing_since or 0,
                delay,
                subscription.refused,
            )
            self._settler.put(Settlement(subscription, Act.RETRY, subscription.cursor, verdict, None, 0))
            self._release(subscription.id)

    async def _renew(self) -> None:
        if time.monotonic() < self._renew_at:
            return
        self._renew_at = time.monotonic() + RENEW_SECONDS
        try:
            await self._store.renew(self._lane, self._held)
        except StoreUnavailable as error:
            log.warning("lane=%s could not renew its claims: %s", self._lane, error)
