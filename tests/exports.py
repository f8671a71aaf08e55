"""WordPress exports of any size, as large sites have them: pictures stand after the posts that show them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SITE = "https://old.example.org"
AUTHORS, CATEGORIES, TAGS = 20, 30, 300
PICTURE_EACH = 4
"""Posts to a picture."""
SKIPPED_EACH = 20
"""Posts to a draft."""
_START = datetime(2004, 1, 1, 8, tzinfo=UTC)
_WORDS = (
    "harbour",
    "council",
    "ferry",
    "budget",
    "storm",
    "museum",
    "tram",
    "library",
    "bridge",
    "market",
    "school",
)
_HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>An old site</title>
"""


def write_export(path: Path, posts: int, *, paragraphs: int = 6) -> int:
    """Write an export with so many published posts; answers how many items it has."""
    items = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEAD + "".join(_header()))
        for number in range(posts):
            file.write(_post(number, paragraphs))
            items += 1
            if number % PICTURE_EACH == 0:
                file.write(_picture(number))
                items += 1
            if number % SKIPPED_EACH == 0:
                file.write(_post(10**8 + number, 1, status="draft"))
                items += 1
        file.write("</channel></rss>\n")
    return items


def post_id(number: int) -> str:
    return f"{SITE}/?p={number + 1}"


def _header() -> Iterator[str]:
    yield f"<wp:base_blog_url>{SITE}</wp:base_blog_url>\n"
    for n in range(AUTHORS):
        yield (
            f"<wp:author><wp:author_id>{n + 1}</wp:author_id><wp:author_login>writer{n}</wp:author_login>"
            f"<wp:author_display_name><![CDATA[Writer {n} &amp; Co]]></wp:author_display_name></wp:author>\n"
        )
    for n in range(CATEGORIES):
        parent = f"desk-{n // 5}" if n >= 5 else ""
        yield (
            f"<wp:category><wp:term_id>{n + 1}</wp:term_id><wp:category_nicename>desk-{n}</wp:category_nicename>"
            f"<wp:category_parent>{parent}</wp:category_parent><wp:cat_name>Desk {n}</wp:cat_name></wp:category>\n"
        )
    for n in range(TAGS):
        yield (
            f"<wp:tag><wp:term_id>{1000 + n}</wp:term_id><wp:tag_slug>tag-{n}</wp:tag_slug>"
            f"<wp:tag_name>Tag {n}</wp:tag_name></wp:tag>\n"
        )


def _post(number: int, paragraphs: int, *, status: str = "publish") -> str:
    rng = random.Random(number)
    text = "\n\n".join(" ".join(rng.choices(_WORDS, k=60)).capitalize() + "." for _ in range(paragraphs))
    date = (_START + timedelta(hours=number % 10**8)).strftime("%Y-%m-%d %H:%M:%S")
    picture = number - number % PICTURE_EACH
    terms = [
        ("category", f"desk-{rng.randrange(CATEGORIES)}"),
        *(("post_tag", f"tag-{t}") for t in rng.sample(range(TAGS), 2)),
    ]
    named = "".join(
        f'<category domain="{kind}" nicename="{slug}"><![CDATA[{slug}]]></category>' for kind, slug in terms
    )
    return f"""<item><title><![CDATA[Post {number}: {rng.choice(_WORDS)} & more]]></title>
<link>{SITE}/{number}/</link><dc:creator><![CDATA[writer{rng.randrange(AUTHORS)}]]></dc:creator>
<guid isPermaLink="false">{post_id(number)}</guid>
<content:encoded><![CDATA[{text}]]></content:encoded><excerpt:encoded><![CDATA[]]></excerpt:encoded>
<wp:post_id>{number + 1}</wp:post_id><wp:post_date_gmt>{date}</wp:post_date_gmt>
<wp:post_modified_gmt>{date}</wp:post_modified_gmt><wp:status>{status}</wp:status><wp:post_type>post</wp:post_type>
{named}<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key>
<wp:meta_value>{10**9 + picture}</wp:meta_value></wp:postmeta></item>
"""


def _picture(number: int) -> str:
    return f"""<item><title>Picture {number}</title><guid isPermaLink="false">{SITE}/files/{number}.jpg</guid>
<excerpt:encoded><![CDATA[By {number}]]></excerpt:encoded><wp:post_id>{10**9 + number}</wp:post_id>
<wp:status>inherit</wp:status><wp:post_type>attachment</wp:post_type>
<wp:attachment_url>{SITE}/files/{number}.jpg</wp:attachment_url>
<wp:postmeta><wp:meta_key>_wp_attachment_metadata</wp:meta_key>
<wp:meta_value><![CDATA[a:6:{{s:5:"width";i:1280;s:6:"height";i:720;}}]]></wp:meta_value></wp:postmeta></item>
"""
