"""What addresses of WordPress and Ghost ask for, hostile ones among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.intake.slugs import slugify
from hub.model import ALL, FeedPath, Format, Kind, TermRef, UrlStyle
from hub.web.oldtargets import OldAddresses, OldTarget, read_old

if TYPE_CHECKING:
    from collections.abc import Mapping

BASES = {Kind.CATEGORY: "category", Kind.TAG: "tag", Kind.AUTHOR: "author"}
WORDPRESS = OldAddresses((UrlStyle.WORDPRESS,), BASES, tuple(Kind))
GHOST = OldAddresses((UrlStyle.GHOST,), BASES, tuple(Kind))
NEWS, ENERGY = FeedPath(Kind.CATEGORY, "news"), FeedPath(Kind.TAG, "energy")
ADA = FeedPath(Kind.AUTHOR, "ada-quill")


def read(
    tail: str, old: OldAddresses = WORDPRESS, query: Mapping[str, str] | None = None
) -> OldTarget | None:
    return read_old(tail, query or {}, old)


@pytest.mark.parametrize(
    ("archive", "feed"),
    [
        ("", ALL),
        ("category/news/", NEWS),
        ("category/world/news/", NEWS),
        ("category/a/b/c/news/", NEWS),
        ("tag/energy/", ENERGY),
        ("author/ada-quill/", ADA),
    ],
)
@pytest.mark.parametrize(
    ("ending", "format_"),
    [
        ("feed", Format.RSS),
        ("feed/rss", Format.RSS),
        ("feed/rss2", Format.RSS),
        ("feed/rdf", Format.RSS),
        ("feed/atom", Format.ATOM),
        ("feed/json", Format.JSON),
        ("rss2", Format.RSS),
        ("atom", Format.ATOM),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_wordpress_has_every_archive_in_every_format(
    archive: str, feed: FeedPath, ending: str, format_: Format, slash: str
) -> None:
    assert read(f"{archive}{ending}{slash}") == OldTarget(feed, format_)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"feed": "rss2"}, OldTarget(ALL, Format.RSS)),
        ({"feed": "feed"}, OldTarget(ALL, Format.RSS)),
        ({"feed": "atom"}, OldTarget(ALL, Format.ATOM)),
        ({"feed": "rss2", "utm_source": "reader"}, OldTarget(ALL, Format.RSS)),
        ({"feed": "rss2", "category_name": "news"}, OldTarget(NEWS, Format.RSS)),
        ({"feed": "rss2", "category_name": "world/news"}, OldTarget(NEWS, Format.RSS)),
        ({"feed": "atom", "tag": "energy"}, OldTarget(ENERGY, Format.ATOM)),
        ({"feed": "rss", "author_name": "ada-quill"}, OldTarget(ADA, Format.RSS)),
        ({"feed": "rss2", "cat": "3"}, OldTarget(TermRef(Kind.CATEGORY, "3"), Format.RSS)),
        ({"feed": "rss2", "author": "2"}, OldTarget(TermRef(Kind.AUTHOR, "2"), Format.RSS)),
        ({"feed": "rss2", "tag_id": "9"}, OldTarget(TermRef(Kind.TAG, "9"), Format.RSS)),
        ({"feed": "comments-rss2"}, None),
        ({"feed": "sitemap"}, None),
        ({"category_name": "news"}, None),
        ({"feed": "rss2", "s": "energy"}, None),
        ({"feed": "rss2", "p": "7"}, None),
        ({"feed": "rss2", "paged": "2"}, None),
        ({"feed": "rss2", "cat": "3", "tag": "energy"}, None),
        ({"feed": "rss2", "cat": "-3"}, None),
        ({"feed": "rss2", "cat": "3,4"}, None),
        ({"feed": "rss2", "cat": "٣"}, None),
        ({"feed": "rss2", "cat": "9" * 19}, None),
        ({"feed": "rss2", "cat": ""}, None),
        ({"feed": "rss2", "tag": ""}, None),
        ({"feed": "rss2", "tag": "a,b"}, None),
        ({"feed": "rss2", "tag": "a b"}, None),  # `a+b` in the address
    ],
)
@pytest.mark.parametrize("tail", ["", "index.php"])
def test_wordpress_without_permalinks_asks_by_query(
    tail: str, query: dict[str, str], expected: OldTarget | None
) -> None:
    assert read(tail, query=query) == expected


@pytest.mark.parametrize(
    ("tail", "query", "expected"),
    [
        ("feed/", {"cat": "3"}, OldTarget(TermRef(Kind.CATEGORY, "3"), Format.RSS)),
        ("feed/", {"feed": "atom"}, OldTarget(ALL, Format.ATOM)),
        ("feed/", {"paged": "2"}, None),
        ("feed/", {"fbclid": "x"}, OldTarget(ALL, Format.RSS)),
        ("category/news/feed/", {"tag": "energy"}, None),
    ],
)
def test_path_and_query_are_read_together(
    tail: str, query: dict[str, str], expected: OldTarget | None
) -> None:
    assert read(tail, query=query) == expected


@pytest.mark.parametrize(
    ("archive", "feed"),
    [("", ALL), ("tag/energy/", ENERGY), ("author/ada-quill/", ADA)],
)
@pytest.mark.parametrize("ending", ["rss/", "rss", "feed/"])
def test_ghost_has_rss_of_everything_of_tags_and_of_authors(
    archive: str, feed: FeedPath, ending: str
) -> None:
    assert read(archive + ending, GHOST) == OldTarget(feed, Format.RSS)


@pytest.mark.parametrize(
    ("tail", "query"),
    [("feed/atom/", {}), ("category/news/rss/", {}), ("atom/", {}), ("", {"feed": "rss2"}), ("rss/2/", {})],
)
def test_ghost_has_nothing_of_wordpresss(tail: str, query: dict[str, str]) -> None:
    assert read(tail, GHOST, query) is None


def test_both_styles_may_be_answered() -> None:
    both = OldAddresses((UrlStyle.GHOST, UrlStyle.WORDPRESS), BASES, tuple(Kind))

    assert read("tag/energy/rss/", both) == OldTarget(ENERGY, Format.RSS)
    assert read("category/news/feed/atom/", both) == OldTarget(NEWS, Format.ATOM)
    assert read("", both, {"feed": "atom"}) == OldTarget(ALL, Format.ATOM)


@pytest.mark.parametrize(
    ("bases", "tail", "feed"),
    [
        ({Kind.CATEGORY: "topics"}, "topics/world/news/feed/", NEWS),
        ({Kind.CATEGORY: "topics"}, "category/news/feed/", None),
        ({Kind.CATEGORY: "blog/category"}, "blog/category/news/feed/", NEWS),
        ({Kind.CATEGORY: ""}, "news/feed/", NEWS),
        ({Kind.CATEGORY: ""}, "world/news/feed/atom/", NEWS),
        ({Kind.CATEGORY: ""}, "tag/energy/feed/", ENERGY),
        ({Kind.TAG: "t"}, "t/energy/feed/", ENERGY),
        ({Kind.AUTHOR: "writer"}, "writer/ada-quill/feed/", ADA),
    ],
)
def test_a_changed_base_is_followed(bases: dict[Kind, str], tail: str, feed: FeedPath | None) -> None:
    old = OldAddresses((UrlStyle.WORDPRESS,), BASES | bases, tuple(Kind))

    target = read(tail, old)

    assert (target.feed if target else None) == feed


@pytest.mark.parametrize(
    "slug",
    [
        "news",
        "ann_lee",
        "c-2",
        "%e7%81%af%e5%8f%b0",
        "cote-divoire",
        "%f0%9f%8d%95",
        "pizza-%f0%9f%8d%95",
        "%d0%bd%d0%be%d0%b2%d0%be%d1%81%d1%82%d0%b8",
        "x" * 120,
    ],
)
@pytest.mark.parametrize("spell", [str, str.upper, lambda slug: slug.replace("%e7%81%af", "灯")])
def test_a_slug_of_wordpresss_finds_the_feed_that_a_hook_with_it_made(slug: str, spell: Any) -> None:
    assert read(f"tag/{spell(slug)}/feed/") == OldTarget(FeedPath(Kind.TAG, slugify(slug)), Format.RSS)


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "/",
        "feed/feed/feed/x",
        "comments/feed/",
        "2026/11/a-story/feed/",
        "category/feed/",
        "category//feed/",
        "category/%20/feed/",
        "category/%FF/feed/",
        "category/a+b/feed/",
        "category/a%2Cb/feed/",
        "tag/a/b/feed/",
        "author/ada/quill/feed/",
        "Category/news/Feed/",
        "../feed/",
        "//feed/",
    ],
)
def test_nothing_can_be_there(tail: str) -> None:
    assert read(tail) is None


def test_a_kind_that_is_not_served_is_not_there() -> None:
    old = OldAddresses((UrlStyle.WORDPRESS,), BASES, (Kind.ALL, Kind.CATEGORY))

    assert read("tag/energy/feed/", old) is None
    assert read("", old, {"feed": "rss2", "author": "3"}) is None


@given(
    st.text(max_size=200), st.sampled_from(["", "category/", "tag/"]), st.sampled_from(["feed/", "atom", ""])
)
def test_only_a_normal_slug_ever_reaches_the_store(text: str, before: str, after: str) -> None:
    for target in (read(before + text + after), read("", query={"feed": "rss2", "tag": text})):
        if target is not None and isinstance(target.feed, FeedPath):
            assert slugify(target.feed.slug) == target.feed.slug or target.feed == ALL
            assert FeedPath.parse(str(target.feed)) == target.feed
            target.feed.slug.encode()
