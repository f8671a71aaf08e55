"""Subscriptions, webhooks, requests and attempts as Redis holds them: JSON in, records out. Pure.

A subscription's record is an array in the order of `FIELDS` in scripts/subs.lua: a hundred thousand must be small.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import orjson

from hub.model import FeedNumber, FeedPath, Format, Seq
from hub.subscription import (
    Attempt,
    Channel,
    Intent,
    Lane,
    Refusal,
    SealedSecret,
    Subscription,
    SubscriptionId,
    Webhook,
)

# Calling an enum costs eight times as much as this, and a fan-out reads three for each subscriber.
_CHANNELS = {str(channel): channel for channel in Channel}
_FORMATS = {str(format_): format_ for format_ in Format}
_LANES = {str(lane): lane for lane in Lane}


def pack_new_subscription(intent: Intent, lease_end: int) -> bytes:
    """Write the record of a WebSub subscription that has just been verified."""
    row = (
        Lane.FAST,
        str(intent.feed),
        lease_end,
        Channel.WEBSUB,
        intent.format or "",
        intent.callback,
        intent.topic,
        _text(intent.secret),
        intent.algorithm,
        0,
        0,
        0,
        "",
        0,
    )
    return orjson.dumps(row)


def unpack_subscription(
    id_: SubscriptionId, packed: bytes, cursor: int, *, claim: str = "", next_attempt: float | None = None
) -> Subscription:
    """Read a record, and put its cursor to it."""
    (lane, feed, lease, channel, format_, callback, topic, secret, algorithm, failures, since,
     paused, refused, refused_since) = orjson.loads(packed)  # fmt: skip
    return Subscription(
        id_,
        _CHANNELS[channel],
        FeedNumber(int(feed)),
        callback,
        Seq(cursor),
        _FORMATS[format_] if format_ else None,
        topic,
        b64decode(secret),
        algorithm,
        lease or None,
        _LANES[lane],
        failures,
        since or None,
        None if paused or next_attempt is None else int(next_attempt),
        claim,
        bool(paused),
        Refusal(Seq(int(refused)), refused_since) if refused else None,
    )


def pack_intent(intent: Intent) -> bytes:
    return orjson.dumps({**_fields(intent), "secret": _text(intent.secret)})


def unpack_intent(packed: bytes) -> Intent:
    fields = orjson.loads(packed)
    fields["secret"] = b64decode(fields["secret"])
    fields["format"] = Format(fields["format"]) if fields["format"] else None
    return Intent(**fields)


def pack_webhook(webhook: Webhook) -> bytes:
    """Write a webhook but for its feeds, which the store keeps as numbers."""
    return orjson.dumps(
        {
            "url": webhook.url,
            "secrets": [[_text(secret.sealed), secret.until] for secret in webhook.secrets],
            "description": webhook.description,
            "owner": webhook.owner,
            "paused": webhook.paused,
            "created": webhook.created,
        }
    )


def unpack_webhook(id_: str, packed: bytes, feeds: tuple[FeedPath, ...]) -> Webhook:
    fields: dict[str, Any] = orjson.loads(packed)
    fields["secrets"] = tuple(SealedSecret(b64decode(sealed), until) for sealed, until in fields["secrets"])
    return Webhook(id=id_, feeds=feeds, **fields)


def pack_attempt(attempt: Attempt) -> str:
    seq = None if attempt.seq is None else str(attempt.seq)
    row = (
        attempt.at,
        attempt.what,
        attempt.outcome,
        attempt.status,
        round(attempt.ms, 1),
        seq,
        attempt.detail[:200],
    )
    return orjson.dumps(row).decode()


def unpack_attempt(packed: bytes) -> Attempt:
    at, what, outcome, status, ms, seq, detail = orjson.loads(packed)
    return Attempt(at, what, outcome, status, ms, None if seq is None else Seq(int(seq)), detail)


def _fields(intent: Intent) -> dict[str, Any]:
    return {name: getattr(intent, name) for name in Intent.__slots__}


def _text(sealed: bytes) -> str:
    return b64encode(sealed).decode()
