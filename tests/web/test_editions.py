"""Feeds with a partner's key: its own edition of them, for nobody else; and nothing new for who has none."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.model import ALL, EntryId, FeedNumber, FeedPath, Format, Kind, Version
from hub.render.shown import OVER
from tests.web.conftest import make_settings
from tests.web.fakes import NEWS
from tests.web.test_partners_api import WRONG, add, bearer, problem
from tests.web.test_webhooks_api import ADMIN

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from tests.web.conftest import Client, Start
    from tests.web.fakes import Clock, FakeStore

FEED = FeedNumber(1)
URLS = {format_: f"/feeds/category/news.{format_}" for format_ in Format}
JSON = URLS[Format.JSON]
SECOND = 10**6


@pytest.fixture(autouse=True)
def news(fake: FakeStore) -> None:
    """A feed with three entries, one of which left; what is public is a text of its own."""
    for n in (1, 2, 3):
        fake.put(FEED, n * SECOND, f"e{n}", title=f"Title {n}", content_html=f"<p>Full {n}</p>")
    fake.take_out(FEED, 4 * SECOND, "e2")
    fake.commit(FEED, "public", Version(4 * SECOND))


def change(fake: FakeStore, seq: int, title: str) -> None:
    fake.put(FEED, seq * SECOND, "e3", title=title)
    fake.commit(FEED, f"public at {seq}", Version(seq * SECOND))


async def ask(client: Client, key: str, url: str = JSON, **headers: str) -> ClientResponse:
    return await client.get(url, headers=bearer(key) | headers)


async def items(client: Client, key: str) -> list[dict[str, Any]]:
    answer = await ask(client, key)
    assert answer.status == 200, await answer.text()
    found: list[dict[str, Any]] = orjson.loads(await answer.read())["items"]
    return found


async def test_each_partner_gets_its_own_edition(client: Client) -> None:
    full = await add(client, size=1)
    brief = await add(client, content="summary", deletes="expire")

    assert [item["title"] for item in await items(client, full["key"])] == ["Title 3"]
    shown = await items(client, brief["key"])
    assert {item["title"] for item in shown} == {"Title 1", "Title 3", OVER}
    assert not any("content_html" in item for item in shown)


@pytest.mark.parametrize("format_", list(Format))
async def test_the_headers_keep_it_private(client: Client, format_: Format) -> None:
    key = (await add(client))["key"]
    answer = await ask(client, key, URLS[format_])
    head = await client.head(URLS[format_], headers=bearer(key))

    varying = {"Date", "Content-Length", "Etag"}
    headers = {name: value for name, value in answer.headers.items() if name not in varying}
    assert answer.status == 200
    assert headers == {
        "Cache-Control": "private, no-store",
        "Vary": "Authorization, Accept-Encoding",
        "Referrer-Policy": "no-referrer",
        "Link": '<https://hub.test/feeds/category/news>; rel="alternate"; type="text/html"',
        "Content-Type": format_.content_type,
        "Last-Modified": "Mon, 23 Nov 2026 08:59:59 GMT",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src https: http: data:; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, IM, Last-Modified, Link, Retry-After",
        "Server": "feedhub",
    }
    assert (head.status, head.headers["ETag"]) == (200, answer.headers["ETag"])
    assert key.encode() not in await answer.read()


@pytest.mark.parametrize("way", ["basic", "query"])
async def test_other_ways_to_show_a_key_get_the_same(client: Client, way: str) -> None:
    key = (await add(client, size=1))["key"]
    basic = {"Authorization": "Basic " + b64encode(f"msn:{key}".encode()).decode()}
    direct = await ask(client, key)

    other = await client.get(JSON, **({"headers": basic} if way == "basic" else {"params": {"key": key}}))

    assert await other.read() == await direct.read()
    assert other.headers["ETag"] == direct.headers["ETag"]
    assert key.encode() not in await other.read()


async def test_conditional_requests_work(client: Client, fake: FakeStore, clock: Clock) -> None:
    key = (await add(client))["key"]
    clock.advance(60)
    first = await ask(client, key)

    for name, asked in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        same = await ask(client, key, **{name: first.headers[asked]})
        assert same.status == 304
        assert await same.read() == b""
        assert same.headers["Cache-Control"] == "private, no-store"
        assert same.headers["ETag"] == first.headers["ETag"]
    seq = int(clock.time.timestamp())
    change(fake, seq, "Corrected")
    async with asyncio.timeout(3):
        while (await ask(client, key)).headers["ETag"] == first.headers["ETag"]:
            await asyncio.sleep(0.005)
    for name, asked in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        assert (await ask(client, key, **{name: first.headers[asked]})).status == 200


async def test_a_change_of_the_partner_is_newer_than_what_it_had(client: Client, clock: Clock) -> None:
    made = await add(client)
    clock.advance(60)
    first = await ask(client, made["key"])

    clock.advance(60)
    await client.patch(f"/api/partners/{made['id']}", json={"size": 1}, headers=ADMIN)
    clock.advance(60)

    again = await ask(client, made["key"], **{"If-Modified-Since": first.headers["Last-Modified"]})
    assert again.status == 200
    assert again.headers["ETag"] != first.headers["ETag"]


async def test_editions_are_made_once_and_shared_by_who_wants_the_same(
    client: Client, fake: FakeStore
) -> None:
    keys = [(await add(client, size=2, deletes="none"))["key"] for _ in range(3)]

    answers = await asyncio.gather(*(ask(client, key, url) for key in keys for url in URLS.values()))

    assert {answer.status for answer in answers} == {200}
    assert fake.calls["snapshot"] == 1
    await asyncio.gather(*(ask(client, key) for key in keys))
    assert fake.calls["snapshot"] == 1


async def test_what_is_over_depends_on_what_a_partner_may_open(client: Client, fake: FakeStore) -> None:
    fake.add(ALL, 3)
    fake.elsewhere[EntryId("e2")] = (FeedNumber(3),)
    narrow = await add(client, feeds=["category/news"], deletes="expire")
    wide = await add(client, deletes="expire")

    assert OVER in {item["title"] for item in await items(client, narrow["key"])}
    assert OVER not in {item["title"] for item in await items(client, wide["key"])}


async def test_what_came_back_in_another_feed_is_not_over_any_more(client: Client, fake: FakeStore) -> None:
    everything = fake.add(ALL, 3)
    fake.commit(everything, "all", Version(4 * SECOND))
    key = (await add(client, deletes="expire"))["key"]
    assert OVER in {item["title"] for item in await items(client, key)}

    fake.elsewhere[EntryId("e2")] = (everything,)
    fake.commit(everything, "all, with e2", Version(5 * SECOND))

    async with asyncio.timeout(3):
        while OVER in {item["title"] for item in await items(client, key)}:
            await asyncio.sleep(0.005)


# ---- who may not


@pytest.mark.parametrize("format_", [*Format, None])
@pytest.mark.parametrize("given", [WRONG, "", "test-admin-token"])
async def test_a_wrong_key_never_gets_the_public_document(
    client: Client, format_: Format | None, given: str
) -> None:
    url = URLS[format_] if format_ else "/feeds/category/news"
    basic = {"Authorization": "Basic " + b64encode(f"msn:{given}".encode()).decode()}

    for answer in (
        await client.get(url, headers=bearer(given)),
        await client.get(url, headers=basic),
        await client.get(url, params={"key": given}),
    ):
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == (
            'Bearer realm="feedhub", Basic realm="feedhub", charset="UTF-8"'
        )
        assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/feeds/nobody/ever.rss", "/nothing"])
async def test_an_error_is_nobodys_to_keep_where_an_address_holds_a_key(client: Client, path: str) -> None:
    assert (await client.get(f"{path}?key={WRONG}")).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("header", ["Basic !", "Basic", "Basic /////w==", "Bearer", "bearer   "])
async def test_credentials_that_are_none_are_401(client: Client, header: str) -> None:
    assert (await client.get(JSON, headers={"Authorization": header})).status == 401


async def test_another_scheme_is_no_key(client: Client) -> None:
    answer = await client.get(JSON, headers={"Authorization": "Negotiate YII="})

    assert answer.status == 200
    assert answer.headers["Cache-Control"].startswith("public")


async def test_a_revoked_key_is_401(client: Client) -> None:
    made = await add(client)
    assert (await ask(client, made["key"])).status == 200

    await client.delete(f"/api/partners/{made['id']}", headers=ADMIN)

    assert (await ask(client, made["key"])).status == 401


async def test_a_feed_that_a_key_does_not_open_is_403(client: Client, fake: FakeStore) -> None:
    other = FeedPath(Kind.CATEGORY, "other")
    fake.add(other, 2)
    key = (await add(client, feeds=["category/other"]))["key"]

    said = await problem(await ask(client, key), 403)

    assert said["detail"] == "This key does not open category/news: without a key it is there for everybody."
    assert (await client.get(JSON)).status == 200
    await problem(await ask(client, key, "/feeds/category/unknown.rss"), 404)


async def test_a_feed_that_was_never_built_is_503_with_a_key_too(client: Client, fake: FakeStore) -> None:
    fake.add(FeedPath(Kind.CATEGORY, "new"), 2)
    key = (await add(client))["key"]

    await problem(await ask(client, key, "/feeds/category/new.rss"), 503)


# ---- who has no key


@pytest.mark.parametrize("format_", list(Format))
async def test_no_edition_reaches_who_has_no_key(client: Client, fake: FakeStore, format_: Format) -> None:
    before = await client.get(URLS[format_])
    key = (await add(client, size=1, deletes="expire"))["key"]
    mine = await ask(client, key, URLS[format_])

    after = await client.get(URLS[format_])

    assert await after.read() == await before.read() != await mine.read()
    assert {k: v for k, v in after.headers.items() if k != "Date"} == {
        k: v for k, v in before.headers.items() if k != "Date"
    }
    assert after.headers["Vary"] == "Accept-Encoding"
    stale = await client.get(URLS[format_], headers={"If-None-Match": mine.headers["ETag"]})
    assert stale.status == 200


async def test_without_a_key_partners_are_not_asked_for(client: Client, fake: FakeStore) -> None:
    await client.get(JSON)
    await client.get(JSON, params={"other": "1"})

    assert fake.calls["partners"] == 0


async def test_a_public_summary_does_not_shorten_a_full_edition(start: Start) -> None:
    client = await start(make_settings(feed_content="summary"))
    full, brief = await add(client, content="full"), await add(client)

    assert all("content_html" in item for item in await items(client, full["key"]))
    assert not any("content_html" in item for item in await items(client, brief["key"]))


# ---- where a key goes


async def test_a_redirect_takes_the_key_along_and_is_nobodys_to_keep(client: Client, fake: FakeStore) -> None:
    key = (await add(client))["key"]
    fake.move(NEWS, replace(NEWS, slug="moved"))

    answer = await client.get(JSON, params={"key": key}, allow_redirects=False)

    assert answer.status == 301
    assert answer.headers["Location"] == f"https://hub.test/feeds/category/moved.json?key={key}"
    assert answer.headers["Cache-Control"] == "private, no-store"
    public = await client.get(JSON, params={"other": "1"}, allow_redirects=False)
    assert public.headers["Location"] == "https://hub.test/feeds/category/moved.json"
    assert public.headers["Cache-Control"] == "public, max-age=86400"


async def test_a_page_with_a_key_is_the_page_of_all_and_sends_no_referrer(client: Client) -> None:
    key = (await add(client, feeds=["category/news"]))["key"]

    answer = await client.get("/feeds/category/news", params={"key": key})

    assert answer.status == 200
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert key not in await answer.text()
