"""Pages: the directory, a feed's page, what they say when something is wrong, and what they load."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from yarl import URL

from hub.model import ALL, OWN_KINDS, FeedPath, Format, Kind, Version
from tests.feeds import PICTURE, make_item, render
from tests.web.conftest import make_settings
from tests.web.fakes import NEWS, document

if TYPE_CHECKING:
    from tests.web.conftest import Client, Start
    from tests.web.fakes import Clock, FakeStore

EVIL = "<script>alert(1)</script>\"'&"
VOID = {"meta", "link", "img", "br", "input"}


class Html(HTMLParser):
    """Every element of a page; fails where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str, **having: str) -> list[dict[str, str | None]]:
        return [a for t, a in self.elements if t == tag and having.items() <= a.items()]


async def page(client: Client, path: str, status: int = 200) -> tuple[str, Html]:
    answer = await client.get(path)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    text = (await answer.read()).decode()
    return text, Html(text)


def show(fake: FakeStore, path: FeedPath, body: bytes, *, number: int = 1, seq: int = 50) -> None:
    known = fake.add(path, number)
    fake.documents[known, Format.JSON] = document(known, Format.JSON, body, Version(seq))


async def test_a_feeds_page_shows_its_entries(client: Client, fake: FakeStore) -> None:
    items = [make_item(2, image=PICTURE, visibility="members"), make_item(1)]
    show(fake, FeedPath(Kind.CATEGORY, "europe-news"), render(items)[Format.JSON])

    text, html = await page(client, "/feeds/category/europe-news")

    assert '<h1 dir="auto" lang="en">Europe News</h1>' in text
    for shown in ("News from Europe", "Title 2", "Summary 1.", "C. Lens", "Members", "20 November 2026"):
        assert shown in text
    hrefs = [a["href"] for a in html.all("a")]
    assert {"https://site.test/1", "/feeds/author/ada", "/feeds/tag/cpp"} <= set(hrefs)
    assert "/feeds/category/europe-news" not in hrefs  # it need not link to itself
    assert html.all("img", src="https://site.test/p.jpg?a=1&b=2", alt="A “grid” at dusk")


async def test_a_feeds_page_is_discovered_in_three_formats(client: Client) -> None:
    _, html = await page(client, "/feeds/category/news")

    assert [(a["type"], a["href"]) for a in html.all("link", rel="alternate")] == [
        ("application/rss+xml", "https://hub.test/feeds/category/news.rss"),
        ("application/atom+xml", "https://hub.test/feeds/category/news.atom"),
        ("application/feed+json", "https://hub.test/feeds/category/news.json"),
    ]
    assert html.all("link", rel="canonical", href="https://hub.test/feeds/category/news")


async def test_a_page_follows_its_feed(client: Client, fake: FakeStore) -> None:
    first, _ = await page(client, "/feeds/category/news")
    fake.commit(fake.add(NEWS, 1), "second", Version(60))

    for _ in range(500):
        second, _ = await page(client, "/feeds/category/news")
        if second != first:
            break

    assert '<h1 dir="auto" lang="en">second</h1>' in second


async def test_whatever_a_feed_holds_is_text(client: Client, fake: FakeStore) -> None:
    item = make_item(1, title=EVIL, summary=EVIL, language=None)
    show(
        fake, NEWS, render([item])[Format.JSON].replace(b"News from Europe", b"<img src=x onerror=alert(1)>")
    )

    text, html = await page(client, "/feeds/category/news")

    assert not html.all("script")
    assert not html.all("img", src="x")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;" in text


async def test_a_link_that_is_no_web_address_is_none(client: Client, fake: FakeStore) -> None:
    show(fake, NEWS, render([make_item(1, url="javascript:alert(1)")])[Format.JSON])

    text, _ = await page(client, "/feeds/category/news")

    assert "javascript:" not in text
    assert "Title 1" in text


