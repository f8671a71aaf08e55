"""Comparing a CMS's listing with what is held: when to look, what to fetch, and what may be removed. Pure.

A hook that is lost is lost for ever at a real CMS, so the hub looks for itself (docs/decisions/0006-reconcile.md).
Times are milliseconds, those of the CMS by its own clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING, Any

import orjson

from hub.events import FeedUpdated, Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.model import EntryId, EntryNumber, Kind, Term

PAGE_ROWS = 100
"""Rows of a light listing in one request."""
OVERLAP_MS = 120_000
"""Read again before the last change that was seen: entries of the same second, and saves that took their time."""
HINT_MS = 10_000
"""Hints cause at most one reconcile in so long: anybody can send some."""
DAY_MS = 86_400_000
IDLE_SHARE = 10
"""The whole archive is listed for a tenth of the time at most, unless an operator asks."""
RETRY_MS = (30_000, 900_000)
"""First and longest delay after a failure; it doubles in between."""
REMOVALS, REMOVALS_SHARE = 20, 0.02
"""What a listing may remove at once without being asked: so many, or this share of what is held."""
TOLD_MS = 60_000
"""A hook has so long to arrive before its change counts as one that no hook told."""


# ---- what is compared ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """What the hub has of an entry, as far as a light listing can tell a difference."""

    number: EntryNumber
    id: EntryId
    source: str
    removed: bool
    modified: int
    revision: int
    """When it changed here last, by the hub's own clock (microseconds)."""
    visibility: str
    refs: frozenset[tuple[Kind, str]]
    url: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a light listing."""

    key: str
    """What the CMS is asked by for the whole."""
    id: EntryId
    modified: int
    visibility: str
    refs: frozenset[tuple[Kind, str]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a listing, and how many rows all pages have."""

    rows: tuple[Listed, ...]
    total: int


def differs(listed: Listed, held: Held | None, source: Source) -> bool:
    """Say whether an entry is to be fetched whole."""
    if held is None or listed.modified > held.modified:
        return True
    if listed.modified < held.modified:  # a hook was faster than this listing
        return False
    if held.removed:  # who took it down here on purpose, by /publish, has it his way until the CMS changes it
        return held.source == source
    if held.source != source:
        return held.source not in set(Source)  # of another CMS, which has it, too: the later change decides
    return (listed.visibility, listed.refs) != (held.visibility, held.refs)


def renames(listed: Sequence[Term], known: Mapping[str, Term]) -> list[FeedUpdated]:
    """Ask for what is new of categories, tags and authors that have a feed here; others get theirs with an entry."""
    events = []
    for term in listed:
        if (old := known.get(term.id)) is None:
            continue
        changes = {
            name: getattr(term, name)
            for name in ("name", "description", "url", "image")
            if (getattr(term, name) or "") != (getattr(old, name) or "")
        }
        moved = term.slug if term.slug != old.slug else None
        if changes or moved:
            events.append(FeedUpdated(term.kind, old.slug, term.id, moved, changes))
    return events


class Listing:
    """All pages of a listing as they come: whether they can be taken for one, though time passed between them."""

    def __init__(self) -> None:
        self.ids: set[EntryId] = set()
        self._total: int | None = None
        self._settled = True

    def add(self, page: Page) -> None:
        if self._total is None:
            self._total = page.total
        ids = {row.id for row in page.rows}
        self._settled &= page.total == self._total and not ids & self.ids and len(ids) == len(page.rows)
        self.ids |= ids

    @property
    def complete(self) -> bool:
        """Every page named one total, no entry came twice, and there are as many as that total says."""
        return self._settled and len(self.ids) == self._total


def may_remove(missing: int, *, held: int, listed: int, allowed: int | None) -> bool:
    """Say whether so many may go at once; an empty listing takes only a last one. `allowed`: what an operator says."""
    if allowed is not None:
        return missing <= allowed
    return missing <= 1 or (listed > 0 and missing <= max(REMOVALS, int(held * REMOVALS_SHARE)))


def last_page(total: int) -> int:
    return max(1, ceil(total / PAGE_ROWS))


def walk_to(total: int, *, began: int, page: int, now: int) -> int:
    """Give the page that the walk through the archive has to reach now, from `page` on, to be through in a day."""
    due = ceil(last_page(total) * (now - began) / DAY_MS)
    return min(max(page, due), last_page(total))


