"""A document's answer, header by header, in every coding, to GET, HEAD and a preflight."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import brotli
import pytest
import zstandard

from hub.model import ALL, FeedPath, Format, Kind, Version
from tests.web.conftest import make_settings
from tests.web.fakes import NEWS, json_feed

if TYPE_CHECKING:
    from tests.web.conftest import Client, Start
    from tests.web.fakes import Clock, FakeStore

TEXTS = {Format.RSS: b"first", Format.ATOM: b"first", Format.JSON: json_feed("first")}
DECODE = {
    None: bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstandard.ZstdDecompressor().decompress,
}


@pytest.mark.parametrize(
    ("format_", "content_type"),
    [
        (Format.RSS, "application/rss+xml; charset=utf-8"),
        (Format.ATOM, "application/atom+xml; charset=utf-8"),
        (Format.JSON, "application/feed+json"),
    ],
)
async def test_a_document_has_exactly_these_headers(
    client: Client, fake: FakeStore, format_: Format, content_type: str
) -> None:
    answer = await client.get(f"/feeds/category/news.{format_}", headers={"Accept-Encoding": "gzip"})
    body = await answer.read()

    stored = next(document for (_, f), document in fake.documents.items() if f is format_)
    assert answer.status == 200
    assert body == stored.gzip
    headers = dict(answer.headers)
    assert headers.pop("Date")
    assert headers == {
        "Content-Type": content_type,
        "Content-Encoding": "gzip",
        "Content-Length": str(len(stored.gzip)),
        "Etag": stored.etag,
        "Last-Modified": "Fri, 20 Nov 2026 12:00:00 GMT",
        "Cache-Control": "public, max-age=300, s-maxage=0",
        "Vary": "Accept-Encoding",
        "Link": '<https://hub.test/websub>; rel="hub", '
        f'<https://hub.test/feeds/category/news.{format_}>; rel="self", '
        '<https://hub.test/feeds/category/news>; rel="alternate"; type="text/html"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src https: http: data:; sandbox",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, IM, Last-Modified, Link, Retry-After",
        "Server": "feedhub",
    }


@pytest.mark.parametrize("format_", list(Format))
@pytest.mark.parametrize("coding", [None, "gzip", "br", "zstd"])
async def test_every_coding_is_the_same_document_with_the_same_etag(
    client: Client, format_: Format, coding: str | None
) -> None:
    plain = await client.get(f"/feeds/category/news.{format_}")
    answer = await client.get(f"/feeds/category/news.{format_}", headers={"Accept-Encoding": coding or ""})

    assert DECODE[coding](await answer.read()) == TEXTS[format_]
    assert answer.headers.get("Content-Encoding") == coding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["ETag"] == plain.headers["ETag"]


@pytest.mark.parametrize("coding", ["", "gzip", "br", "zstd"])
@pytest.mark.parametrize(
    "path", ["/feeds/category/news.rss", "/feeds/category/news", "/", "/feeds.opml", "/feeds/tag/none.rss"]
)
async def test_head_is_get_without_the_body(client: Client, path: str, coding: str) -> None:
    get = await client.get(path, headers={"Accept-Encoding": coding})
    head = await client.head(path, headers={"Accept-Encoding": coding})

    assert head.status == get.status
    assert await head.read() == b""
    differing = {"Date"}
    assert {k: v for k, v in head.headers.items() if k not in differing} == {
        k: v for k, v in get.headers.items() if k not in differing
    }
    assert int(head.headers["Content-Length"]) == len(await get.read())


@pytest.mark.parametrize("accept", ["text/html,*/*;q=0.9", "application/json", "image/png", "*/*", ""])
async def test_accept_never_changes_the_answer(client: Client, accept: str) -> None:
    answer = await client.get("/feeds/category/news.rss", headers={"Accept": accept})

    assert answer.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    assert await answer.read() == b"first"


async def test_a_304_carries_what_the_200_would(client: Client) -> None:
    full = await client.get("/feeds/category/news.rss", headers={"Accept-Encoding": "gzip"})
    again = await client.get(
        "/feeds/category/news.rss", headers={"Accept-Encoding": "gzip", "If-None-Match": full.headers["ETag"]}
    )

    assert again.status == 304
    assert await again.read() == b""
    of_the_body = {"Content-Type", "Content-Length", "Content-Encoding", "Date"}
    assert {k: v for k, v in again.headers.items() if k != "Date"} == {
        k: v for k, v in full.headers.items() if k not in of_the_body
    }


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("If-None-Match", '"other"')], 200),
        ([("If-None-Match", "*")], 304),
        ([("If-None-Match", '"other"'), ("If-None-Match", "*")], 200),  # not the token, but a list of two
        ([("If-None-Match", '"other"'), ("If-Modified-Since", "Sat, 21 Nov 2026 00:00:00 GMT")], 200),
        ([("If-Modified-Since", "Fri, 20 Nov 2026 12:00:00 GMT")], 304),
        ([("If-Modified-Since", "Fri, 20 Nov 2026 11:59:59 GMT")], 200),
        ([("If-Modified-Since", "Fri, 20 Nov 2099 12:00:00 GMT")], 200),
        ([("If-Modified-Since", "never")], 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_conditional_requests(
    client: Client, headers: list[tuple[str, str]], status: int, method: str
) -> None:
    answer = await client.request(method, "/feeds/category/news.atom", headers=headers)

    assert answer.status == status


async def test_several_if_none_match_lines_are_one_list(client: Client) -> None:
    etag = (await client.get("/feeds/category/news.rss")).headers["ETag"]

    answer = await client.get(
        "/feeds/category/news.rss", headers=[("If-None-Match", '"a"'), ("If-None-Match", etag)]
    )

    assert answer.status == 304


async def test_a_document_of_this_very_second_shows_the_second_before(client: Client, clock: Clock) -> None:
    """Two builds may share a second; a client that saw the first must not be told 304 of the second."""
    from tests.web.fakes import MODIFIED

    clock.time = MODIFIED
    young = await client.get("/feeds/category/news.rss")
    clock.advance(2)
    settled = await client.get("/feeds/category/news.rss")
    asked = await client.get(
        "/feeds/category/news.rss", headers={"If-Modified-Since": young.headers["Last-Modified"]}
    )

    assert young.headers["Last-Modified"] == "Fri, 20 Nov 2026 11:59:59 GMT"
    assert settled.headers["Last-Modified"] == "Fri, 20 Nov 2026 12:00:00 GMT"
    assert asked.status == 200


async def test_a_preflight_allows_conditional_reads(client: Client, fake: FakeStore) -> None:
    answer = await client.options(
        "/feeds/category/news.json",
        headers={
            "Origin": "https://reader.test",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "if-none-match",
        },
    )

    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Max-Age"] == "86400"
    assert fake.calls["resolve"] == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_documents_are_only_read(client: Client, method: str) -> None:
    answer = await client.request(method, "/feeds/category/news.rss")

    assert answer.status == 405
    assert answer.headers["Allow"] == "GET,HEAD,OPTIONS"
    assert (await answer.json(content_type="application/problem+json"))["title"] == "Method Not Allowed"


async def test_shared_caches_are_told_how_long(start: Start) -> None:
    client = await start(make_settings(shared_max_age=30))

    answer = await client.get("/feeds/category/news.rss")

    assert answer.headers["Cache-Control"] == "public, max-age=300, s-maxage=30"


@pytest.mark.parametrize(
    "said",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "X-Forwarded-Port": "1"},
        {"Forwarded": "host=evil.example;proto=gopher"},
        {"X-Original-URL": "/evil", "X-Rewrite-URL": "/evil", "X-Forwarded-Prefix": "/evil"},
    ],
)
@pytest.mark.parametrize(
    "path", ["/feeds/category/news.rss", "/feeds/category/news", "/", "/feeds.opml", "/feeds/category/NEWS"]
)
async def test_what_a_request_says_of_its_host_is_shown_nowhere(
    client: Client, path: str, said: dict[str, str]
) -> None:
    plain = await client.get(path, allow_redirects=False)
    answer = await client.get(path, headers=said, allow_redirects=False)

    assert {k: v for k, v in answer.headers.items() if k != "Date"} == {
        k: v for k, v in plain.headers.items() if k != "Date"
    }
    assert await answer.read() == await plain.read()
    assert "evil" not in str(answer.headers)


@pytest.mark.parametrize("prefix", ["", "/hub"])
@pytest.mark.parametrize(
    "path",
    [
        "/feeds/all.rss",
        "/feeds/category/news",
        "/feeds.opml",
        "/",
        "/healthz",
        "/static/hub.css",
        "/favicon.ico",
    ],
)
async def test_a_public_url_with_a_path_is_served_with_and_without_it(
    start: Start, fake: FakeStore, prefix: str, path: str
) -> None:
    fake.commit(fake.add(ALL, 2), "everything", Version(11), tell=False)
    client = await start(make_settings(public_url="https://x.test/hub"))

    answer = await client.get(prefix + path)

    assert answer.status == 200
    if path.endswith(".rss"):
        assert '<https://x.test/hub/feeds/all.rss>; rel="self"' in answer.headers["Link"]
        assert '<https://x.test/hub/websub>; rel="hub"' in answer.headers["Link"]


@pytest.mark.parametrize("path", ["/feeds/all.rss", "/feeds/feeds/all.rss"])
async def test_a_public_url_may_even_end_in_feeds(start: Start, fake: FakeStore, path: str) -> None:
    fake.commit(fake.add(ALL, 2), "everything", Version(11), tell=False)
    client = await start(make_settings(public_url="https://x.test/feeds"))

    assert (await client.get(path)).status == 200


async def test_a_slug_of_any_script_is_served_and_linked_percent_encoded(
    client: Client, fake: FakeStore
) -> None:
    fake.commit(fake.add(FeedPath(Kind.TAG, "灯台"), 3), "lights", Version(12), tell=False)

    answer = await client.get("/feeds/tag/灯台.rss")

    assert await answer.read() == b"lights"
    assert '<https://hub.test/feeds/tag/%E7%81%AF%E5%8F%B0.rss>; rel="self"' in answer.headers["Link"]


async def test_there_is_one_self_link(client: Client) -> None:
    answer = await client.get(f"/feeds/{NEWS}.json")

    assert answer.headers.getall("Link") == [answer.headers["Link"]]
    assert answer.headers["Link"].count('rel="self"') == 1
