"""Requests that no reader sends: each is answered 4xx, none reaches the store with what it says."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from hub.model import FeedPath

if TYPE_CHECKING:
    from hub.model import Resolution
    from tests.web.conftest import Client
    from tests.web.fakes import FakeStore

PATHS = [
    "/feeds/..%2F..%2Fetc%2Fpasswd",
    "/feeds/category/..%2F..%2Fetc%2Fpasswd.rss",
    "/feeds/category/%2e%2e/%2e%2e/etc/passwd",
    "/feeds/category/%00.rss",
    "/feeds/category/news%00.rss.png",
    "/feeds/category/news.rss%00",
    "/feeds/category/%0d%0aSet-Cookie:%20a=b.rss",
    "/feeds/category/%FF%FE.rss",
    "/feeds/category/%ED%A0%80.rss",
    "/feeds/category/%C0%AF.rss",
    "/feeds/category/%.rss",
    "/feeds/category/%zz.rss",
    "/feeds/category/%252e%252e.rss",
    "/feeds/category/" + "a" * 4000 + ".rss",
    "/feeds/category/" + "%F0%9F%A6%8A" * 500 + ".rss",
    "/feeds/category/<script>alert(1)</script>",
    "/feeds/category/{{7*7}}",
    "/feeds/category/x:log.rss",
    "/feeds/category/news.rss.atom.json.exe",
    "/feeds//category//news.rss",
    "/feeds/category;x=1/news.rss",
    "/feeds/category\\news.rss",
    "/feeds/feed:1:log",
    "/feeds/all/stream/../../x",
    "/static/../app.py",
    "/static/..%2Fapp.py",
    "/static/%2e%2e/app.py",
    "/static//etc/passwd",
    "/static/demo/",
    "/static/",
    "/.git/config",
]


async def ask(client: Client, request: bytes) -> bytes:
    """Send bytes; answer all that comes until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    try:
        writer.write(request)
        async with asyncio.timeout(3):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("path", PATHS)
async def test_a_hostile_path_is_a_plain_404(client: Client, fake: FakeStore, path: str) -> None:
    asked: list[FeedPath] = []
    resolve = fake.resolve

    async def watch(at: FeedPath, /) -> Resolution:
        asked.append(at)
        return await resolve(at)

    fake.resolve = watch  # type: ignore[method-assign]

    answer = await client.get(URL(path, encoded=True), allow_redirects=False)
    body = await answer.read()

    assert answer.status == 404
    assert answer.headers.get("Set-Cookie") is None
    assert b"<script>" not in body
    assert b"49" not in body or b"{{7*7}}" not in path.encode()
    for at in asked:
        assert FeedPath.parse(str(at)) == at
        assert at.slug.isprintable()
        assert len(at.slug) <= 80
        assert not set("/.:%\\<> ") & set(at.slug)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "//evil.example/feeds/category/none.rss",
        "http://evil.example/feeds/category/NONE.rss",
        "/feeds/category/" + "a" * 7000 + ".rss",
    ],
)
async def test_a_target_that_names_another_host_is_a_path_like_any_other(client: Client, target: str) -> None:
    answer = await ask(
        client, f"GET {target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode()
    )

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"evil" not in answer


async def test_a_head_that_is_too_long_is_refused(client: Client) -> None:
    answer = await ask(client, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000 + b"\r\n\r\n")

    assert answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))


@pytest.mark.parametrize(
    "line",
    [
        b"GET /feeds/category/\xff.rss HTTP/1.1",
        b"GET /feeds/category/n\x00ws.rss HTTP/1.1",
        b"GET /feeds/all.rss HTTP/9.9",
        b"NONSENSE",
        b"\x16\x03\x01\x02\x00",
    ],
)
async def test_what_is_no_http_is_refused(client: Client, line: bytes) -> None:
    answer = await ask(client, line + b"\r\nHost: x\r\n\r\n")

    assert answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))


@pytest.mark.parametrize(
    "path", ["/feeds/category/news.rss", "/", "/feeds.opml", "/readyz", "/feeds/category/none.rss"]
)
async def test_a_query_changes_nothing_and_is_not_logged(
    client: Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hub.web.request")
    plain = await client.get(path)

    answer = await client.get(f"{path}?token=secret&utm_source=x&%ff=%00")

    assert answer.status == plain.status
    assert await answer.read() == await plain.read()
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "query",
    [
        "kind=nonsense",
        "kind=",
        "kind=tag&cursor=%00",
        "kind=tag&cursor=%0a",
        "kind=tag&cursor=" + "x" * 300,
        "kind=tag&cursor=%ED%A0%80",
    ],
)
async def test_a_list_that_nobody_linked_is_400_for_people(client: Client, query: str) -> None:
    answer = await client.get(URL(f"/?{query}", encoded=True))

    assert answer.status in {200, 400}
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


async def test_an_unforeseen_error_says_nothing_of_itself(
    client: Client, fake: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_path: FeedPath, /) -> Resolution:
        raise RuntimeError("the secret cause")

    fake.resolve = fail  # type: ignore[method-assign]

    answer = await client.get("/feeds/tag/x.rss")

    assert answer.status == 500
    assert answer.headers["Cache-Control"] == "no-store"
    assert await answer.json(content_type="application/problem+json") == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Server got itself in trouble.",
    }
    assert "the secret cause" in caplog.text


async def test_each_request_is_one_line_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hub.web.request")

    await client.get("/feeds/category/news.rss", headers={"Cookie": "session=secret"})
    await client.head("/feeds/category/news.rss")
    await client.get(URL("/feeds/category/%0Aevil%20x.rss", encoded=True))

    lines = [record.getMessage() for record in caplog.records if record.name == "hub.web.request"]
    assert [line.split(" ms=")[0] for line in lines] == [
        "request method=GET path=/feeds/category/news.rss status=200",
        "request method=HEAD path=/feeds/category/news.rss status=200",
        "request method=GET path=/feeds/category/%0Aevil%20x.rss status=404",
    ]
    assert [line.split(" bytes=")[1] for line in lines][:2] == ["5", "0"]
    assert "secret" not in caplog.text
