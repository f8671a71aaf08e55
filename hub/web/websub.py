"""POST /websub: subscribe, unsubscribe and publish pings, answered at once (WebSub §5.1). Nobody is called from here.

A request is kept until the workers have verified it; until then it changes nothing. Errors are one sentence each.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from hub.errors import BadRequest, Gone, NotBuilt, NotFound, UnsupportedType
from hub.model import FeedPath, Kind, Live, Moved, Retired
from hub.origins import is_allowed, topic_key
from hub.subscription import Intent
from hub.urls import document_url, is_own
from hub.web.bodies import read_body
from hub.web.documents import Unbuilt
from hub.web.front import PARTS
from hub.web.headers import LIST_HEADERS
from hub.web.pings import look_at
from hub.web.problems import FOR_SUBSCRIBERS
from hub.web.sources import source_of
from hub.web.targets import read_topic
from hub.websub import Leases, PublishPing, SubscriberRequest, algorithm_for, read_request, subscription_id

if TYPE_CHECKING:
    from hub.model import FeedNumber, Format
    from hub.settings import Settings
    from hub.web.front import Front, Parts
    from hub.web.memory import Key

log = logging.getLogger("hub.web.websub")

BURST = 500
"""Requests of one source at once: a reader that moves in with all its feeds …"""
PER_SECOND = 5.0
"""… and goes on at this pace. Each request may make the hub call one stranger's server once."""

_FORM = "application/x-www-form-urlencoded"
_MAX_BODY = 256 * 1024
"""Bytes: a publish ping with a thousand addresses."""


async def explain(request: web.Request) -> web.Response:
    """Tell a person what this address is for."""
    site = request.app[PARTS].site
    text = (
        f"This is the WebSub hub of {site.title}: it tells subscribers of its feeds' changes.\n\n"
        f"The feeds are listed at {site.public_url}/\n"
        "To subscribe, send hub.mode=subscribe, hub.topic (the rel=self address of a feed) and hub.callback\n"
        "by POST, as a form: https://www.w3.org/TR/websub/\n"
    )
    return web.Response(text=text, headers=LIST_HEADERS)


async def receive(request: web.Request) -> web.Response:
    """Answer 202 to a subscriber, 204 to a publisher, whatever comes of it later (§5.1.1)."""
    request[FOR_SUBSCRIBERS] = True
    match read_request(await _form(request)):
        case PublishPing(topics):
            # The answer is one for all: a stranger must not learn from it what is a topic here.
            await look_at(request, topics, "a publish ping")
            return web.Response(status=204)
        case asked:
            await _keep(request, asked)
            return web.Response(status=202, text="Accepted.\n")


async def _form(request: web.Request) -> bytes:
    kind = request.content_type if hdrs.CONTENT_TYPE in request.headers else _FORM
    if kind != _FORM:
        raise UnsupportedType(f"Content-Type must be {_FORM}, and is {kind[:100]}.")
    return await read_body(request, limit=_MAX_BODY, seconds=request.app[PARTS].front.body_seconds)


async def _keep(request: web.Request, asked: SubscriberRequest) -> None:
    """Have a request verified, if it is one that this hub serves. Raises the HubError that says why not."""
    parts = request.app[PARTS]
    front = parts.front
    parts.subscribers.take(source_of(request, front.settings.trusted_proxies))
    if is_own(parts.site.public_url, asked.callback):
        raise BadRequest("hub.callback must not lead to this hub itself.")
    if is_own(parts.site.public_url, asked.topic) or not is_allowed(front.settings.origins, asked.topic):
        document = await _document(parts, asked)
        intent = _intent(asked, document.number, document.format, parts)
    else:
        intent = _intent(asked, await _origin_topic(front, asked), None, parts)
    await front.store.request(intent)
    log.info(
        "websub mode=%s feed=%d format=%s subscription=%s", intent.mode, intent.feed, intent.format, intent.id
    )
    await front.distribute.ring()


def _intent(asked: SubscriberRequest, feed: FeedNumber, format_: Format | None, parts: Parts) -> Intent:
    front = parts.front
    id_ = subscription_id(feed, format_, asked.callback)
    return Intent(
        id=id_,
        mode=asked.mode,
        topic=asked.topic,
        feed=feed,
        format=format_,
        callback=asked.callback,
        secret=front.sealer.seal(asked.secret, id_) if asked.secret else b"",
        algorithm=algorithm_for(asked.callback),
        lease_seconds=_leases(front.settings).grant(asked.lease_seconds),
        verify_token=asked.verify_token,
    )


def _leases(settings: Settings) -> Leases:
    return Leases(settings.lease_min_seconds, settings.lease_default_seconds, settings.lease_max_seconds)


async def _origin_topic(front: Front, asked: SubscriberRequest) -> FeedNumber:
    """Find the feed that stands for a topic of another server; a worker reads it, and denies what is no feed.

    Raises TooManyPending, NotFound (to unsubscribe), StoreUnavailable.
    """
    key = topic_key(asked.topic)
    if asked.mode == "subscribe":
        return await front.store.origin_topic(key, asked.topic)
    found = await front.store.resolve(FeedPath(Kind.ORIGIN, key))
    if isinstance(found, Live):
        return found.number
    raise NotFound("Nobody is subscribed to that topic here.")


async def _document(parts: Parts, asked: SubscriberRequest) -> Key:
    """Find the topic among this hub's documents. Raises NotFound, Gone, NotBuilt, StoreUnavailable."""
    base = parts.site.public_url
    target = read_topic(asked.topic, base, parts.front.settings.feed_kinds)
    if target is None or target.format is None:
        raise NotFound("hub.topic is no feed of this hub: send the rel=self address of one of its documents.")
    path, format_ = target.path, target.format
    if not target.canonical:
        raise NotFound(f"hub.topic must be spelt {document_url(base, path, format_)} here.")
    found = await parts.documents.find(path, format_)
    if isinstance(found, Moved) and asked.mode == "unsubscribe":
        # Those who subscribed before the move are still told, and know no other name.
        found = await parts.documents.find(found.path, format_)
    match found:
        case None:
            raise NotFound(f"There is no feed {path} here.")
        case Retired():
            raise Gone(f"The feed {path} has ended.")
        case Moved(new):
            raise Gone(f"This feed has moved: subscribe to {document_url(base, new, format_)} instead.")
        case Unbuilt():
            await parts.front.bell.ring()
            raise NotBuilt(f"The feed {path} is being built for the first time: ask again in a second.")
        case held:
            return held.key
