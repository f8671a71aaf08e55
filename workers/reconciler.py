"""When a source is reconciled, and by whom: on a clock, at a hint, when asked; one at a time in the whole hub.

One task per configured CMS in every worker process; a lease in Redis says whose turn it is, and ends with its process.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from secrets import token_hex
from typing import TYPE_CHECKING

from hub.adapters.cms import catalogues
from hub.adapters.egress import Egress
from hub.errors import SourceFailed, StoreUnavailable
from hub.reconcile import due, retry_at
from workers.comparison import Comparison
from workers.loop import end

if TYPE_CHECKING:
    from hub.adapters.queue import Bell
    from hub.adapters.store import Store
    from hub.intake.catalogue import Catalogue
    from hub.reconcile import Calls, Cause, Progress, Report

log = logging.getLogger("workers.reconciler")

LOOK_SECONDS = 0.25
"""Between two looks at what calls: a thin hook's change is to be seen as fast as another's."""
LEASE_MS = 15_000
RUN_SECONDS = 3600.0
"""One reconcile's end, whatever the CMS does; what it compared stays, and the next one begins with what is left."""


def now_ms() -> int:
    return int(time.time() * 1000)


class Reconciler:
    """Keeps one source compared."""

    def __init__(self, store: Store, egress: Egress, bell: Bell, catalogue: Catalogue) -> None:
        self._store = store
        self._egress = egress
        self._bell = bell
        self._catalogue = catalogue
        self._source = catalogue.source
        self._token = token_hex(8)

    async def run(self) -> None:
        """Look for ever. What happened while nobody looked is looked for at once."""
        begun = False
        while True:
            try:
                begun = begun or await self._begin()
                await self.stroke()
            except StoreUnavailable as error:
                log.warning("reconcile of %s waits for Redis: %s", self._source, error)
            except Exception:
                log.exception("reconcile of %s stumbled; it goes on", self._source)
            await asyncio.sleep(LOOK_SECONDS)

    async def _begin(self) -> bool:
        """Call for a reconcile of all that may have happened while nobody was there."""
        why = "a worker started, and hooks may have been lost before"
        await self._store.hint(self._source, datetime.now(UTC), why)
        return True

    async def stroke(self) -> bool:
        """Reconcile if it is due and nobody else does; says whether it did."""
        progress, calls = await self._store.called(self._source)
        when, _ = due(progress, calls, self._every_ms)
        if now_ms() < when or not await self._leased():
            return False
        try:
            progress, calls = await self._store.called(self._source)  # it may have just been done elsewhere
            when, cause = due(progress, calls, self._every_ms)
            if now_ms() < when:
                return False
            await self._reconcile(progress, calls, cause)
        finally:
            with suppress(StoreUnavailable):
                await self._store.lease(self._source, self._token, 0)
        return True

    @property
    def _every_ms(self) -> int:
        return self._store.settings.reconcile_seconds * 1000

    async def _leased(self) -> bool:
        return await self._store.lease(self._source, self._token, LEASE_MS)

    async def _reconcile(self, progress: Progress, calls: Calls, cause: Cause) -> None:
        comparison = Comparison(
            self._store,
            self._egress,
            self._catalogue,
            bell=self._bell,
            progress=progress,
            calls=calls,
            cause=cause,
            still_ours=self._leased,
            now=now_ms,
        )
        try:
            await self._within_lease(comparison)
        except SourceFailed as error:
            await self._failed(progress, calls, comparison.report, error)
            return
        done = comparison.progress
        answered = calls if not done.hold else replace(calls, hinted="")
        await self._store.reconciled(self._source, self._token, done, answered)
        _log(self._source, comparison.report)

    async def _within_lease(self, comparison: Comparison) -> None:
        """Run it for as long as the lease can be renewed."""
        run, renew = asyncio.create_task(comparison.run()), asyncio.create_task(self._renew())
        try:
            await asyncio.wait({run, renew}, timeout=RUN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if renew.done() and not run.done():
                renew.result()
                raise SourceFailed("Another worker has taken over.", "Nothing: it goes on there.")
            if not run.done():
                sentence = f"A reconcile of {self._source} did not end within {RUN_SECONDS:.0f} s."
                raise SourceFailed(sentence, f"See why {self._source} answers so slowly.")
            run.result()
        finally:
            await end((run, renew))

    async def _renew(self) -> None:
        while await self._leased():  # noqa: ASYNC110  (no event says that time has passed)
            await asyncio.sleep(LEASE_MS / 3000)

    async def _failed(self, progress: Progress, calls: Calls, report: Report, error: SourceFailed) -> None:
        """Keep why, and when it is tried again. What called stays, but for those who wait for an answer."""
        now = now_ms()
        failing = retry_at(progress.failing, now, retry_after=error.retry_after)
        report = replace(report, ended=now, failure=str(error), action=error.action)
        progress = replace(progress, started=report.started, failing=failing, report=report)
        await self._store.reconciled(
            self._source, self._token, progress, replace(calls, hinted="", pinged="")
        )
        _log(self._source, report)


class Reconcilers:
    """All sources of this process. Made and closed on its loop."""

    def __init__(self, store: Store, bell: Bell) -> None:
        self._egress = Egress(store.settings.egress_allow, per_host=1)
        self._tasks = [
            asyncio.create_task(Reconciler(store, self._egress, bell, catalogue).run())
            for catalogue in catalogues(store.settings)
        ]

    async def close(self) -> None:
        await end(self._tasks)
        await self._egress.close()


async def start_reconcilers(store: Store, bell: Bell) -> Reconcilers:
    return Reconcilers(store, bell)


def _log(source: str, report: Report) -> None:
    log.info(
        "reconcile source=%s cause=%s outcome=%s whole=%s compared=%d changed=%d removed=%d refused=%d ms=%d",
        source,
        report.cause,
        report.failure or "compared",
        report.whole,
        report.compared,
        report.changed,
        report.removed,
        report.refused,
        report.ended - report.started,
    )
