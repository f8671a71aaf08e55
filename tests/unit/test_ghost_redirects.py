"""The README's redirects for Ghost, by the rules by which Ghost applies them (its `dynamic-redirect-manager.js`)."""

from __future__ import annotations

import json
import re

import pytest

from hub.model import FeedPath, Kind, UrlStyle
from hub.urls import document_url
from hub.web.oldtargets import OldAddresses, read_old
from tests.readme import examples

BASE = "https://feeds.example.org"
BASES = {Kind.CATEGORY: "category", Kind.TAG: "tag", Kind.AUTHOR: "author"}
GHOST = OldAddresses((UrlStyle.GHOST,), BASES, tuple(Kind))
RULES = json.loads(next(block for block in examples("json") if '"permanent"' in block))


def redirected(path: str) -> str | None:
    """Where Ghost sends a path: the first rule that matches, its pattern replaced in the path."""
    for rule in RULES:
        origin, to = re.fullmatch(r"(https://[^/]+)(/.*)", rule["to"]).groups()  # type: ignore[union-attr]
        if re.search(rule["from"], path):
            return str(origin + re.sub(rule["from"], re.sub(r"\$(\d)", r"\\\1", to), path))
    return None


def test_the_file_has_the_form_that_ghost_takes() -> None:
    assert all(rule.keys() == {"from", "to", "permanent"} and rule["permanent"] is True for rule in RULES)
    # Ghost appends `/?$` to a pattern without an end, and cuts off a slash: these say it all themselves.
    assert all(rule["from"].startswith("^") and rule["from"].endswith("$") for rule in RULES)


@pytest.mark.parametrize(
    "path",
    [
        "/rss/",
        "/rss",
        "/feed/",
        "/tag/energy/rss/",
        "/tag/energy/rss",
        "/author/ada-quill/rss/",
        "/author/ada-quill/feed/",
    ],
)
def test_a_feed_of_ghosts_is_sent_to_the_hubs_document_of_it(path: str) -> None:
    old = read_old(path.removeprefix("/"), {}, GHOST)

    assert old is not None
    assert isinstance(old.feed, FeedPath)
    assert redirected(path) == document_url(BASE, old.feed, old.format)


@pytest.mark.parametrize(
    "path", ["/", "/a-story/", "/rss-explained/", "/tag/rss/", "/a/rss/", "/tag/a/b/rss/"]
)
def test_nothing_else_is_sent_away(path: str) -> None:
    assert redirected(path) is None
