"""`/api/subscriptions` and retraction receipts: who is told, how that goes, and who knows of an entry's last change.

Callbacks are shown whole: their queries are secrets of subscribers, and who may ask here is their keeper.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hub.errors import BadRequest, FieldError, Invalid, NotFound
from hub.model import EntryId, FeedPath, Live, Moved
from hub.subscription import Channel, SubscriptionId
from hub.web.api import (
    answer,
    asker,
    cursor_of,
    front_of,
    limit_of,
    microseconds,
    moment,
    operator,
    owner_of,
    read,
)
from hub.web.webhook_bodies import Replay

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiohttp import web

    from hub.model import FeedNumber, Standing
    from hub.partner import Partner
    from hub.subscription import Attempt, EntryReceipt, Subscription
    from hub.web.front import Front
    from hub.web.ports import Store

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}(\.[0-9]{1,16})?")


async def list_subscriptions(request: web.Request) -> web.Response:
    """Answer a page of subscriptions; of one feed with `?feed=`, and then with fewer rows than the page may hold.

    Raises Unauthorized, BadRequest, NotFound (no such feed), StoreUnavailable.
    """
    partner, front = await asker(request), front_of(request)
    feed = await _feed(front.store, request.query.get("feed", ""))
    try:
        rows, cursor = await front.store.list_subscriptions(
            cursor=cursor_of(request), limit=limit_of(request), owner=owner_of(partner)
        )
    except ValueError:
        raise BadRequest("cursor must be one that an earlier page gave") from None
    shown = [row for row in rows if feed is None or row.feed == feed]
    standings = await front.store.standings(list({row.feed for row in shown}))
    owners = await _owners(front.store, shown)
    subscriptions = [shown_subscription(row, standings, owners) for row in shown]
    return answer({"subscriptions": subscriptions, "cursor": cursor})


async def show_subscription(request: web.Request) -> web.Response:
    """Answer one subscription, with its last attempt. Raises Unauthorized, NotFound, StoreUnavailable."""
    found, front = await _asked_for(request), front_of(request)
    return answer(await followed(front, found))


async def list_attempts(request: web.Request) -> web.Response:
    """Answer a subscription's attempts, newest first. Raises Unauthorized, NotFound, StoreUnavailable."""
    found = await _asked_for(request)
    attempts = await front_of(request).store.attempts(found.id)
    return answer({"attempts": [shown_attempt(attempt) for attempt in attempts]})


async def replay_subscription(request: web.Request) -> web.Response:
    """Deliver again what changed after a seq or since a time. Raises Unauthorized, NotFound, Invalid."""
    found, front = await _asked_for(request), front_of(request)
    body = await read(request, Replay)
    await set_back(front, [found], body.since)
    return answer(await followed(front, await front.store.subscription(found.id) or found))


async def list_receipts(request: web.Request) -> web.Response:
    """Answer who acknowledged the latest change of the entry `?id=`, and who did not yet.

    It names everybody's receivers, so it is the operator's. Raises Unauthorized, Forbidden, BadRequest, NotFound (a
    misspelt id must not look as if all knew), StoreUnavailable.
    """
    await operator(request)
    entry = request.query.get("id", "")
    if not entry:
        raise BadRequest("id is missing: name the entry as its CMS does, percent-encoded")
    receipts = await front_of(request).store.receipts(EntryId(entry))
    return answer(
        {
            "entry": entry,
            "acknowledged": all(receipt.acknowledged for receipt in receipts),
            "receipts": [_shown_receipt(receipt) for receipt in receipts],
        }
    )


async def followed(front: Front, subscription: Subscription) -> dict[str, Any]:
    """Show a subscription with its last attempt. Raises StoreUnavailable."""
    standings = await front.store.standings([subscription.feed])
    attempts = await front.store.attempts(subscription.id)
    last = shown_attempt(attempts[0]) if attempts else None
    owners = await _owners(front.store, [subscription])
    return shown_subscription(subscription, standings, owners) | {"last_attempt": last}


