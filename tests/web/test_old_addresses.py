"""Feeds at the addresses that WordPress and Ghost had for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.model import ALL, FeedPath, Kind, TermRef, Version
from hub.settings import OWN_PATHS
from tests.web.conftest import make_settings
from tests.web.fakes import NEWS

if TYPE_CHECKING:
    from tests.web.conftest import Client, Start
    from tests.web.fakes import FakeStore

ENERGY, ADA = FeedPath(Kind.TAG, "energy"), FeedPath(Kind.AUTHOR, "ada-quill")


@pytest.fixture
def newsroom(fake: FakeStore) -> FakeStore:
    for number, path in enumerate((ALL, ENERGY, ADA, FeedPath(Kind.TAG, "灯台")), 2):
        fake.commit(fake.add(path, number), f"about {path}", Version(10), tell=False)
    fake.terms[TermRef(Kind.CATEGORY, "3")] = NEWS
    return fake


@pytest.fixture
async def wordpress(newsroom: FakeStore, start: Start) -> Client:
    return await start(make_settings(url_style="wordpress"))


PAIRS = [
    ("/feed/", "/feeds/all.rss"),
    ("/feed", "/feeds/all.rss"),
    ("/feed/rdf/", "/feeds/all.rss"),
    ("/feed/atom/", "/feeds/all.atom"),
    ("/?feed=rss2", "/feeds/all.rss"),
    ("/index.php?feed=atom", "/feeds/all.atom"),
    ("/category/news/feed/", "/feeds/category/news.rss"),
    ("/category/world/news/feed/atom/", "/feeds/category/news.atom"),
    ("/?feed=rss2&cat=3", "/feeds/category/news.rss"),
    ("/?feed=rss2&category_name=news", "/feeds/category/news.rss"),
    ("/tag/energy/feed/", "/feeds/tag/energy.rss"),
    ("/tag/%E7%81%AF%E5%8F%B0/feed/", "/feeds/tag/%E7%81%AF%E5%8F%B0.rss"),
    ("/tag/%e7%81%af%e5%8f%b0/feed/", "/feeds/tag/%E7%81%AF%E5%8F%B0.rss"),
    ("/author/ada-quill/feed/atom", "/feeds/author/ada-quill.atom"),
]


@pytest.mark.parametrize(("old", "canonical"), PAIRS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("coding", ["gzip", "br", ""])
async def test_the_answer_is_that_of_the_canonical_address(
    wordpress: Client, old: str, canonical: str, method: str, coding: str
) -> None:
    asked = {"Accept-Encoding": coding}
    here = await wordpress.request(method, old, headers=asked, allow_redirects=False)
    there = await wordpress.request(method, canonical, headers=asked, allow_redirects=False)

    assert here.status == there.status == 200
    assert await here.read() == await there.read()
    differing = {"Date"}
    assert {k: v for k, v in here.headers.items() if k not in differing} == {
        k: v for k, v in there.headers.items() if k not in differing
    }
    assert f'<https://hub.test{canonical}>; rel="self"' in here.headers["Link"]


async def test_the_etag_of_one_address_is_known_at_the_other(wordpress: Client) -> None:
    canonical = await wordpress.get("/feeds/category/news.rss")
    again = await wordpress.get("/category/news/feed/", headers={"If-None-Match": canonical.headers["ETag"]})
    since = await wordpress.get(
        "/category/news/feed/", headers={"If-Modified-Since": canonical.headers["Last-Modified"]}
    )

    assert (again.status, await again.read()) == (304, b"")
    assert since.status == 304


async def test_scripts_may_ask_conditionally(wordpress: Client) -> None:
    answer = await wordpress.options("/category/news/feed/")

    assert answer.status == 204
    assert "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]


async def test_a_moved_feed_is_redirected_to_its_canonical_address(
    wordpress: Client, newsroom: FakeStore
) -> None:
    newsroom.move(NEWS, FeedPath(Kind.CATEGORY, "world-news"))

    for old, to in (("feed", "rss"), ("feed/atom", "atom")):
        answer = await wordpress.get(f"/category/news/{old}/", allow_redirects=False)
        assert answer.status == 301
        assert answer.headers["Location"] == f"https://hub.test/feeds/category/world-news.{to}"


async def test_a_retired_feed_is_gone(wordpress: Client, newsroom: FakeStore) -> None:
    newsroom.retire(NEWS)

    assert (await wordpress.get("/category/news/feed/")).status == 410
    assert (await wordpress.get("/?feed=rss2&cat=3")).status == 410


@pytest.mark.parametrize(
    "path",
    [
        "/category/sport/feed/",
        "/comments/feed/",
        "/2026/11/a-story/feed/",
        "/?feed=comments-rss2",
        "/?feed=rss2&cat=99",
        "/feed/?s=energy",
        "/index.php",
    ],
)
async def test_what_is_no_feed_is_not_found(wordpress: Client, path: str) -> None:
    answer = await wordpress.get(path)

    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_feed_that_is_not_built_yet_is_waited_for(wordpress: Client, newsroom: FakeStore) -> None:
    newsroom.add(FeedPath(Kind.CATEGORY, "new"), 99)

    answer = await wordpress.get("/category/new/feed/")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize(
    "path", ["/feed/", "/category/news/feed/", "/tag/energy/rss/", "/index.php?feed=rss2"]
)
async def test_no_old_address_is_answered_unless_asked_for(
    client: Client, newsroom: FakeStore, path: str
) -> None:
    assert (await client.get(path)).status == 404
    assert (await client.get("/?feed=rss2")).headers["Content-Type"] == "text/html; charset=utf-8"


async def test_ghosts_addresses_are_answered_and_no_others(newsroom: FakeStore, start: Start) -> None:
    ghost = await start(make_settings(url_style="ghost"))

    for old, canonical in (
        ("/rss/", "/feeds/all.rss"),
        ("/rss", "/feeds/all.rss"),
        ("/tag/energy/rss/", "/feeds/tag/energy.rss"),
        ("/author/ada-quill/rss/", "/feeds/author/ada-quill.rss"),
    ):
        here, there = await ghost.get(old), await ghost.get(canonical)
        assert (here.status, await here.read()) == (200, await there.read())
        assert here.headers["ETag"] == there.headers["ETag"]
    for path in ("/category/news/rss/", "/feed/atom/", "/tag/none/rss/"):
        assert (await ghost.get(path)).status == 404
    assert (await ghost.get("/?feed=rss2")).headers["Content-Type"] == "text/html; charset=utf-8"


async def test_the_hubs_own_addresses_win(newsroom: FakeStore, start: Start) -> None:
    newsroom.commit(newsroom.add(FeedPath(Kind.CATEGORY, "feed"), 50), "own", Version(10), tell=False)
    hub = await start(make_settings(url_style="wordpress,ghost", url_category_base="."))

    assert (await hub.get("/")).headers["Content-Type"] == "text/html; charset=utf-8"
    assert (await hub.get("/feeds/category/feed")).headers["Content-Type"] == "text/html; charset=utf-8"
    assert (await hub.get("/hooks/rss")).status in {404, 405}
    assert (await hub.get("/api/feeds")).status == 401
    assert (await hub.get("/news/feed/")).status == 200


async def test_a_site_in_a_folder_and_a_hub_in_a_folder_are_found(newsroom: FakeStore, start: Start) -> None:
    settings = make_settings(
        url_style="wordpress", public_url="https://site.test/hub", wordpress_url="https://site.test/blog"
    )
    hub = await start(settings)

    for path in (
        "/blog/feed/",
        "/blog/category/news/feed/",
        "/blog/?feed=rss2",
        "/hub/feed/",
        "/hub/?feed=rss2",
        "/feed/",
        "/?feed=atom",
    ):
        answer = await hub.get(path)
        assert answer.status == 200, path
        assert 'rel="hub"' in answer.headers["Link"], path
    assert (await hub.get("/hub/")).headers["Content-Type"] == "text/html; charset=utf-8"
    assert (await hub.get("/blog/")).status == 404


async def test_every_address_of_the_hubs_own_is_kept_from_bases(start: Start) -> None:
    hub = await start(make_settings())
    files = {"", "favicon.ico", "feeds.opml"}  # of which no path can begin with a base

    first = {resource.canonical.split("/")[1] for resource in hub.app.router.resources()}
    assert first - files <= OWN_PATHS
