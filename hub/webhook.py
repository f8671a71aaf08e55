"""Webhooks, the protocol: what a partner gets, signed as Standard Webhooks 1.0 says.

Bodies, ids, headers and secrets, as pure functions. Who is owed which delivery is the store's to say, and what an
answer means is the retry policy's. Randomness and the time are arguments.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from hub.model import Format
from hub.subscription import SealedSecret, SubscriptionId
from hub.urls import document_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.model import EntryId, FeedNumber, FeedPath, Seq

SECRET_BYTES = 32
"""How many random bytes a new secret is made of: as many as the digest has."""
ID_BYTES = 12
OVERLAP_SECONDS = 24 * 60 * 60
"""How long a replaced secret goes on signing unless somebody says otherwise."""
MOST_OVERLAP_SECONDS = 7 * 24 * 60 * 60
MOST_SECRETS = 10
"""That sign at once: each adds 47 bytes to a header, and 8,190 are what receivers take of one."""

_PREFIX = "whsec_"
# Standard Webhooks, "Signature scheme": between 24 bytes (192 bits) and 64 bytes (512 bits).
_SECRET_SIZES = range(24, 65)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Type(StrEnum):
    """What a delivery tells. Receivers skip a type that they do not know."""

    ENTRY_PUBLISHED = "entry.published"
    """New to that feed since the subscription's cursor."""
    ENTRY_UPDATED = "entry.updated"
    ENTRY_REMOVED = "entry.removed"
    """No longer in that feed."""
    FEED_UPDATED = "feed.updated"
    """Its own data changed: its name, its description, its address."""
    FEED_REMOVED = "feed.removed"
    """The last one of that feed."""
    FEED_RESET = "feed.reset"
    """Changes were missed that can't be had one by one any more."""
    TEST = "webhook.test"


# ---- ids, and secrets ------------------------------------------------------------------------------------------------


def id_of(random: bytes) -> str:
    """Name a webhook by 12 random bytes: `wh_` and 16 characters."""
    return "wh_" + base64.urlsafe_b64encode(random).decode()


def subscription_id(webhook: str, feed: FeedNumber) -> SubscriptionId:
    """Name what a webhook is owed of one feed."""
    return SubscriptionId(f"{webhook}.{feed}")


def secret_of(random: bytes) -> str:
    """Write 24 to 64 random bytes as receivers configure them: `whsec_…`. Raises ValueError for another number."""
    if len(random) not in _SECRET_SIZES:
        raise ValueError(f"a secret has 24 to 64 bytes, not {len(random)}")
    return _PREFIX + base64.b64encode(random).decode()


def signing(secrets: Sequence[SealedSecret], now: int) -> tuple[bytes, ...]:
    """Give the sealed secrets that sign at a moment (milliseconds), the present one first."""
    return tuple(secret.sealed for secret in secrets if secret.until is None or secret.until > now)


def rotated(
    secrets: Sequence[SealedSecret], new: bytes, *, now: int, overlap_seconds: int
) -> tuple[SealedSecret, ...]:
    """Put a new sealed secret first; no earlier one signs for longer than the overlap, so 0 ends them all at once."""
    end = now + overlap_seconds * 1000
    earlier = (replace(secret, until=min(secret.until or end, end)) for secret in secrets)
    return SealedSecret(new), *(secret for secret in earlier if secret.until is None or secret.until > now)


# ---- signatures -----------------------------------------------------------------------------------------------------


def sign(secrets: Sequence[str], delivery: str, timestamp: int, body: bytes) -> str:
    """Sign with each secret: `v1,… v1,…`. `timestamp`: of this attempt, seconds. Raises ValueError for a bad secret."""
    signed = f"{delivery}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_digest(_key(secret), signed)}" for secret in secrets)


