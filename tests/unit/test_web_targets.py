"""What paths under /feeds/ ask for, hostile ones among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.intake.slugs import slugify
from hub.model import ALL, FeedPath, Format, Kind
from hub.web.targets import Target, read_target

KINDS = tuple(Kind)


def category(slug: str) -> FeedPath:
    return FeedPath(Kind.CATEGORY, slug)


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("all", Target(ALL, None)),
        ("all.rss", Target(ALL, Format.RSS)),
        ("all.atom", Target(ALL, Format.ATOM)),
        ("all.json", Target(ALL, Format.JSON)),
        ("category/news.rss", Target(category("news"), Format.RSS)),
        ("category/news", Target(category("news"), None)),
        ("author/ada-quill.json", Target(FeedPath(Kind.AUTHOR, "ada-quill"), Format.JSON)),
        ("tag/%E7%81%AF%E5%8F%B0.atom", Target(FeedPath(Kind.TAG, "灯台"), Format.ATOM)),
        ("tag/灯台.atom", Target(FeedPath(Kind.TAG, "灯台"), Format.ATOM)),
        ("tag/all", Target(FeedPath(Kind.TAG, "all"), None)),
    ],
)
def test_an_address_that_the_hub_gives_is_canonical(tail: str, expected: Target) -> None:
    assert read_target(tail, KINDS) == expected


@pytest.mark.parametrize(
    ("tail", "path", "format_"),
    [
        ("all/", ALL, None),
        ("ALL.rss", ALL, Format.RSS),
        ("all.RSS", ALL, Format.RSS),
        ("Category/News.rss", category("news"), Format.RSS),
        ("category/news/", category("news"), None),
        ("category/news.rss/", category("news"), Format.RSS),
        ("category/Europe%20News", category("europe-news"), None),
        ("category/europe_news.atom", category("europe-news"), Format.ATOM),
        ("category/a%2Fb.rss", category("a-b"), Format.RSS),
        ("category/e%CC%81t%C3%A9", category("été"), None),  # decomposed
        ("category/news.html", category("news-html"), None),
    ],
)
def test_another_spelling_is_the_same_feed_but_not_canonical(
    tail: str, path: FeedPath, format_: Format | None
) -> None:
    assert read_target(tail, KINDS) == Target(path, format_, canonical=False)


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "/",
        ".rss",
        "news",
        "news.rss",
        "all/news.rss",
        "category",
        "category/",
        "category/.rss",
        "category//news.rss",
        "category/a/b.rss",
        "category/../all.rss",
        "../../etc/passwd",
        "%FF",
        "category/%FF.rss",
        "category/%C3.rss",
        "all%2Erss%00/x",
    ],
)
def test_nothing_can_be_there(tail: str) -> None:
    assert read_target(tail, KINDS) is None


def test_a_kind_that_is_not_served_is_not_there() -> None:
    assert read_target("tag/energy.rss", (Kind.ALL, Kind.CATEGORY)) is None


@given(st.text(max_size=200), st.sampled_from(["", "category/", "tag/"]))
def test_only_a_normal_slug_ever_reaches_the_store(text: str, prefix: str) -> None:
    target = read_target(prefix + text, KINDS)

    if target is not None and target.path.slug:
        assert slugify(target.path.slug) == target.path.slug
        assert FeedPath.parse(str(target.path)) == target.path
        target.path.slug.encode()
