"""URLs that this hub reads by itself: feeds whose items become entries, and topics of other servers. Pure.

When to look again, what an answer means, and what an operator must know of one that fails. Times in seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, NewType
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

RemoteId = NewType("RemoteId", str)
"""`i:<ingest id>`, or `o:<feed number>` of an origin topic."""

FEED_SOURCE = "feed:"
"""What the source of an entry begins with that came by an ingest feed: a guest, which overwrites nothing of others."""
PING_SECONDS = 10
"""However often strangers ping: a URL is fetched once in so long."""
LASTING_FAILURES = 3
"""In a row; from then on an operator hears of what may pass by itself."""
FIRST_RETRY, LONGEST_RETRY = 60, 6 * 3600
JITTER = 0.1
"""Of a time, to either side: feeds of one server must not be asked all at once."""
LOOP = "loop"
"""The code of a feed that comes from this hub itself."""
GENERATOR = "feedhub"
"""What this hub's own documents call their generator, in lower case."""

_OK, _NOT_MODIFIED, _GONE = 200, 304, 410
_MOVED = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)
_FEED_TYPE = re.compile(
    r"(?:application|text)/(?:(?:rss|atom|rdf|x-rss|x-atom)(?:\+xml)?|xml|(?:feed\+)?json)", re.IGNORECASE
)


class Role(StrEnum):
    """What is read for."""

    INGEST = "ingest"
    ORIGIN = "origin"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a URL is read, in seconds: what it says itself counts between `least` and `most`."""

    least: int
    usual: int
    most: int

    def pause(self, asked: int | None, dice: float) -> float:
        """Give the time until the next look. `asked`: how long the answer may be kept; `dice` in [0, 1)."""
        said = self.usual if asked is None else max(self.least, min(asked, self.most))
        return said * (1 + JITTER * (2 * dice - 1))


INGEST_PACE = Pace(least=300, usual=900, most=3600)
ORIGIN_PACE = Pace(least=300, usual=1800, most=6 * 3600)
"""Slower: subscribers' publishers send pings."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document, as it came."""

    body: bytes
    content_type: str
    etag: str = ""
    modified: str = ""
    kept: int | None = None
    """Seconds for which it says that it may be kept."""
    link: str = ""
    """Its Link headers."""

    @property
    def hash(self) -> str:
        """What tells it from another."""
        return sha256(self.content_type.encode() + b"\n" + self.body).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """It is what it was."""

    kept: int | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """It can't be read, and what to do about that."""

    why: str
    action: str
    lasting: bool = False
    """It will not pass by itself."""
    code: str = "failing"
    retry_after: int = 0
    """Seconds that the server asked for."""
    gone: bool = False
    """410: there will be no more of it."""


Reading = Fetched | Unchanged | Trouble