async def test_an_author_is_shown_with_bio_and_picture(client: Client, fake: FakeStore) -> None:
    from hub.model import FeedHead

    head = FeedHead(
        FeedPath(Kind.AUTHOR, "ada"), "Ada Quill", "Writes.", "https://ada.test/", "https://ada.test/me.jpg"
    )
    show(fake, head.path, render([make_item(1)], head)[Format.JSON])

    text, html = await page(client, "/feeds/author/ada")

    assert "Writes." in text
    assert html.all("img", src="https://ada.test/me.jpg", alt="")
    assert html.all("a", href="https://ada.test/")


async def test_an_empty_feed_says_so(client: Client) -> None:
    text, _ = await page(client, "/feeds/category/news")

    assert "There is nothing here at the moment." in text


async def test_pages_load_nothing_from_elsewhere_and_run_nothing(client: Client, fake: FakeStore) -> None:
    for path in ("/", "/feeds/category/news", "/feeds/tag/none", "/?kind=category"):
        answer = await client.get(path)
        html = Html((await answer.read()).decode())

        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert not html.all("script")
        assert not [
            a for tag, a in html.elements if any(name.startswith("on") or name == "style" for name in a)
        ]
        loaded = [a["href"] for a in html.all("link") if a["rel"] in {"stylesheet", "icon"}]
        assert all(href and re.fullmatch(r"/static/[a-z]+\.[0-9a-f]{8}\.(css|svg)", href) for href in loaded)
        for href in loaded:
            asset = await client.get(str(href))
            assert asset.status == 200
            assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_pages_have_landmarks_and_one_heading(client: Client) -> None:
    for path in ("/", "/feeds/category/news", "/feeds/tag/none", "/?kind=category"):
        html = Html((await (await client.get(path)).read()).decode())

        for landmark in ("header", "main", "footer", "h1"):
            assert len(html.all(landmark)) == 1
        assert html.all("html", lang="en")
        assert html.all("a", href="#main")
        assert all("alt" in a for a in html.all("img"))


async def test_pages_are_conditional_and_compressed(client: Client) -> None:
    for path in ("/", "/feeds/category/news"):
        full = await client.get(path, headers={"Accept-Encoding": "gzip"})
        again = await client.get(path, headers={"If-None-Match": full.headers["ETag"]})

        assert full.headers["Content-Encoding"] == "gzip"
        assert again.status == 304


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/feeds/category/none", 404, "There is no feed category/none."),
        ("/feeds/tag/old", 410, "has ended"),
        ("/feeds/tag/young", 503, "is being built for the first time"),
    ],
)
async def test_what_is_wrong_is_said_to_people_in_words(
    client: Client, fake: FakeStore, path: str, status: int, sentence: str
) -> None:
    fake.add(FeedPath(Kind.TAG, "old"), 8)
    fake.retire(FeedPath(Kind.TAG, "old"))
    fake.add(FeedPath(Kind.TAG, "young"), 9)

    text, html = await page(client, path, status)

    assert sentence in text
    assert html.all("a", href="/")


async def test_the_directory_lists_each_feed_with_its_documents(client: Client, fake: FakeStore) -> None:
    fake.add(ALL, 2, name="The Test Gazette", entries=1204)
    fake.add(
        FeedPath(Kind.AUTHOR, "ada-quill"), 3, name="Ada <Quill>", description="Writes & reads.", entries=1
    )
    fake.add(FeedPath(Kind.TAG, "灯台"), 4, name="灯台")

    text, html = await page(client, "/")

    order = [text.index(heading) for heading in ("Everything<", "Categories<", "Authors<", "Tags<")]
    assert order == sorted(order)
    for shown in ("1,204 entries", "Ada &lt;Quill&gt;", "Writes &amp; reads.", "1 entry<", "灯台"):
        assert shown in text
    hrefs = {a["href"] for a in html.all("a")}
    for feed in ("all", "category/news", "author/ada-quill", "tag/%E7%81%AF%E5%8F%B0"):
        assert {f"/feeds/{feed}{suffix}" for suffix in ("", ".rss", ".atom", ".json")} <= hrefs
    assert len(html.all("link", rel="alternate")) == 3


