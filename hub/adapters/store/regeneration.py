"""What the regenerate job needs: CLAIM, SNAPSHOT, entries, labels, COMMIT, RELEASE (DESIGN §4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson

from hub.adapters.store.database import Call, unavailable
from hub.adapters.store.log import Logs, log_slice
from hub.entrycodec import unpack_entry
from hub.model import (
    Entry,
    EntryId,
    EntryNumber,
    Fate,
    FeedHead,
    FeedNumber,
    FeedPath,
    Kind,
    Label,
    Seq,
    TermRef,
    Tombstone,
)
from hub.problems import QUARANTINED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.adapters.store.database import Argument
    from hub.model import LogSlice

LEASE_MS = 3000
"""A claim without a commit is due again after this: a worker's death costs no more."""
QUARANTINE_MS = (10_000, 3_600_000)
"""First and longest delay of a quarantine; it doubles in between."""
RELEASE_MS = 1000
"""Delay after a job that failed without dying."""
HEAD_FIELDS = ("kind", "slug", "id", "name", "desc", "url", "image", "updated")
LABEL_FIELDS = ("kind", "slug", "name", "url", "image", "state")


class Committable(Protocol):
    """A rendered document, as far as the store cares."""

    @property
    def hash(self) -> str: ...
    @property
    def gzip(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Patch:
    """How a document is made of the one with hash `base` that the same maker committed."""

    base: str
    patch: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it is stored, and the revision of that state."""

    revision: int
    entry: Entry


class Place(NamedTuple):
    """An entry's place in a feed's window. Its revision is at most its seq here."""

    number: EntryNumber
    seq: Seq


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A feed at one moment: its version apart from `render`, its head, its newest entries and the ones that left."""

    number: FeedNumber
    seq: Seq
    labels: int
    head: FeedHead
    window: tuple[Place, ...]
    tombstones: tuple[Tombstone, ...]
    floor: Seq
    """The cursors from here on can be told by this all that changed after them."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Feeds to regenerate under a lease, as they are now."""

    feeds: Mapping[FeedNumber, Snapshot | None]
    """None: it retired meanwhile."""
    fresh: Mapping[EntryNumber, Stored]
    """The entries among them that changed after what the worker knows."""
    more: bool
    """Others are due as well."""


class Commit(IntEnum):
    """What came of a commit; false if nothing did."""

    ELSEWHERE = -1
    """Nothing was done: what is there is not what a patch was made for. Commit the whole."""
    OVERTAKEN = 0
    """Another worker was ahead, which is normal."""
    TAKEN = 1


class Regeneration(Logs):
    """The store's side of the regenerate job."""

    async def register(self, rendering: str) -> int:
        """Say with what settings and renderer this worker renders; answers its `render` number."""
        return int(await self.run("register", rendering, *self.pace))

    async def claim(self, token: str, *, limit: int, known: int = 0) -> Claim:
        """Take the pending flag down, then take due feeds for `LEASE_MS`; the same token gets the same claim.

        `known` is the latest seq up to which the worker has seen entries; what is later comes along.
        """
        size = self.settings.feed_size
        args = (token, limit, LEASE_MS, *QUARANTINE_MS, "regenerate", size, known)
        more, rows, fresh = await self.run("claim", *args)
        feeds = zip(rows[::2], rows[1::2], strict=True)
        return Claim(
            feeds={FeedNumber(int(n)): _snapshot(FeedNumber(int(n)), row) for n, row in feeds},
            fresh=_fresh(fresh),
            more=bool(more),
        )

    async def snapshot(
        self, feed: FeedNumber, *, size: int | None = None, gone: int | None = None
    ) -> Snapshot | None:
        """Read a feed's present state; None if it retired meanwhile.

        `size`: entries, by default those of documents; `gone`: entries that left, by default as many.
        """
        size = size or self.settings.feed_size
        found, _ = await self.run("snapshot", feed, size, 0, gone or size)
        return _snapshot(feed, found)

    async def changed(
        self, feed: FeedNumber, after: int, upto: int
    ) -> tuple[LogSlice, Snapshot | None, Mapping[EntryNumber, Stored]]:
        """Read in one round trip all that a document of what is told needs: log, feed and changed entries."""
        size = self.settings.feed_size
        log = self.log_call(feed, after, limit=size, upto=upto, loud=True)
        rows, (found, fresh) = await self.calls([log, Call("snapshot", (feed, size, after, size))])
        return log_slice(feed, rows), _snapshot(feed, found), _fresh(fresh)

    async def head(self, feed: FeedNumber) -> FeedHead:
        """Read a feed's own data."""
        with unavailable():
            return _head(await self.client.hmget(self.keys.of("feed", feed), *HEAD_FIELDS))

    async def entries(self, numbers: Iterable[EntryNumber]) -> dict[EntryNumber, Stored]:
        """Read entries with their revisions; one that was removed or withdrawn meanwhile is absent."""
        wanted = list(numbers)
        if not wanted:
            return {}
        pipe = self.client.pipeline(transaction=False)
        for number in wanted:
            pipe.hmget(self.keys.of("entry", number), "rev", "data", "refs", "state")
        with unavailable():
            rows = await pipe.execute()
        return {
            n: _stored(revision, data, refs)
            for n, (revision, data, refs, state) in zip(wanted, rows, strict=True)
            if data and state == b"live"
        }

    async def fates(self, ids: Sequence[EntryId]) -> dict[EntryId, Fate]:
        """Read where entries are now that left some feed."""
        if not ids:
            return {}
        with unavailable():
            numbers = await self.client.hmget(self.keys.ids, ids)
            known = [(id_, n) for id_, n in zip(ids, numbers, strict=True) if n]
            pipe = self.client.pipeline(transaction=False)
            for _, number in known:
                pipe.hmget(self.keys.of("entry", number.decode()), "feeds", "mod", "rev")
            rows = await pipe.execute()
        return {id_: _fate(*row) for (id_, _), row in zip(known, rows, strict=True)}

    async def labels(self, refs: Iterable[TermRef]) -> dict[TermRef, Label]:
        """Read how documents show an entry's authors, categories and tags; a retired one is absent."""
        wanted = list(refs)
        if not wanted:
            return {}
        with unavailable():
            pipe = self.client.pipeline(transaction=False)
            for ref in wanted:
                pipe.hmget(self.keys.of("feed", ref.feed or 0), *LABEL_FIELDS)
            rows = await pipe.execute()
            labels = {ref: await self._label(row) for ref, row in zip(wanted, rows, strict=True)}
        return {ref: label for ref, label in labels.items() if label}

    async def _label(self, row: Sequence[bytes | None]) -> Label | None:
        kind, slug, name, url, image, state = (_text(field) for field in row)
        if state.startswith(">"):  # merged: documents show what it became
            return await self._label(await self.client.hmget(self.keys.of("feed", state[1:]), *LABEL_FIELDS))
        if state != "live":
            return None
        return Label(Kind(kind), slug, name or slug, url or None, image or None)

    async def commit(
        self,
        snapshot: Snapshot,
        render: int,
        documents: Mapping[str, Committable],
        skipped: Sequence[str],
        *,
        maker: str = "",
        patches: Mapping[str, Patch] | None = None,
        ring: Call | None = None,
    ) -> Commit:
        """Store all formats if newer than what is built; then `ring`, in the same round trip.

        `maker` names this process. Of a format with a patch only that is sent; Redis keeps the whole all the same.
        """
        args: list[Argument] = [
            snapshot.number,
            snapshot.seq,
            render,
            snapshot.labels,
            self.settings.debounce_ms,
            self.settings.notify_interval_ms,
            orjson.dumps(list(skipped)),
            maker,
        ]
        for format_, document in documents.items():
            patch = patches.get(format_) if patches else None
            args += [format_, document.hash, *((patch.base, patch.patch) if patch else ("", document.gzip))]
        taken, *_ = await self.calls([Call("commit", args), *([ring] if ring else [])])
        return Commit(taken)

    async def release(self, feed: FeedNumber, error: str) -> None:
        """Give a failed claim back: due again soon, or when its quarantine ends."""
        await self.run("release", feed, RELEASE_MS, error[:500], QUARANTINED)


def _fresh(parts: Sequence[bytes]) -> dict[EntryNumber, Stored]:
    return {
        EntryNumber(int(n)): _stored(*row)
        for n, *row in zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=True)
    }


