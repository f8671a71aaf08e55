"""What a reconcile finds is taken over here: entries that differ are published, those that are gone removed.

Before anything is, it is proven that this is still the site whose entries are held.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from hub.errors import HubError, SourceFailed
from hub.events import EntryPublished, EntryRemoved, Outcome, Receipt
from hub.intake.policy import IntakePolicy
from hub.reconcile import DAY_MS, TOLD_MS, Found, Report, differs, may_remove, renames

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from hub.adapters.cms import Cms
    from hub.adapters.queue import Bell
    from hub.adapters.store import Store
    from hub.events import PublishEvent
    from hub.intake.catalogue import Catalogue, Terms
    from hub.model import EntryId, EntryNumber, Term
    from hub.reconcile import Held, Listed

T = TypeVar("T")

log = logging.getLogger("workers.takeover")

WHOLE_ROWS = 25
"""Entries fetched whole in one request."""
SAMPLE = 20
"""Entries asked for to see whether this is still the same site."""
EXAMPLES = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Takeover:
    """One source's. `now` is when its reconcile began; `first`: nothing of it was ever compared."""

    def __init__(
        self,
        store: Store,
        cms: Cms,
        catalogue: Catalogue,
        *,
        bell: Bell,
        report: Report,
        allowed: int | None,
        still_ours: Callable[[], Awaitable[bool]],
        now: int,
        first: bool,
    ) -> None:
        self._store = store
        self._cms = cms
        self._catalogue = catalogue
        self._source = catalogue.source
        self._bell = bell
        self._allowed = allowed
        """How many removals an operator allows; who does knows the site, too."""
        self._still_ours = still_ours
        self._now = now
        self._first = first
        self._proven = allowed is not None
        self.report = report
        self.met: set[EntryNumber] = set()
        """The numbers of those held that a page named."""
        self.newest = 0
        """The last change that was seen."""
        self.untold: list[EntryId] = []

    # ---- entries and terms ---------------------------------------------------------------------------------------

    async def compare(self, rows: Sequence[Listed]) -> None:
        """Fetch whole what differs from what is held, and publish it here."""
        held = await self._store.held([row.id for row in rows])
        self.met |= {each.number for each in held.values()}
        self._proven |= any(each.source == self._source and not each.removed for each in held.values())
        self.newest = max([self.newest, *(row.modified for row in rows)])
        self.report = replace(self.report, compared=self.report.compared + len(rows))
        wanted = [row for row in rows if differs(row, held.get(row.id), self._source)]
        for some in _some(wanted):
            await self._fetch(some)

    async def _fetch(self, rows: Sequence[Listed]) -> None:
        policy = self.policy()
        found = await self._cms.read(
            self._catalogue.whole([row.key for row in rows]),
            lambda answer: self._catalogue.read_whole(answer, policy),
        )
        wanted = {row.id: row for row in rows}
        events = [each for each in found if isinstance(each, EntryPublished) and each.entry.id in wanted]
        self._count_invalid([each for each in found if isinstance(each, HubError)])
        old = self._now - DAY_MS if self._first else 0
        changed = await self._accept([each for each in events if wanted[each.entry.id].modified >= old])
        # What was old when this source was met first is there for who asks: nobody is told an archive as news.
        changed += await self._accept(
            [each for each in events if wanted[each.entry.id].modified < old], quiet=True
        )
        told = self._now - TOLD_MS
        self.untold += [id_ for id_ in changed if wanted[id_].modified < told]
        self.report = replace(self.report, changed=self.report.changed + len(changed))

    async def take_terms(self, terms: Terms) -> None:
        """Take over what is new of categories, tags and authors that have a feed here."""
        events = renames(terms.terms, await self._known(terms))
        if not events:
            return
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
        if self._proven:
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
        policy = self.policy()
        for kind in self._catalogue.kinds:
            try:
                got = await self._cms.read(
                    self._catalogue.terms(kind, 1),
                    lambda answer, kind=kind: self._catalogue.read_terms(kind, answer, policy),  # type: ignore[misc]
                )
            except SourceFailed:  # it may be closed, and proves nothing then
                continue
            known = await self._known(got)
            if any(term.url and term.id in known and known[term.id].url == term.url for term in got.terms):
                return True
        return False

    async def _known(self, terms: Terms) -> Mapping[str, Term]:
        kinds = {term.kind for term in terms.terms}
        ids = [term.id for term in terms.terms]
        return await self._store.known_terms(kinds.pop(), ids) if kinds else {}

    async def _present(self, held: Sequence[Held]) -> set[EntryId]:
        """Ask which of these are published, by name."""
        found: set[EntryId] = set()
        for url in self._catalogue.present(held):
            got = await self._cms.read(url, self._catalogue.read_listing)
            found |= {row.id for row in got.rows}
        return found & {each.id for each in held}

    # ---- removing ------------------------------------------------------------------------------------------------

    async def remove(self, owned: frozenset[EntryNumber], *, stamp: int, listed: int) -> Found | None:
        """Remove the entries that a complete listing does not name, and that are not there when asked for by name.

        Answers those that it refuses to, where they are too many.
        What was changed here since the listing began (`stamp`) stays: a hook knows better.
        """
        missing = await self._store.held_numbers(sorted(owned - self.met))
        gone = [
            each
            for each in missing
            if each.source == self._source and not each.removed and each.revision <= stamp
        ]
        if not may_remove(len(gone), held=len(owned), listed=listed, allowed=self._allowed):
            self.report = replace(self.report, refused=len(gone))
            return Found(self._now, len(gone), tuple(each.id for each in gone[:EXAMPLES]))
        for some in _some(gone):
            there = await self._present(some)
            await self._remove_these([each for each in some if each.id not in there])
        return None

    async def _remove_these(self, gone: Sequence[Held]) -> None:
        if not await self._still_ours():
            raise SourceFailed("Another worker has taken over.", "Nothing: it goes on there.")
        events = [EntryRemoved(each.id, _EPOCH + timedelta(milliseconds=each.modified)) for each in gone]
        done = await self._accept(events)
        log.info("reconcile source=%s removed=%s", self._source, list(done))
        self.report = replace(self.report, removed=self.report.removed + len(done))

    # ---- small things --------------------------------------------------------------------------------------------

    def policy(self) -> IntakePolicy:
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
