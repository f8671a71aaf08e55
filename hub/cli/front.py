"""`feedhub front`: the front's parts, put together."""

from __future__ import annotations

import gc
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import uvloop

from hub.adapters.crashpoints import CrashPoints
from hub.adapters.egress import Egress
from hub.adapters.queue import DISTRIBUTE, REGENERATE, Bell, open_queue
from hub.adapters.sealing import Sealer
from hub.adapters.store import Store, connect
from hub.errors import Misconfigured, StoreUnavailable
from hub.web.app import Front, create_app
from hub.web.server import serve

if TYPE_CHECKING:
    from hub.settings import Settings

log = logging.getLogger("hub.front")

ANSWER_SECONDS = 1.8
"""How long Redis may be silent before a hook is answered 503: senders give up after two (Ghost)."""


def run_front(settings: Settings, *, host: str, port: int, fd: int | None) -> None:
    """Serve until SIGTERM. Raises Misconfigured for settings or a Redis with which hooks could be lost."""
    problems = []
    if settings.public_url is None:
        problems.append("FEEDHUB_PUBLIC_URL is missing: set the address under which readers reach this hub")
    if settings.redis_url is None:
        problems.append(
            "FEEDHUB_REDIS_URL is missing: set it, or run `feedhub up`, which brings its own server"
        )
    if not settings.publish_token:
        problems.append("FEEDHUB_PUBLISH_TOKEN is missing: set a secret for those who publish")
    if not settings.secret_key:
        problems.append(
            "FEEDHUB_SECRET_KEY is missing: set a long random text, the same on all machines, "
            "with which subscribers' secrets are encrypted"
        )
    if problems:
        raise Misconfigured(problems)
    uvloop.run(_run(settings, host, port, fd))


async def _run(settings: Settings, host: str, port: int, fd: int | None) -> None:
    assert settings.redis_url is not None  # noqa: S101  (run_front checked)
    crash = CrashPoints.parse(settings.crash_at)
    store = Store(connect(settings.redis_url, timeout=ANSWER_SECONDS), settings, crash)
    bell, distribute = (
        Bell(store, open_queue(settings.redis_url, settings.name, queue))
        for queue in (REGENERATE, DISTRIBUTE)
    )
    egress = Egress(settings.egress_allow)
    sealer = Sealer(settings.secret_key)
    front = Front(settings, store, bell, distribute, egress, sealer, clock)
    try:
        await _check(store)
        app = create_app(front)
        gc.freeze()  # what is there by now stays: the collector need not look through it while hooks wait
        await serve(app, host=host, port=port, fd=fd)
    finally:
        bell.close()
        distribute.close()
        await egress.close()
        await store.close()


async def _check(store: Store) -> None:
    """Refuse an unfit Redis. One that is away is no reason to: `/readyz` says so, and it may come back."""
    try:
        for warning in await store.check_fit():
            log.warning("%s", warning)
    except StoreUnavailable as error:
        log.warning("starting without Redis: %s", error)


def clock() -> datetime:
    return datetime.now(UTC)
