"""Subscribers for benches: requests put before the hub's own worker, which verifies each as it does in life."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from hub import websub
from hub.adapters.sealing import Sealer
from hub.adapters.store import Store, connect
from hub.errors import TooManyPending
from hub.model import FeedNumber, Format
from hub.settings import Settings
from hub.subscription import Intent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.hubprocess import HubProcess

SECRET = b"a-test-secret-of-a-bench"
SECRET_KEY = "a-test-key-of-a-bench"  # noqa: S105


def subscribe(
    hub: HubProcess, path: str, callbacks: Iterable[str], *, format_: Format = Format.ATOM
) -> float:
    """Have all these callbacks subscribed; answers the seconds until the last was verified."""
    return asyncio.run(_subscribe(hub, path, list(callbacks), format_))


async def _subscribe(hub: HubProcess, path: str, callbacks: list[str], format_: Format) -> float:
    store = Store(connect(hub.redis_url), Settings())
    try:
        feed = FeedNumber(int(await store.client.hget(store.keys.slugs, path)))
        before = await store.client.zcard(store.keys.leases)
        started = time.monotonic()
        for callback in callbacks:
            await _request(store, _intent(hub.told["public_url"], path, feed, callback, format_))
        while await store.client.zcard(store.keys.leases) < before + len(callbacks):
            assert time.monotonic() - started < 300, "not all were verified within five minutes"
            await asyncio.sleep(0.05)
        return time.monotonic() - started
    finally:
        await store.close()


async def _request(store: Store, intent: Intent) -> None:
    """Ask as a patient subscriber does: again, while too many of this host wait for their verification."""
    while True:
        try:
            return await store.request(intent)
        except TooManyPending:
            await asyncio.sleep(0.05)


def _intent(public_url: str, path: str, feed: FeedNumber, callback: str, format_: Format) -> Intent:
    id_ = websub.subscription_id(feed, format_, callback)
    return Intent(
        id=id_,
        mode="subscribe",
        topic=f"{public_url}/feeds/{path}.{format_}",
        feed=feed,
        format=format_,
        callback=callback,
        secret=Sealer([SECRET_KEY]).seal(SECRET, id_),
        algorithm="sha256",
        lease_seconds=864_000,
        verify_token=None,
    )
