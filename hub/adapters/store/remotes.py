"""URLs that are read here: who reads which now, what came of that, and the documents of other servers' topics."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import orjson

from hub.adapters.store.database import Call, Database, unavailable
from hub.errors import TooManyPending
from hub.model import FeedNumber, Seq
from hub.remote import PING_SECONDS, Remote, RemoteId, Role, Trouble, remote_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STANDING = (b"role", b"url", b"hash", b"failures", b"since", b"trouble", b"notice")

LEASE_MS = 120_000
"""More than reading a URL can take: what a killed worker had in hand is read by another after this."""
MOST_ORIGINS = 1000
"""Topics of other servers at a time."""
IDLE_MS = 15 * 60_000
"""An origin that nobody is subscribed to is kept as long as a request may wait for its verification, and a little."""


@dataclass(frozen=True, slots=True)
class OriginDocument:
    """A topic's document as it came."""

    seq: Seq
    content_type: str
    gzip: bytes


class Remotes(Database):
    """Every method raises StoreUnavailable."""

    async def set_ingest_feeds(self, urls: Sequence[str]) -> None:
        """Have these ingest feeds read, and no others; what is known of those that stay is kept."""
        wanted = {str(remote_of(url)): url for url in urls}
        with unavailable():
            present = [id_.decode() for id_ in await self.client.zrange(self.keys.remotes, 0, -1)]
            pipe = self.client.pipeline(transaction=False)
            for id_ in present:
                if id_.startswith("i:") and id_ not in wanted:
                    pipe.zrem(self.keys.remotes, id_)
                    pipe.delete(self.keys.of("remote", id_))
            for id_, url in wanted.items():
                pipe.hset(self.keys.of("remote", id_), mapping={"role": Role.INGEST, "url": url})
                pipe.zadd(self.keys.remotes, {id_: 0}, nx=True)
            await pipe.execute()

    async def due_remotes(self, limit: int) -> tuple[list[Remote], float | None]:
        """Take what is to be read now, for `LEASE_MS`, and give the seconds until more is; None: there is nothing."""
        wait, *rows = await self.run("look", uuid4().hex, limit, LEASE_MS, IDLE_MS)
        taken = [
            _remote(id_.decode(), _pairs(fields)) for id_, fields in zip(rows[::2], rows[1::2], strict=True)
        ]
        return taken, None if wait < 0 else wait / 1000

    def keep_remote(self, remote: Remote, delay: float | None) -> Call:
        """Keep what came of reading a URL, and read it again after `delay` seconds; None: it has ended."""
        trouble = orjson.dumps(asdict(remote.trouble)) if remote.trouble else b""
        fields: dict[str, str | bytes | int] = {
            "etag": remote.etag,
            "modified": remote.modified,
            "hash": remote.hash,
            "digests": remote.digests,
            "ttl": remote.ttl,
            "failures": remote.failures,
            "since": remote.since,
            "trouble": trouble,
            "notice": remote.notice,
        }
        parts = [part for pair in fields.items() for part in pair]
        pause = "" if delay is None else round(delay * 1000)
        return Call("looked", (remote.id, remote.token, pause, PING_SECONDS * 1000, *parts))

    async def pinged(self, ids: Sequence[str]) -> bool:
        """Have URLs read soon that somebody says have changed: `i:<id>` or `origin/<key>`. True if one is known."""
        return bool(await self.run("pinged", PING_SECONDS * 1000, *ids)) if ids else False

    async def remotes(self) -> list[Remote]:
        """Read how all of them stand, without what only reading them needs."""
        with unavailable():
            ids = [id_.decode() for id_ in await self.client.zrange(self.keys.remotes, 0, -1)]
            pipe = self.client.pipeline(transaction=False)
            for id_ in ids:
                pipe.hmget(self.keys.of("remote", id_), *_STANDING)
            rows = await pipe.execute() if ids else []
        fields = [
            {name: value for name, value in zip(_STANDING, row, strict=True) if value is not None}
            for row in rows
        ]
        return [_remote(id_, said) for id_, said in zip(ids, fields, strict=True) if said]

    # ---- topics of other servers ---------------------------------------------------------------------------------

    async def origin_topic(self, key: str, url: str) -> FeedNumber:
        """Find or make the feed that stands for a topic. Raises TooManyPending if there are too many."""
        number = int(await self.run("topic", key, url, MOST_ORIGINS, IDLE_MS))
        if not number:
            raise TooManyPending("This hub serves no more topics of other servers at the moment.")
        return FeedNumber(number)

    def keep_document(self, remote: Remote, gzip: bytes, content_type: str) -> Call:
        """Keep a topic's document as it came; another one gets the next seq. Answers whether somebody is to be told."""
        interval = self.settings.notify_interval_ms
        return Call("origin", (remote.feed, remote.hash, gzip, content_type, interval))

    async def origin_document(self, feed: FeedNumber) -> OriginDocument | None:
        """Read a topic's document; None: it was never read, or it has ended."""
        with unavailable():
            seq, kind, gzip = await self.client.hmget(
                self.keys.document(feed, "origin"), "seq", "type", "gzip"
            )
        return OriginDocument(Seq(int(seq)), kind.decode(), gzip) if gzip else None

    async def has_ended(self, feed: FeedNumber) -> bool:
        """Tell whether a topic is read no more."""
        with unavailable():
            return bool(await self.client.hget(self.keys.of("feed", feed), "state") != b"live")


def _pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _remote(id_: str, fields: Mapping[bytes, bytes]) -> Remote:
    said = {name.decode(): value for name, value in fields.items()}
    text = {name: value.decode() for name, value in said.items() if name != "digests"}
    trouble = text.get("trouble")
    return Remote(
        id=RemoteId(id_),
        role=Role(text["role"]),
        url=text["url"],
        etag=text.get("etag", ""),
        modified=text.get("modified", ""),
        hash=text.get("hash", ""),
        digests=said.get("digests", b""),
        ttl=int(text.get("ttl", 0)),
        failures=int(text.get("failures", 0)),
        since=int(text.get("since", 0)),
        trouble=Trouble(**orjson.loads(trouble)) if trouble else None,
        notice=text.get("notice", ""),
        token=text.get("token", ""),
        feed=int(id_.removeprefix("o:")) if id_.startswith("o:") else 0,
    )