def _fate(feeds: bytes | None, modified: bytes, revision: bytes) -> Fate:
    present = tuple(FeedNumber(int(number)) for number in (feeds or b"").split(b",") if number)
    return Fate(present, datetime.fromtimestamp(int(modified) / 1000, UTC), int(revision))


def _stored(revision: bytes, data: bytes, refs: bytes | None) -> Stored:
    """Put an entry together with the feeds that its refs meant."""
    entry = unpack_entry(data)
    feeds = iter((refs or b"").split(b","))

    def placed(named: tuple[TermRef, ...]) -> tuple[TermRef, ...]:
        return tuple(replace(ref, feed=FeedNumber(int(next(feeds)))) for ref in named)

    if refs:
        entry = replace(
            entry,
            authors=placed(entry.authors),
            categories=placed(entry.categories),
            tags=placed(entry.tags),
        )
    return Stored(int(revision), entry)


def _text(field: bytes | None) -> str:
    return (field or b"").decode()


def _snapshot(number: FeedNumber, row: Sequence[Any]) -> Snapshot | None:
    state, seq, labels, head, window, gone, floor = row
    if state != b"live":
        return None
    return Snapshot(
        number=number,
        seq=Seq(int(seq)),
        labels=int(labels),
        head=_head(head),
        window=tuple(
            Place(EntryNumber(int(n)), Seq(int(float(seq))))
            for n, seq in zip(window[::2], window[1::2], strict=True)
        ),
        tombstones=tuple(
            Tombstone(
                EntryId(id_.decode()),
                Seq(int(float(seq))),
                datetime.fromtimestamp(int(float(seq)) // 10**6, UTC),
            )
            for id_, seq in zip(gone[::2], gone[1::2], strict=True)
        ),
        floor=Seq(int(floor)),
    )


def _head(fields: Sequence[bytes | None]) -> FeedHead:
    kind, slug, id_, name, description, url, image, updated = (_text(field) for field in fields)
    return FeedHead(
        path=FeedPath(Kind(kind), slug),
        id=id_ or slug,
        name=name or slug,
        description=description,
        url=url or None,
        image=image or None,
        updated=datetime.fromtimestamp(int(updated) // 1000, UTC) if updated else None,
    )
