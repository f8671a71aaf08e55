"""What watches the hub reads and keeps: its condition, since when each problem is there, alerts that are to be sent."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import orjson

from hub.adapters.store.database import unavailable
from hub.adapters.store.hooks import Hooks
from hub.adapters.store.reading import Reading
from hub.adapters.store.reconciles import Reconciles
from hub.adapters.store.remotes import Remotes
from hub.adapters.store.upkeep import Upkeep
from hub.alerts import Alert, Kept, begin
from hub.condition import AlertTrouble, Condition, ForeignHost
from hub.errors import StoreUnavailable
from hub.problems import Problem
from hub.reconcile import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.alerts import Verdict

CLOCK_MS = 60_000
"""What a machine said of its clock longer ago counts no more."""
HOSTS = 20
ALERTS = 200
"""Alerts that wait for an ALERT_URL that does not take them."""


class Watching(Hooks, Reading, Remotes, Reconciles, Upkeep):
    """The store's side of problems. Every method raises StoreUnavailable."""

    async def condition(self) -> Condition:
        """Read all that problems are judged by."""
        state = await self.state()
        refusals, _ = await self.safety_problems()
        pipe = self.client.pipeline(transaction=False)
        for key in (self.keys.clocks, self.keys.hosts, self.keys.alerting):
            pipe.hgetall(key)
        pipe.llen(self.keys.alerts)
        with unavailable():
            clocks, hosts, alerting, waiting = await pipe.execute()
        reconciles = await self.reconciles()
        said = {machine.decode(): list(map(int, row.split())) for machine, row in clocks.items()}
        return Condition(
            state,
            await self._refusing(),
            tuple(refusals),
            await self.hook_records(),
            await self.troubled_feeds(kinds=self.settings.feed_kinds),
            {machine: ahead for machine, (ahead, at) in said.items() if at > state.now - CLOCK_MS},
            {host.decode(): ForeignHost(*map(int, row.split())) for host, row in hosts.items()},
            _trouble(alerting, waiting),
            tuple(remote for remote in await self.remotes() if remote.trouble or remote.notice),
            {source: reconciles.get(source, Progress()) for source in self.settings.compared},
        )

    async def _refusing(self) -> str:
        try:
            await self.check_writable()
        except StoreUnavailable as error:
            return str(error)
        return ""

    async def note_clock(self, machine: str, now_ms: int) -> None:
        """Keep how far this machine's clock is ahead of Redis's."""
        await self.run("clock", machine, now_ms)

    async def note_hosts(self, reads: Mapping[str, int]) -> None:
        """Count reads of feeds by the host that they came under."""
        pairs = [part for host, count in reads.items() for part in (host, count)]
        await self.run("hosts", token_hex(12), HOSTS, *pairs)

    async def with_since(self, problems: Sequence[Problem], now: int) -> list[Problem]:
        """Say since when each is there, and keep that of one that nobody saw before, if anything can be kept."""
        before = await self.kept()
        kept = {problem.id: begin(problem, now, before.get(problem.id)) for problem in problems}
        pipe = self.client.pipeline(transaction=False)
        for id_ in kept.keys() - before.keys():
            pipe.hsetnx(self.keys.kept, id_, _packed(kept[id_]))
        with suppress(StoreUnavailable), unavailable():
            await pipe.execute()
        return [each.problem for each in kept.values()]

    async def kept(self) -> dict[str, Kept]:
        with unavailable():
            rows = await self.client.hgetall(self.keys.kept)
        return {id_.decode(): _kept(row) for id_, row in rows.items()}

    async def take_watch(self, token: str, ms: int) -> bool:
        """Be the one of all workers that watches, for so long; or go on to be."""
        return bool(await self.run("watch", token, ms))

    async def judged(self, token: str, verdict: Verdict) -> bool:
        """Keep a verdict, and its alerts with it. False: somebody else watches by now."""
        said = {
            "keep": {id_: _packed(kept).decode() for id_, kept in verdict.changes.items() if kept},
            "drop": [id_ for id_, kept in verdict.changes.items() if kept is None],
            "alerts": [_told(alert) for alert in verdict.alerts],
        }
        return bool(await self.run("judged", token, token_hex(12), orjson.dumps(said), ALERTS))

    async def next_alert(self) -> tuple[Alert, int] | None:
        """Give the oldest alert that waits, and how often in a row none was taken; None while none is to be tried."""
        pipe = self.client.pipeline(transaction=False)
        pipe.exists(self.keys.alerts_wait)
        pipe.lindex(self.keys.alerts, 0)
        pipe.hget(self.keys.alerting, "tries")
        with unavailable():
            waits, row, tries = await pipe.execute()
        return None if waits or row is None else (_alert(row), int(tries or 0))

    async def alerted(self, alert: Alert, why: str = "", *, retry_ms: int = 0) -> bool:
        """Say that an alert was taken, or why not and when it is tried again."""
        return bool(await self.run("alerted", _told(alert), why, retry_ms))


def _trouble(fields: Mapping[bytes, bytes], waiting: int) -> AlertTrouble | None:
    if not fields or not waiting:
        return None
    return AlertTrouble(int(fields[b"since"]), fields[b"why"].decode(), int(fields[b"tries"]), waiting)


def _packed(kept: Kept) -> bytes:
    return orjson.dumps(asdict(kept))


def _kept(row: bytes) -> Kept:
    fields: dict[str, Any] = orjson.loads(row)
    return Kept(**(fields | {"problem": Problem(**fields["problem"])}))


def _told(alert: Alert) -> str:
    return orjson.dumps(asdict(alert)).decode()


def _alert(row: bytes) -> Alert:
    fields: dict[str, Any] = orjson.loads(row)
    return Alert(**(fields | {"problem": Problem(**fields["problem"])}))
