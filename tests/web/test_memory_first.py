"""A front's memory: asked first, never behind for long, never going back, and there while Redis is not."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from hub.model import Change, FeedNumber, FeedPath, Format, Kind, Moved, Version
from hub.web.documents import Documents, Unbuilt
from hub.web.follower import Follower
from hub.web.frames import Frames
from hub.web.memory import Held, Memory
from hub.web.streams import Streams
from tests.web.conftest import make_settings
from tests.web.fakes import NEWS, Clock, FakeStore, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.web.conftest import Client

ONE = FeedNumber(1)
READS = ("resolve", "document", "versions")


@pytest.fixture
def documents(fake: FakeStore, clock: Clock) -> Documents:
    """Documents that nobody keeps true."""
    return Documents(fake, monotonic=clock.monotonic)


@pytest.fixture
async def followed(fake: FakeStore, clock: Clock, documents: Documents) -> AsyncIterator[Documents]:
    """Documents with a follower that has begun."""
    streams = Streams(Frames(fake, make_settings().site))
    task = asyncio.create_task(
        Follower(fake, documents, streams, monotonic=clock.monotonic, retry_seconds=0.005).run()
    )
    await eventually(lambda: documents.following.covers(clock.seconds, clock.seconds))
    yield documents
    task.cancel()
    await asyncio.wait([task])


def reads(fake: FakeStore) -> int:
    return sum(fake.calls[method] for method in READS)


async def seq(documents: Documents, path: FeedPath = NEWS) -> int:
    found = await documents.find(path, Format.RSS)
    assert isinstance(found, Held)
    return found.version.seq


async def test_a_document_in_memory_touches_no_redis(client: Client, fake: FakeStore) -> None:
    await client.get("/feeds/category/news.rss")
    await client.get("/feeds/category/news")  # its page needs the JSON document
    before = reads(fake)

    for path in ("/feeds/category/news.rss", "/feeds/category/news.json", "/feeds/category/news"):
        for coding in ("", "gzip", "br", "zstd"):
            answer = await client.get(path, headers={"Accept-Encoding": coding})
            assert answer.status == 200

    assert reads(fake) == before


async def test_many_who_want_the_same_missing_document_cause_one_read(
    documents: Documents, fake: FakeStore
) -> None:
    fake.hold = asyncio.Event()

    asked = [asyncio.create_task(documents.find(NEWS, Format.RSS)) for _ in range(50)]
    await eventually(lambda: fake.calls["document"] == 1)
    await asyncio.sleep(0.01)
    fake.hold.set()
    found = await asyncio.gather(*asked)

    assert len({id(one) for one in found}) == 1
    assert fake.calls == {"resolve": 1, "document": 1}


async def test_one_who_goes_away_does_not_take_the_read_with_him(
    documents: Documents, fake: FakeStore
) -> None:
    fake.hold = asyncio.Event()
    first = asyncio.create_task(documents.find(NEWS, Format.RSS))
    second = asyncio.create_task(documents.find(NEWS, Format.RSS))
    await eventually(lambda: fake.calls["document"] == 1)

    first.cancel()
    await asyncio.wait([first])
    fake.hold.set()

    assert isinstance(await second, Held)
    assert fake.calls["document"] == 1


async def test_a_change_replaces_what_is_in_memory_without_being_asked(
    followed: Documents, fake: FakeStore
) -> None:
    assert await seq(followed) == 10
    fake.commit(ONE, "second", Version(11))
    await eventually(lambda: fake.calls["document"] == 2)
    before = reads(fake)

    assert await seq(followed) == 11
    assert reads(fake) == before


async def test_while_a_newer_document_is_fetched_a_reader_waits_for_it(
    followed: Documents, fake: FakeStore
) -> None:
    assert await seq(followed) == 10
    fake.hold = asyncio.Event()
    fake.commit(ONE, "second", Version(11))
    await eventually(lambda: fake.calls["document"] == 2)

    asked = asyncio.create_task(seq(followed))
    await asyncio.sleep(0.01)
    fake.hold.set()

    assert await asked == 11


async def test_a_newer_document_that_does_not_come_is_not_waited_for_long(
    followed: Documents, fake: FakeStore
) -> None:
    assert await seq(followed) == 10
    fake.hold = asyncio.Event()
    fake.commit(ONE, "second", Version(11))
    await eventually(lambda: fake.calls["document"] == 2)

    assert await seq(followed) == 10


async def test_after_news_redis_is_asked_once_whether_there_are_more(
    followed: Documents, fake: FakeStore
) -> None:
    await seq(followed)
    fake.commit(ONE, "second", Version(11))
    await eventually(lambda: fake.calls["document"] == 2)

    assert await asyncio.gather(*(seq(followed) for _ in range(20))) == [11] * 20
    assert await seq(followed) == 11
    assert fake.calls["fence"] == 1


async def test_a_redis_that_does_not_say_whether_there_are_more_is_not_waited_for_long(
    followed: Documents, fake: FakeStore
) -> None:
    await seq(followed)
    fake.commit(ONE, "second", Version(11))
    await eventually(lambda: fake.calls["document"] == 2)
    fake.hanging = True

    assert await seq(followed) == 11


async def test_a_change_of_what_nobody_asked_for_is_not_fetched(followed: Documents, fake: FakeStore) -> None:
    other = fake.add(FeedPath(Kind.TAG, "other"), 2)
    read = fake.calls["changes"]

    fake.commit(other, "other", Version(20))
    await eventually(lambda: fake.calls["changes"] > read)

    assert fake.calls["document"] == 0


async def test_a_read_that_began_before_a_change_is_repeated(followed: Documents, fake: FakeStore) -> None:
    """The answer on its way holds what was before the change."""
    fake.hold = asyncio.Event()
    asked = asyncio.create_task(followed.find(NEWS, Format.RSS))
    await eventually(lambda: fake.calls["document"] == 1)

    read = fake.calls["changes"]
    fake.commit(ONE, "second", Version(11))
    await eventually(lambda: fake.calls["changes"] >= read)
    await asyncio.sleep(0.01)
    fake.hold.set()
    await asked
    await eventually(lambda: fake.calls["document"] == 2)

    await eventually(lambda: not fake.hold or fake.hold.is_set())
    assert await seq(followed) == 11


async def test_a_document_never_goes_back(followed: Documents, fake: FakeStore) -> None:
    fake.commit(ONE, "later", Version(11, 5, 5))
    assert await seq(followed) == 11
    read = fake.calls["document"]

    fake.commit(ONE, "earlier", Version(11, 5, 4))  # a Redis restored from an older copy, say
    await eventually(lambda: fake.calls["document"] > read)

    found = await followed.find(NEWS, Format.RSS)
    assert isinstance(found, Held)
    assert found.version == Version(11, 5, 5)


async def test_a_burst_of_concurrent_reads_and_changes_never_goes_back(
    followed: Documents, fake: FakeStore
) -> None:
    seen: list[int] = []

    async def read() -> None:
        for _ in range(50):
            seen.append(await seq(followed))
            await asyncio.sleep(0)

    async def change() -> None:
        for number in range(11, 61):
            fake.commit(ONE, f"text {number}", Version(number))
            await asyncio.sleep(0)

    await asyncio.gather(read(), change())

    assert seen == sorted(seen)
    await eventually(lambda: fake.calls["document"] > 1)
    async with asyncio.timeout(3):
        while await seq(followed) != 60:
            await asyncio.sleep(0.001)


async def test_documents_in_memory_are_served_while_redis_is_away(
    client: Client, fake: FakeStore, clock: Clock
) -> None:
    await client.get("/feeds/category/news.rss")
    await client.get("/feeds/category/news")
    fake.go_away()
    clock.advance(10)

    for path in ("/feeds/category/news.rss", "/feeds/category/news"):
        assert (await client.get(path)).status == 200
    missing = await client.get("/feeds/category/other.rss")

    assert missing.status == 503
    assert missing.headers["Retry-After"] == "2"
    assert (await missing.json(content_type="application/problem+json"))[
        "type"
    ] == "urn:feedhub:problem:store-unavailable"


async def test_without_a_follower_a_document_is_checked_once_a_second(
    documents: Documents, fake: FakeStore, clock: Clock
) -> None:
    assert await seq(documents) == 10
    fake.commit(ONE, "second", Version(11))
    clock.advance(0.9)
    before = reads(fake)

    assert [await seq(documents) for _ in range(3)] == [10, 10, 10]
    assert reads(fake) == before

    clock.advance(0.2)
    assert [await seq(documents) for _ in range(3)] == [11, 11, 11]
    assert fake.calls["versions"] == 1


async def test_without_a_follower_an_unchanged_document_is_not_fetched_again(
    documents: Documents, fake: FakeStore, clock: Clock
) -> None:
    await seq(documents)

    for _ in range(3):
        clock.advance(2)
        await seq(documents)

    assert fake.calls == {"resolve": 4, "document": 1, "versions": 3}


async def test_without_a_follower_a_move_is_noticed(
    documents: Documents, fake: FakeStore, clock: Clock
) -> None:
    await seq(documents)
    new = FeedPath(Kind.CATEGORY, "new")
    fake.move(NEWS, new)
    clock.advance(2)

    assert await documents.find(NEWS, Format.RSS) == Moved(new)
    assert await seq(documents, new) == 10


async def test_a_redis_that_hangs_delays_a_reader_by_a_quarter_of_a_second_at_most(
    documents: Documents, fake: FakeStore, clock: Clock
) -> None:
    await seq(documents)
    fake.hanging = True
    clock.advance(2)
    loop = asyncio.get_running_loop()

    began = loop.time()
    assert [await seq(documents) for _ in range(10)] == [10] * 10

    assert loop.time() - began < 0.5


async def test_a_lost_stream_is_followed_again_and_what_was_missed_is_fetched(
    followed: Documents, fake: FakeStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await seq(followed)
    caplog.set_level(logging.INFO, "hub.web.follower")
    fake.go_away()
    await eventually(lambda: not followed.following.covers(clock.seconds, clock.seconds))
    fake.commit(ONE, "missed", Version(11), tell=False)

    fake.come_back()
    await eventually(lambda: fake.calls["document"] == 2)
    await eventually(lambda: followed.following.covers(clock.seconds, clock.seconds))

    assert await seq(followed) == 11
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_rows_that_were_trimmed_unread_make_everything_be_compared(
    followed: Documents, fake: FakeStore
) -> None:
    await seq(followed)
    fake.commit(ONE, "missed", Version(11), tell=False)

    fake.gap = True
    fake.wake()
    await eventually(lambda: fake.calls["document"] == 2)

    assert await seq(followed) == 11
    assert fake.calls["versions"] >= 1


async def test_after_a_gap_a_place_is_asked_for_anew(
    followed: Documents, fake: FakeStore, clock: Clock
) -> None:
    await seq(followed)
    clock.advance(2)
    new = FeedPath(Kind.CATEGORY, "new")
    fake.places[new], fake.places[NEWS] = fake.places[NEWS], Moved(new)

    fake.gap = True
    fake.wake()
    await eventually(lambda: not fake.gap)
    await eventually(lambda: fake.calls["versions"] >= 1)

    assert await followed.find(NEWS, Format.RSS) == Moved(new)


async def test_a_follower_that_hears_nothing_is_not_believed(
    followed: Documents, fake: FakeStore, clock: Clock
) -> None:
    """A connection may be dead without anybody noticing: the stream answers every second at least."""
    await seq(followed)
    fake.commit(ONE, "second", Version(11), tell=False)
    clock.advance(4)

    assert await seq(followed) == 11


async def test_a_defect_does_not_end_the_follower(
    followed: Documents, fake: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    await seq(followed)
    fake.fault = RuntimeError("a defect")

    fake.wake()
    await eventually(lambda: "a defect" in caplog.text)
    fake.commit(ONE, "second", Version(11))

    await eventually(lambda: fake.calls["document"] >= 2)
    assert await seq(followed) == 11


async def test_an_answer_about_a_place_that_is_older_than_its_move_is_not_kept(
    followed: Documents, fake: FakeStore
) -> None:
    class Slow:
        """Resolves, then waits: the answer is on its way while the feed moves."""

        def __init__(self) -> None:
            self.go = asyncio.Event()
            self.inner = fake.resolve

        async def resolve(self, path: FeedPath, /) -> object:
            found = await self.inner(path)
            await self.go.wait()
            return found

    slow = Slow()
    fake.resolve = slow.resolve  # type: ignore[method-assign, assignment]
    asked = asyncio.create_task(followed.find(NEWS, Format.RSS))
    await eventually(lambda: fake.calls["resolve"] == 1)
    new = FeedPath(Kind.CATEGORY, "new")
    read = fake.calls["changes"]
    fake.move(NEWS, new)
    await eventually(lambda: fake.calls["changes"] > read)

    slow.go.set()
    await asked

    assert await followed.find(NEWS, Format.RSS) == Moved(new)


async def test_what_does_not_fit_is_fetched_again(fake: FakeStore, clock: Clock) -> None:
    fake.commit(fake.add(FeedPath(Kind.TAG, "other"), 2), "other", Version(20), tell=False)
    documents = Documents(fake, memory=Memory(30), monotonic=clock.monotonic)

    for _ in range(3):
        await documents.find(NEWS, Format.RSS)
        await documents.find(FeedPath(Kind.TAG, "other"), Format.RSS)

    assert fake.calls["document"] == 6


async def test_what_was_never_built_is_asked_for_each_time(documents: Documents, fake: FakeStore) -> None:
    path = FeedPath(Kind.TAG, "young")
    number = fake.add(path, 3)

    assert await documents.find(path, Format.ATOM) == Unbuilt()
    fake.commit(number, "here", Version(9), tell=False)
    assert isinstance(await documents.find(path, Format.ATOM), Held)


async def test_a_row_about_a_feed_that_is_gone_changes_nothing(followed: Documents, fake: FakeStore) -> None:
    assert await seq(followed) == 10
    fake.documents.clear()

    fake.tell(Change(ONE, moved=False))
    await eventually(lambda: fake.calls["document"] == 2)

    assert await seq(followed) == 10
