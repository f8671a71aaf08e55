"""Feeds of another server through a whole hub: ingested, and as topics that are delivered as they came."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests.e2e.test_import import run
from tests.feedserver import FeedServer
from tests.receivers import Echo
from tests.subscribers import FORM, api, delivering_hub, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.hubprocess import HubProcess

ITEM = "<item><guid>https://desk.test/{0}</guid><title>Item {0}</title><category>World</category></item>"


def desk(*numbers: int, generator: str = "Desk") -> bytes:
    items = "".join(ITEM.format(number) for number in numbers)
    head = f"<title>Desk</title><generator>{generator}</generator>"
    return f"<rss version='2.0'><channel>{head}{items}</channel></rss>".encode()


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as server:
        server.documents["/desk"] = desk(1)
        server.documents["/blog/feed/"] = b"<rss>one</rss>"
        yield server


@pytest.fixture
async def hub(tmp_path: Path, server: FeedServer) -> AsyncIterator[HubProcess]:
    settings = {
        "ingest_feeds": f"{server.at('/desk')}, {server.at('/looped')}",
        "origins": server.at("/blog"),
    }
    server.documents["/looped"] = desk(9, generator="Feedhub")
    with delivering_hub(tmp_path / "data", **settings) as hub:
        yield hub


async def post(hub: HubProcess, *fields: tuple[str, str]) -> int:
    status, _, _ = await asyncio.to_thread(hub.ask, "POST", "/websub", urlencode(fields), **FORM)
    return status


def served(hub: HubProcess) -> list[str]:
    """Titles in the feed of what the desk's items are about."""
    status, _, body = hub.ask("GET", "/feeds/category/world.json")
    return sorted(item["title"] for item in json.loads(body)["items"]) if status == 200 else []


async def shown(hub: HubProcess, *titles: str) -> None:
    async def there() -> bool:
        return await asyncio.to_thread(served, hub) == list(titles)

    await until(there)


async def test_an_ingest_feeds_items_are_served_and_a_ping_brings_the_next(
    hub: HubProcess, server: FeedServer
) -> None:
    await shown(hub, "Item 1")

    server.documents["/desk"] = desk(2, 1)
    assert await post(hub, ("hub.mode", "publish"), ("hub.url", server.at("/desk/"))) == 204

    await shown(hub, "Item 1", "Item 2")


async def test_what_was_imported_of_an_ingest_feed_goes_on_with_it(
    hub: HubProcess, server: FeedServer
) -> None:
    """Its archive holds what the feed shows no more, and the feed may correct both."""
    await shown(hub, "Item 1")
    older = '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="/older"/>'
    server.documents["/desk"] = desk(1).replace(b"<title>Desk", f"{older}<title>Desk".encode())
    server.documents["/older"] = desk(0)
    told = await asyncio.to_thread(
        run, hub, server.at("/desk"), ingest_feeds=server.at("/desk"), egress_allow="127.0.0.0/8"
    )
    assert (told["imported"], told["unchanged"], told["refused"]) == (1, 1, [])
    await shown(hub, "Item 0", "Item 1")

    server.documents["/desk"] = desk(0).replace(b"Item 0", b"Item 0, corrected")
    assert await post(hub, ("hub.mode", "publish"), ("hub.url", server.at("/desk"))) == 204

    await shown(hub, "Item 0, corrected", "Item 1")


async def test_a_loop_is_a_problem_with_what_to_do(hub: HubProcess) -> None:
    async def problem() -> bool:
        _, status = await api(hub, "GET", "/api/status")
        return "ingest-loop" in {each["code"] for each in status["problems"]}

    await until(problem)
    assert await asyncio.to_thread(served, hub) in ([], ["Item 1"])


async def test_a_topic_of_another_server_is_told_to_the_byte(hub: HubProcess, server: FeedServer) -> None:
    topic = server.at("/blog/feed/")
    async with Echo() as reader:
        asked = (("hub.mode", "subscribe"), ("hub.callback", reader.url), ("hub.secret", "test-secret"))
        assert await post(hub, *asked, ("hub.topic", server.at("/blogger"))) == 404
        assert await post(hub, *asked, ("hub.topic", topic)) == 202
        await until(lambda: reader.deliveries)

        server.documents["/blog/feed/"] = b"<rss>\r\ncaf\xe9</rss>\n"
        server.headers["content_type"] = "text/xml; charset=ISO-8859-1"
        pings = [("hub.url", topic), ("hub.url", server.at("/blog/feed"))]
        assert await post(hub, ("hub.mode", "publish"), *pings) == 204
        await until(lambda: len(reader.deliveries) == 2)

    delivery = reader.deliveries[1]
    assert delivery.body == b"<rss>\r\ncaf\xe9</rss>\n"
    assert delivery.headers["content-type"] == "text/xml; charset=ISO-8859-1"
    assert delivery.headers["x-hub-signature"] == (
        "sha256=" + hmac.new(b"test-secret", delivery.body, hashlib.sha256).hexdigest()
    )
    assert f'<{topic}>; rel="self"' in delivery.headers["link"]
    _, listed = await api(hub, "GET", "/api/subscriptions")
    (subscription,) = listed["subscriptions"]
    assert (subscription["topic"], subscription["feed"], subscription["format"]) == (
        topic,
        f"origin/{topic}",
        None,
    )
