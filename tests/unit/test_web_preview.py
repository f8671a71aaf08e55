"""What a feed's page takes from its JSON document, as the renderer writes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from hub.model import FeedPath, Format, Kind
from hub.web.logs import printable
from hub.web.preview import Mention, Picture, Preview, PreviewEntry, read_preview
from tests.feeds import NOON, PICTURE, SITE, make_item, render


def preview_of(**fields: Any) -> PreviewEntry:
    (entry,) = read_preview(render([make_item(1, **fields)])[Format.JSON]).entries
    return entry


def item(**fields: object) -> bytes:
    return orjson.dumps({"title": "T", "items": [{"id": "1", **fields}]})


def test_a_rendered_document_is_read_whole() -> None:
    preview = read_preview(render([make_item(1, image=PICTURE)])[Format.JSON])

    date = NOON.replace(microsecond=0) + timedelta(minutes=1)
    assert preview == Preview(
        title="Europe News – The Test Gazette",
        description="News from Europe",
        home="https://hub.test/feeds/category/europe-news",
        icon=SITE.icon,
        language="en",
        entries=(
            PreviewEntry(
                title="Title 1",
                url="https://site.test/1",
                summary="Summary 1.",
                picture=Picture("https://site.test/p.jpg?a=1&b=2", "A “grid” at dusk", "C. Lens"),
                language=None,
                published=preview.entries[0].published,
                modified=preview.entries[0].modified,
                authors=(Mention("Ada Quill", FeedPath(Kind.AUTHOR, "ada")),),
                terms=(
                    Mention("Europe News", FeedPath(Kind.CATEGORY, "europe-news")),
                    Mention("C++", FeedPath(Kind.TAG, "cpp")),
                ),
                public=True,
            ),
        ),
    )
    published = preview.entries[0].published
    assert published is not None
    assert published.replace(microsecond=0) == date


def test_a_change_on_a_later_day_is_called_an_update() -> None:
    assert not preview_of().corrected
    assert preview_of(date_modified=NOON + timedelta(days=1)).corrected


def test_members_only_entries_are_marked() -> None:
    assert not preview_of(visibility="members").public


def test_a_missing_title_is_the_summary_cut_short_and_not_shown_twice() -> None:
    entry = preview_of(title=" ", summary="word " * 40)

    assert entry.title == ("word " * 16).strip() + "…"
    assert entry.summary == ""


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//site.test", "ftp://site.test", "", 7, None]
)
def test_only_web_addresses_become_links(url: object) -> None:
    (entry,) = read_preview(item(url=url)).entries

    assert entry.url is None


@pytest.mark.parametrize("date", ["", "yesterday", 7, None])
def test_a_date_that_is_none_is_left_out(date: object) -> None:
    (entry,) = read_preview(item(date_published=date)).entries

    assert entry.published is None
    assert not entry.corrected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/feeds/all.rss", "/feeds/all.rss"),
        ("/a b", "/a\\x20b"),
        ("/a\r\nb\x00\x1b[31m", "/a\\r\\nb\\x00\\x1b[31m"),
        ("/\udcff é", "/\\udcff\\x20\\xe9"),
        ("/" + "x" * 300, "/" + "x" * 199),
    ],
)
def test_a_log_line_stays_one_line(text: str, expected: str) -> None:
    assert printable(text) == expected
