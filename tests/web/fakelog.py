"""Logs in memory, as the real store would answer for them: what changed in feeds, and what to show of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hub.adapters.store.regeneration import Place, Snapshot, Stored
from hub.errors import NotFound
from hub.model import (
    EntryId,
    EntryNumber,
    Fate,
    FeedHead,
    FeedState,
    Logged,
    LogSlice,
    Seq,
    Tombstone,
)
from tests.entries import published

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hub.model import Entry, FeedNumber, FeedPath, Label, TermRef


@dataclass
class FakeLog:
    """One feed's log."""

    path: FeedPath
    state: FeedState = FeedState.LIVE
    head: Seq = Seq(0)  # noqa: RUF009  (a number)
    floor: Seq = Seq(0)  # noqa: RUF009
    rows: dict[int, Logged] = field(default_factory=dict)
    name: str = "News"


@dataclass
class FakeLogs:
    """The logs of some feeds. Mixed into the fake store."""

    logs: dict[FeedNumber, FakeLog] = field(default_factory=dict)
    stored: dict[EntryNumber, Stored] = field(default_factory=dict)
    names: dict[TermRef, Label] = field(default_factory=dict)
    elsewhere: dict[EntryId, tuple[FeedNumber, ...]] = field(default_factory=dict)
    """Where entries are that left some feed; by default nowhere."""

    # ---- the world outside ----------------------------------------------------------------------------------------

    def put(self, feed: FeedNumber, seq: int, id_: str, *, number: int = 0, **fields: object) -> None:
        """Publish or change an entry."""
        log, entry = self.logs[feed], EntryNumber(number or int(id_.removeprefix("e")))
        joined = log.rows[entry].joined if entry in log.rows and not log.rows[entry].removed else Seq(seq)
        log.rows[entry] = Logged(entry, EntryId(id_), Seq(seq), joined, removed=False, latest=Seq(seq))
        log.head = Seq(seq)
        self.stored[entry] = Stored(seq, published(id_, **fields).entry)  # type: ignore[arg-type]  # as it says

    def take_out(self, feed: FeedNumber, seq: int, id_: str) -> None:
        log, entry = self.logs[feed], EntryNumber(int(id_.removeprefix("e")))
        log.rows[entry] = Logged(entry, EntryId(id_), Seq(seq), Seq(0), removed=True, latest=Seq(seq))
        log.head = Seq(seq)
        self.stored.pop(entry, None)

    def describe(self, feed: FeedNumber, seq: int, name: str) -> None:
        log = self.logs[feed]
        log.rows[0] = Logged(EntryNumber(0), EntryId(""), Seq(seq), Seq(0), removed=False, latest=Seq(seq))
        log.head, log.name = Seq(seq), name

    def entry(self, id_: str) -> Entry:
        return self.stored[EntryNumber(int(id_.removeprefix("e")))].entry

    # ---- the port -------------------------------------------------------------------------------------------------

    async def log(
        self, feed: FeedNumber, after: int, /, *, limit: int, base: int = 0, loud: bool = False
    ) -> LogSlice:
        await self._asked("log")
        if feed not in self.logs:
            raise NotFound(f"There is no feed of number {feed}.")
        log = self.logs[feed]
        gap = after > 0 and (max(after, base) < log.floor or after > log.head)
        rows = [row for row in sorted(log.rows.values(), key=lambda row: row.seq) if row.seq > after]
        return LogSlice(
            feed=feed,
            path=log.path,
            state=log.state,
            head=log.head,
            floor=log.floor,
            rows=() if gap else tuple(rows[:limit]),
            more=not gap and len(rows) > limit,
            gap=gap,
        )

    async def head(self, feed: FeedNumber, /) -> FeedHead:
        await self._asked("head")
        return FeedHead(self.logs[feed].path, self.logs[feed].name)

    async def snapshot(
        self, feed: FeedNumber, /, *, size: int | None = None, gone: int | None = None
    ) -> Snapshot | None:
        await self._asked("snapshot")
        log = self.logs.get(feed)
        if log is None:
            return None
        rows = sorted((row for row in log.rows.values() if row.number), key=lambda row: -row.seq)
        return Snapshot(
            number=feed,
            seq=log.head,
            labels=0,
            head=FeedHead(log.path, log.name),
            window=tuple(Place(row.number, row.seq) for row in rows if not row.removed)[: size or 50],
            tombstones=tuple(
                Tombstone(row.id, row.seq, datetime(2026, 11, 20, tzinfo=UTC)) for row in rows if row.removed
            ),
            floor=log.floor,
        )

    async def entries(self, numbers: Iterable[EntryNumber], /) -> dict[EntryNumber, Stored]:
        await self._asked("entries")
        return {number: replace(self.stored[number]) for number in numbers if number in self.stored}

    async def fates(self, ids: Sequence[EntryId], /) -> dict[EntryId, Fate]:
        await self._asked("fates")
        shown = datetime(2026, 11, 20, tzinfo=UTC)
        return {id_: Fate(self.elsewhere.get(id_, ()), shown, revision=5) for id_ in ids}

    async def labels(self, refs: Iterable[TermRef], /) -> dict[TermRef, Label]:
        await self._asked("labels")
        return {ref: self.names[ref] for ref in refs if ref in self.names}

    async def _asked(self, method: str) -> None:
        raise NotImplementedError
