"""Which URLs are under an origin, and what a ping means: compared as parsed URLs."""

from __future__ import annotations

import pytest

from hub.events import Source
from hub.origins import Origin, is_allowed, meant_by, topic_key
from hub.pings import named_by
from hub.remote import remote_of
from hub.settings import Settings


@pytest.mark.parametrize(
    ("prefix", "topic", "held"),
    [
        ("https://a.test", "https://a.test/", True),
        ("https://a.test", "https://a.test", True),
        ("https://a.test/", "https://a.test/x?y=1", True),
        ("https://a.test/blog", "https://a.test/blog", True),
        ("https://a.test/blog", "https://a.test/blog/feed", True),
        ("https://a.test/blog/", "https://a.test/blog/feed", True),
        ("https://a.test/blog", "https://a.test/blogger/feed", False),
        ("https://a.test/blog", "https://a.test/Blog/feed", False),
        ("https://a.test/blog", "https://a.test/", False),
        ("https://a.test/blog", "https://a.test//blog/feed", False),
        ("https://a.test", "https://A.test:443/x", True),
        ("https://a.test:8443", "https://a.test:8443/x", True),
        ("https://a.test:8443", "https://a.test/x", False),
        ("https://a.test", "http://a.test/x", False),
        ("https://a.test", "https://a.test.evil.test/x", False),
        ("https://a.test", "https://evil.test/https://a.test/", False),
        ("https://a.test", "https://a.test@evil.test/", False),
        ("https://a.test", "https://user@a.test/", False),
        ("https://a.test", "https://a.test\\.evil.test/", False),
        ("https://a.test/blog", "https://a.test/blog/../x", False),
        ("https://a.test/blog", "https://a.test/blog/./x", False),
        ("https://a.test/blog", "https://a.test/blog/%2e%2e/x", False),
        ("https://a.test/blog", "https://a.test/blog/.%2E/x", False),
        ("https://a.test/blog", "https://a.test/blog/..%2fx", False),
        ("https://a.test/blog", "https://a.test/blog/..;/x", False),
        ("https://a.test/blog", "https://a.test/blog/x#/../", False),
        ("http://[::1]:8080", "http://[::1]:8080/x", True),
        ("https://a.test", "https://a.test:x/", False),
        ("https://a.test", "//a.test/", False),
        ("https://a.test", "https://", False),
        ("https://a.test", "", False),
    ],
)
def test_a_topic_is_under_a_prefix_by_host_port_and_segments(prefix: str, topic: str, held: bool) -> None:  # noqa: FBT001
    assert Origin.read(prefix).holds(topic) is held
    assert is_allowed([Origin.read("https://other.test"), Origin.read(prefix)], topic) is held


@pytest.mark.parametrize(
    "prefix",
    [
        "a.test",
        "ftp://a.test/",
        "https://u@a.test/",
        "https://a.test/?x=1",
        "https://a.test/#x",
        "https://a.test/a/../b",
        "https://é.test/",
    ],
)
def test_what_is_no_prefix_is_said(prefix: str) -> None:
    with pytest.raises(ValueError, match="must"):
        Origin.read(prefix)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("HTTPS://A.test:443", "https://a.test/"),
        ("http://a.test:80/x?y=%7E", "http://a.test/x?y=%7E"),
        ("https://a.test.:8443/X/", "https://a.test:8443/X/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ],
)
def test_a_topic_has_one_key_however_its_host_is_spelt(url: str, key: str) -> None:
    assert topic_key(url) == key


@pytest.mark.parametrize(
    ("ping", "topic"),
    [
        ("https://a.test/feed/", "https://a.test/feed/"),
        ("https://a.test/feed", "https://a.test/feed/"),
        ("https://a.test:443/feed/", "https://a.test/feed"),
        ("http://a.test/feed/", "https://a.test/feed/"),
        ("http://wp.test:8081/feed/", "http://wp.test/feed/"),
        ("https://A.TEST", "https://a.test/"),
        ("https://a.test/?feed=rss2", "https://a.test/?feed=rss2"),
    ],
)
def test_a_ping_is_matched_leniently(ping: str, topic: str) -> None:
    assert topic_key(topic) in meant_by(ping)
    assert len(meant_by(ping)) <= 9


@pytest.mark.parametrize("ping", ["", "no url", "ftp://a.test/", "https://a.test/../x"])
def test_what_is_no_url_means_nothing(ping: str) -> None:
    assert meant_by(ping) == ()


def test_a_ping_names_feeds_topics_and_cmss() -> None:
    settings = Settings.model_validate(
        {
            "public_url": "https://hub.test",
            "ingest_feeds": "https://desk.test/feed?k=1",
            "origins": "https://blog.test/world",
            "wordpress_url": "https://wp.test/blog",
        }
    )

    named = named_by(
        [
            "http://desk.test/feed/?k=1",
            "https://blog.test/world/feed",
            "https://blog.test/other/feed",
            "https://wp.test/blog/feed/",
            "https://wp.test/blog",
            "https://wp.test/shop/",
            "https://hub.test/feeds/all.rss",
            "nonsense",
        ],
        settings,
    )

    assert named.remotes == (
        remote_of("https://desk.test/feed?k=1"),
        "origin/https://blog.test/world/feed",
        "origin/https://blog.test/world/feed/",
    )
    assert named.sources == (Source.WORDPRESS,)
