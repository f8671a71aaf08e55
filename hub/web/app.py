"""The front's application: its parts put together, its routes, and the task that keeps its memory true."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from hub.errors import StoreUnavailable
from hub.intake.policy import MAX_BATCH_BYTES
from hub.web.admin import list_feeds, status
from hub.web.assets import Assets, favicon, static
from hub.web.delta import Deltas
from hub.web.directory import Directory
from hub.web.documents import Documents
from hub.web.editions import Editions
from hub.web.feeds import preflight, show
from hub.web.follower import Follower
from hub.web.frames import Frames
from hub.web.front import PARTS, Front, Parts
from hub.web.health import healthz, readyz
from hub.web.hooks import NOTES_BURST, NOTES_PER_SECOND, receive_hook
from hub.web.hosts import Hosts, report
from hub.web.keyring import Keyring
from hub.web.lists import directory, opml, to_directory
from hub.web.logs import outcome_lines
from hub.web.memory import Memory
from hub.web.missed import Missed
from hub.web.oldaddresses import directory_or_old, old_routes
from hub.web.pages import Pages
from hub.web.partners import (
    change_partner,
    create_partner,
    list_partners,
    revoke_partner,
    rotate_key,
    show_partner,
)
from hub.web.pings import receive_ping
from hub.web.problems import problems
from hub.web.publish import publish
from hub.web.reconcile import request_reconcile, show_reconciles
from hub.web.since import Polls
from hub.web.sources import Allowances
from hub.web.streams import Streams
from hub.web.subscriptions import (
    list_attempts,
    list_receipts,
    list_subscriptions,
    replay_subscription,
    show_subscription,
)
from hub.web.templates import Templates
from hub.web.usage import Usage
from hub.web.webhooks import (
    change_webhook,
    create_webhook,
    delete_webhook,
    list_webhooks,
    pause_webhook,
    replay_webhook,
    resume_webhook,
    rotate_secret,
    show_webhook,
    test_webhook,
)
from hub.web.websub import BURST, PER_SECOND, explain, receive

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["Front", "create_app"]


def create_app(front: Front) -> web.Application:
    """Compose a front. Raises Misconfigured without PUBLIC_URL."""
    app = web.Application(middlewares=[outcome_lines, problems], client_max_size=MAX_BATCH_BYTES)
    parts = _parts(front)
    app[PARTS] = parts
    app.add_routes(_routes())
    if base := urlsplit(parts.site.public_url).path:
        # A proxy may pass PUBLIC_URL's path on, or take it off.
        app.add_routes(_routes(base))
    app.add_routes(old_routes(front.settings))
    app.cleanup_ctx.append(_following(front, parts))
    app.cleanup_ctx.append(_counting)
    app.on_shutdown.append(_end_streams)
    return app


def _parts(front: Front) -> Parts:
    site, assets = front.settings.site, Assets.load()
    templates = Templates(site, assets, front.settings.feed_kinds)
    memory = Memory(front.memory_bytes)
    return Parts(
        front=front,
        site=site,
        documents=Documents(front.store, memory=memory, monotonic=front.monotonic),
        keyring=Keyring(front.store, monotonic=front.monotonic, now=front.now),
        templates=templates,
        pages=Pages(site, templates),
        directory=Directory(front.store, templates, front.settings.feed_kinds, monotonic=front.monotonic),
        assets=assets,
        polls=Polls(front.store, site),
        deltas=Deltas(front.store, site),
        editions=Editions(front.store, site),
        streams=Streams(
            Frames(front.store, site),
            total=front.streams,
            per_client=front.streams_per_client,
            retry_seconds=front.retry_seconds,
        ),
        usage=Usage(front.store, now=front.now, token=lambda: front.random(16).hex()),
        subscribers=Allowances(burst=BURST, per_second=PER_SECOND, monotonic=front.monotonic),
        hosts=Hosts(front.settings),
        missed=Missed(front.store, front.now, retry_seconds=front.retry_seconds),
        hook_notes=Allowances(burst=NOTES_BURST, per_second=NOTES_PER_SECOND, monotonic=front.monotonic),
    )


def _routes(base: str = "") -> list[web.RouteDef]:
    feeds = f"{base}/feeds/{{tail:.+}}"
    return [
        web.get(f"{base}/", directory_or_old),
        *([web.get(base, directory)] if base else []),
        web.get(f"{base}/feeds", to_directory),
        web.get(f"{base}/feeds/", to_directory),
        web.get(f"{base}/feeds.opml", opml),
        web.get(feeds, show),
        web.options(feeds, preflight),
        web.post(f"{base}/publish", publish),
        web.post(f"{base}/hooks/ping", receive_ping),
        web.post(f"{base}/hooks/{{cms}}", receive_hook),
        web.post(f"{base}/hooks/{{cms}}/{{token}}", receive_hook),
        web.get(f"{base}/websub", explain),
        web.post(f"{base}/websub", receive),
        web.get(f"{base}/api/feeds", list_feeds),
        web.get(f"{base}/api/status", status),
        web.get(f"{base}/api/reconcile", show_reconciles),
        web.post(f"{base}/api/reconcile", request_reconcile),
        *_subscribing(f"{base}/api"),
        *_partners(f"{base}/api/partners"),
        web.get(f"{base}/static/{{name:.+}}", static),
        web.get(f"{base}/favicon.ico", favicon),
        web.get(f"{base}/healthz", healthz),
        web.get(f"{base}/readyz", readyz),
    ]


def _subscribing(api: str) -> list[web.RouteDef]:
    webhook, subscription = f"{api}/webhooks/{{id}}", f"{api}/subscriptions/{{id}}"
    return [
        web.get(f"{api}/webhooks", list_webhooks),
        web.post(f"{api}/webhooks", create_webhook),
        web.get(webhook, show_webhook),
        web.patch(webhook, change_webhook),
        web.delete(webhook, delete_webhook),
        web.post(f"{webhook}/rotate", rotate_secret),
        web.post(f"{webhook}/replay", replay_webhook),
        web.post(f"{webhook}/test", test_webhook),
        web.post(f"{webhook}/pause", pause_webhook),
        web.post(f"{webhook}/resume", resume_webhook),
        web.get(f"{api}/subscriptions", list_subscriptions),
        web.get(subscription, show_subscription),
        web.get(f"{subscription}/attempts", list_attempts),
        web.post(f"{subscription}/replay", replay_subscription),
        web.get(f"{api}/entries/receipts", list_receipts),
    ]


def _partners(api: str) -> list[web.RouteDef]:
    partner = f"{api}/{{id}}"
    return [
        web.get(api, list_partners),
        web.post(api, create_partner),
        web.get(partner, show_partner),
        web.patch(partner, change_partner),
        web.delete(partner, revoke_partner),
        web.post(f"{partner}/rotate", rotate_key),
    ]


async def _end_streams(app: web.Application) -> None:
    """Let clients go to another front at once: streams would not end within any time-out."""
    app[PARTS].streams.close()


async def _counting(app: web.Application) -> AsyncIterator[None]:
    usage = app[PARTS].usage
    task = asyncio.create_task(usage.run(), name="usage")
    yield
    task.cancel()
    with suppress(StoreUnavailable):
        await usage.flush()


def _following(front: Front, parts: Parts) -> Callable[[web.Application], AsyncIterator[None]]:
    async def follow(_app: web.Application) -> AsyncIterator[None]:
        follower = Follower(
            front.store,
            parts.documents,
            parts.streams,
            monotonic=front.monotonic,
            retry_seconds=front.retry_seconds,
        )
        running = (
            follower.run(),
            report(front.store, parts.hosts, front.now),
            parts.missed.run(front.settings.compared),
        )
        tasks = {asyncio.create_task(each) for each in running}
        yield
        while tasks:  # a cancellation while a connection is made may be swallowed there
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=0.5)
        parts.deltas.close()
        parts.editions.close()

    return follow