def headers(secrets: Sequence[str], delivery: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Give an attempt's headers. `timestamp`: of this attempt, seconds; retries keep all but it and its signature."""
    return {
        "Content-Type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets, delivery, timestamp, body),
    }


def delivery_id(feed: FeedPath, seq: Seq) -> str:
    """`<feed>:<seq>`, the same for every attempt: what receivers know a delivery by that they had already.

    Percent-encoded where a slug is not ASCII (a header holds no more), so it has no `.`, which would make what is
    signed ambiguous.
    """
    return f"{quote(str(feed), safe='/')}:{seq}"


def reset_id(feed: FeedPath, seq: Seq) -> str:
    """Give a `feed.reset` its id, which is not that of the change at its seq: who had that one must not skip this."""
    return f"{delivery_id(feed, seq)}:reset"


def probe_id(now: Seq) -> str:
    """Give a `webhook.test` its id, which is no delivery's: `test:<microseconds since 1970>`."""
    return f"test:{now}"


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:  # binascii.Error is one, too
        raise ValueError("a secret is whsec_ and base64") from None


def _digest(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


# ---- bodies ---------------------------------------------------------------------------------------------------------


def body(type_: Type, feed: FeedPath, seq: Seq, said: Mapping[str, object]) -> bytes:
    """Write a delivery. Same arguments, same bytes: its `timestamp` is that of the change. `said` follows the rest.

    Raises orjson.JSONEncodeError at a lone surrogate.
    """
    head = {"type": type_, "feed": str(feed), "seq": seq, "timestamp": moment(seq)}
    return orjson.dumps({**head, **said})


def changed_entry(feed: FeedPath, seq: Seq, item: Mapping[str, object], *, new: bool) -> bytes:
    """`entry.published` or `entry.updated`; `item` as every JSON document shows it (render.jsonfeed.json_item)."""
    return body(Type.ENTRY_PUBLISHED if new else Type.ENTRY_UPDATED, feed, seq, {"entry": item})


def removed_entry(feed: FeedPath, seq: Seq, entry: EntryId) -> bytes:
    """`entry.removed`: no more than its id, since its content is erased."""
    return body(Type.ENTRY_REMOVED, feed, seq, {"entry": {"id": entry}})


def changed_feed(feed: FeedPath, seq: Seq, public_url: str, *, name: str, description: str) -> bytes:
    """`feed.updated`: its own data as they are now, and where its document is."""
    url = document_url(public_url, feed, Format.JSON)
    return body(Type.FEED_UPDATED, feed, seq, {"name": name, "description": description, "url": url})


def removed_feed(feed: FeedPath, seq: Seq, moved_to: FeedPath | None = None) -> bytes:
    """`feed.removed`: the feed retired; `moved_to` names the one that took its entries over."""
    return body(Type.FEED_REMOVED, feed, seq, {"moved_to": str(moved_to)} if moved_to else {})


def reset_feed(feed: FeedPath, seq: Seq, public_url: str) -> bytes:
    """`feed.reset`: says what to do, and where to fetch. Deliveries go on after `seq`."""
    url = f"{document_url(public_url, feed, Format.JSON)}?since=0"
    message = (
        "Changes of this feed can't be sent one by one any more. Fetch everything from `url`, page by page, and drop "
        "what does not come back; deliveries go on after this one."
    )
    return body(Type.FEED_RESET, feed, seq, {"url": url, "message": message})


def probe(feed: FeedPath, now: Seq) -> bytes:
    """`webhook.test`: proof that address and secret are right. Its `seq` is 0: it moves no receiver's cursor."""
    said = {"type": Type.TEST, "feed": str(feed), "seq": 0, "timestamp": moment(now)}
    return orjson.dumps(said | {"message": "A test: nothing changed."})


def moment(seq: Seq) -> str:
    """Give the moment of a change, which its seq is (microseconds since 1970), as RFC 3339 writes it."""
    when = (_EPOCH + timedelta(microseconds=seq)).replace(tzinfo=None)
    return f"{when.isoformat(timespec='microseconds')}Z"
