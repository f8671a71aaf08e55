"""A distributor on a real Valkey, in this process, with a publisher beside it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from hub import websub
from hub.adapters.crashpoints import CrashPoints
from hub.adapters.sealing import Sealer
from hub.model import FeedNumber, FeedPath, Format, Kind
from hub.settings import Settings
from hub.subscription import Intent, SealedSecret, Subscription, Webhook
from hub.urls import document_url
from tests.entries import category, published
from tests.subscribers import until
from workers.courier import now_ms
from workers.distributor import Distributor
from workers.rebuild import Rebuilder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hub.adapters.store import Store
    from hub.events import PublishEvent
    from hub.subscription import SubscriptionId

WORLD = FeedPath(Kind.CATEGORY, "world")
ATTEMPT_SECONDS = 3.0
"""For one attempt: less than in life, so that a test can wait for a time-out."""
SECRET_KEY = "test-secret-key"
SECRET = "whsec_dGVzdC1zZWNyZXQtdGVzdC1zZWNyZXQtdGVzdA=="


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate(
        {
            "public_url": "https://hub.test",
            "site_title": "The Test Gazette",
            "secret_key": SECRET_KEY,
            "egress_allow": "127.0.0.0/8",
            "debounce_ms": 0,
            "notify_interval_ms": 0,
        }
    )


class Hub:
    """The worker side of a hub: publishes, regenerates, and tells."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.sealer = Sealer(store.settings.secret_key)
        self.rebuilder = Rebuilder(store, store.settings.site, CrashPoints())
        self.ahead = 0
        """Milliseconds by which the couriers' clock is ahead."""
        self.distributor = Distributor(
            _Here(),  # type: ignore[arg-type]
            store,
            CrashPoints(),
            seconds=ATTEMPT_SECONDS,
            now=lambda: now_ms() + self.ahead,
        )

    async def publish(self, *numbers: int, **fields: Any) -> None:
        """Publish entries in the category `world`, and regenerate."""
        await self.accept(
            *(published(f"https://site.test/{n}", category("world"), **fields) for n in numbers)
        )

    async def accept(self, *events: PublishEvent) -> None:
        await self.store.accept(events, source="test")
        await self.regenerate()
        self.distributor.wake()

    async def regenerate(self) -> None:
        while (claim := await self.store.claim(uuid4().hex, limit=9)).feeds:
            for feed, snapshot in claim.feeds.items():
                if built := await self.rebuilder.build(feed, snapshot, claim.fresh):
                    await self.rebuilder.commit(built)

    async def number(self, path: FeedPath = WORLD) -> FeedNumber:
        return FeedNumber(int(await self.store.client.hget(self.store.keys.slugs, str(path))))

    async def ask(
        self,
        callback: str,
        *,
        format_: Format = Format.ATOM,
        mode: str = "subscribe",
        secret: bytes = b"",
        lease: int = 600,
    ) -> SubscriptionId:
        """Send a subscriber's request; answers at once, as the front does."""
        feed = await self.number()
        id_ = websub.subscription_id(feed, format_, callback)
        intent = Intent(
            id=id_,
            mode=mode,  # type: ignore[arg-type]
            topic=document_url("https://hub.test", WORLD, format_),
            feed=feed,
            format=format_,
            callback=callback,
            secret=self.sealer.seal(secret, id_) if secret else b"",
            algorithm="sha256",
            lease_seconds=lease,
            verify_token=None,
        )
        await self.store.request(intent)
        self.distributor.wake()
        return id_

    async def subscribe(self, callback: str, **options: Any) -> Subscription:
        id_ = await self.ask(callback, **options)
        await until(lambda: self._found(id_))
        found = await self.store.subscription(id_)
        assert found
        return found

    async def _found(self, id_: SubscriptionId) -> bool:
        return await self.store.subscription(id_) is not None

    async def hook(self, url: str, *feeds: FeedPath, owner: str = "") -> Webhook:
        """Make a partner's webhook."""
        id_ = f"wh_{uuid4().hex[:8]}"
        secret = SealedSecret(self.sealer.seal(SECRET.encode(), id_))
        webhook = Webhook(id_, url, feeds or (WORLD,), (secret,), owner=owner)
        await self.store.put_webhook(webhook)
        return webhook

    async def the(self, subscription: Subscription) -> Subscription:
        """Read it as it is now."""
        found = await self.store.subscription(subscription.id)
        assert found
        return found


class _Here:
    """Stands in for the process's loop: tests are on it already."""

    def soon(self, call: Callable[[], None]) -> None:
        call()


@pytest.fixture
async def hub(store: Store) -> AsyncIterator[Hub]:
    """A hub with one entry in `world`."""
    hub = Hub(store)
    pump = asyncio.create_task(_pump(hub))
    await hub.publish(1)
    yield hub
    pump.cancel()
    await hub.distributor.close()


async def _pump(hub: Hub) -> None:
    """Wake for what falls due by itself, as the pump rings."""
    while True:
        owed = await hub.store.owed()
        if owed.lapsed:
            await hub.store.lapse()
        if owed.tell_wait == 0:
            hub.distributor.wake()
        await asyncio.sleep(0.02)
