"""A front on an in-memory store, and a client that shows answers as they are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub.model import Version
from hub.settings import Settings
from hub.web.app import Front, create_app
from tests.web.fakes import NEWS, Clock, FakeBell, FakeStore
from tests.web.subscribers import FakeEgress, FakeSealer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web
    from aiohttp.test_utils import TestClient
    from pytest_aiohttp.plugin import AiohttpClient

    Client = TestClient[web.Request, web.Application]
    Start = Callable[..., Awaitable[Client]]


@pytest.fixture
def settings() -> Settings:
    return make_settings()


def make_settings(**said: object) -> Settings:
    plain: dict[str, object] = {
        "public_url": "https://hub.test",
        "site_url": "https://site.test",
        "site_title": "The Test Gazette",
        "site_description": "News that is only a test.",
        "publish_token": ("test-publish-token", "next-publish-token"),
        "admin_token": ("test-admin-token",),
    }
    return Settings.model_validate(plain | said)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bell() -> FakeBell:
    return FakeBell()


@pytest.fixture
def distribute() -> FakeBell:
    return FakeBell()


@pytest.fixture
def egress() -> FakeEgress:
    return FakeEgress()


@pytest.fixture
def fake(clock: Clock) -> FakeStore:
    """A store with one feed, built once."""
    store = FakeStore(clock=clock)
    store.commit(store.add(NEWS, 1, name="News"), "first", Version(10), tell=False)
    return store


@pytest.fixture
def start(
    *,
    fake: FakeStore,
    bell: FakeBell,
    distribute: FakeBell,
    egress: FakeEgress,
    clock: Clock,
    settings: Settings,
    aiohttp_client: AiohttpClient,
) -> Start:
    """Start a front with other settings; what else is given are Front's own limits."""

    async def begin(given: Settings | None = None, **limits: Any) -> Client:
        front = Front(
            given or settings,
            fake,
            bell,
            distribute,
            egress,
            FakeSealer(),
            clock.now,
            clock.monotonic,
            retry_seconds=0.005,
            **limits,
        )
        return await aiohttp_client(
            create_app(front),
            auto_decompress=False,
            skip_auto_headers=("Accept-Encoding", "Accept", "User-Agent"),
        )

    return begin


@pytest.fixture
async def client(start: Start) -> Client:
    return await start()
