"""What fronts read: where a path leads, documents, versions, the directory, the change stream."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING

import orjson

from hub.adapters.store.database import Database, unavailable
from hub.model import (
    Change,
    Changes,
    Document,
    DocumentPatch,
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
    Standing,
    TermRef,
    Version,
)
from hub.patches import apply_patch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

READ = 250
"""Rows of the change stream a read, of 16 KB each at most. A full read may mean that older rows were trimmed unread."""
_HOPS = 10
_SUMMARY_FIELDS = ("name", "desc", "seq", "fails", "error", "skipped")


class Reading(Database):
    """The store's read side for fronts."""

    async def resolve(self, path: FeedPath) -> Resolution:
        """Say where a path leads now: a feed, another path, nowhere any more, or (None) never anywhere."""
        with unavailable():
            at = await self.client.hget(self.keys.slugs, str(path))
            if at is None:
                return None
            if at[:1] not in b">-":
                return Live(FeedNumber(int(at)))
            return await self._moved(at[1:]) if at[:1] == b">" else Retired()

    async def place_of(self, term: TermRef) -> FeedPath | None:
        """Say where the feed of an author, category or tag is, or was; None: there never was one."""
        with unavailable():
            number = await self.client.hget(self.keys.terms, f"{term.kind}/{term.id}")
        if number is None:
            return None
        feed = FeedNumber(int(number))
        found = await self.standings([feed])
        return found[feed].path if feed in found else None

    async def _moved(self, number: bytes) -> Resolution:
        for _ in range(_HOPS):  # a rename may follow a merge
            state, kind, slug = await self.client.hmget(
                self.keys.of("feed", number.decode()), "state", "kind", "slug"
            )
            if state == b"live":
                return Moved(FeedPath(Kind(kind.decode()), slug.decode()))
            if not state or state == b"retired":
                return Retired()
            number = state[1:]
        return Retired()

    async def document(self, number: FeedNumber, format_: Format) -> Document | None:
        """Read a document as it was last committed; None: never."""
        with unavailable():
            fields: dict[bytes, bytes] = await self.client.hgetall(self.keys.document(number, format_))
        if b"gzip" not in fields:
            return None
        patches = (fields[b"patch%d" % n] for n in range(1, int(fields.get(b"patches", b"0")) + 1))
        return Document(
            feed=number,
            format=format_,
            version=_version(fields[b"version"]),
            etag=fields[b"etag"].decode(),
            last_modified=datetime.fromtimestamp(int(fields[b"modified"]), UTC),
            gzip=reduce(apply_patch, patches, fields[b"gzip"]),
            maker=fields.get(b"maker", b"").decode(),
        )

    async def versions(self, numbers: Sequence[FeedNumber]) -> list[Version | None]:
        """Read what is built of each feed, in one round trip."""
        pipe = self.client.pipeline(transaction=False)
        for number in numbers:
            pipe.hget(self.keys.of("feed", number), "built")
        with unavailable():
            return [_version(text) if text else None for text in await pipe.execute()]

    async def standings(self, numbers: Sequence[FeedNumber]) -> Mapping[FeedNumber, Standing]:
        """Say where feeds are (or last were) and how far subscribers can be told, in one round trip."""
        pipe = self.client.pipeline(transaction=False)
        for number in numbers:
            pipe.hmget(self.keys.of("feed", number), "kind", "slug", "seq", "loud")
        with unavailable():
            rows = await pipe.execute() if numbers else []
        return {
            number: Standing(FeedPath(Kind(kind.decode()), slug.decode()), Seq(int(loud or seq or 0)))
            for number, (kind, slug, seq, loud) in zip(numbers, rows, strict=True)
            if kind
        }

    async def list_feeds(
        self,
        *,
        kinds: Sequence[Kind],
        cursor: str | None = None,
        limit: int = 100,
        among: Sequence[FeedNumber] | None = None,
    ) -> FeedPage:
        """List live feeds by path, from the one after `cursor`; `among`: only of these."""
        paths: list[bytes] = []
        if among is not None:
            there = {each.path for each in (await self.standings(among)).values() if each.path.kind in kinds}
            listed = sorted(str(path).encode() for path in there)
            return await self._page([path for path in listed if path > (cursor or "").encode()], limit)
        with unavailable():
            for kind in sorted(kinds):
                after = f"({cursor}" if cursor and cursor.partition("/")[0] == kind else f"[{kind}"
                if cursor and cursor.partition("/")[0] > kind:
                    continue
                end = "[all" if kind is Kind.ALL else f"({kind}0"  # "0" follows "/"
                paths += await self.client.zrangebylex(
                    self.keys.directory, after, end, start=0, num=limit + 1 - len(paths)
                )
                if len(paths) > limit:
                    break
        return await self._page(paths, limit)

    async def _page(self, paths: Sequence[bytes], limit: int) -> FeedPage:
        with unavailable():
            feeds = await self._summaries(paths[:limit])
        return FeedPage(feeds, paths[limit - 1].decode() if len(paths) > limit else None)

    async def _summaries(self, paths: Sequence[bytes]) -> tuple[FeedSummary, ...]:
        if not paths:
            return ()
        places = zip(paths, await self.client.hmget(self.keys.slugs, *paths), strict=True)
        found = [
            (path, int(at)) for path, at in places if at and at.isdigit()
        ]  # not moved or retired meanwhile
        numbers = [number for _, number in found]
        pipe = self.client.pipeline(transaction=False)
        for number in numbers:
            pipe.hmget(self.keys.of("feed", number), *_SUMMARY_FIELDS)
            pipe.zcard(self.keys.of("window", number))
        answers = await pipe.execute()
        return tuple(
            _summary(number, path, answers[2 * i], answers[2 * i + 1])
            for i, (path, number) in enumerate(found)
        )

    async def troubled_feeds(self, *, kinds: Sequence[Kind], limit: int = 20) -> tuple[FeedSummary, ...]:
        """List feeds that are quarantined or leave entries out: the first by number, always the same."""
        with unavailable():
            members = await self.client.smembers(self.keys.troubled)
            numbers = sorted(members, key=int)[:limit]  # not by SORT: a Redis that is full refuses that
            paths = []
            for number in numbers:
                kind, slug = await self.client.hmget(self.keys.of("feed", number.decode()), "kind", "slug")
                paths.append(str(FeedPath(Kind(kind.decode()), slug.decode())).encode())
            return tuple(f for f in await self._summaries(paths) if f.path.kind in kinds)

    async def changes(self, after: str | None, *, block_ms: int) -> Changes:
        """Read on in the change stream, waiting for a row at most `block_ms` (below the client's time-out).

        `after` None: begin at the stream's present end. One at a time: a second would wait behind the first.
        """
        key = self.keys.changes
        with unavailable():
            if after is None:
                last = await self.client.xrevrange(key, count=1)
                return Changes(last[0][0].decode() if last else "0-0", (), gap=False)
            (answer,) = await self._listening.ask(
                [("XREAD", "COUNT", READ, "BLOCK", block_ms, "STREAMS", key, after)]
            )
            rows = answer[0][1] if answer else []
            if not rows:
                return Changes(after, (), gap=False)
            first = await self.client.xrange(key, count=1) if len(rows) == READ else []
        # Conservative: a full read whose start is no longer held may have missed rows.
        gap = bool(first) and _stream_id(first[0][0]) > _stream_id(after.encode())
        return Changes(rows[-1][0].decode(), tuple(_change(fields) for _, fields in rows), gap)

    async def fence(self) -> None:
        """Return when Redis has carried out what this process asked of it before.

        It reads its connections in the order in which something came over them, and answers before it reads again.
        """
        with unavailable():
            await self._line.ask([("PING",)])


