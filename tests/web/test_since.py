"""`.json?since=`: what a partner who keeps a copy sees."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.model import FeedNumber, FeedPath, FeedState, Item, Kind, Seq
from hub.render import json_item
from hub.web import since
from hub.web.cursors import Cursor
from tests.web.fakes import NEWS, FakeStore

if TYPE_CHECKING:
    from tests.web.conftest import Client

URL = "/feeds/category/news.json"
FEED = FeedNumber(1)
PROBLEM = "application/problem+json"


@pytest.fixture
def fake(fake: FakeStore) -> FakeStore:
    """A feed with three entries, the second of which left."""
    for seq in (10, 20, 30):
        fake.put(FEED, seq, f"e{seq // 10}")
    fake.take_out(FEED, 40_000_000, "e2")
    return fake


async def poll(client: Client, after: str = "0", **query: str) -> dict[str, Any]:
    answer = await client.get(URL, params={"since": after} | query)
    assert answer.status == 200, await answer.text()
    body: dict[str, Any] = orjson.loads(await answer.read())
    return body


async def test_it_is_a_json_feed_of_what_changed_oldest_first(client: Client, fake: FakeStore) -> None:
    feed = await poll(client)

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] == "News – The Test Gazette"
    assert feed["feed_url"] == "https://hub.test/feeds/category/news.json"
    assert [item["id"] for item in feed["items"]] == ["e1", "e3"]
    own = feed["_feedhub"]
    assert own["removed"] == [{"id": "e2", "seq": 40_000_000, "date": "1970-01-01T00:00:40Z"}]
    assert own["more"] is False
    assert own["next"] == str(Cursor(FEED, Seq(40_000_000), Seq(0)))


async def test_an_item_is_the_one_of_the_document(client: Client, fake: FakeStore) -> None:
    feed = await poll(client)

    stored = fake.stored[fake.logs[FEED].rows[1].number]
    item = Item(fake.logs[FEED].rows[1].number, stored.revision, Seq(10), stored.entry, {})
    assert feed["items"][0] == orjson.loads(orjson.dumps(json_item(item, full_content=True)))


async def test_whoever_is_at_the_end_gets_nothing_and_stays_there(client: Client, fake: FakeStore) -> None:
    end = (await poll(client))["_feedhub"]["next"]

    again = await poll(client, end)
    assert again["items"] == again["_feedhub"]["removed"] == []
    assert again["_feedhub"]["next"] == end

    fake.put(FEED, 50_000_000, "e3", title="Corrected")
    later = await poll(client, end)
    assert [item["title"] for item in later["items"]] == ["Corrected"]


async def test_pages_lead_to_the_end_each_entry_once(client: Client, fake: FakeStore) -> None:
    after, pages = "0", []
    while True:
        feed = await poll(client, after, limit="1")
        pages.append(
            [item["id"] for item in feed["items"]] or [gone["id"] for gone in feed["_feedhub"]["removed"]]
        )
        after = feed["_feedhub"]["next"]
        if not feed["_feedhub"]["more"]:
            break

    assert pages == [["e1"], ["e3"], ["e2"]]


async def test_the_headers_are_of_an_answer_to_one_cursor(client: Client) -> None:
    answer = await client.get(URL, params={"since": "0"}, headers={"Accept-Encoding": "gzip"})

    assert gzip.decompress(await answer.read()).startswith(b'{"version"')
    headers = dict(answer.headers)
    del headers["Date"], headers["Content-Length"]
    assert headers == {
        "Content-Type": "application/feed+json",
        "Content-Encoding": "gzip",
        "Cache-Control": "no-store",
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src https: http: data:; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, IM, Last-Modified, Link, Retry-After",
        "Server": "feedhub",
    }


@pytest.mark.parametrize(
    "query",
    [
        {"since": ""},
        {"since": "x"},
        {"since": "20"},
        {"since": "0", "limit": "0"},
        {"since": "0", "limit": "1001"},
        {"since": "0", "limit": "-1"},
        {"since": "0", "limit": "٣"},
        {"since": "0", "limit": "9" * 5000},
    ],
)
async def test_a_bad_cursor_or_limit_is_400(client: Client, query: dict[str, str]) -> None:
    answer = await client.get(URL, params=query)

    assert answer.status == 400
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await answer.json(content_type=PROBLEM))["type"] == "urn:feedhub:problem:bad-request"


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor(FEED, Seq(14), Seq(0)),
        Cursor(FEED, Seq(40_000_001), Seq(0)),
        Cursor(FeedNumber(2), Seq(20), Seq(0)),
    ],
    ids=["below the floor", "ahead of the log", "of another feed"],
)
async def test_a_cursor_that_can_not_be_served_is_410_and_says_what_to_do(
    client: Client, fake: FakeStore, cursor: Cursor
) -> None:
    fake.logs[FEED].floor = Seq(15)

    answer = await client.get(URL, params={"since": str(cursor)})

    assert answer.status == 410
    assert answer.headers["Cache-Control"] == "no-store"
    problem = await answer.json(content_type=PROBLEM)
    assert problem["type"] == "urn:feedhub:problem:cursor-gone"
    assert "since=0" in problem["detail"]
    assert (await client.get(URL, params={"since": "0"})).status == 200


async def test_a_first_read_is_not_cut_off_by_older_tombstones(client: Client, fake: FakeStore) -> None:
    fake.logs[FEED].floor = Seq(35)

    page = await poll(client, limit="1")
    assert [item["id"] for item in (await poll(client, page["_feedhub"]["next"], limit="1"))["items"]] == [
        "e3"
    ]

    fake.logs[FEED].floor = fake.logs[FEED].head = Seq(60_000_000)
    assert (await client.get(URL, params={"since": page["_feedhub"]["next"]})).status == 410


async def test_a_moved_feed_keeps_the_query(client: Client, fake: FakeStore) -> None:
    fake.add(FeedPath(Kind.CATEGORY, "old"), 7)
    fake.move(FeedPath(Kind.CATEGORY, "old"), FeedPath(Kind.CATEGORY, "new"))

    answer = await client.get(
        "/feeds/category/old.json", params={"since": "0", "limit": "5"}, allow_redirects=False
    )

    assert answer.status == 301
    assert answer.headers["Location"] == "https://hub.test/feeds/category/new.json?since=0&limit=5"


async def test_another_spelling_keeps_the_query_too(client: Client) -> None:
    answer = await client.get("/feeds/category/News.JSON", params={"since": "0"}, allow_redirects=False)

    assert answer.headers["Location"] == "https://hub.test/feeds/category/news.json?since=0"


async def test_retired_unknown_and_ended_meanwhile(client: Client, fake: FakeStore) -> None:
    assert (await client.get("/feeds/category/none.json?since=0")).status == 404
    fake.logs[FEED].state = FeedState.RETIRED
    assert (await client.get(URL + "?since=0")).status == 410
    fake.retire(NEWS)
    assert (await client.get(URL + "?since=0")).status == 410


async def test_a_feed_that_was_never_built_has_a_log_all_the_same(client: Client, fake: FakeStore) -> None:
    fake.put(fake.add(FeedPath(Kind.TAG, "young"), 5), 3, "e9")

    answer = await client.get("/feeds/tag/young.json?since=0")

    assert answer.status == 200
    assert b"e9" in await answer.read()


async def test_only_the_json_document_takes_a_cursor(client: Client) -> None:
    answer = await client.get("/feeds/category/news.rss?since=0")

    assert await answer.read() == b"first"


async def test_the_same_page_is_made_once(client: Client, fake: FakeStore) -> None:
    for _ in range(3):
        await poll(client)
    assert fake.calls["entries"] == 1

    fake.put(FEED, 50_000_000, "e4")
    assert [item["id"] for item in (await poll(client))["items"]] == ["e1", "e3", "e4"]
    assert fake.calls["entries"] == 2


async def test_an_entry_that_json_can_not_hold_is_left_out(client: Client, fake: FakeStore) -> None:
    fake.put(FEED, 50_000_000, "e4", title="\ud800")
    fake.put(FEED, 60_000_000, "e5")

    feed = await poll(client)

    assert [item["id"] for item in feed["items"]] == ["e1", "e3", "e5"]
    assert feed["_feedhub"]["next"] == str(Cursor(FEED, Seq(60_000_000), Seq(0)))


async def test_an_entry_that_changed_meanwhile_is_left_to_its_later_change(
    client: Client, fake: FakeStore
) -> None:
    number = fake.logs[FEED].rows[3].number
    fake.stored[number] = type(fake.stored[number])(99, fake.stored[number].entry)

    assert [item["id"] for item in (await poll(client))["items"]] == ["e1"]


async def test_a_page_of_large_entries_ends_early(
    client: Client, fake: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(since, "MOST_BYTES", 1000)
    monkeypatch.setattr(since, "CHUNK", 1)
    for n in range(4, 9):
        fake.put(FEED, 50_000_000 + n, f"e{n}", content_html="x" * 600)

    first = await poll(client, limit="50")
    second = await poll(client, first["_feedhub"]["next"], limit="50")

    assert first["_feedhub"]["more"] is True
    assert 0 < len(first["items"]) < 7
    assert len({item["id"] for item in first["items"] + second["items"]}) == len(first["items"]) + len(
        second["items"]
    )


async def test_away_is_503(client: Client, fake: FakeStore) -> None:
    await poll(client)
    fake.go_away()

    answer = await client.get(URL + "?since=0")

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "2"
