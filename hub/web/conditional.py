"""When a 304 is the right answer: a pure reading of If-None-Match and If-Modified-Since (RFC 9110 §13)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# An entity tag in quotes, weak or not, or whatever else stands between two commas: some clients drop the quotes.
_TAG = re.compile(r'(?:[Ww]/)?"([^"]*)"|([^\s,]+)')
# What compressing proxies add to a tag that passes through them (Apache "-gzip", Jetty "--gzip", others ";gzip").
_CODING_SUFFIX = re.compile(r"(?:--?|;)(?:gzip|br|zstd|deflate)$")
# Dates have whole seconds, so until a second is over its date can't tell two documents apart; one more for clocks
# that differ between the machines of a hub.
_SETTLED = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Validators:
    """What a client may compare a representation with. `etag` is quoted, weak or strong."""

    etag: str
    last_modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What a client says that it has: the two headers' values, lines joined by commas, None where absent."""

    if_none_match: str | None = None
    if_modified_since: str | None = None


def is_not_modified(asked: Preconditions, have: Validators, now: datetime) -> bool:
    """Say whether 304 answers a GET. If-None-Match decides alone when it is there (RFC 9110 §13.2.2)."""
    if asked.if_none_match is not None:
        return _matches(asked.if_none_match, have.etag)
    since = _date(asked.if_modified_since)
    if since is None or since > now or have.last_modified is None:
        return False
    return since >= have.last_modified


def shown_date(last_modified: datetime, now: datetime) -> datetime:
    """Give the Last-Modified to send: never later than now, never one that the next document may share.

    A document that may still be replaced within its own second shows the second before it: a client that saw it then
    fetches once more instead of being told 304 for ever.
    """
    if now - last_modified >= _SETTLED:
        return last_modified
    return min(last_modified, now.replace(microsecond=0)) - timedelta(seconds=1)


def _matches(header: str, etag: str) -> bool:
    """Compare weakly (RFC 9110 §8.8.3.2), forgiving what proxies and clients do to tags."""
    if header.strip() == "*":
        return True
    ours = _opaque(etag)
    tags = (quoted or bare for quoted, bare in _TAG.findall(header))
    return any(tag == ours or _CODING_SUFFIX.sub("", tag) == ours for tag in tags)


def _opaque(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')


def _date(value: str | None) -> datetime | None:
    """Read an HTTP date; whatever is none counts as absent."""
    if value is None:
        return None
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # OverflowError: an hour or offset of twenty digits
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
