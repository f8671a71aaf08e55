"""Two independent readers, feedparser and atoma, find the same in all three formats."""

from __future__ import annotations

import json
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any

import atoma
import feedparser
import pytest

from hub.model import Format, Item
from tests.feeds import PICTURE, SOUND, load_golden, make_item, render

ITEMS = [
    make_item(3, title="AT&T – “now” 電力 שלום ⚡", attachments=(SOUND,), image=PICTURE),
    make_item(2, content_html="<p>“x” &amp; ]]&gt; ]]&gt;</p>", summary="1 < 2 & more"),
    make_item(1, url="https://site.test/elsewhere", authors=()),
]


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader makes of one entry."""

    id: str
    link: str | None
    title: str
    published: datetime
    updated: datetime
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    summary: str
    content: str


def expected(item: Item) -> Read:
    entry = item.entry
    named = [item.labels[ref].name for ref in entry.categories + entry.tags]
    return Read(
        entry.id,
        entry.url,
        entry.title,
        entry.date_published.replace(microsecond=0),
        entry.date_modified.replace(microsecond=0),
        tuple(item.labels[ref].name for ref in entry.authors),
        tuple(named),
        entry.summary,
        entry.content_html,
    )


def read_json(raw: bytes) -> list[Read]:
    return [
        Read(
            item["id"],
            item.get("url"),
            item["title"],
            datetime.fromisoformat(item["date_published"]),
            datetime.fromisoformat(item["date_modified"]),
            tuple(author["name"] for author in item.get("authors", ())),
            tuple(item["tags"]),
            item["summary"],
            item["content_html"],
        )
        for item in json.loads(raw)["items"]
    ]


def read_by_feedparser(raw: bytes, format_: Format) -> list[Read]:
    feed = feedparser.parse(raw, sanitize_html=False, resolve_relative_uris=False)
    assert not feed.bozo, feed.get("bozo_exception")
    return [_from_feedparser(entry, is_html=format_ is Format.RSS) for entry in feed.entries]


def _from_feedparser(entry: Any, *, is_html: bool) -> Read:
    def date(value: Any) -> datetime:
        return datetime.fromtimestamp(timegm(value), UTC)

    # RSS descriptions are HTML. summary_detail can't say so: a nested media:description overwrites it.
    return Read(
        entry.id,
        entry.get("link"),
        entry.title,
        date(entry.published_parsed),
        date(entry.updated_parsed),
        tuple(author["name"] for author in entry.get("authors", ())),
        tuple(tag.get("label") or tag.term for tag in entry.tags),
        unescape(entry.summary) if is_html else entry.summary,
        entry.content[0].value,
    )


@pytest.mark.parametrize("format_", [Format.RSS, Format.ATOM])
def test_feedparser_reads_what_was_published(format_: Format) -> None:
    assert read_by_feedparser(render(ITEMS)[format_], format_) == [expected(item) for item in ITEMS]


def test_a_json_reader_reads_what_was_published() -> None:
    assert read_json(render(ITEMS)[Format.JSON]) == [expected(item) for item in ITEMS]


def test_atoma_reads_rss() -> None:
    feed = atoma.parse_rss_bytes(render(ITEMS)[Format.RSS])

    assert feed.generator == "Feedhub"
    assert [
        (i.guid, i.link, i.title, i.pub_date, tuple(i.categories), i.content_encoded) for i in feed.items
    ] == [(r.id, r.link, r.title, r.published, r.categories, r.content) for r in map(expected, ITEMS)]
    assert [(e.url, e.length, e.type) for i in feed.items for e in i.enclosures] == [
        (SOUND.url, SOUND.size_in_bytes, SOUND.mime_type)
    ]


def test_atoma_reads_atom() -> None:
    feed = atoma.parse_atom_bytes(render(ITEMS)[Format.ATOM])

    assert [
        (
            e.id_,
            next(link.href for link in e.links if link.rel == "alternate"),
            e.title.value,
            e.published,
            e.updated,
            tuple(author.name for author in e.authors),
            tuple(category.label for category in e.categories),
            e.summary.value,
            e.content.value,
        )
        for e in feed.entries
    ] == [
        (
            r.id,
            r.link,
            r.title,
            r.published,
            r.updated,
            r.authors or ("The Test Gazette",),  # what the feed says holds for an entry that names nobody
            r.categories,
            r.summary,
            r.content,
        )
        for r in map(expected, ITEMS)
    ]


def test_atoma_reads_json() -> None:
    feed = atoma.parse_json_feed_bytes(render(ITEMS)[Format.JSON])

    assert [
        (i.id_, i.url, i.title, i.date_published, i.date_modified, tuple(i.tags), i.summary, i.content_html)
        for i in feed.items
    ] == [
        (r.id, r.link, r.title, r.published, r.updated, r.categories, r.summary, r.content)
        for r in map(expected, ITEMS)
    ]
    (attachment,) = feed.items[0].attachments
    assert (attachment.url, attachment.size_in_bytes) == (SOUND.url, SOUND.size_in_bytes)
    assert attachment.duration.total_seconds() == 61


@pytest.mark.parametrize("name", ["newsroom", "author", "empty"])
def test_both_readers_take_the_golden_documents(name: str) -> None:
    documents = load_golden(name).render()
    titles = {
        *(feedparser.parse(documents[format_]).feed.title for format_ in (Format.RSS, Format.ATOM)),
        atoma.parse_rss_bytes(documents[Format.RSS]).title,
        atoma.parse_atom_bytes(documents[Format.ATOM]).title.value,
        atoma.parse_json_feed_bytes(documents[Format.JSON]).title,
    }

    assert len(titles) == 1


def test_json_items_have_what_json_feed_1_1_requires() -> None:
    for name in ("newsroom", "author", "empty"):
        feed = json.loads(load_golden(name).render()[Format.JSON])

        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert feed["feed_url"].endswith(".json")
        assert feed["hubs"][0]["type"] == "WebSub"
        for item in feed["items"]:
            assert item["id"]
            assert ("content_html" in item) != ("content_text" in item)
            assert None not in item.values()
            assert {"seq", "revision", "visibility"} <= item["_feedhub"].keys()
