"""One reconcile of one source: which pages of its listing are read, and when that is enough; it ends in a report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hub.adapters.cms import Cms
from hub.errors import SourceFailed
from hub.reconcile import (
    IDLE_SHARE,
    OVERLAP_MS,
    Cause,
    Found,
    Listing,
    Report,
    last_page,
    walk_to,
    wants_all,
)
from workers.takeover import EXAMPLES, Takeover

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hub.adapters.egress import Egress
    from hub.adapters.queue import Bell
    from hub.adapters.store import Store
    from hub.intake.catalogue import Catalogue
    from hub.model import Kind
    from hub.reconcile import Calls, Page, Progress

TRIES = 3
"""Readings of all pages in a row, where something is published meanwhile."""


class Comparison:
    """Compares once. Raises SourceFailed where the CMS can't be read, StoreUnavailable; what was done by then stays."""

    def __init__(
        self,
        store: Store,
        egress: Egress,
        catalogue: Catalogue,
        *,
        bell: Bell,
        progress: Progress,
        calls: Calls,
        cause: Cause,
        still_ours: Callable[[], Awaitable[bool]],
        now: Callable[[], int],
    ) -> None:
        """Prepare one; `still_ours` says whether this process has the lease."""
        self._store = store
        self._catalogue = catalogue
        self._source = catalogue.source
        self._cms = Cms(egress, self._source, catalogue.headers, progress.etags)
        self._calls = calls
        self._clock = now
        self._now = now()
        self._before = progress
        self._settled = True
        """What changed was read to its end."""
        self._takeover = Takeover(
            store,
            self._cms,
            catalogue,
            bell=bell,
            report=Report(cause=cause, asked=calls.asked.id if calls.asked else "", started=self._now),
            allowed=calls.asked.allow_removals if calls.asked else None,
            still_ours=still_ours,
            now=self._now,
            first=progress.whole_at == 0,
        )
        self.progress = replace(progress, started=self._now, hints=calls.hints)

    @property
    def report(self) -> Report:
        return self._takeover.report

    async def run(self) -> None:
        """Compare what changed, then a page in turn, then everything where that does not explain what there is."""
        # Terms after entries: one may have brought a parent of its category, of which it says the number alone.
        explained = await self._changed() + await self._walk() + await self._terms()
        gap = (self.report.total or 0) - await self._store.owned_count(self._source)
        hold = 0
        if wants_all(self._before, self._calls, gap=gap, explained=explained):
            hold = self._before.whole_at + IDLE_SHARE * self._before.whole_ms
            if self._calls.asked or self._clock() >= hold:
                hold = 0 if await self._all() else self._clock() + IDLE_SHARE * self.progress.whole_ms
                await self._terms()
        self.progress = replace(self.progress, hold=hold)
        await self._conclude()

    async def _conclude(self) -> None:
        now = self._clock()
        held = await self._store.owned_count(self._source)
        newest = self._takeover.newest if self._settled else 0
        report = self._report(ended=now, held=held)
        self.progress = replace(
            self.progress,
            done=now,
            failing=None,
            mark=min(max(newest, self._before.mark), self._now),
            etags=self._cms.etags,
            report=report,
        )
        if report.cause == Cause.CLOCK and self._before.done and (ids := self._takeover.untold):
            self.progress = replace(self.progress, untold=Found(now, len(ids), tuple(ids[:EXAMPLES])))

    # ---- reading -------------------------------------------------------------------------------------------------

    async def _changed(self) -> int:
        """Compare what changed since the last time; answers how many entries are newer than all before."""
        if not self._before.mark:
            return 0
        since, listing, explained, page, last = self._before.mark - OVERLAP_MS, Listing(), 0, 0, 1
        while page < last:
            page += 1
            got = await self._cms.read_if_new(
                self._catalogue.listing(page, since), self._catalogue.read_listing
            )
            if got is None:
                return 0
            last = last_page(got.total)
            if last > 1:  # that one page is the same says nothing of the others
                self._cms.forget(self._catalogue.listing(page, since))
            listing.add(got)
            explained += sum(row.modified > self._before.mark for row in got.rows)
            await self._takeover.compare(got.rows)
        if not listing.complete:
            self._settled = False  # it is all read again the next time
        return explained

    async def _walk(self) -> int:
        """Compare the page of the archive whose turn it is; answers how many entries differed."""
        page, began = self._before.walk_page, self._before.walk_began or self._now
        before = self.report.changed
        try:
            got = await self._page(page)
        except SourceFailed:
            if page == 1:
                raise
            page, got = 1, await self._page(1)  # there may be fewer pages by now
        to = walk_to(got.total, began=began, page=page, now=self._now)
        for each in range(page + 1, to + 1):
            await self._page(each)
        over = to >= last_page(got.total)
        self.progress = replace(
            self.progress, walk_page=1 if over else to + 1, walk_began=self._now if over else began
        )
        return self.report.changed - before

    async def _all(self) -> bool:
        """Compare every page, and remove what none of them names; False if something was published meanwhile."""
        for _ in range(TRIES):
            began = self._clock()
            stamp, owned = await self._store.last_stamp(), await self._store.owned(self._source)
            listing, page, last = Listing(), 0, 1
            self._takeover.met.clear()
            while page < last:
                page += 1
                got = await self._page(page)
                last = last_page(got.total)
                listing.add(got)
            now = self._clock()
            self._report(whole=True)
            self.progress = replace(
                self.progress, whole_at=now, whole_ms=now - began, walk_page=1, walk_began=now, gap=None
            )
            if listing.complete:
                refused = await self._takeover.remove(owned, stamp=stamp, listed=len(listing.ids))
                if refused and self._before.refused:
                    refused = replace(refused, at=self._before.refused.at)
                gap = len(listing.ids) - await self._store.owned_count(self._source)
                self.progress = replace(self.progress, gap=gap, refused=refused)
                return True
        return False

    async def _page(self, page: int) -> Page:
        got = await self._cms.read(self._catalogue.listing(page), self._catalogue.read_listing)
        self._report(total=got.total)
        await self._takeover.compare(got.rows)
        return got

    async def _terms(self) -> int:
        """Take over what is new of categories, tags and authors; answers of how many."""
        before = self.report.renamed
        for kind, needed in self._catalogue.kinds.items():
            try:
                await self._terms_of(kind)
            except SourceFailed:
                if needed:
                    raise
        return self.report.renamed - before

    async def _terms_of(self, kind: Kind) -> None:
        policy, page, last = self._takeover.policy(), 0, 1
        while page < last:
            page += 1
            got = await self._cms.read_if_new(
                self._catalogue.terms(kind, page),
                lambda answer: self._catalogue.read_terms(kind, answer, policy),
            )
            if got is None:
                return
            last = last_page(got.total)
            if last > 1:
                self._cms.forget(self._catalogue.terms(kind, page))
            await self._takeover.take_terms(got)

    def _report(self, **said: Any) -> Report:
        self._takeover.report = replace(self._takeover.report, **said)
        return self._takeover.report
