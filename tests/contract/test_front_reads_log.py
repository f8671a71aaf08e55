"""A front on a real Valkey: partners who poll and clients who follow end with what the feed holds."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.adapters.crashpoints import CrashPoints
from hub.events import FeedRemoved, FeedUpdated
from hub.model import FeedPath, Kind, Live
from hub.web.app import Front, create_app
from tests.entries import NOON, author, category, published, removed
from tests.web.fakes import FakeBell
from tests.web.subscribers import FakeEgress, FakeSealer
from workers.rebuild import Rebuilder

if TYPE_CHECKING:
    from aiohttp import ClientResponse, web
    from aiohttp.test_utils import TestClient
    from pytest_aiohttp.plugin import AiohttpClient

    from hub.adapters.store import Store
    from hub.events import PublishEvent

    Client = TestClient[web.Request, web.Application]

WORLD = "/feeds/category/world"
HOUR = timedelta(hours=1)


class Hub:
    """A store, a worker that builds when told to, and a front."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.worker = Rebuilder(store, store.settings.site, CrashPoints())
        self._claims = 0

    async def publish(self, *events: PublishEvent) -> None:
        await self.store.accept(events, source="test")
        while await self.store.chore():
            pass
        await self.build()

    async def build(self) -> None:
        """Do what is dirty, as a regenerate job does."""
        while True:
            self._claims += 1
            claim = await self.store.claim(f"claim{self._claims}", limit=50)
            if not claim.feeds:
                return
            for feed, snapshot in claim.feeds.items():
                if built := await self.worker.build(feed, snapshot, claim.fresh):
                    await self.worker.commit(built)


@pytest.fixture
async def hub(store: Store) -> Hub:
    hub = Hub(store)
    await hub.worker.register()
    return hub


@pytest.fixture
async def client(hub: Hub, aiohttp_client: AiohttpClient) -> Client:
    front = Front(
        hub.store.settings,
        hub.store,
        FakeBell(),
        FakeBell(),
        FakeEgress(),
        FakeSealer(),
        lambda: datetime.now(UTC),
        retry_seconds=0.02,
    )
    return await aiohttp_client(create_app(front))


async def poll(client: Client, after: str = "0", limit: int = 100, path: str = WORLD) -> dict[str, Any]:
    answer = await client.get(f"{path}.json", params={"since": after, "limit": str(limit)})
    assert answer.status == 200, await answer.text()
    body: dict[str, Any] = orjson.loads(await answer.read())
    return body


async def items(client: Client, path: str = WORLD) -> dict[str, Any]:
    """The items of a feed's JSON document."""
    document = orjson.loads(await (await client.get(f"{path}.json")).read())
    return {item["id"]: item for item in document["items"]}


async def event(answer: ClientResponse) -> dict[str, str]:
    """Read one event."""
    fields: dict[str, str] = {}
    async with asyncio.timeout(5):
        while True:
            line = (await answer.content.readline()).decode()
            assert line, "the stream ended"
            if line == "\n":
                if "event" in fields:
                    return fields
                continue
            name, _, value = line.removesuffix("\n").partition(": ")
            fields[name] = value


# ---- since -----------------------------------------------------------------------------------------------------------


async def test_what_a_partner_keeps_is_what_the_document_shows(hub: Hub, client: Client) -> None:
    await hub.publish(
        published("a", category("world"), author("ada"), title="A"), published("b", category("world"))
    )
    held: dict[str, Any] = {}
    after = "0"
    for step in (
        [],
        [published("c", category("world"), author("ada", name="Ada Q."), date_modified=NOON + HOUR)],
        [removed("b"), published("a", title="Moved away", date_modified=NOON + HOUR)],
        [published("b", category("world"), date_modified=NOON + 2 * HOUR)],
    ):
        await hub.publish(*step)
        more = True
        while more:
            feed = await poll(client, after, limit=1)
            held |= {item["id"]: item for item in feed["items"]}
            for gone in feed["_feedhub"]["removed"]:
                held.pop(gone["id"], None)
            after, more = feed["_feedhub"]["next"], feed["_feedhub"]["more"]
        shown = await items(client)
        assert {id_: item["_feedhub"]["seq"] for id_, item in held.items()} == {
            id_: item["_feedhub"]["seq"] for id_, item in shown.items()
        }
    assert (await poll(client))["items"] == sorted(shown.values(), key=lambda item: item["_feedhub"]["seq"])


async def test_old_tombstones_make_a_cursor_gone_but_not_a_first_read(hub: Hub, client: Client) -> None:
    await hub.publish(published("a", category("world")), published("b", category("world")))
    early = (await poll(client, limit=1))["_feedhub"]["next"]
    end = (await poll(client))["_feedhub"]["next"]
    await hub.publish(published("c", category("world")), removed("c"))
    await hub.store.run("sweep", 0, 100, "")

    for cursor in (early, end):
        answer = await client.get(f"{WORLD}.json", params={"since": cursor})
        assert answer.status == 410
    first = await poll(client, limit=1)
    second = await poll(client, first["_feedhub"]["next"], limit=1)
    assert [item["id"] for item in first["items"] + second["items"]] == ["a", "b"]
    assert (await poll(client, second["_feedhub"]["next"]))["items"] == []