async def set_back(front: Front, subscriptions: Sequence[Subscription], since: int) -> None:
    """Move cursors to a seq, and ring. Raises Invalid for one that is still to come, and StoreUnavailable."""
    if since > microseconds(front.now()):
        raise Invalid([FieldError("/since", "must not be ahead of the hub's clock")])
    standings = await front.store.standings([subscription.feed for subscription in subscriptions])
    for subscription in subscriptions:
        # A cursor above its feed's last change would count as a gap.
        after = min(since, standings[subscription.feed].seq)
        await front.store.replay(subscription.id, after)
    await front.distribute.ring()


async def live_feed(store: Store, path: FeedPath) -> FeedNumber | None:
    """Find a feed by an address that may have moved. Raises StoreUnavailable."""
    found = await store.resolve(path)
    if isinstance(found, Moved):
        found = await store.resolve(found.path)
    return found.number if isinstance(found, Live) else None


async def _owners(store: Store, subscriptions: Sequence[Subscription]) -> Mapping[str, str]:
    """Find whose webhooks these are, by their ids."""
    hooks = {each.callback for each in subscriptions if each.channel is Channel.WEBHOOK}
    return await store.owners(list(hooks)) if hooks else {}


def shown_subscription(
    subscription: Subscription, standings: Mapping[FeedNumber, Standing], owners: Mapping[str, str]
) -> dict[str, Any]:
    """Write a subscription; `head` is its feed's last change. `owners`: partners by the ids of their webhooks."""
    standing = standings.get(subscription.feed)
    webhook = subscription.channel is Channel.WEBHOOK
    return {
        "id": subscription.id,
        "channel": subscription.channel,
        "feed": str(standing.path) if standing else None,
        "webhook": subscription.callback if webhook else None,
        "partner": owners.get(subscription.callback) or None,
        "callback": None if webhook else subscription.callback,
        "topic": subscription.topic or None,
        "format": subscription.format,
        "cursor": subscription.cursor,
        "head": standing.seq if standing else None,
        "behind": standing is not None and subscription.cursor < standing.seq,
        "paused": subscription.paused,
        "lane": subscription.lane,
        "failures": subscription.failures,
        "failing_since": moment(subscription.failing_since),
        "next_attempt": moment(subscription.next_attempt),
        "lease_end": moment(subscription.lease_end),
    }


def shown_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": moment(attempt.at),
        "what": attempt.what,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "ms": attempt.ms,
        "seq": attempt.seq,
        "detail": attempt.detail,
    }


async def _asked_for(request: web.Request) -> Subscription:
    """Find the subscription that the address names. Raises Unauthorized, NotFound, StoreUnavailable."""
    partner, store = await asker(request), front_of(request).store
    id_ = request.match_info["id"]
    found = await store.subscription(SubscriptionId(id_)) if _ID.fullmatch(id_) else None
    if found is None or not await _is_of(store, found, partner):
        raise NotFound("There is no such subscription.")
    return found


async def _is_of(store: Store, subscription: Subscription, partner: Partner | None) -> bool:
    """Whether it is the asker's to see: the operator's all are, a partner's those of its webhooks."""
    if partner is None:
        return True
    return (await _owners(store, [subscription])).get(subscription.callback) == partner.id


async def _feed(store: Store, text: str) -> FeedNumber | None:
    if not text:
        return None
    try:
        found = await live_feed(store, FeedPath.parse(text))
    except ValueError:
        raise BadRequest("feed must be all, or <kind>/<slug> such as category/europe-news") from None
    if found is None:
        raise NotFound(f"There is no feed {text[:200]}.")
    return found


def _shown_receipt(receipt: EntryReceipt) -> dict[str, Any]:
    return {
        "feed": str(receipt.feed),
        "seq": receipt.seq,
        "removed": receipt.removed,
        "subscription": receipt.subscription,
        "callback": receipt.callback,
        "acknowledged": receipt.acknowledged,
    }