@dataclass(frozen=True, slots=True)
class Remote:
    """One URL that is read here, as it stands."""

    id: RemoteId
    role: Role
    url: str
    etag: str = ""
    modified: str = ""
    hash: str = ""
    """Of the last document that was taken; empty: none was."""
    digests: bytes = b""
    """Of the items that were taken from it, 8 bytes each."""
    ttl: int = 0
    """Seconds that the document itself says it may be kept; 0: it does not."""
    failures: int = 0
    since: int = 0
    """Since when it fails (ms); 0: it does not."""
    trouble: Trouble | None = None
    """Why it fails."""
    notice: str = ""
    """What of the last document was not taken, in a sentence; empty: all was."""
    token: str = ""
    """Under which it is being read."""
    feed: int = 0
    """An origin topic's feed number."""

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask for it only if it changed (RFC 9110 §13.1)."""
        said = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in said.items() if value}

    @property
    def shown(self) -> str:
        """The URL as people may see it: a query may hold a key."""
        return shown(self.url)


def ingest_id(url: str) -> str:
    """Name an ingest feed, in short."""
    return sha256(url.encode()).hexdigest()[:16]


def remote_of(url: str) -> RemoteId:
    """Name an ingest feed as a remote."""
    return RemoteId(f"i:{ingest_id(url)}")


def ingest_source(url: str) -> str:
    """Give the source that entries of an ingest feed remember."""
    return f"{FEED_SOURCE}{ingest_id(url)}"


def shown(url: str) -> str:
    """Give a URL without its query, of which a hash tells it from others."""
    parts = urlsplit(url)
    query = f"?…{sha256(parts.query.encode()).hexdigest()[:6]}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}{parts.path}{query}"


def delay(pace: Pace, remote: Remote, reading: Reading, dice: float) -> float:
    """Give the time until the next look; `remote` as it stands after this one."""
    if not isinstance(reading, Trouble):
        return pace.pause(remote.ttl or None if reading.kept is None else reading.kept, dice)
    own = min(FIRST_RETRY << min(remote.failures - 1, 20), LONGEST_RETRY) * (1 + JITTER * (2 * dice - 1))
    return max(own, min(reading.retry_after, LONGEST_RETRY))


def settled(remote: Remote, reading: Reading, now: int) -> Remote:
    """Give the remote as it stands after a look; what of a document was taken is not known here. `now` in ms."""
    match reading:
        case Trouble():
            return replace(
                remote, failures=remote.failures + 1, since=remote.since or now, trouble=reading, notice=""
            )
        case Unchanged():
            return replace(remote, failures=0, since=0, trouble=None)
        case Fetched(etag=etag, modified=modified, hash=digest):
            return replace(
                remote,
                etag=etag,
                modified=modified,
                hash=digest,
                failures=0,
                since=0,
                trouble=None,
                notice="",
            )


def read_answer(
    status: int, headers: Mapping[str, str], body: bytes, *, limit: int, retry_after: int, where: str
) -> Reading:
    """Say what an answer means. `body` was cut off beyond `limit`; `where`: the setting that the URL stands in."""
    kept = _kept(headers)
    if status == _NOT_MODIFIED:
        return Unchanged(kept)
    if status != _OK:
        return _refused(status, headers, retry_after, where)
    if len(body) > limit:
        return Trouble(
            f"it is larger than {limit} bytes", "Have it hold fewer items.", lasting=True, code="too-large"
        )
    return Fetched(
        body,
        headers.get("Content-Type", ""),
        headers.get("ETag", ""),
        headers.get("Last-Modified", ""),
        kept,
        ", ".join(value for name, value in headers.items() if name.lower() == "link"),
    )


def _refused(status: int, headers: Mapping[str, str], retry_after: int, where: str) -> Trouble:
    if status in _MOVED:
        to = shown(headers.get("Location", "")) if headers.get("Location") else "another address"
        return Trouble(
            f"it has moved to {to} ({status})",
            f"Redirects are not followed: put that address in {where}.",
            lasting=True,
        )
    if status == _GONE:
        return Trouble("it is gone (410)", f"Take it out of {where}.", lasting=True, gone=True)
    passing = status in _PASSING or status >= _SERVER_ERROR
    cure = "It is tried again." if passing else f"Open it in a browser; correct {where}."
    return Trouble(f"its server answers {status}", cure, lasting=not passing, retry_after=retry_after)


def _kept(headers: Mapping[str, str]) -> int | None:
    """Read how long an answer may be kept (RFC 9111 §4.2.1), less how long a cache has kept it already."""
    found = _MAX_AGE.search(headers.get("Cache-Control", ""))
    if found is None:
        return None
    age = headers.get("Age", "").strip()
    return max(0, int(found[1]) - (int(age) if age.isascii() and age.isdigit() else 0))


def is_feed_type(content_type: str) -> bool:
    """Tell whether a Content-Type is one that feeds are served with. Web pages are not, whatever they say."""
    return _FEED_TYPE.fullmatch(content_type.partition(";")[0].strip()) is not None
