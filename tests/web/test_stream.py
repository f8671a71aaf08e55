"""`/stream`, over real HTTP: what a client sees, how it comes back, and how it is kept from doing harm."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.model import Change, FeedNumber, FeedPath, FeedState, Kind, Seq
from hub.web import streams
from hub.web.cursors import Cursor
from hub.web.frames import Frame
from hub.web.front import PARTS
from tests.web.conftest import make_settings
from tests.web.fakes import NEWS, FakeStore, eventually

if TYPE_CHECKING:
    from aiohttp import ClientResponse, web

    from hub.web.streams import Streams
    from tests.web.conftest import Client, Start

URL = "/feeds/category/news/stream"
FEED = FeedNumber(1)


@pytest.fixture
def fake(fake: FakeStore) -> FakeStore:
    for seq in (10, 20):
        fake.put(FEED, seq, f"e{seq // 10}")
    return fake


@dataclass
class Event:
    """What a browser makes of a block of fields."""

    id: str = ""
    type: str = ""
    data: Any = None
    retry: int | None = None
    comment: bool = False


class Reader:
    """A client that reads events as they come."""

    def __init__(self, answer: ClientResponse) -> None:
        self.answer = answer

    async def next(self, *, seconds: float = 3) -> Event | None:
        """Read one block; None at the end."""
        event = Event()
        async with asyncio.timeout(seconds):
            while line := (await self.answer.content.readline()).decode():
                if line == "\n":
                    return event
                name, _, value = line.removesuffix("\n").partition(": ")
                match name:
                    case "id":
                        event.id = value
                    case "event":
                        event.type = value
                    case "data":
                        event.data = orjson.loads(value)
                    case "retry":
                        event.retry = int(value)
                    case _:
                        event.comment = True
        return None

    async def told(self, count: int) -> list[tuple[str, str]]:
        """Read so many events: (id, type)."""
        events = [await self.next() for _ in range(count)]
        return [(event.id, event.type) for event in events if event]


async def follow(client: Client, path: str = URL, **headers: str) -> tuple[Reader, Event]:
    """Open a stream; answers it and its first block."""
    answer = await client.get(path, headers=headers)
    assert answer.status == 200, await answer.text()
    reader = Reader(answer)
    opening = await reader.next()
    assert opening is not None
    return reader, opening


def change(fake: FakeStore, *feeds: FeedNumber) -> None:
    for feed in feeds or (FEED,):
        fake.tell(Change(feed, moved=False))


def streams_of(client: Client) -> Streams:
    app: web.Application | None = client.app
    assert app is not None
    return app[PARTS].streams


async def test_it_begins_now_and_tells_what_is_published(client: Client, fake: FakeStore) -> None:
    reader, opening = await follow(client)
    assert (opening.id, opening.type) == ("20", "")
    assert opening.retry is not None
    assert 2000 <= opening.retry <= 5000

    fake.put(FEED, 30_000_000, "e3", title="Breaking")
    change(fake)

    event = await reader.next()
    assert event is not None
    assert (event.id, event.type) == ("30000000", "entry.published")
    assert event.data.pop("entry")["title"] == "Breaking"
    assert event.data == {
        "type": "entry.published",
        "feed": "category/news",
        "seq": 30_000_000,
        "timestamp": "1970-01-01T00:00:30.000000Z",
    }


async def test_its_headers_keep_it_flowing(client: Client) -> None:
    reader, _ = await follow(client, **{"Accept-Encoding": "gzip, br"})

    headers = dict(reader.answer.headers)
    del headers["Date"]
    assert headers == {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, IM, Last-Modified, Link, Retry-After",
        "Transfer-Encoding": "chunked",
        "Connection": "close",
        "Server": "feedhub",
    }


async def test_every_kind_of_change_in_order(client: Client, fake: FakeStore) -> None:
    reader, _ = await follow(client)

    fake.put(FEED, 30, "e3")
    fake.put(FEED, 40, "e1", title="New")
    fake.take_out(FEED, 50, "e2")
    fake.describe(FEED, 60, "Newer news")
    change(fake)

    assert await reader.told(3) == [
        ("30", "entry.published"),
        ("40", "entry.updated"),
        ("50", "entry.removed"),
    ]
    event = await reader.next()
    assert event is not None
    assert event.type == "feed.updated"
    assert (event.data["name"], event.data["feed"]) == ("Newer news", "category/news")


async def test_a_removed_entry_is_no_more_than_its_id(client: Client, fake: FakeStore) -> None:
    reader, _ = await follow(client)
    fake.take_out(FEED, 30, "e2")
    change(fake)

    event = await reader.next()
    assert event is not None
    assert event.data["entry"] == {"id": "e2"}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (URL, {"Last-Event-ID": "10"}),
        (f"{URL}?since=10", {}),
        (f"{URL}?since={Cursor(FEED, Seq(10), Seq(0))}", {}),
        (f"{URL}?since=0", {"Last-Event-ID": "10"}),
    ],
)
async def test_it_goes_on_after_what_a_client_has(
    client: Client, fake: FakeStore, path: str, headers: dict[str, str]
) -> None:
    fake.put(FEED, 30, "e1", title="New")

    reader, opening = await follow(client, path, **headers)
    fake.put(FEED, 40, "e4")
    change(fake)

    assert opening.id == "10"
    assert await reader.told(3) == [
        ("20", "entry.published"),
        ("30", "entry.updated"),
        ("40", "entry.published"),
    ]


async def test_from_zero_it_tells_all_that_is_held_page_by_page(
    client: Client, fake: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.frames.CHUNK", 2)
    for n in range(3, 8):
        fake.put(FEED, n * 10, f"e{n}")

    reader, _ = await follow(client, f"{URL}?since=0")

    assert await reader.told(7) == [(str(n * 10), "entry.published") for n in range(1, 8)]


@pytest.mark.parametrize("last", ["14", "21", "garbage", "9" * 30])
async def test_a_gap_is_a_reset_and_then_it_goes_on_from_the_head(
    client: Client, fake: FakeStore, last: str
) -> None:
    fake.logs[FEED].floor = Seq(15)

    reader, _ = await follow(client, **{"Last-Event-ID": last})
    event = await reader.next()
    assert event is not None
    assert (event.id, event.type) == ("20", "reset")
    assert event.data["url"] == "https://hub.test/feeds/category/news.json?since=0"

    fake.put(FEED, 30, "e3")
    change(fake)
    assert await reader.told(1) == [("30", "entry.published")]


async def test_a_log_that_went_back_resets_those_who_follow(client: Client, fake: FakeStore) -> None:
    """As after a restored backup."""
    reader, _ = await follow(client)
    del fake.logs[FEED].rows[2]
    fake.logs[FEED].head = Seq(10)
    change(fake)
    assert await reader.told(1) == [("10", "reset")]

    fake.put(FEED, 15, "e3")
    change(fake)
    assert await reader.told(1) == [("15", "entry.published")]


@pytest.mark.parametrize("since", ["", "x", "-1"])
async def test_a_bad_since_is_400(client: Client, since: str) -> None:
    assert (await client.get(f"{URL}?since={since}")).status == 400


async def test_one_read_per_change_whoever_follows(client: Client, fake: FakeStore) -> None:
    readers = [(await follow(client))[0] for _ in range(10)]
    await eventually(lambda: fake.calls["log"] == 11)  # each one's own beginning, and the channel's

    fake.put(FEED, 30, "e3")
    change(fake)
    for reader in readers:
        assert await reader.told(1) == [("30", "entry.published")]

    assert fake.calls["log"] == 12
    assert fake.calls["entries"] == 1


async def test_a_feed_s_clients_hear_nothing_of_others(client: Client, fake: FakeStore) -> None:
    other = fake.add(FeedPath(Kind.TAG, "other"), 2)
    reader, _ = await follow(client)
    fake.put(other, 30, "e8")
    fake.put(FEED, 40, "e9")
    change(fake, other, FEED)

    event = await reader.next()
    assert event is not None
    assert event.data["entry"]["id"] == "e9"


async def test_what_happens_between_the_first_read_and_following_is_not_missed(
    client: Client, fake: FakeStore
) -> None:
    seen: list[tuple[str, str]] = []

    async def watch() -> None:
        reader, _ = await follow(client, f"{URL}?since=20")
        while len(seen) < 200:
            seen.extend(await reader.told(1))

    watching = [asyncio.create_task(watch())]
    for n in range(200):
        fake.put(FEED, 100 + n, f"e{100 + n}")
        change(fake)
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await asyncio.gather(*watching)

    assert [id_ for id_, _ in seen] == [str(100 + n) for n in range(200)]


async def test_a_quiet_stream_says_that_it_is_there(start: Start, fake: FakeStore) -> None:
    client = await start(heartbeat_seconds=0.05)
    reader, _ = await follow(client)

    event = await reader.next()
    assert event is not None
    assert event.comment
    assert not event.id


async def test_a_renamed_feed_s_streams_go_on(client: Client, fake: FakeStore) -> None:
    reader, _ = await follow(client)
    fake.logs[FEED].path = FeedPath(Kind.CATEGORY, "newest")
    fake.move(NEWS, FeedPath(Kind.CATEGORY, "newest"))
    fake.describe(FEED, 30, "Newest")
    change(fake)

    event = await reader.next()
    assert event is not None
    assert (event.type, event.data["feed"]) == ("feed.updated", "category/newest")

    answer = await client.get(URL, params={"since": "20"}, allow_redirects=False)
    assert answer.status == 301
    assert answer.headers["Location"] == "https://hub.test/feeds/category/newest/stream?since=20"


@pytest.mark.parametrize(("state", "moved"), [(FeedState.RETIRED, None), (FeedState.MOVED, "category/news")])
async def test_a_feed_that_ends_says_so_and_its_streams_end(
    client: Client, fake: FakeStore, state: FeedState, moved: str | None
) -> None:
    reader, _ = await follow(client)
    fake.put(FEED, 30, "e3")
    fake.describe(FEED, 40, "")
    fake.logs[FEED].state = state
    fake.retire(NEWS)

    assert await reader.told(1) == [("30", "entry.published")]
    event = await reader.next()
    assert event is not None
    assert (event.id, event.type, event.data.get("moved_to")) == ("40", "feed.removed", moved)
    assert await reader.next() is None
    assert (await client.get(URL)).status == 410


async def test_unknown_feeds_have_no_stream(client: Client) -> None:
    assert (await client.get("/feeds/category/none/stream")).status == 404
    assert (await client.get("/feeds/category/news/streams")).status == 404


async def test_a_feed_may_be_called_stream(client: Client, fake: FakeStore) -> None:
    fake.add(FeedPath(Kind.CATEGORY, "stream"), 3)

    assert (await client.get("/feeds/category/stream.rss")).status == 503
    await follow(client, "/feeds/category/stream/stream")


async def test_the_feed_of_everything_has_a_stream(client: Client, fake: FakeStore) -> None:
    fake.add(FeedPath(Kind.ALL), 4)

    await follow(client, "/feeds/all/stream")


async def test_another_spelling_redirects(client: Client) -> None:
    answer = await client.get("/feeds/category/News/stream/", allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (301, f"https://hub.test{URL}")


async def test_head_shows_the_headers_and_ends(client: Client) -> None:
    answer = await client.head(URL)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")


async def test_one_address_has_so_many_streams(start: Start) -> None:
    client = await start(streams_per_client=2)
    first, _ = await follow(client)
    await follow(client)

    refused = await client.get(URL)
    assert refused.status == 429
    assert refused.headers["Retry-After"] == "10"
    assert (await refused.json(content_type="application/problem+json"))["type"].endswith("too-many-requests")

    first.answer.close()
    await eventually(lambda: streams_of(client)._sources.total() == 1)
    await follow(client)


async def test_an_address_s_limit_believes_trusted_proxies_only(start: Start) -> None:
    client = await start(make_settings(trusted_proxies="127.0.0.0/8"), streams_per_client=1)
    await follow(client, **{"X-Forwarded-For": "192.0.2.1"})
    await follow(client, **{"X-Forwarded-For": "192.0.2.1, 192.0.2.2"})
    assert (await client.get(URL, headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.2"})).status == 429

    client = await start(streams_per_client=1)
    await follow(client, **{"X-Forwarded-For": "192.0.2.1"})
    assert (await client.get(URL, headers={"X-Forwarded-For": "192.0.2.3"})).status == 429


async def test_a_front_has_so_many_streams(start: Start) -> None:
    client = await start(streams=1)
    await follow(client)

    assert (await client.get(URL)).status == 429


async def test_nothing_is_kept_of_clients_that_left(client: Client) -> None:
    reader, _ = await follow(client)
    assert streams_of(client)._channels
    reader.answer.close()

    await eventually(lambda: not streams_of(client)._channels)
    assert not streams_of(client)._sources


async def test_a_client_that_does_not_read_is_cut_off_and_delays_nobody(
    client: Client, fake: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_BUFFER_BYTES", 300_000)
    slow, _ = await follow(client)  # and never reads on
    fast, _ = await follow(client)
    following = streams_of(client)
    seq = 100
    assert following._sources.total() == 2
    while following._sources.total() == 2:
        seq += 1
        assert seq < 2000, "the slow one is never cut off"
        fake.put(FEED, seq, "e5", content_html="x" * 100_000)
        change(fake)
        event = await fast.next()
        assert event is not None
        assert event.id == str(seq)
    slow.answer.close()


async def test_streams_end_at_once_when_the_front_stops(client: Client) -> None:
    reader, _ = await follow(client)
    streams_of(client).close()

    assert await reader.next(seconds=1) is None
    assert (await client.get(URL)).status == 429


async def test_a_lost_redis_ends_no_stream_and_nothing_is_missed(client: Client, fake: FakeStore) -> None:
    reader, _ = await follow(client)
    fake.go_away()
    await asyncio.sleep(0.05)
    fake.put(FEED, 30, "e3")
    fake.come_back()

    assert await reader.told(1) == [("30", "entry.published")]


async def test_without_redis_no_stream_begins(client: Client, fake: FakeStore) -> None:
    await client.get("/feeds/category/news.rss")
    fake.go_away()

    answer = await client.get(URL)

    assert answer.status == 503


def frame(seq: int, **marks: bool) -> Frame:
    return Frame(Seq(seq), b"%d" % seq, **marks)


def test_what_was_sent_before_is_not_sent_again() -> None:
    """What the channel offered while this client was catching up."""
    client = streams.Client()
    client.cursor = 20

    sent = client.fresh([frame(10), frame(20), frame(30), frame(25), frame(5, reset=True), frame(6)])

    assert [each.seq for each in sent] == [30, 5, 6]
    assert client.cursor == 6


@pytest.mark.parametrize("writing", [True, False])
def test_a_client_that_ends_while_it_takes_nothing_is_cut_off(writing: bool) -> None:  # noqa: FBT001
    """Else its stream would wait for it, and a front that stops for its stream."""
    client, cuts = streams.Client(), []
    client.writing, client.drop = writing, lambda: cuts.append("cut")

    client.end()

    assert (client.ended, bool(cuts)) == (True, writing)
