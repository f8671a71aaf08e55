"""One entry as JSON documents, `since`, SSE and webhooks show it."""

from __future__ import annotations

import json
from dataclasses import replace

from hub.model import Format
from hub.render import json_item
from tests.feeds import FIRST_SEQ, PICTURE, SOUND, make_item, render


def test_an_item_has_all_that_the_interface_promises() -> None:
    item = make_item(image=PICTURE, attachments=(SOUND,), language="en", revision=7)

    assert json_item(item, full_content=True) == {
        "id": "https://site.test/1",
        "url": "https://site.test/1",
        "title": "Title 1",
        "content_html": "<p>Content <b>1</b>.</p>",
        "summary": "Summary 1.",
        "image": PICTURE.url,
        "date_published": "2026-11-20T12:01:00Z",
        "date_modified": "2026-11-20T12:01:30Z",
        "authors": [
            {"name": "Ada Quill", "url": "https://site.test/ada", "avatar": "https://site.test/ada.jpg"}
        ],
        "tags": ["Europe News", "C++"],
        "language": "en",
        "attachments": [
            {
                "url": SOUND.url,
                "mime_type": "audio/mpeg",
                "title": "Listen",
                "size_in_bytes": 4711,
                "duration_in_seconds": 61,
            }
        ],
        "_feedhub": {
            "revision": 7,
            "visibility": "public",
            "authors": [{"name": "Ada Quill", "slug": "ada"}],
            "categories": [{"name": "Europe News", "slug": "europe-news", "id": "7"}],
            "tags": [{"name": "C++", "slug": "cpp"}],
            "image": {
                "url": PICTURE.url,
                "type": "image/jpeg",
                "width": 1200,
                "height": 800,
                "credit": "C. Lens",
                "description": "A “grid” at dusk",
            },
            "seq": FIRST_SEQ + 1,
        },
    }


def test_a_bare_entry_says_nothing_that_it_does_not_know() -> None:
    item = make_item(url=None, title="", summary="", content_html="", authors=(), categories=(), tags=())

    assert json_item(item, full_content=True) == {
        "id": "https://site.test/1",
        "content_text": "https://site.test/1",
        "date_published": "2026-11-20T12:01:00Z",
        "date_modified": "2026-11-20T12:01:30Z",
        "_feedhub": {"revision": 1, "visibility": "public", "seq": FIRST_SEQ + 1},
    }


def test_a_summary_takes_the_content_s_place_where_there_is_none() -> None:
    without = json_item(make_item(content_html=""), full_content=True)
    short = json_item(make_item(), full_content=False)

    assert without == short
    assert short["content_text"] == short["summary"] == "Summary 1."


def test_the_document_shows_the_same_item() -> None:
    item = replace(make_item(image=PICTURE), revision=9)
    (shown,) = json.loads(render([item])[Format.JSON])["items"]

    assert shown == json_item(item, full_content=True)
