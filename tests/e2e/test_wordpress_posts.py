"""Posts as WordPress's REST API gives them, mapped by hand and published: every field is compared at the other end."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import atoma
import feedparser
import pytest

from tests.hubprocess import HubProcess, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "samples" / "wordpress-posts.json").read_text(encoding="utf-8")
)


def event(post: dict[str, Any]) -> dict[str, Any]:
    """Map one post: dates are the `_gmt` ones, names and titles are HTML there and text here."""
    embedded = post["_embedded"]
    terms = [term for group in embedded["wp:term"] for term in group]
    return {
        "type": "entry.published",
        "entry": {
            "id": post["guid"]["rendered"],
            "url": post["link"],
            "title": html.unescape(post["title"]["rendered"]),
            "content_html": post["content"]["rendered"],
            "date_published": f"{post['date_gmt']}Z",
            "date_modified": f"{post['modified_gmt']}Z",
            "authors": [
                {
                    "id": author["id"],
                    "name": html.unescape(author["name"]),
                    "slug": author["slug"],
                    "url": author["link"],
                    "bio": author["description"],
                    "avatar": author["avatar_urls"]["96"],
                }
                for author in embedded["author"]
            ],
            "categories": [_term(term) for term in terms if term["taxonomy"] == "category"],
            "tags": [_term(term) for term in terms if term["taxonomy"] == "post_tag"],
        },
    }


def _term(term: dict[str, Any]) -> dict[str, Any]:
    return {"id": term["id"], "name": html.unescape(term["name"]), "slug": term["slug"]}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("wordpress") / "data"
    with HubProcess(folder, site_url="http://wp.test:8081", site_title="WP Test") as hub:
        for answer in hub.publish([event(post) for post in POSTS]):
            assert answer["outcome"] == "accepted", answer
        for format_ in ("rss", "atom", "json"):
            path = f"/feeds/all.{format_}"
            wait_for(lambda path=path: all_there(hub.get(path)), why=hub.read_log)
        yield hub


def all_there(document: bytes) -> bool:
    return all(post["guid"]["rendered"].encode() in document for post in POSTS)


def newest_first() -> list[dict[str, Any]]:
    return sorted(POSTS, key=lambda post: str(post["date_gmt"]), reverse=True)


def test_the_json_feed_says_what_the_posts_say(hub: HubProcess) -> None:
    feed = json.loads(hub.get("/feeds/all.json"))

    assert (feed["title"], feed["home_page_url"]) == ("WP Test", "http://wp.test:8081")
    assert len(feed["items"]) == len(POSTS)
    for item, post in zip(feed["items"], newest_first(), strict=True):
        sent = event(post)["entry"]
        assert item["id"] == sent["id"]
        assert item["url"] == sent["url"]
        assert item["title"] == sent["title"]
        assert item["content_html"].strip() == sent["content_html"].strip()
        assert item["date_published"] == sent["date_published"]
        assert item["date_modified"] == sent["date_modified"]
        assert [a["name"] for a in item["authors"]] == [a["name"] for a in sent["authors"]]
        assert [a["url"] for a in item["authors"]] == [a["url"] for a in sent["authors"]]
        assert [a["avatar"] for a in item["authors"]] == [a["avatar"] for a in sent["authors"]]
        assert [c["name"] for c in item["_feedhub"]["categories"]] == [c["name"] for c in sent["categories"]]
        assert [c["slug"] for c in item["_feedhub"]["categories"]] == [c["slug"] for c in sent["categories"]]
        assert item["_feedhub"]["visibility"] == "public"


def test_rss_and_atom_say_the_same(hub: HubProcess) -> None:
    rss = feedparser.parse(hub.get("/feeds/all.rss"))
    atom = feedparser.parse(hub.get("/feeds/all.atom"))

    assert not rss.bozo
    assert not atom.bozo
    for ours, theirs, post in zip(rss.entries, atom.entries, newest_first(), strict=True):
        sent = event(post)["entry"]
        for entry in (ours, theirs):
            assert entry.id == sent["id"]
            assert entry.link == sent["url"]
            assert html.unescape(entry.title) == sent["title"]
            assert entry.content[0].value.strip() == sent["content_html"].strip()
            assert {tag.label or tag.term for tag in entry.tags} >= {c["name"] for c in sent["categories"]}
            assert [author["name"] for author in entry.authors] == [a["name"] for a in sent["authors"]]
        assert ours.published_parsed == theirs.published_parsed


def test_another_parser_reads_the_same(hub: HubProcess) -> None:
    rss = atoma.parse_rss_bytes(hub.get("/feeds/all.rss"))
    atom = atoma.parse_atom_bytes(hub.get("/feeds/all.atom"))

    for ours, theirs, post in zip(rss.items, atom.entries, newest_first(), strict=True):
        sent = event(post)["entry"]
        assert ours.guid == theirs.id_ == sent["id"]
        assert ours.title == theirs.title.value == sent["title"]
        assert ours.pub_date == theirs.published


def test_each_author_and_category_has_a_feed_with_its_own_data(hub: HubProcess) -> None:
    authors = {a["slug"]: a for post in POSTS for a in event(post)["entry"]["authors"]}
    categories = {c["slug"]: c for post in POSTS for c in event(post)["entry"]["categories"]}
    for kind, terms in (("author", authors), ("category", categories)):
        for slug, term in terms.items():
            path = f"/feeds/{kind}/{slug}.json"
            wait_for(lambda path=path: bool(hub.get(path)), why=hub.read_log)
            feed = json.loads(hub.get(path))
            named = [p for p in POSTS if slug in [t["slug"] for t in event(p)["entry"][_field(kind)]]]
            assert len(feed["items"]) == len(named)
            assert str(term["name"]) in feed["title"]
            if kind == "author":
                assert feed["description"] == term["bio"]
                assert feed["authors"][0]["name"] == term["name"]


def _field(kind: str) -> str:
    return {"author": "authors", "category": "categories"}[kind]