# ---- what is kept between two -------------------------------------------------------------------------------------


class Cause(StrEnum):
    """Why there was a reconcile."""

    ASKED = "asked"
    HINT = "hint"
    PING = "ping"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody wants one now (`feedhub reconcile`)."""

    id: str
    allow_removals: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What one reconcile found and did."""

    cause: str = ""
    asked: str = ""
    """Whose request it answers."""
    started: int = 0
    ended: int = 0
    whole: bool = False
    """All pages were read."""
    compared: int = 0
    changed: int = 0
    removed: int = 0
    refused: int = 0
    """Removals that it refused."""
    renamed: int = 0
    """Categories, tags and authors whose own data changed."""
    invalid: int = 0
    """What the CMS has and the hub can't take."""
    total: int | None = None
    held: int = 0
    failure: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Failing:
    """Since when it does not succeed, how often it was tried, and when it is tried again."""

    since: int
    tries: int
    again: int


@dataclass(frozen=True, slots=True)
class Found:
    """How many entries, when (since when for removals refused), and some of them."""

    at: int
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a source's reconciles have come; kept in Redis, so that any worker goes on."""

    started: int = 0
    mark: int = 0
    """The last change that was seen."""
    gap: int | None = None
    """Listed minus held when all was compared last: what can't be taken, or was refused. None: it never was."""
    walk_page: int = 1
    walk_began: int = 0
    whole_at: int = 0
    whole_ms: int = 0
    """When all pages were read last, and how long that took."""
    hints: int = 0
    """How many hints there had been when it began."""
    hold: int = 0
    """All pages are still to be read, from then on; 0: they are not."""
    done: int = 0
    """When it last succeeded."""
    failing: Failing | None = None
    refused: Found | None = None
    untold: Found | None = None
    etags: Mapping[str, str] = field(default_factory=dict)
    report: Report | None = None

    def as_json(self) -> bytes:
        return orjson.dumps(self)

    @classmethod
    def read(cls, text: bytes | None) -> Progress:
        """Read what `as_json` wrote; what another version wrote begins anew."""
        try:
            said: dict[str, Any] = orjson.loads(text or b"{}")
            for name, kind in (
                ("failing", Failing),
                ("refused", Found),
                ("untold", Found),
                ("report", Report),
            ):
                if said.get(name):
                    said[name] = kind(**{key: _untyped(value) for key, value in said[name].items()})
            return cls(**said)
        except (TypeError, ValueError):
            return cls()


def _untyped(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Calls:
    """What calls for a reconcile, as it stands in Redis; the texts take it down again."""

    asked: Asked | None = None
    hinted: str = ""
    pinged: str = ""
    hints: int = 0
    """How many hints there ever were."""


def due(progress: Progress, calls: Calls, every_ms: int) -> tuple[int, Cause]:
    """Say when the next reconcile is due, and why."""
    if calls.asked:
        return 0, Cause.ASKED
    cause = Cause.HINT if calls.hinted else Cause.PING if calls.pinged else Cause.CLOCK
    if progress.failing:
        return progress.failing.again, cause
    clock = progress.started + every_ms if progress.started else 0
    soon = progress.started + HINT_MS
    match cause:
        case Cause.HINT if calls.hints == progress.hints:  # the last one left it for later
            return min(max(soon, progress.hold), clock), cause
        case Cause.HINT | Cause.PING:
            return min(soon, clock), cause
        case _:
            return clock, cause


def wants_all(progress: Progress, calls: Calls, *, gap: int, explained: int) -> bool:
    """Say whether every page is to be read.

    Ghost's bulk changes of tags and access move no date: more hints than changes that were found may mean one.
    """
    unexplained = bool(calls.hinted) and calls.hints - progress.hints > explained
    owed = progress.gap is None or gap != progress.gap or progress.hold > 0
    return calls.asked is not None or owed or unexplained


def retry_at(failing: Failing | None, now: int, *, retry_after: float | None) -> Failing:
    """Note a failure: when to try again, not before the CMS says."""
    tries = failing.tries + 1 if failing else 1
    delay = min(RETRY_MS[0] * 2 ** min(tries - 1, 10), RETRY_MS[1])
    wait = max(delay, int(min(retry_after or 0, DAY_MS / 1000) * 1000))
    return Failing(failing.since if failing else now, tries, now + wait)
