"""`since` and streams with a partner's key, and what is counted of its requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.errors import StoreUnavailable
from hub.model import ALL, FeedNumber, Version
from hub.partner import Counts
from hub.web import stream
from hub.web.front import PARTS
from hub.web.keyring import FRESH_SECONDS
from tests.web.conftest import make_settings
from tests.web.fakes import eventually
from tests.web.test_partners_api import WRONG, add, bearer, get, problem
from tests.web.test_webhooks_api import ADMIN

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from tests.web.conftest import Client, Start
    from tests.web.fakes import Clock, FakeStore

FEED = FeedNumber(1)
JSON, STREAM = "/feeds/category/news.json", "/feeds/category/news/stream"


@pytest.fixture(autouse=True)
def news(fake: FakeStore) -> None:
    for n in (1, 2):
        fake.put(FEED, n, f"e{n}", title=f"Title {n}", content_html=f"<p>Full {n}</p>")
    fake.commit(FEED, "public", Version(2))


async def poll(client: Client, key: str = "", since: str = "0") -> ClientResponse:
    return await client.get(JSON, params={"since": since}, headers=bearer(key) if key else {})


async def read(answer: ClientResponse) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(await answer.read())
    return found


# ---- since


async def test_since_is_as_full_as_the_partner_has_it_and_names_no_hub(client: Client) -> None:
    brief, full = await add(client, content="summary"), await add(client, size=1)

    shown = await read(await poll(client, brief["key"]))
    assert [item["title"] for item in shown["items"]] == ["Title 1", "Title 2"]
    assert not any("content_html" in item for item in shown["items"])
    assert "hubs" not in shown
    assert all("content_html" in item for item in (await read(await poll(client, full["key"])))["items"])
    public = await read(await poll(client))
    assert all("content_html" in item for item in public["items"])
    assert "hubs" in public


async def test_a_cursor_goes_on_with_and_without_a_key(client: Client, fake: FakeStore) -> None:
    key = (await add(client, content="summary"))["key"]
    end = (await read(await poll(client, key)))["_feedhub"]["next"]
    fake.put(FEED, 3, "e3")

    assert key not in end
    for answer in (await poll(client, key, end), await poll(client, since=end)):
        assert [item["id"] for item in (await read(answer))["items"]] == ["e3"]


async def test_since_with_a_key_is_private(client: Client) -> None:
    answer = await poll(client, (await add(client))["key"])

    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Vary"] == "Authorization, Accept-Encoding"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert (await poll(client)).headers["Cache-Control"] == "no-store"


async def test_since_and_streams_refuse_what_documents_refuse(client: Client, fake: FakeStore) -> None:
    other = (await add(client, feeds=["category/news"]))["key"]
    fake.add(ALL, 3)

    for url in ("/feeds/all.json?since=0", "/feeds/all/stream"):
        await problem(await client.get(url, headers=bearer(other)), 403)
        assert (await client.get(url, headers=bearer(WRONG))).status == 401


# ---- streams


class Reader:
    """One stream, read in the background."""

    def __init__(self, answer: ClientResponse) -> None:
        self.answer = answer
        self.text = b""
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for chunk in self.answer.content.iter_any():
            self.text += chunk

    async def shows(self, what: bytes) -> None:
        await eventually(lambda: what in self.text)

    async def ended(self) -> None:
        async with asyncio.timeout(5):
            await self._task

    def close(self) -> None:
        self._task.cancel()
        self.answer.close()


async def follow(client: Client, key: str = "", **query: str) -> Reader:
    answer = await client.get(STREAM, params=query, headers=bearer(key) if key else {})
    assert answer.status == 200
    return Reader(answer)


async def test_streams_of_both_contents_run_side_by_side(client: Client, fake: FakeStore) -> None:
    key = (await add(client, content="summary"))["key"]
    mine, public, by_query = await follow(client, key), await follow(client), await follow(client, key=key)

    fake.put(FEED, 3, "e3", content_html="<p>Full 3</p>", summary="Brief 3.")
    fake.commit(FEED, "next", Version(3))

    for reader in (mine, public, by_query):
        await reader.shows(b"Brief 3.")
    assert b"Full 3" in public.text
    assert b"Full 3" not in mine.text + by_query.text
    assert mine.answer.headers["Cache-Control"] == "private, no-store"
    for reader in (mine, public, by_query):
        reader.close()


@pytest.mark.parametrize("what", ["revoked", "narrowed", "summaries", "rotated"])
async def test_a_stream_ends_when_its_key_opens_it_no_more(
    client: Client, fake: FakeStore, clock: Clock, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.01)
    fake.add(ALL, 3)
    made, other = await add(client), await add(client)
    mine, others, public = (
        await follow(client, made["key"], since="0"),
        await follow(client, other["key"]),
        await follow(client),
    )
    await mine.shows(b"Title 2")

    path = f"/api/partners/{made['id']}"
    match what:
        case "revoked":
            await client.delete(path, headers=ADMIN)
        case "narrowed":
            await client.patch(path, json={"feeds": ["all"]}, headers=ADMIN)
        case "summaries":
            await client.patch(path, json={"content": "summary"}, headers=ADMIN)
        case "rotated":
            await client.post(f"{path}/rotate", json={"overlap_seconds": 0}, headers=ADMIN)

    await mine.ended()
    fake.put(FEED, 3, "e3", title="Title 3")
    fake.commit(FEED, "next", Version(3))
    for reader in (others, public):
        await reader.shows(b"Title 3")
        reader.close()
    assert b"Title 3" not in mine.text


async def test_a_stream_outlives_a_redis_that_is_away(
    client: Client, fake: FakeStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.01)
    mine = await follow(client, (await add(client))["key"])
    await mine.shows(b"id: 2")
    asked = fake.calls["partners"]

    fake.go_away()
    clock.advance(FRESH_SECONDS + 0.1)
    await eventually(lambda: fake.calls["partners"] > asked)
    fake.come_back()

    fake.put(FEED, 3, "e3", title="Title 3")
    fake.commit(FEED, "next", Version(3))
    await mine.shows(b"Title 3")
    mine.close()


# ---- what is counted


async def usage(client: Client, made: dict[str, Any]) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = (await get(client, f"/api/partners/{made['id']}"))["usage"]
    return shown


async def test_a_partners_requests_are_counted_by_how_they_ended(client: Client, clock: Clock) -> None:
    made = await add(client, feeds=["category/news"])
    first = await client.get(JSON, headers=bearer(made["key"]) | {"Accept-Encoding": "gzip"})
    size = len(await first.read())
    for _ in range(3):
        await client.get(JSON, headers=bearer(made["key"]) | {"If-None-Match": first.headers["ETag"]})
    await client.get(JSON)
    await client.get(JSON, headers=bearer(WRONG))
    refused = await client.get("/api/status", headers=bearer(made["key"]))

    (row,) = await usage(client, made)
    hint = made["key"][4:8]
    assert row == {
        "date": "2026-11-23",
        "key": hint,
        "requests": 5,
        "ok": 1,
        "not_modified": 3,
        "refused": 1,
        "failed": 0,
        "bytes": size + len(await refused.read()),
    }
    (key,) = (await get(client, f"/api/partners/{made['id']}"))["keys"]
    assert key["last_used"] == {"at": "2026-11-23T09:00:00.000Z", "status": 403, "path": "/api/status"}
    listed = (await get(client, "/api/partners"))["partners"]
    assert listed[0]["keys"] == [key]


async def test_each_key_and_each_day_has_its_own_counts(client: Client, clock: Clock) -> None:
    made = await add(client)
    await client.get(JSON, headers=bearer(made["key"]))
    rotated = await client.post(f"/api/partners/{made['id']}/rotate", headers=ADMIN)
    new = (await rotated.json())["key"]
    clock.advance(3600 * 16)
    for key in (new, made["key"]):
        await client.get(JSON, headers=bearer(key))

    rows = await usage(client, made)

    assert {(row["date"], row["key"], row["requests"]) for row in rows} == {
        ("2026-11-24", new[4:8], 1),
        ("2026-11-24", made["key"][4:8], 1),
        ("2026-11-23", made["key"][4:8], 1),
    }
    assert [row["date"] for row in rows] == ["2026-11-24", "2026-11-24", "2026-11-23"]


async def test_no_request_writes(client: Client, fake: FakeStore) -> None:
    key = (await add(client))["key"]
    for _ in range(20):
        await client.get(JSON, headers=bearer(key))

    assert fake.calls["add_uses"] == 0


async def test_counts_survive_a_redis_that_is_away_and_count_once(client: Client, fake: FakeStore) -> None:
    made = await add(client)
    counts = client.app[PARTS].usage
    await client.get(JSON, headers=bearer(made["key"]))
    fake.go_away()
    with pytest.raises(StoreUnavailable):
        await counts.flush()
    fake.come_back()
    await client.get(JSON, headers=bearer(made["key"]))

    await counts.flush()
    await counts.flush()

    assert [counted.ok for counted in fake.counts.values()] == [2]


async def test_a_front_that_stops_tells_what_it_counted(start: Start, fake: FakeStore) -> None:
    client = await start(make_settings())
    await client.get(JSON, headers=bearer((await add(client))["key"]))

    await client.close()

    assert [counts.ok for counts in fake.counts.values()] == [1]


async def test_a_streams_bytes_count_while_it_runs(client: Client, fake: FakeStore) -> None:
    made = await add(client)
    mine = await follow(client, made["key"], since="0")
    await mine.shows(b"Title 2")

    (row,) = await usage(client, made)

    assert (row["requests"], row["bytes"]) == (0, len(mine.text))
    mine.close()


def test_counts_are_added() -> None:
    assert Counts(1, 2, 3, 4, 5).requests == 10
