"""An in-memory store, bell and clock that follow the front's ports, with the means to make them misbehave."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from hub.adapters.store.database import Call
from hub.alerts import begin
from hub.condition import AlertTrouble, Condition, ForeignHost, State
from hub.errors import HubError, StoreUnavailable, TooManyPending
from hub.events import EntryPublished, HookRecord, Noted, Outcome, PublishEvent, Receipt, Source
from hub.model import (
    Change,
    Changes,
    Document,
    EntryId,
    FeedNumber,
    FeedPage,
    FeedPath,
    FeedSummary,
    Format,
    Kind,
    Live,
    Moved,
    Resolution,
    Retired,
    Seq,
    TermRef,
    Version,
)
from tests.web.fakelog import FakeLog, FakeLogs
from tests.web.partners import FakePartnering
from tests.web.subscribers import FakeSubscribing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hub.problems import Problem
    from hub.reconcile import Asked, Progress
    from hub.subscription import Intent, SubscriptionId

MODIFIED = datetime(2026, 11, 20, 12, tzinfo=UTC)
NEWS = FeedPath(Kind.CATEGORY, "news")


@dataclass
class Clock:
    """Both clocks of a front, moved by hand."""

    time: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)
    seconds: float = 1000.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass
class FakeBell:
    rings: int = 0

    async def ring(self) -> None:
        self.rings += 1

    def call(self) -> Call:
        return Call("ring", ())


@dataclass
class FakeStore(FakeLogs, FakeSubscribing, FakePartnering):
    """Feeds as the real store would answer for them. `calls` counts what was asked, by method."""

    documents: dict[tuple[FeedNumber, Format], Document] = field(default_factory=dict)
    requested: dict[SubscriptionId, Intent] = field(default_factory=dict)
    """WebSub requests that wait for verification."""
    subscribed: set[SubscriptionId] = field(default_factory=set)
    origins: dict[str, tuple[FeedNumber, str]] = field(default_factory=dict)
    """Topics of other servers by their keys: their feed, and the URL that is fetched."""
    pings: list[str] = field(default_factory=list)
    pending_per_host: int = 1000
    accepted: list[PublishEvent] = field(default_factory=list)
    answers: list[Receipt | HubError] = field(default_factory=list)
    """What `accept` answers next; by default everything is accepted."""
    sources: set[str] = field(default_factory=set)
    quiet: list[bool] = field(default_factory=list)
    rings: int = 0
    """How often `accept` was to ring after it."""
    calls: Counter[str] = field(default_factory=Counter)
    away: bool = False
    gap: bool = False
    """Whether the next read of the change stream has missed rows."""
    hold: asyncio.Event | None = None
    """If set, `document` reads, and then waits for this before it answers: an answer on its way."""
    hanging: bool = False
    """Whether reads never answer."""
    hub_state: State = field(default_factory=lambda: State(0, ("regenerate@test:1",), 0, 0, 0, 0, 0))
    hooks: dict[Source, HookRecord] = field(default_factory=dict)
    refusing: str = ""
    asked: dict[Source, Asked] = field(default_factory=dict)
    progress: dict[Source, Progress] = field(default_factory=dict)
    running: set[Source] = field(default_factory=set)
    """Which are reconciled at the moment."""
    refusals: list[str] = field(default_factory=list)
    troubled: list[FeedSummary] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    """Of Redis."""
    clocks: dict[str, int] = field(default_factory=dict)
    hosts: dict[str, ForeignHost] = field(default_factory=dict)
    alert_trouble: AlertTrouble | None = None
    since: dict[str, int] = field(default_factory=dict)
    terms: dict[TermRef, FeedPath] = field(default_factory=dict)
    fault: Exception | None = None
    """What the next read of the change stream raises."""
    rows: list[Change] = field(default_factory=list)
    _rung: asyncio.Event = field(default_factory=asyncio.Event)

    # ---- the world outside ----------------------------------------------------------------------------------------

    def add(
        self, path: FeedPath, number: int, *, name: str = "", description: str = "", entries: int = 2
    ) -> FeedNumber:
        feed = FeedNumber(number)
        self.places[path] = Live(feed)
        self.logs[feed] = FakeLog(path)
        self.summaries[path] = FeedSummary(
            feed, path, name or path.slug.title(), description, Seq(number), entries
        )
        return feed

    def commit(self, number: FeedNumber, text: str, version: Version, *, tell: bool = True) -> None:
        """Put a new document in all formats, as COMMIT does, and (usually) a row in the change stream."""
        for format_ in Format:
            body = json_feed(text) if format_ is Format.JSON else text.encode()
            self.documents[number, format_] = document(number, format_, body, version)
        if tell:
            self.tell(Change(number, moved=False))

    def tell(self, change: Change) -> None:
        self.rows.append(change)
        self.wake()

    def move(self, old: FeedPath, new: FeedPath) -> None:
        """Rename a feed."""
        place = self.places[old]
        assert isinstance(place, Live)
        self.places[old], self.places[new] = Moved(new), place
        self.tell(Change(place.number, moved=True))

    def retire(self, path: FeedPath) -> None:
        place = self.places[path]
        assert isinstance(place, Live)
        self.places[path] = Retired()
        self.tell(Change(place.number, moved=True))

    def go_away(self) -> None:
        self.away = True
        self.wake()

    def come_back(self) -> None:
        self.away = False

    def wake(self) -> None:
        self._rung.set()

    # ---- the port -------------------------------------------------------------------------------------------------

    async def resolve(self, path: FeedPath, /) -> Resolution:
        await self._asked("resolve")
        return self.places.get(path)

    async def document(self, number: FeedNumber, format_: Format, /) -> Document | None:
        await self._asked("document")
        found = self.documents.get((number, format_))
        if self.hold:
            await self.hold.wait()
        return found

    async def place_of(self, term: TermRef, /) -> FeedPath | None:
        await self._asked("place_of")
        return self.terms.get(term)

    async def versions(self, numbers: Sequence[FeedNumber], /) -> list[Version | None]:
        await self._asked("versions")
        found = [self.documents.get((number, Format.RSS)) for number in numbers]
        return [document.version if document else None for document in found]

    async def list_feeds(
        self,
        *,
        kinds: Sequence[Kind],
        cursor: str | None = None,
        limit: int = 100,
        among: Sequence[FeedNumber] | None = None,
    ) -> FeedPage:
        await self._asked("list_feeds")
        listed = [self.summaries[path] for path in sorted(self.summaries) if path.kind in kinds]
        listed = [feed for feed in listed if among is None or feed.number in among]
        rest = [feed for feed in listed if cursor is None or str(feed.path) > cursor]
        page = tuple(rest[:limit])
        return FeedPage(page, str(page[-1].path) if len(rest) > limit else None)

    async def changes(self, after: str | None, /, *, block_ms: int) -> Changes:
        self.calls["changes"] += 1
        self._check()
        if after is None:
            return Changes(str(len(self.rows)), (), gap=False)
        if len(self.rows) == int(after) and not self.gap:
            self._rung.clear()
            try:
                await asyncio.wait_for(self._rung.wait(), block_ms / 1000)
            except TimeoutError:
                return Changes(after, (), gap=False)
            self._check()
        gap, self.gap = self.gap, False
        rows = () if gap else tuple(self.rows[int(after) :])
        return Changes(str(len(self.rows)), rows, gap=gap)

    async def fence(self) -> None:
        await self._asked("fence")

    async def accept(
        self, events: Sequence[PublishEvent], /, *, source: str, ring: Call | None = None, quiet: bool = False
    ) -> list[Receipt | HubError]:
        await self._asked("accept")
        self.quiet.append(quiet)
        self.accepted += events
        self.sources.add(source)
        self.rings += ring == Call("ring", ())
        return self.answers or [receipt(event) for event in events]

    async def request(self, intent: Intent, /) -> None:
        await self._asked("request")
        if intent.mode == "unsubscribe" and intent.id not in self.subscribed:
            self.requested.pop(intent.id, None)
            return
        host = urlsplit(intent.callback).hostname
        pending = [one for one in self.requested.values() if urlsplit(one.callback).hostname == host]
        if len(pending) >= self.pending_per_host and intent.id not in self.requested:
            raise TooManyPending(f"Too many requests for callbacks on {host} wait for verification.")
        self.requested[intent.id] = intent

    async def origin_topic(self, key: str, url: str, /) -> FeedNumber:
        await self._asked("origin_topic")
        number, _ = self.origins.setdefault(key, (FeedNumber(900 + len(self.origins)), url))
        self.places[FeedPath(Kind.ORIGIN, key)] = Live(number)
        return number

    async def pinged(self, ids: Sequence[str], /) -> bool:
        await self._asked("pinged")
        self.pings += ids
        return bool(ids)

    async def condition(self) -> Condition:
        await self._asked("condition")
        return Condition(
            replace(self.hub_state, now=self.now_ms),
            self.refusing,
            tuple(self.refusals),
            self.hooks,
            tuple(self.troubled),
            self.clocks,
            self.hosts,
            self.alert_trouble,
            reconciles=self.progress,
        )

    @property
    def now_ms(self) -> int:
        return round(self.clock.now().timestamp() * 1000)

    async def with_since(self, problems: Sequence[Problem], now: int, /) -> list[Problem]:
        for problem in problems:
            self.since.setdefault(problem.id, begin(problem, now).problem.since or 0)
        return [replace(problem, since=self.since[problem.id]) for problem in problems]

    async def note_clock(self, machine: str, now_ms: int, /) -> None:
        self.clocks[machine] = now_ms - self.now_ms

    async def note_hosts(self, reads: Mapping[str, int], /) -> None:
        now = self.now_ms
        for host, count in reads.items():
            before = self.hosts.get(host, ForeignHost(0, now, now))
            self.hosts[host] = ForeignHost(before.reads + count, before.first, now)

    async def check_writable(self) -> None:
        await self._asked("check_writable")

    async def note_taken(self, source: Source, now: datetime, /) -> None:
        await self._asked("note_taken")
        self._note(source, taken=_noted(now, ""))

    async def note_refused(self, source: Source, now: datetime, why: str, /) -> None:
        await self._asked("note_refused")
        self._note(source, refused=_noted(now, why))

    async def ping(self, source: Source, now: datetime, why: str, /) -> None:
        await self._asked("ping")
        self.pings.append(source)

    async def hint(self, source: Source, now: datetime, why: str, /) -> None:
        await self._asked("hint")
        hints = self.hooks.get(source, HookRecord()).hints + 1
        self._note(source, hinted=_noted(now, why), hints=hints)

    async def ask_reconcile(self, source: Source, asked: Asked, /) -> None:
        await self._asked("ask_reconcile")
        self.asked[source] = asked

    async def reconciles(self) -> dict[Source, Progress]:
        await self._asked("reconciles")
        return self.progress

    async def reconciling(self) -> set[Source]:
        return self.running

    def _note(self, source: Source, **changes: Any) -> None:
        self.hooks[source] = replace(self.hooks.get(source, HookRecord()), **changes)

    async def _asked(self, method: str) -> None:
        self.calls[method] += 1
        self._check()
        if self.hanging:
            await asyncio.Event().wait()
        await asyncio.sleep(0)  # a real one lets others run, too

    def _check(self) -> None:
        if self.fault:
            fault, self.fault = self.fault, None
            raise fault
        if self.away:
            raise StoreUnavailable("Redis can't be reached.")


def document(number: FeedNumber, format_: Format, body: bytes, version: Version) -> Document:
    return Document(
        feed=number,
        format=format_,
        version=version,
        etag=f'W/"{sha256(body).hexdigest()[:16]}"',
        last_modified=MODIFIED,
        gzip=gzip.compress(body, mtime=0),
    )


def receipt(event: PublishEvent) -> Receipt:
    entry = event.entry.id if isinstance(event, EntryPublished) else EntryId("removed")
    return Receipt(Outcome.ACCEPTED, entry, ((NEWS, Seq(7)),))


def json_feed(title: str, *items: dict[str, Any], **head: Any) -> bytes:
    """A JSON Feed document as the renderer writes it, in short."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": "https://site.test",
        "description": "All about it",
        "language": "en",
        "items": list(items),
    }
    return orjson.dumps(feed | head)


async def eventually(condition: Callable[[], bool], *, seconds: float = 3) -> None:
    """Wait for a condition; fail if it does not come true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


def newer(version: Version, by: int = 1) -> Version:
    return replace(version, seq=version.seq + by)


def _noted(now: datetime, why: str) -> Noted:
    return Noted(round(now.timestamp() * 1000), why)
