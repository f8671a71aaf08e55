"""The README's nginx configuration, run as it stands there: feeds come from the hub, all else from WordPress."""

from __future__ import annotations

import asyncio
import shutil
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, web
from yarl import URL

from hub.model import ALL, FeedPath, Kind, Version
from tests.readme import examples
from tests.web.conftest import make_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from pytest_aiohttp.plugin import AiohttpServer

    from tests.web.conftest import Start
    from tests.web.fakes import FakeStore

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")

# All files beneath the prefix, one process, no service.
FRAME = """
daemon off; master_process off; pid nginx.pid; error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    gzip on; gzip_proxied any; gzip_types *;
    {http}
    server {{
        listen 127.0.0.1:{port};
        {server}
        location / {{ return 200 "WordPress\\n"; }}
    }}
}}
"""


@asynccontextmanager
async def nginx(folder: Path, hub_port: int) -> AsyncIterator[str]:
    """Run nginx on a free port of loopback; gives its address."""
    http, server = examples("nginx")
    upstream = "127.0.0.1:8080"
    assert upstream in http
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    written = FRAME.format(http=http.replace(upstream, f"127.0.0.1:{hub_port}"), server=server, port=port)
    (folder / "nginx.conf").write_text(written)
    command = ("nginx", "-e", "stderr", "-p", str(folder), "-c", "nginx.conf")
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    try:
        await _listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        _, said = await process.communicate()
    assert b"[error]" not in said, said


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(10):
        while True:
            assert process.returncode is None, (await process.communicate())[1]
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return


@pytest.fixture
async def echo(tmp_path: Path, aiohttp_server: AiohttpServer) -> AsyncIterator[str]:
    """nginx before a server that says what it was asked."""

    async def say(request: web.Request) -> web.Response:
        names = ("Host", "X-Forwarded-For", "If-None-Match", "Accept-Encoding", "A-IM")
        said = {name: request.headers.get(name) for name in names}
        return web.json_response({"uri": request.rel_url.raw_path_qs, "method": request.method, **said})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", say)
    server = await aiohttp_server(app)
    async with nginx(tmp_path, server.port or 0) as url:
        yield url


@pytest.fixture
async def hub(tmp_path: Path, start: Start, fake: FakeStore) -> AsyncIterator[str]:
    """nginx before a hub."""
    fake.commit(fake.add(ALL, 2), "everything", Version(10), tell=False)
    fake.commit(fake.add(FeedPath(Kind.TAG, "灯台"), 3), "lights", Version(10), tell=False)
    client = await start(make_settings(url_style="wordpress", public_url="https://feeds.example.org"))
    async with nginx(tmp_path, client.server.port or 0) as url:
        yield url


async def test_a_feeds_address_arrives_as_it_was_asked_for(echo: str) -> None:
    async with ClientSession(auto_decompress=False) as session:
        for uri in (
            "/feed/",
            "/feed",
            "/feed/atom/",
            "/atom/",
            "/feed/?utm_source=x%20y&utm_medium=",
            "/category/world/news/feed/rss2/",
            "/tag/%e7%81%af%e5%8f%b0/feed/",
            "/category/a%2Fb/feed",
            "/author/ada-quill/feed/atom",
            "/?feed=rss2",
            "/?cat=3&feed=rss2",
            "/?feed=atom&category_name=world%2Fnews",
            "/index.php?feed=rss2",
        ):
            asked = {
                "Host": "example.org",
                "If-None-Match": 'W/"a", "b"',
                "Accept-Encoding": "br",
                "A-IM": "feed",
            }
            async with session.get(web_url(echo, uri), headers=asked) as answer:
                assert await answer.json() == {
                    "uri": uri,
                    "method": "GET",
                    "Host": "feeds.example.org",
                    "X-Forwarded-For": "127.0.0.1",
                    "If-None-Match": 'W/"a", "b"',
                    "Accept-Encoding": "br",
                    "A-IM": "feed",
                }


async def test_everything_else_stays_wordpresss(echo: str) -> None:
    async with ClientSession() as session:
        for uri in (
            "/",
            "/?p=7",
            "/?s=feed",
            "/?s=feed=rss2x",
            "/feeds/",
            "/category/news/",
            "/tag/feed/",
            "/comments/feed/",
            "/2026/11/a-story/feed/",
            "/wp-json/wp/v2/posts?feed=rss2",
            "/to-feedhub/x",
        ):
            async with session.get(web_url(echo, uri)) as answer:
                assert await answer.text() == "WordPress\n", uri
        async with session.get(web_url(echo, "/to-feedhub")) as answer:
            assert answer.status == 404


@pytest.mark.parametrize("coding", ["", "gzip", "br"])
async def test_the_documents_headers_are_those_of_the_hub(hub: str, start: Start, coding: str) -> None:
    direct = await start(make_settings(url_style="wordpress", public_url="https://feeds.example.org"))
    asked = {"Accept-Encoding": coding, "User-Agent": "test"}
    async with (
        ClientSession(auto_decompress=False) as session,
        session.get(f"{hub}/feed/", headers=asked) as here,
    ):
        there = await direct.get("/feeds/all.rss", headers=asked)
        assert (here.status, await here.read()) == (200, await there.read())
        of_the_hop = {"Date", "Server", "Connection"}
        assert {k.title(): v for k, v in here.headers.items() if k.title() not in of_the_hop} == {
            k.title(): v for k, v in there.headers.items() if k.title() not in of_the_hop
        }


async def test_conditional_requests_pass(hub: str) -> None:
    async with ClientSession() as session:
        async with session.head(f"{hub}/feed/") as head:
            assert head.status == 200
        etag = head.headers["ETag"]
        async with session.get(f"{hub}/feed/", headers={"If-None-Match": etag}) as again:
            assert (again.status, await again.read()) == (304, b"")
            assert (again.headers["ETag"], again.headers["Cache-Control"]) == (
                etag,
                "public, max-age=300, s-maxage=0",
            )
        async with session.get(web_url(hub, "/tag/%e7%81%af%e5%8f%b0/feed/")) as lights:
            assert await lights.read() == b"lights"
        async with session.get(f"{hub}/tag/none/feed/") as none:
            assert none.status == 404


def web_url(base: str, uri: str) -> URL:
    """As a reader sends it: nothing is encoded again."""
    return URL(base + uri, encoded=True)
