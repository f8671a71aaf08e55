"""`/api/webhooks…`: partners' receivers, their secrets and how they fare (INTERFACE "Subscribing").

A secret is shown once, when it is made, and is sealed before the store sees it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs, web

from hub.adapters.egress import Answer, Failure
from hub.errors import Conflict, FieldError, Invalid, NotFound
from hub.model import ALL, Seq
from hub.subscription import SealedSecret, Webhook
from hub.web.api import (
    answer,
    asker,
    cursor_of,
    front_of,
    limit_of,
    microseconds,
    milliseconds,
    moment,
    owner_of,
    read,
)
from hub.web.feedlists import live_feeds
from hub.web.subscriptions import followed, live_feed, set_back
from hub.web.webhook_bodies import NewWebhook, Nothing, Rotation, WebhookChange, WebhookReplay
from hub.webhook import (
    ID_BYTES,
    MOST_SECRETS,
    SECRET_BYTES,
    headers,
    id_of,
    probe,
    probe_id,
    rotated,
    secret_of,
    signing,
    subscription_id,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model import FeedPath
    from hub.subscription import Subscription
    from hub.web.front import Front

log = logging.getLogger("hub.webhooks")

GUIDE = "/static/receive.md"
"""docs/receive.md, as the hub itself serves it."""
_ID = re.compile(r"wh_[A-Za-z0-9_-]{16}")
_OK = range(200, 300)


async def list_webhooks(request: web.Request) -> web.Response:
    """Answer a page of webhooks, without what each of their feeds is at. Raises Unauthorized, BadRequest."""
    partner, store = await asker(request), front_of(request).store
    rows, cursor = await store.list_webhooks(
        cursor=cursor_of(request), limit=limit_of(request), owner=owner_of(partner)
    )
    return answer({"webhooks": [_shown(row) for row in rows], "cursor": cursor})


async def create_webhook(request: web.Request) -> web.Response:
    """Make a webhook and show its secret, this once. Raises Unauthorized, Invalid, Conflict, and what `read` raises."""
    partner, front = await asker(request), front_of(request)
    body = await read(request, NewWebhook)
    feeds = tuple(await live_feeds(front, body.feeds, partner))
    id_ = id_of(front.random(ID_BYTES))
    secret, sealed = _new_secret(front, id_)
    webhook = Webhook(
        id=id_,
        url=body.url,
        feeds=feeds,
        secrets=(SealedSecret(sealed),),
        description=body.description or "",
        owner=owner_of(partner) or "",
        created=milliseconds(front.now()),
    )
    await front.store.put_webhook(webhook)
    base = front.settings.site.public_url
    shown = await _shown_whole(front, webhook) | {"secret": secret, "guide": base + GUIDE}
    return answer(shown, status=201, headers={hdrs.LOCATION: f"{base}/api/webhooks/{id_}"})


async def show_webhook(request: web.Request) -> web.Response:
    """Answer a webhook and what each of its feeds is at. Raises Unauthorized, NotFound."""
    webhook = await _asked_for(request)
    return answer(await _shown_whole(front_of(request), webhook))


async def change_webhook(request: web.Request) -> web.Response:
    """Change what is said of it; feeds that stay keep their cursors. Raises as `create_webhook`, and NotFound."""
    webhook, front = await _asked_for(request), front_of(request)
    body = await read(request, WebhookChange)
    said: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    if "feeds" in said:
        said["feeds"] = tuple(await live_feeds(front, body.feeds, await asker(request)))
    if "description" in said:
        said["description"] = body.description or ""
    changed = replace(webhook, **said)
    await front.store.put_webhook(changed, was=webhook)
    if "url" in said:
        await _retry(front, changed)
    await front.distribute.ring()
    return answer(await _shown_whole(front, changed))


async def delete_webhook(request: web.Request) -> web.Response:
    """Forget a webhook. Raises Unauthorized, NotFound."""
    webhook = await _asked_for(request)
    if not await front_of(request).store.remove_webhook(webhook.id):
        raise _unknown()
    return web.Response(status=204, headers={hdrs.CACHE_CONTROL: "no-store"})


async def rotate_secret(request: web.Request) -> web.Response:
    """Make a new secret and show it, this once; earlier ones sign beside it while the overlap lasts.

    Raises Unauthorized, NotFound, Invalid, Conflict when too many would sign at once.
    """
    webhook, front = await _asked_for(request), front_of(request)
    body = await read(request, Rotation)
    secret, sealed = _new_secret(front, webhook.id)
    now = milliseconds(front.now())
    secrets = rotated(webhook.secrets, sealed, now=now, overlap_seconds=body.overlap_seconds)
    if len(secrets) > MOST_SECRETS:
        raise Conflict(
            f"{MOST_SECRETS} secrets sign already: wait for one to end, or end all with overlap_seconds 0."
        )
    changed = replace(webhook, secrets=secrets)
    await front.store.put_webhook(changed, was=webhook)
    return answer(await _shown_whole(front, changed) | {"secret": secret})


async def replay_webhook(request: web.Request) -> web.Response:
    """Deliver again what changed after a seq or since a time. Raises Unauthorized, NotFound, Invalid."""
    webhook, front = await _asked_for(request), front_of(request)
    body = await read(request, WebhookReplay)
    await set_back(front, await _subscriptions(front, _among(webhook, body.feeds)), body.since)
    return answer(await _shown_whole(front, webhook))


async def test_webhook(request: web.Request) -> web.Response:
    """Send one `webhook.test` now and answer what came back. Raises Unauthorized, NotFound."""
    webhook, front = await _asked_for(request), front_of(request)
    await read(request, Nothing)
    now = front.now()
    id_, sent = (
        probe_id(Seq(microseconds(now))),
        probe(next(iter(webhook.feeds), ALL), Seq(microseconds(now))),
    )
    sealed = signing(webhook.secrets, milliseconds(now))
    secrets = [front.sealer.open(secret, webhook.id).decode() for secret in sealed]
    came = await front.egress.post(webhook.url, sent, headers(secrets, id_, int(now.timestamp()), sent))
    shown = _shown_answer(came)
    log.info("webhook tested: webhook=%s status=%s ms=%.1f", webhook.id, shown["status"], came.ms)
    return answer({"webhook-id": id_, **shown})


async def pause_webhook(request: web.Request) -> web.Response:
    """Stop telling it; what changes meanwhile is owed. Raises Unauthorized, NotFound."""
    return await _pause(request, paused=True)


async def resume_webhook(request: web.Request) -> web.Response:
    """Tell it again, from where it stopped. Raises Unauthorized, NotFound."""
    return await _pause(request, paused=False)


async def _pause(request: web.Request, *, paused: bool) -> web.Response:
    webhook, front = await _asked_for(request), front_of(request)
    await read(request, Nothing)
    if not await front.store.pause(webhook.id, paused=paused):
        raise _unknown()
    if not paused:
        await front.distribute.ring()
    return answer(await _shown_whole(front, replace(webhook, paused=paused)))


# ---- which one, and which feeds -------------------------------------------------------------------------------------


async def _asked_for(request: web.Request) -> Webhook:
    """Find the webhook that the address names. Another partner's is unknown. Raises Unauthorized, NotFound."""
    partner, id_ = await asker(request), request.match_info["id"]
    found = await front_of(request).store.webhook(id_) if _ID.fullmatch(id_) else None
    if found is None or (partner and partner.id != found.owner):
        raise _unknown()
    return found


