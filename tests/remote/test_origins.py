"""ORIGINS: topics of other servers, delivered as they came, by the same cursors as this hub's own feeds."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hub import websub
from hub.adapters.crashpoints import CrashPoints
from hub.adapters.sealing import Sealer
from hub.adapters.store.remotes import IDLE_MS, MOST_ORIGINS
from hub.errors import TooManyPending
from hub.origins import topic_key
from hub.remote import PING_SECONDS
from hub.subscription import Intent, SubscriptionId
from tests.receivers import Echo, Received, answer
from tests.subscribers import until
from workers.distributor import Distributor

if TYPE_CHECKING:
    from asyncio import StreamWriter
    from collections.abc import AsyncIterator, Callable

    from hub.adapters.store import Store
    from tests.feedserver import FeedServer
    from tests.remote.conftest import Open, Reader

ODD = b'<?xml version="1.0"  encoding="ISO-8859-1"?>\r\n<rss><channel><title>caf\xe9</title></channel></rss>\n\n'
ODD_TYPE = 'Text/XML; x="1"; charset=ISO-8859-1'


class Here:
    """Stands in for the process's loop: tests are on it already."""

    def soon(self, call: Callable[[], None]) -> None:
        call()


class OriginHub:
    """The worker side of a hub that serves topics of `server`."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.store: Store = reader.store
        self.sealer = Sealer(self.store.settings.secret_key)
        self.distributor = Distributor(Here(), self.store, CrashPoints(), seconds=3.0)  # type: ignore[arg-type]

    async def ask(
        self, topic: str, callback: str, *, mode: str = "subscribe", secret: bytes = b"", lease: int = 600
    ) -> SubscriptionId:
        feed = await self.store.origin_topic(topic_key(topic), topic)
        id_ = websub.subscription_id(feed, None, callback)
        sealed = self.sealer.seal(secret, id_) if secret else b""
        intent = Intent(
            id=id_, mode=mode, topic=topic, feed=feed, format=None, callback=callback, secret=sealed,  # type: ignore[arg-type]
            algorithm="sha256", lease_seconds=lease, verify_token=None,
        )  # fmt: skip
        await self.store.request(intent)
        self.distributor.wake_soon()
        return id_

    async def subscribe(self, topic: str, callback: str, **options: Any) -> SubscriptionId:
        id_ = await self.ask(topic, callback, **options)
        await until(lambda: self._found(id_))
        return id_

    async def _found(self, id_: SubscriptionId) -> bool:
        return await self.store.subscription(id_) is not None

    async def gone(self, id_: SubscriptionId) -> None:
        async def is_gone() -> bool:
            return await self.store.subscription(id_) is None

        await until(is_gone)

    async def look(self) -> None:
        """Have everything read now."""
        ids = await self.store.client.zrange(self.store.keys.remotes, 0, -1)
        await self.store.client.zadd(self.store.keys.remotes, dict.fromkeys(ids, 0))
        self.distributor.wake_soon()


@pytest.fixture
async def hub(server: FeedServer, open_reader: Open) -> AsyncIterator[OriginHub]:
    server.documents["/feed"] = b"<rss>one</rss>"
    hub = OriginHub(
        await open_reader(origins=server.root, secret_key="test-secret-key", notify_interval_ms=0)
    )
    yield hub
    await hub.distributor.close()


def bodies(reader: Echo) -> list[bytes]:
    return [delivery.body for delivery in reader.deliveries]


async def test_a_topic_is_delivered_to_the_byte_with_its_own_type(hub: OriginHub, server: FeedServer) -> None:
    topic = server.at("/feed")
    async with Echo() as reader:
        await hub.subscribe(topic, reader.url, secret=b"s3")
        await until(lambda: bodies(reader) == [b"<rss>one</rss>"])  # newer than what it read itself, perhaps
        server.documents["/feed"] = ODD
        server.headers["content_type"] = ODD_TYPE
        await hub.look()
        await until(lambda: len(bodies(reader)) == 2)
        delivery = reader.deliveries[1]
    assert delivery.body == ODD
    assert delivery.headers["content-type"] == ODD_TYPE
    assert delivery.headers["link"] == f'<https://hub.test/websub>; rel="hub", <{topic}>; rel="self"'
    assert delivery.headers["x-hub-signature"] == "sha256=" + hmac.new(b"s3", ODD, hashlib.sha256).hexdigest()


async def test_an_unchanged_topic_is_asked_conditionally_and_told_to_nobody(
    hub: OriginHub, server: FeedServer
) -> None:
    async with Echo() as reader:
        await hub.subscribe(server.at("/feed"), reader.url)
        await until(lambda: len(bodies(reader)) == 1)
        await hub.look()
        await until(lambda: len(server.received) == 2)
        assert "if-none-match" in server.received[1].headers
        server.headers["x_other"] = "1"
        await hub.look()
        await until(lambda: len(server.received) == 3)
        await asyncio.sleep(0.1)
        assert len(bodies(reader)) == 1


async def test_another_type_alone_is_a_change(hub: OriginHub, server: FeedServer) -> None:
    async with Echo() as reader:
        await hub.subscribe(server.at("/feed"), reader.url)
        await until(lambda: len(bodies(reader)) == 1)
        (remote,) = await hub.store.remotes()
        await hub.store.client.hdel(hub.store.keys.of("remote", remote.id), "etag")
        server.headers["content_type"] = "application/xml"
        await hub.look()
        await until(lambda: len(bodies(reader)) == 2)


async def test_each_subscriber_has_its_own_cursor(hub: OriginHub, server: FeedServer) -> None:
    async with Echo() as first, Echo() as second:
        topic = server.at("/feed")
        await hub.subscribe(topic, first.url)
        await until(lambda: len(bodies(first)) == 1)
        await hub.subscribe(topic, second.url)
        server.documents["/feed"] = b"<rss>two</rss>"
        await hub.look()
        await until(lambda: bodies(second) == [b"<rss>two</rss>"])
        await until(lambda: bodies(first) == [b"<rss>one</rss>", b"<rss>two</rss>"])


async def test_a_receiver_that_was_down_gets_the_latest_once(hub: OriginHub, server: FeedServer) -> None:
    class Down(Echo):
        down = False

        async def respond(self, request: Received, writer: StreamWriter) -> bool:
            if not self.down or request.method != "POST":
                return await super().respond(request, writer)
            writer.write(answer(500))
            await writer.drain()
            return True

    async with Down() as reader:
        id_ = await hub.subscribe(server.at("/feed"), reader.url)
        await until(lambda: len(bodies(reader)) == 1)
        reader.down = True
        for text in (b"<rss>two</rss>", b"<rss>three</rss>"):
            server.documents["/feed"] = text
            before = len(server.received)
            await hub.look()
            await until(lambda seen=before: len(server.received) > seen)  # type: ignore[misc]
        await until(lambda: len(bodies(reader)) > 1)
        reader.down = False
        found = len(bodies(reader))
        await hub.store.replay(id_, 0)
        hub.distributor.wake_soon()
        await until(lambda: len(bodies(reader)) > found)
        assert bodies(reader)[-1] == b"<rss>three</rss>"


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (404, "text/plain", b"no"),
        (410, "text/plain", b"no"),
        (200, "text/html", b"<!doctype html>"),
        (200, "image/svg+xml", b"<svg/>"),
        (200, "application/xhtml+xml", b"<html/>"),
        (200, "application/rss+xml", b""),
        (301, "text/plain", b""),
        (200, "application/rss+xml", b"x" * (4 * 1024 * 1024 + 1)),
    ],
    ids=["404", "410", "page", "picture", "xhtml", "empty", "moved", "large"],
)
async def test_h16_what_is_no_feed_is_denied(
    hub: OriginHub, server: FeedServer, status: int, content_type: str, body: bytes
) -> None:
    server.status, server.documents["/x"] = status, body
    server.headers = {"content_type": content_type}
    async with Echo() as reader:
        id_ = await hub.ask(server.at("/x"), reader.url)

        def denials() -> list[Received]:
            gets = [request for request in reader.received if request.method == "GET"]
            return [each for each in gets if parse_qs(urlsplit(each.path).query)["hub.mode"] == ["denied"]]

        await until(denials)
        await hub.gone(id_)
        assert parse_qs(urlsplit(denials()[0].path).query)["hub.topic"] == [server.at("/x")]
        assert not reader.deliveries
    assert await hub.store.remotes() == []


async def test_a_server_that_is_down_for_a_while_costs_no_subscription(
    hub: OriginHub, server: FeedServer
) -> None:
    server.status = 503
    async with Echo() as reader:
        id_ = await hub.subscribe(server.at("/feed"), reader.url)
        await until(lambda: server.received)
        server.status = 200
        await hub.look()
        await until(lambda: bodies(reader) == [b"<rss>one</rss>"])
        server.status = 404  # once it was a feed, even this is told nobody
        await hub.look()
        await until(lambda: len(server.received) == 3)
        await asyncio.sleep(0.05)
        assert await hub.store.subscription(id_)


async def test_a_topic_that_has_gone_ends_its_subscriptions(hub: OriginHub, server: FeedServer) -> None:
    async with Echo() as reader:
        id_ = await hub.subscribe(server.at("/feed"), reader.url)
        await until(lambda: len(bodies(reader)) == 1)
        server.status = 410
        await hub.look()
        await hub.gone(id_)
        assert "hub.mode=denied" in reader.received[-1].path
        # The same address may be a topic again.
        server.status = 200
        await hub.subscribe(server.at("/feed"), reader.url)
        await until(lambda: len(bodies(reader)) == 2)


async def test_a_topic_under_no_origin_any_more_ends(
    hub: OriginHub, server: FeedServer, open_reader: Open
) -> None:
    async with Echo() as reader:
        id_ = await hub.subscribe(server.at("/feed"), reader.url)
        await until(lambda: len(bodies(reader)) == 1)
        other = await open_reader(keep=True, origins="https://else.test")
        await hub.store.client.zadd(hub.store.keys.remotes, {(await hub.store.remotes())[0].id: 0})
        await other.read_due()
        hub.distributor.wake_soon()
        await hub.gone(id_)
        assert len(server.received) == 1


async def test_unsubscribing_ends_deliveries_and_in_the_end_the_reading(
    hub: OriginHub, server: FeedServer
) -> None:
    topic = server.at("/feed")
    async with Echo() as reader:
        id_ = await hub.subscribe(topic, reader.url)
        await until(lambda: len(bodies(reader)) == 1)
        await hub.ask(topic, reader.url, mode="unsubscribe")
        await hub.gone(id_)
        (remote,) = await hub.store.remotes()
        key = hub.store.keys.of("remote", remote.id)
        wanted = int(await hub.store.client.hget(key, "wanted"))
        await hub.store.client.hset(key, "wanted", wanted - IDLE_MS - 1)
        before = len(server.received)
        await hub.look()
        await until(lambda: _none(hub))
        assert len(server.received) == before


async def test_what_has_a_subscriber_is_read_on_however_long_ago_it_asked(
    hub: OriginHub, server: FeedServer
) -> None:
    async with Echo() as reader:
        await hub.subscribe(server.at("/feed"), reader.url)
        await until(lambda: len(bodies(reader)) == 1)
        (remote,) = await hub.store.remotes()
        await hub.store.client.hset(hub.store.keys.of("remote", remote.id), "wanted", 0)
        server.documents["/feed"] = b"<rss>two</rss>"
        await hub.look()
        await until(lambda: len(bodies(reader)) == 2)


async def _none(hub: OriginHub) -> bool:
    return await hub.store.remotes() == []


# ---- pings and bounds ------------------------------------------------------------------------------------------------


async def test_a_ping_fetches_at_most_once_in_ten_seconds(server: FeedServer, open_reader: Open) -> None:
    topic = server.at("/feed")
    server.documents["/feed"] = b"<rss>one</rss>"
    reader = await open_reader(origins=server.root)
    await reader.store.origin_topic(topic_key(topic), topic)
    await reader.read_due()
    assert len(server.received) == 1
    assert await reader.due_in(topic) > 60

    for _ in range(20):
        assert await reader.store.pinged([f"origin/{topic_key(topic)}"])
        await reader.read_due()

    assert len(server.received) == 1
    assert 0 < await reader.due_in(topic) <= PING_SECONDS

    remote = await reader.the(topic)
    asked = int(await reader.store.client.hget(reader.store.keys.of("remote", remote.id), "asked"))
    await reader.store.client.hset(
        reader.store.keys.of("remote", remote.id), "asked", asked - PING_SECONDS * 1000
    )
    await reader.store.pinged([f"origin/{topic_key(topic)}"])
    await reader.read_due()
    assert len(server.received) == 2


async def test_a_ping_that_comes_while_a_topic_is_read_has_it_read_again(
    server: FeedServer, open_reader: Open
) -> None:
    topic = server.at("/feed")
    server.documents["/feed"] = b"<rss>one</rss>"
    reader = await open_reader(origins=server.root)
    await reader.store.origin_topic(topic_key(topic), topic)
    (taken,), _ = await reader.store.due_remotes(5)

    await reader.store.pinged([f"origin/{topic_key(topic)}"])
    again, wait = await reader.store.due_remotes(5)
    assert not again  # it is still being read
    assert wait == pytest.approx(120, abs=5)
    await reader.store.call(reader.store.keep_remote(taken, 1800.0))

    assert await reader.due_in(topic) <= PING_SECONDS


async def test_a_ping_of_what_nobody_reads_means_nothing(open_reader: Open) -> None:
    reader = await open_reader(origins="https://blog.test")
    assert not await reader.store.pinged(["origin/https://blog.test/feed", "i:0123456789abcdef"])
    assert await reader.store.remotes() == []


async def test_origins_are_bounded_and_unwanted_ones_make_room(open_reader: Open) -> None:
    reader = await open_reader(origins="https://blog.test")
    store = reader.store

    async def topic(number: int) -> int:
        url = f"https://b.test/{number}"
        return int(await store.run("topic", url, url, 3, IDLE_MS))

    assert all([await topic(number) for number in range(3)])
    assert await topic(3) == 0
    assert await topic(1) > 0  # one that is here is no new one
    oldest = (await store.remotes())[0]
    await store.client.hset(store.keys.of("remote", oldest.id), "wanted", 0)
    assert await topic(3) > 0
    assert oldest.id not in [remote.id for remote in await store.remotes()]


async def test_too_many_topics_are_a_429(open_reader: Open) -> None:
    reader = await open_reader(origins="https://blog.test")
    others = {f"i:{number}": 0 for number in range(MOST_ORIGINS)}
    await reader.store.client.zadd(reader.store.keys.remotes, others)
    with pytest.raises(TooManyPending):
        await reader.store.origin_topic("https://blog.test/2", "https://blog.test/2")


async def test_topics_of_others_are_no_feeds_of_this_hub(open_reader: Open) -> None:
    reader = await open_reader(origins="https://blog.test")
    number = await reader.store.origin_topic("https://blog.test/1", "https://blog.test/1")
    page = await reader.store.list_feeds(kinds=reader.store.settings.feed_kinds)
    assert number not in [feed.number for feed in page.feeds]
    assert str((await reader.store.standings([number]))[number].path) == "origin/https://blog.test/1"


async def test_a_worker_that_died_while_reading_loses_nothing(server: FeedServer, open_reader: Open) -> None:
    topic = server.at("/feed")
    server.documents["/feed"] = b"<rss>one</rss>"
    reader = await open_reader(origins=server.root)
    await reader.store.origin_topic(topic_key(topic), topic)
    (dead,), _ = await reader.store.due_remotes(5)
    await reader.look()  # its lease has ended
    assert (await reader.the(topic)).hash
    # What it says when it wakes after all counts no more.
    assert await reader.store.call(reader.store.keep_remote(dead, None)) == 0
    assert (await reader.the(topic)).hash