async def test_an_empty_hub_says_so(client: Client, fake: FakeStore) -> None:
    fake.summaries.clear()

    text, _ = await page(client, "/")

    assert "No categories, authors or tags yet" in text


async def test_many_feeds_are_paged_and_each_is_shown_once(client: Client, fake: FakeStore) -> None:
    for number in range(230):
        fake.add(FeedPath(Kind.TAG, f"tag-{number:03}"), 100 + number)
    _, html = await page(client, "/")
    assert len([a for a in html.all("a") if str(a["href"]).endswith(".rss")]) == 1 + 12

    shown: list[Any] = []
    href: str | None = "/?kind=tag"
    assert html.all("a", href="/?kind=tag")
    while href:
        _, html = await page(client, href)
        shown += [a["href"] for a in html.all("a") if str(a["href"]).endswith(".rss")]
        href = next((a["href"] for a in html.all("a", rel="next")), None)

    assert shown == [f"/feeds/tag/tag-{number:03}.rss" for number in range(230)]


async def test_the_directory_asks_redis_once_a_second_at_most(
    client: Client, fake: FakeStore, clock: Clock
) -> None:
    for _ in range(5):
        await client.get("/")
    assert fake.calls["list_feeds"] == len(OWN_KINDS)

    clock.advance(1.1)
    await client.get("/")

    assert fake.calls["list_feeds"] == 2 * len(OWN_KINDS)


async def test_the_directory_is_shown_as_it_was_while_redis_is_away(
    client: Client, fake: FakeStore, clock: Clock
) -> None:
    before, _ = await page(client, "/")
    fake.go_away()
    clock.advance(60)

    after, _ = await page(client, "/")
    missing, _ = await page(client, "/?kind=tag", 503)

    assert after == before
    assert "can&#39;t be reached" in missing


async def test_only_served_kinds_are_listed(start: Start, fake: FakeStore) -> None:
    fake.add(FeedPath(Kind.TAG, "energy"), 3)
    client = await start(make_settings(feed_kinds="all,tag"))

    text, _ = await page(client, "/")

    assert "energy" in text
    assert "category" not in text
    await page(client, "/?kind=category", 400)


async def test_links_of_a_page_keep_the_path_under_which_it_is_served(start: Start) -> None:
    client = await start(make_settings(public_url="https://x.test/hub"))

    text, html = await page(client, "/hub/feeds/category/news")

    inner = [str(a["href"]) for a in html.all("a") if str(a["href"]).startswith("/")]
    assert inner
    assert all(href.startswith("/hub/") for href in inner)
    assert "https://x.test/hub/feeds/category/news.rss" in text
    (style,) = html.all("link", rel="stylesheet")
    assert (await client.get(str(style["href"]))).status == 200


async def test_opml_lists_every_feed(client: Client, fake: FakeStore) -> None:
    from lxml import etree

    for number in range(600):
        fake.add(FeedPath(Kind.TAG, f"tag-{number}"), 100 + number, name=EVIL)

    answer = await client.get("/feeds.opml")
    tree = etree.fromstring(await answer.read())

    assert answer.headers["Content-Type"] == "text/x-opml; charset=utf-8"
    assert tree.get("version") == "2.0"
    outlines = tree.findall("body/outline/outline")
    assert len(outlines) == 601
    assert dict(outlines[0].attrib) == {
        "type": "rss",
        "text": "News",
        "title": "News",
        "xmlUrl": "https://hub.test/feeds/category/news.rss",
        "htmlUrl": "https://hub.test/feeds/category/news",
        "language": "en",
    }
    assert outlines[-1].get("text") == EVIL


@pytest.mark.parametrize("path", ["/static/hub.css", "/static/icon.svg", "/favicon.ico"])
async def test_static_files_also_answer_to_their_plain_names(client: Client, path: str) -> None:
    answer = await client.get(path)

    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_hash_that_is_not_the_files_is_404(client: Client) -> None:
    assert (await client.get(URL("/static/hub.00000000.css"))).status == 404