def _stream_id(text: bytes) -> tuple[int, int]:
    ms, _, n = text.partition(b"-")
    return int(ms), int(n)


def _change(row: Sequence[bytes]) -> Change:
    fields = dict(zip(row[::2], row[1::2], strict=True))
    feed = FeedNumber(int(fields[b"feed"]))
    patches = (_patch(feed, format_, fields.get(format_.encode())) for format_ in Format)
    return Change(feed, fields[b"moved"] == b"1", tuple(patch for patch in patches if patch))


def _patch(feed: FeedNumber, format_: Format, field: bytes | None) -> DocumentPatch | None:
    if field is None:
        return None
    version, maker, base, etag, modified, patch = field.split(b"\n", 5)
    return DocumentPatch(
        feed,
        format_,
        _version(version),
        maker.decode(),
        base.decode(),
        etag.decode(),
        datetime.fromtimestamp(int(modified), UTC),
        patch,
    )


def _version(text: bytes) -> Version:
    return Version(*(int(part) for part in text.split()))


def _summary(number: int, path: bytes, fields: Sequence[bytes | None], entries: int) -> FeedSummary:
    name, description, seq, fails, error, skipped = fields
    return FeedSummary(
        number=FeedNumber(number),
        path=FeedPath.parse(path.decode()),
        name=(name or b"").decode(),
        description=(description or b"").decode(),
        seq=Seq(int(seq or 0)),
        entries=entries,
        failures=int(fails or 0),
        error=(error or b"").decode(),
        skipped=tuple(orjson.loads(skipped or b"[]")),
    )
