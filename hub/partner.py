"""Partners: who may open their own editions of feeds, and with which keys. Pure: randomness and the time are arguments.

A partner's edition of a feed is that feed in its size, full or in summaries, with removals told in its way. It is never
more than readers may see: of an entry that is not public only what stands before the paywall is stored at all.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import astuple, dataclass, replace
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from hub.model import FeedNumber, Site

KEY_PREFIX = "fhp_"
"""What a partner's key begins with, so that people and secret scanners know one when they see it."""
KEY_BYTES = 32
"""Random bytes of a key: nobody guesses those, so a plain SHA-256 keeps them (a slow hash is for passwords)."""
ID_BYTES = 12
OVERLAP_SECONDS = 24 * 60 * 60
"""How long a replaced key goes on opening unless somebody says otherwise."""
MOST_OVERLAP_SECONDS = 90 * 24 * 60 * 60
"""A partner's own release may take a quarter."""
MOST_KEYS = 10
MOST_WEBHOOKS = 20
"""Of one partner: each may have a hundred feeds, and a key must not be able to fill the hub."""
MOST_SIZE = 500
"""Entries of an edition, as many as FEED_SIZE may be."""

_HINT = 4
_FORM = re.compile(KEY_PREFIX + r"[A-Za-z0-9_-]{43}")
_ANYWHERE = re.compile(re.escape(KEY_PREFIX) + r"[A-Za-z0-9_-]+")


class Deletes(StrEnum):
    """How a partner hears of a removal in its documents (`since`, streams and webhooks say it in their own way)."""

    TOMBSTONE = "tombstone"
    """Atom: RFC 6721 `at:deleted-entry`; RSS and JSON drop the entry, as the public documents do."""
    EXPIRE = "expire"
    """The item stays, emptied, with a newer date and a `dcterms:valid` that has ended (MSN's takedown)."""
    STATUS = "status"
    """The item stays, emptied, with `media:status` deleted (SmartNews)."""
    NONE = "none"
    """The entry is dropped, and nothing says so."""

    @property
    def keeps_items(self) -> bool:
        """Whether removed entries stay as items."""
        return self in {Deletes.EXPIRE, Deletes.STATUS}


@dataclass(frozen=True, slots=True)
class Edition:
    """How a partner's documents differ from the public ones."""

    size: int
    """Live entries in a document; removed ones that stay come on top."""
    full_content: bool
    deletes: Deletes

    def of(self, site: Site) -> Site:
        """Give the publisher as this edition shows it."""
        return replace(site, full_content=self.full_content, for_partner=True)


@dataclass(frozen=True, slots=True)
class Order:
    """All of a partner that an edition depends on: partners with equal ones share it."""

    edition: Edition
    opened: tuple[FeedNumber, ...]
    """The feeds that it may open, where that matters; empty: all."""

    def sees_any(self, feeds: Sequence[FeedNumber]) -> bool:
        """Whether an entry that is in these feeds is there for this partner."""
        return bool(set(feeds) & set(self.opened)) if self.opened else bool(feeds)


@dataclass(frozen=True, slots=True)
class PartnerKey:
    """One key, as it is kept: what it was can't be had back from this."""

    hint: str
    """Its first characters after the prefix: they tell keys apart for people, and say which one to compare with."""
    digest: str
    """SHA-256 of the whole key, hexadecimal."""
    created: int
    until: int | None = None
    """When it stops opening; None: it is the present one."""


@dataclass(frozen=True, slots=True)
class Partner:
    """Who has keys, and what they open. Moments are milliseconds since 1970."""

    id: str
    name: str
    feeds: tuple[FeedNumber, ...]
    """All that its keys open, by number, so that a rename takes nothing away; empty: every feed."""
    edition: Edition
    keys: tuple[PartnerKey, ...]
    """The present one first."""
    created: int
    changed: int
    """When what its documents depend on last changed: they are as new as that."""

    @property
    def order(self) -> Order:
        """What is over for one partner may be alive for another; nothing else differs by what they may open."""
        return Order(self.edition, self.feeds if self.edition.deletes.keeps_items else ())

    def may_open(self, feed: FeedNumber) -> bool:
        return not self.feeds or feed in self.feeds


# ---- what keys are used for ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests with one key, by how they ended, and the bytes of their answers (compressed, without heads)."""

    ok: int = 0
    """2xx: something new was sent, or something was done."""
    not_modified: int = 0
    """304: the partner polls, and had everything."""
    refused: int = 0
    """4xx."""
    failed: int = 0
    """5xx: our own fault."""
    bytes: int = 0

    @property
    def requests(self) -> int:
        return self.ok + self.not_modified + self.refused + self.failed


@dataclass(frozen=True, slots=True)
class LastUse:
    """The latest request with a key."""

    at: int
    status: int
    path: str
    """As the log shows it."""


@dataclass(frozen=True, slots=True)
class Use:
    """What one key was used for on one day (UTC), as a front counts it."""

    partner: str
    key: str
    """Its hint."""
    day: date
    counts: Counts
    last: LastUse


def counted(status: int, size: int) -> Counts:
    """Count one answer."""
    match status // 100:
        case 3 if status == HTTPStatus.NOT_MODIFIED:
            return Counts(not_modified=1)
        case 2 | 3:
            return Counts(ok=1, bytes=size)
        case 4:
            return Counts(refused=1, bytes=size)
    return Counts(failed=1, bytes=size)


def added(one: Counts, other: Counts) -> Counts:
    return Counts(*(a + b for a, b in zip(astuple(one), astuple(other), strict=True)))


# ---- ids and keys ---------------------------------------------------------------------------------------------------


def id_of(random: bytes) -> str:
    """Name a partner by 12 random bytes: `pt_` and 16 characters."""
    return "pt_" + base64.urlsafe_b64encode(random).decode()


def key_of(random: bytes) -> str:
    """Write 32 random bytes as a key: `fhp_` and 43 characters. Raises ValueError for another number."""
    if len(random) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(random)}")
    return KEY_PREFIX + base64.urlsafe_b64encode(random).decode().rstrip("=")


def kept_of(key: str, now: int) -> PartnerKey:
    """Give what is kept of a new key."""
    return PartnerKey(hint_of(key), _digest(key), now)


def is_key(text: str) -> bool:
    """Whether a text has a key's form: all else is none, without asking anybody."""
    return _FORM.fullmatch(text) is not None


def hint_of(key: str) -> str:
    return key[len(KEY_PREFIX) :][:_HINT]


def fitting(key: str, among: Iterable[PartnerKey], now: int) -> PartnerKey | None:
    """Find the one that opens with this key at this moment. Each comparison takes the same time."""
    digest = _digest(key)
    found = [one for one in among if hmac.compare_digest(one.digest, digest)]
    return next((one for one in found if opens(one, now)), None)


def opens(key: PartnerKey, now: int) -> bool:
    """Whether a key's time has not ended."""
    return key.until is None or key.until > now


def rotated(keys: Sequence[PartnerKey], new: PartnerKey, *, overlap_seconds: int) -> tuple[PartnerKey, ...]:
    """Put a new key first; no earlier one opens for longer than the overlap, so 0 ends them all at once."""
    end = new.created + overlap_seconds * 1000
    earlier = (replace(key, until=min(key.until or end, end)) for key in keys)
    return new, *(key for key in earlier if opens(key, new.created))


def without_keys(text: str) -> str:
    """Hide every key in a text that is to be shown or logged."""
    return _ANYWHERE.sub(f"{KEY_PREFIX}…", text) if KEY_PREFIX in text else text


def _digest(key: str) -> str:
    return sha256(key.encode(errors="replace")).hexdigest()
