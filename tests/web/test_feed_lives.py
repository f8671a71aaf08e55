"""What a feed's address answers through its life: unknown, unbuilt, served, moved, retired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yarl import URL

from hub.model import FeedPath, Kind, Version
from tests.web.conftest import make_settings
from tests.web.fakes import NEWS, eventually

if TYPE_CHECKING:
    from tests.web.conftest import Client, Start
    from tests.web.fakes import FakeBell, FakeStore

PROBLEM = "application/problem+json"
OLD, NEW = FeedPath(Kind.CATEGORY, "old-news"), FeedPath(Kind.CATEGORY, "späte-nachrichten")


async def test_an_unknown_feed_is_404_for_a_minute(client: Client) -> None:
    answer = await client.get("/feeds/category/none.rss")

    assert answer.status == 404
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert await answer.json(content_type=PROBLEM) == {
        "type": "urn:feedhub:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no feed category/none.",
    }


async def test_an_unknown_feed_is_found_as_soon_as_it_lives(client: Client, fake: FakeStore) -> None:
    assert (await client.get("/feeds/tag/new.rss")).status == 404

    fake.commit(fake.add(FeedPath(Kind.TAG, "new"), 5), "new", Version(20))

    assert (await client.get("/feeds/tag/new.rss")).status == 200


async def test_a_feed_that_was_never_built_is_503_and_rings(
    client: Client, fake: FakeStore, bell: FakeBell
) -> None:
    number = fake.add(FeedPath(Kind.TAG, "young"), 6)

    answer = await client.get("/feeds/tag/young.rss")

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Cache-Control"] == "no-store"
    assert bell.rings == 1
    fake.commit(number, "here", Version(21))
    assert await (await client.get("/feeds/tag/young.rss")).read() == b"here"


@pytest.mark.parametrize(
    ("suffix", "location"),
    [
        (".rss", "https://hub.test/feeds/category/sp%C3%A4te-nachrichten.rss"),
        (".atom", "https://hub.test/feeds/category/sp%C3%A4te-nachrichten.atom"),
        (".json", "https://hub.test/feeds/category/sp%C3%A4te-nachrichten.json"),
        ("", "https://hub.test/feeds/category/sp%C3%A4te-nachrichten"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_moved_feed_redirects_for_good_to_the_same_format(
    client: Client, fake: FakeStore, suffix: str, location: str, method: str
) -> None:
    fake.add(OLD, 7)
    fake.move(OLD, NEW)

    answer = await client.request(method, f"/feeds/category/old-news{suffix}", allow_redirects=False)

    assert answer.status == 301
    assert answer.headers["Location"] == location
    assert answer.headers["Cache-Control"] == "public, max-age=86400"


async def test_a_redirect_keeps_the_public_urls_path(start: Start, fake: FakeStore) -> None:
    fake.add(OLD, 7)
    fake.move(OLD, NEW)
    client = await start(make_settings(public_url="https://x.test/hub"))

    answer = await client.get("/hub/feeds/category/old-news.rss", allow_redirects=False)

    assert answer.headers["Location"].startswith("https://x.test/hub/feeds/category/")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_retired_feed_is_gone(client: Client, fake: FakeStore, method: str) -> None:
    fake.retire(NEWS)

    answer = await client.request(method, "/feeds/category/news.rss")

    assert answer.status == 410
    assert answer.headers["Content-Type"] == PROBLEM
    assert len(await answer.read()) < 300


async def test_a_feed_moves_while_it_is_in_memory(client: Client, fake: FakeStore) -> None:
    fake.commit(fake.add(OLD, 7), "text", Version(30))
    assert (await client.get("/feeds/category/old-news.rss")).status == 200

    fake.move(OLD, NEW)

    async def moved() -> bool:
        answer = await client.get("/feeds/category/old-news.rss", allow_redirects=False)
        return answer.status == 301

    for _ in range(200):
        if await moved():
            break
    else:
        raise AssertionError("the old address still answers")
    assert await (await client.get(str(URL(f"/feeds/{NEW}.rss")))).read() == b"text"


async def test_a_feed_retires_while_it_is_in_memory(client: Client, fake: FakeStore) -> None:
    assert (await client.get("/feeds/category/news.rss")).status == 200
    reads = fake.calls["changes"]

    fake.retire(NEWS)
    await eventually(lambda: fake.calls["changes"] > reads)

    assert (await client.get("/feeds/category/news.rss")).status == 410


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/category/NEWS.rss",
        "/feeds/Category/news.rss",
        "/feeds/category/news.RSS",
        "/feeds/category/news.rss/",
        "/feeds/category/%6Eews.rss/",
        "/feeds/category/%20news.rss",
        "/feeds/category/%EF%BD%8E%EF%BD%85%EF%BD%97%EF%BD%93.rss",
    ],
)
async def test_another_spelling_redirects_to_the_canonical_address(client: Client, path: str) -> None:
    answer = await client.get(URL(path, encoded=True), allow_redirects=False)

    assert answer.status == 301
    assert answer.headers["Location"] == "https://hub.test/feeds/category/news.rss"


@pytest.mark.parametrize("path", ["/feeds/category/NONE.rss", "/feeds/category/none/"])
async def test_another_spelling_of_nothing_is_404(client: Client, path: str) -> None:
    assert (await client.get(path, allow_redirects=False)).status == 404


async def test_another_spelling_of_a_moved_feed_goes_straight_to_the_new_address(
    client: Client, fake: FakeStore
) -> None:
    fake.add(OLD, 7)
    fake.move(OLD, NEW)

    answer = await client.get("/feeds/category/Old_News.rss/", allow_redirects=False)

    assert answer.headers["Location"] == "https://hub.test/feeds/category/sp%C3%A4te-nachrichten.rss"


async def test_percent_encoding_of_letters_is_no_other_address(client: Client) -> None:
    answer = await client.get(URL("/feeds/category/%6Eews.rss", encoded=True), allow_redirects=False)

    assert answer.status == 200


async def test_a_kind_that_is_not_served_is_404(start: Start, fake: FakeStore) -> None:
    client = await start(make_settings(feed_kinds="all,author"))

    answer = await client.get("/feeds/category/news.rss")

    assert answer.status == 404
    assert fake.calls["resolve"] == 0


@pytest.mark.parametrize("path", ["/feeds", "/feeds/"])
async def test_an_address_cut_short_leads_to_the_directory(client: Client, path: str) -> None:
    answer = await client.get(path, allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (301, "https://hub.test/")
