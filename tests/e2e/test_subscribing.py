"""WebSub through the whole hub: hundreds at once, a slow callback, and the pull of what was pushed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import feedparser
import pytest

from tests.hubprocess import HubProcess, entry
from tests.receivers import Echo, Received
from tests.subscribers import begin, delivering_hub, publish, subscribe, until

if TYPE_CHECKING:
    from asyncio import StreamWriter
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    with delivering_hub(tmp_path / "data") as hub:
        await begin(hub)
        yield hub


async def test_five_hundred_subscriptions_made_at_once_are_stored_verified_once_and_told(
    hub: HubProcess,
) -> None:
    async with Echo() as reader:
        turns = asyncio.Semaphore(50)

        async def one(number: int) -> int:
            async with turns:
                return await subscribe(hub, f"{reader.url}/{number}", secret=f"test-secret-{number}")

        assert set(await asyncio.gather(*(one(number) for number in range(500)))) == {202}
        await until(lambda: len(reader.received) >= 500)
        await until(lambda: hub.redis().zcard("{feedhub}:leases") == 500)
        assert len({urlsplit(each.path).path for each in reader.received}) == len(reader.received) == 500

        await publish(hub, entry(2))

        await until(lambda: len(reader.deliveries) == 500)
        for each in reader.deliveries:
            secret = f"test-secret-{each.path.rsplit('/', 1)[1]}".encode()
            expected = "sha256=" + hmac.new(secret, each.body, hashlib.sha256).hexdigest()
            assert each.headers["x-hub-signature"] == expected
        assert len({each.path for each in reader.deliveries}) == 500


async def test_a_request_is_answered_at_once_whatever_its_callback_does(hub: HubProcess) -> None:
    async with Echo(delay=3) as reader:
        assert await subscribe(hub, reader.url) == 202
        await until(lambda: reader.received)
        query = parse_qs(urlsplit(reader.received[0].path).query)
        assert query["hub.lease_seconds"] == ["864000"]


async def test_what_is_pushed_can_be_pulled_at_that_moment(hub: HubProcess) -> None:
    """NewsBlur ignores the body and fetches the feed again."""
    pulled: list[set[str]] = []

    class Puller(Echo):
        async def respond(self, request: Received, writer: StreamWriter) -> bool:
            if request.method == "POST":
                document = await asyncio.to_thread(hub.get, "/feeds/category/world.atom")
                pulled.append({each.id for each in feedparser.parse(document).entries})
            return await super().respond(request, writer)

    async with Puller() as reader:
        await subscribe(hub, reader.url)
        await until(lambda: hub.redis().zcard("{feedhub}:leases") == 1)
        await publish(hub, entry(2))

        await until(lambda: pulled)
        assert "https://site.test/2" in pulled[0]
