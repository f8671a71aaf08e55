"""One reconcile of one source: read its listing, fetch what differs, remove what is gone; what it found is a report."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from hub.adapters.cms import Cms
from hub.errors import HubError, SourceFailed
from hub.events import EntryPublished, EntryRemoved, Outcome, Receipt
from hub.intake.policy import IntakePolicy
from hub.reconcile import (
    DAY_MS,
    IDLE_SHARE,
    OVERLAP_MS,
    TOLD_MS,
    Cause,
    Found,
    Listing,
    Report,
    differs,
    last_page,
    may_remove,
    renames,
    walk_to,
    wants_all,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from hub.adapters.egress import Egress
    from hub.adapters.queue import Bell
    from hub.adapters.store import Store
    from hub.events import PublishEvent
    from hub.intake.catalogue import Catalogue
    from hub.model import EntryId, EntryNumber, Kind
    from hub.reconcile import Calls, Held, Listed, Page, Progress

T = TypeVar("T")

log = logging.getLogger("workers.comparison")

WHOLE_ROWS = 25
"""Entries fetched whole in one request."""
SAMPLE = 20
"""Entries asked for to see whether this is still the same site."""
TRIES = 3
"""Readings of all pages in a row, where something is published meanwhile."""
EXAMPLES = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
        self._store = store
        self._catalogue = catalogue
        self._source = catalogue.source
        self._cms = Cms(egress, self._source, catalogue.headers, progress.etags)
        self._bell = bell
        self._calls = calls
        self._still_ours = still_ours
        """Whether this process has the lease."""
        self._clock = now
        self._now = now()
        self._before = progress
        self._proven = False
        self._met: set[EntryNumber] = set()
        """The numbers of those held that a page named."""
        self._newest = progress.mark
        self._untold: list[EntryId] = []
        asked = calls.asked.id if calls.asked else ""
        self.report = Report(cause=cause, asked=asked, started=self._now)
        self.progress = replace(progress, started=self._now, hints=calls.hints)

    async def run(self) -> None:
        """Compare what changed, then a page in turn, then everything where that does not explain what there is."""
        explained = await self._changed() + await self._terms() + await self._walk()
        gap = (self.report.total or 0) - await self._store.owned_count(self._source)
        hold = 0
        if wants_all(self._before, self._calls, gap=gap, explained=explained):
            hold = self._before.whole_at + IDLE_SHARE * self._before.whole_ms
            if self._calls.asked or self._clock() >= hold:
                hold = 0 if await self._all() else self._clock() + IDLE_SHARE * self.progress.whole_ms
                await self._terms()  # an entry may have brought a parent, of which it says the number alone
        self.progress = replace(self.progress, hold=hold)
        await self._conclude()

    async def _conclude(self) -> None:
        now = self._clock()
        held = await self._store.owned_count(self._source)
        self.report = replace(self.report, ended=now, held=held)
        self.progress = replace(
            self.progress,
            done=now,
            failing=None,
            mark=min(self._newest, self._now),
            etags=self._cms.etags,
            report=self.report,
        )
        if self.report.cause == Cause.CLOCK and self._before.done and self._untold:
            untold = Found(now, len(self._untold), tuple(self._untold[:EXAMPLES]))
            self.progress = replace(self.progress, untold=untold)

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
            await self._compare(got.rows)
        if not listing.complete:
            self._newest = self._before.mark
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
            self._met.clear()
            while page < last:
                page += 1
                got = await self._page(page)
                last = last_page(got.total)
                listing.add(got)
            now = self._clock()
            self.report = replace(self.report, whole=True)
            self.progress = replace(
                self.progress, whole_at=now, whole_ms=now - began, walk_page=1, walk_began=now, gap=None
            )
            if listing.complete:
                await self._remove(owned, stamp=stamp, listed=len(listing.ids))
                gap = len(listing.ids) - await self._store.owned_count(self._source)
                self.progress = replace(self.progress, gap=gap)
                return True
        return False

    async def _page(self, page: int) -> Page:
        got = await self._cms.read(self._catalogue.listing(page), self._catalogue.read_listing)
        self.report = replace(self.report, total=got.total)
        await self._compare(got.rows)
        return got

    # ---- comparing -----------------------------------------------------------------------------------------------

    async def _compare(self, rows: Sequence[Listed]) -> None:
        """Fetch whole what differs from what is held, and publish it here."""
        held = await self._store.held([row.id for row in rows])
        self._met |= {each.number for each in held.values()}
        self._proven |= any(each.source == self._source and not each.removed for each in held.values())
        self._newest = max([self._newest, *(row.modified for row in rows)])
        self.report = replace(self.report, compared=self.report.compared + len(rows))
        wanted = [row for row in rows if differs(row, held.get(row.id), self._source)]
        for some in _some(wanted):
            await self._fetch(some)

    async def _fetch(self, rows: Sequence[Listed]) -> None:
        policy = self._policy()
        found = await self._cms.read(
            self._catalogue.whole([row.key for row in rows]),
            lambda answer: self._catalogue.read_whole(answer, policy),
        )
        wanted = {row.id: row for row in rows}
        events = [each for each in found if isinstance(each, EntryPublished) and each.entry.id in wanted]
        self._count_invalid([each for each in found if isinstance(each, HubError)])
        old = self._now - DAY_MS if self._before.whole_at == 0 else 0
        changed = await self._accept([each for each in events if wanted[each.entry.id].modified >= old])
        # What was old when this source was met first is there for who asks: nobody is told an archive as news.
        changed += await self._accept(
            [each for each in events if wanted[each.entry.id].modified < old], quiet=True
        )
        told = self._now - TOLD_MS
        self._untold += [id_ for id_ in changed if wanted[id_].modified < told]
        self.report = replace(self.report, changed=self.report.changed + len(changed))

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
        policy, page, last = self._policy(), 0, 1
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
            known = await self._store.known_terms(kind, [term.id for term in got.terms])
            events = renames(got.terms, known)
            if events:
                await self._prove()
                answers = await self._store.accept(events, source=self._source, ring=self._bell.call())
                done = sum(isinstance(each, Receipt) and each.outcome is Outcome.ACCEPTED for each in answers)
                self._count_invalid([each for each in answers if isinstance(each, HubError)])
                self.report = replace(self.report, renamed=self.report.renamed + done)

    async def _accept(self, events: Sequence[PublishEvent], *, quiet: bool = False) -> list[EntryId]:
        """Store events as this source's; answers the entries that were really changed."""
        if not events:
            return []
        await self._prove()
        ring = self._bell.call()
        answers = await self._store.accept(events, source=self._source, ring=ring, quiet=quiet)
        self._count_invalid([each for each in answers if isinstance(each, HubError)])
        return [
            each.entry
            for each in answers
            if isinstance(each, Receipt) and each.outcome is Outcome.ACCEPTED and each.entry
        ]

    async def _prove(self) -> None:
        """Make sure that this is still the site of what is held, before anything of it is taken over."""
        if self._proven or (self._calls.asked and self._calls.asked.allow_removals is not None):
            return
        owned = sorted(await self._store.owned(self._source))
        sample = await self._store.held_numbers(owned[-SAMPLE:])
        if sample and not await self._present(sample) and not await self._terms_are_known():
            sentence = (
                f"None of the {len(sample)} latest entries of {self._source} is there any more: "
                "it may be another site, and nothing was taken over."
            )
            cure = f"Correct FEEDHUB_{self._source.upper()}_URL; if it is right: feedhub reconcile --allow-removals"
            raise SourceFailed(sentence, f"{cure} {len(owned)}.")
        self._proven = True

    async def _terms_are_known(self) -> bool:
        """Say whether a category, tag or author is there as it is here, by id and address: the posts alone are new."""
        policy = self._policy()
        for kind in self._catalogue.kinds:
            try:
                got = await self._cms.read(
                    self._catalogue.terms(kind, 1),
                    lambda answer, kind=kind: self._catalogue.read_terms(kind, answer, policy),  # type: ignore[misc]
                )
            except SourceFailed:  # it may be closed, and proves nothing then
                continue
            known = await self._store.known_terms(kind, [term.id for term in got.terms])
            if any(term.url and term.id in known and known[term.id].url == term.url for term in got.terms):
                return True
        return False

    async def _present(self, held: Sequence[Held]) -> set[EntryId]:
        """Ask which of these are published, by name."""
        found: set[EntryId] = set()
        for url in self._catalogue.present(held):
            got = await self._cms.read(url, self._catalogue.read_listing)
            found |= {row.id for row in got.rows}
        return found & {each.id for each in held}

    # ---- removing ------------------------------------------------------------------------------------------------

    async def _remove(self, owned: frozenset[EntryNumber], *, stamp: int, listed: int) -> None:
        """Remove the entries that a complete listing does not name, and that are not there when asked for by name.

        What was changed here since the listing began (`stamp`) stays: a hook knows better.
        """
        missing = await self._store.held_numbers(sorted(owned - self._met))
        gone = [
            each
            for each in missing
            if each.source == self._source and not each.removed and each.revision <= stamp
        ]
        allowed = self._calls.asked.allow_removals if self._calls.asked else None
        if not may_remove(len(gone), held=len(owned), listed=listed, allowed=allowed):
            since = self._before.refused.at if self._before.refused else self._clock()
            refused = Found(since, len(gone), tuple(each.id for each in gone[:EXAMPLES]))
            self.progress = replace(self.progress, refused=refused)
            self.report = replace(self.report, refused=len(gone))
            return
        for some in _some(gone):
            there = await self._present(some)
            await self._remove_these([each for each in some if each.id not in there])
        self.progress = replace(self.progress, refused=None)

    async def _remove_these(self, gone: Sequence[Held]) -> None:
        if not await self._still_ours():
            raise SourceFailed("Another worker has taken over.", "Nothing: it goes on there.")
        events = [EntryRemoved(each.id, _EPOCH + timedelta(milliseconds=each.modified)) for each in gone]
        done = await self._accept(events)
        log.info("reconcile source=%s removed=%s", self._source, list(done))
        self.report = replace(self.report, removed=self.report.removed + len(done))

    # ---- small things --------------------------------------------------------------------------------------------

    def _policy(self) -> IntakePolicy:
        settings = self._store.settings
        return IntakePolicy(
            now=datetime.now(UTC),
            base_url=settings.base_url(self._source),
            embed_hosts=frozenset(host.lower() for host in settings.embed_hosts),
        )

    def _count_invalid(self, errors: Sequence[HubError]) -> None:
        for error in errors:
            log.warning("reconcile source=%s can't take: %s", self._source, error)
        self.report = replace(self.report, invalid=self.report.invalid + len(errors))


def _some(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut what is fetched whole into what one request asks for."""
    return (rows[start : start + WHOLE_ROWS] for start in range(0, len(rows), WHOLE_ROWS))