async def test_a_cursor_of_a_merged_feed_leads_to_a_new_start(hub: Hub, client: Client) -> None:
    await hub.publish(published("a", category("world")), published("b", category("earth")))
    cursor = (await poll(client))["_feedhub"]["next"]
    await hub.publish(FeedRemoved(Kind.CATEGORY, "world", moved_to="earth"))

    moved = await client.get(f"{WORLD}.json", params={"since": cursor}, allow_redirects=False)
    assert (moved.status, moved.headers["Location"]) == (
        301,
        f"https://hub.test/feeds/category/earth.json?since={cursor}",
    )
    answer = await client.get("/feeds/category/earth.json", params={"since": cursor})
    assert answer.status == 410


async def test_a_cursor_survives_a_rename(hub: Hub, client: Client) -> None:
    await hub.publish(published("a", category("world")))
    cursor = (await poll(client))["_feedhub"]["next"]
    await hub.publish(FeedUpdated(Kind.CATEGORY, "world", new_slug="earth"))
    await hub.publish(published("b", category("earth")))

    feed = await poll(client, cursor, path="/feeds/category/earth")

    assert [item["id"] for item in feed["items"]] == ["b"]


# ---- A-IM ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["rss", "atom", "json"])
async def test_a_reader_of_differences_gets_the_new_entry_alone(
    hub: Hub, client: Client, format_: str
) -> None:
    await hub.publish(published("a", category("world"), title="Old piece"))
    url = f"{WORLD}.{format_}"
    etag = (await client.get(url)).headers["ETag"]
    await hub.publish(published("b", category("world"), title="New piece"))
    await asyncio.sleep(0.1)

    answer = await client.get(url, headers={"A-IM": "feed", "If-None-Match": etag})
    body = await answer.text()

    assert answer.status == 226
    assert ("New piece" in body, "Old piece" in body) == (True, False)
    assert answer.headers["ETag"] == (await client.get(url)).headers["ETag"]
    again = await client.get(url, headers={"A-IM": "feed", "If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


# ---- streams ---------------------------------------------------------------------------------------------------------


async def test_an_event_is_the_item_of_the_document(hub: Hub, client: Client) -> None:
    await hub.publish(published("a", category("world"), author("ada")))
    answer = await client.get(f"{WORLD}/stream")

    await hub.publish(published("b", category("world"), author("ada"), title="Breaking"))

    fields = await event(answer)
    assert fields["event"] == "entry.published"
    told = orjson.loads(fields["data"])
    assert told["entry"] == (await items(client))["b"]
    assert told["seq"] == int(fields["id"])


async def test_a_feed_that_retires_ends_its_streams(hub: Hub, client: Client) -> None:
    await hub.publish(published("a", category("world")))
    answer = await client.get(f"{WORLD}/stream")
    await hub.publish(FeedRemoved(Kind.CATEGORY, "world"))

    assert (await event(answer))["event"] == "feed.removed"
    async with asyncio.timeout(3):
        assert await answer.content.read() == b""


async def test_a_stream_that_is_cut_again_and_again_misses_nothing(hub: Hub, client: Client) -> None:
    """Whoever comes back with the last id ends with what the feed holds."""
    chance = random.Random(7)
    await hub.publish(published("e0", category("world")))
    place = await hub.store.resolve(FeedPath.parse("category/world"))
    assert isinstance(place, Live)
    held, last = {"e0": ""}, str((await hub.store.log(place.number, 0, limit=1)).head)

    async def newsroom() -> None:
        for turn in range(60):
            id_, when = f"e{chance.randrange(12)}", NOON + turn * HOUR
            kind = chance.random()
            if kind < 0.2:
                await hub.publish(removed(id_, date_modified=when))
            else:
                where = [category("world")] if kind < 0.8 else []
                await hub.publish(published(id_, *where, title=f"T{turn}", date_modified=when))
        await hub.publish(published("end", category("world"), date_modified=NOON + 99 * HOUR))

    working = asyncio.create_task(newsroom())
    seqs: list[int] = []
    while "end" not in held:
        answer = await client.get(f"{WORLD}/stream", headers={"Last-Event-ID": last})
        for _ in range(chance.randrange(1, 6)):
            fields = await event(answer)
            entry = orjson.loads(fields["data"])["entry"]
            last = fields["id"]
            seqs.append(int(last))
            held.pop(entry["id"], None)
            if fields["event"] != "entry.removed":
                held[entry["id"]] = entry.get("title", "")
            if "end" in held:
                break
        answer.close()
    await working

    assert seqs == sorted(set(seqs)), "in order, each once"
    shown = await items(client)
    assert held.keys() == shown.keys()
    assert {id_: held[id_] for id_ in held if id_ != "e0"} == {
        id_: item["title"] for id_, item in shown.items() if id_ != "e0"
    }