def _unknown() -> NotFound:
    return NotFound("There is no such webhook.")


def _among(webhook: Webhook, feeds: Sequence[FeedPath] | None) -> Webhook:
    """Narrow a webhook to some of its feeds. Raises Invalid for one that it does not have."""
    if feeds is None:
        return webhook
    faults = [
        FieldError(f"/feeds/{position}", "is no feed of this webhook")
        for position, path in enumerate(feeds)
        if path not in webhook.feeds
    ]
    if faults:
        raise Invalid(faults)
    return replace(webhook, feeds=tuple(dict.fromkeys(feeds)))


async def _subscriptions(front: Front, webhook: Webhook) -> list[Subscription]:
    """Find its subscriptions in the order of its feeds; a feed that retired has none any more."""
    numbers = await asyncio.gather(*(live_feed(front.store, path) for path in webhook.feeds))
    ids = dict.fromkeys(subscription_id(webhook.id, number) for number in numbers if number is not None)
    found = await asyncio.gather(*(front.store.subscription(id_) for id_ in ids))
    return [subscription for subscription in found if subscription]


async def _retry(front: Front, webhook: Webhook) -> None:
    """Have what waits for its next attempt tried at once: an address that was mended need not wait for hours."""
    for subscription in await _subscriptions(front, webhook):
        if subscription.failures:
            await front.store.replay(subscription.id, subscription.cursor)


def _new_secret(front: Front, owner: str) -> tuple[str, bytes]:
    """Make a secret, to show and to keep."""
    secret = secret_of(front.random(SECRET_BYTES))
    return secret, front.sealer.seal(secret.encode(), owner)


# ---- what is answered -----------------------------------------------------------------------------------------------


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "feeds": [str(path) for path in webhook.feeds],
        "description": webhook.description,
        "partner": webhook.owner or None,
        "paused": webhook.paused,
        "created": moment(webhook.created),
        "secrets": [{"signs_until": moment(secret.until)} for secret in webhook.secrets],
    }


async def _shown_whole(front: Front, webhook: Webhook) -> dict[str, Any]:
    subscriptions = await _subscriptions(front, webhook)
    rows = await asyncio.gather(*(followed(front, subscription) for subscription in subscriptions))
    return _shown(webhook) | {"subscriptions": rows}


def _shown_answer(came: Answer | Failure) -> dict[str, Any]:
    if isinstance(came, Failure):
        return {
            "delivered": False,
            "status": None,
            "ms": came.ms,
            "error": f"{came.kind}: {came.detail}",
        }
    delivered = came.status in _OK
    error = (
        None if delivered else "only an answer from 200 to 299 counts as received; redirects are not followed"
    )
    return {"delivered": delivered, "status": came.status, "ms": came.ms, "error": error}
