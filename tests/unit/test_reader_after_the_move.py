"""A reader that remembers the ids of the CMS's own feeds finds nothing new in the hub's: no article is shown twice."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import feedparser

from hub.events import EntryPublished
from hub.intake import ghost, wordpress
from hub.intake.hook import Hook
from hub.model import EntryNumber, Format, Item, Seq
from tests.cms import FOLDER, POLICY, recorded
from tests.feeds import FIRST_SEQ, render

SAMPLES = FOLDER / "wordpress"
HOOKED = recorded("wordpress/wp-webhooks-plugin.1-oneshot-publish.post_create")
WP = "{http://wordpress.org/export/1.2/}"


def posts() -> list[dict[str, Any]]:
    """The published posts of a site's export, with the guid and address of its database."""
    items = ET.parse(SAMPLES / "export-all.wxr.xml").iter("item")  # noqa: S314  (a file of ours)
    return [
        {"guid": item.findtext("guid"), "title": item.findtext("title"), "link": item.findtext("link")}
        for item in items
        if (item.findtext(f"{WP}post_type"), item.findtext(f"{WP}status")) == ("post", "publish")
    ]


def hooked(post: dict[str, Any]) -> EntryPublished:
    """The post as a hook of WordPress brings it."""
    row = {"guid": post["guid"], "post_title": post["title"]}
    sent = HOOKED.json | {"post_permalink": post["link"], "post": HOOKED.json["post"] | row}
    (event,) = wordpress.read(HOOKED.saying(sent).hook, POLICY)  # type: ignore[misc]  # no hint
    assert isinstance(event, EntryPublished)
    return event


def read(events: list[EntryPublished], format_: Format) -> list[str]:
    """What a reader takes for the entries' ids in the hub's document."""
    items = [
        Item(EntryNumber(number), 1, Seq(FIRST_SEQ + number), event.entry, {})
        for number, event in enumerate(events, 1)
    ]
    return [entry.id for entry in feedparser.parse(render(items)[format_]).entries]


def remembered(name: str) -> set[str]:
    return {entry.id for entry in feedparser.parse((SAMPLES / name).read_bytes()).entries}


def test_whoever_read_wordpresss_rss_knows_every_entry() -> None:
    known = remembered("feed-feed.xml")
    shown = read([hooked(post) for post in posts() if post["link"] in links("feed-feed.xml")], Format.RSS)

    assert len(shown) == len(known) == 10
    assert set(shown) == known


def test_whoever_read_an_authors_atom_feed_there_knows_every_entry() -> None:
    name = "feed-author-mbrennan-feed-atom.xml"
    known = remembered(name)
    shown = read([hooked(post) for post in posts() if post["link"] in links(name)], Format.ATOM)

    assert len(shown) == len(known) == 10
    assert set(shown) == known


def test_whoever_read_ghosts_rss_knows_every_entry() -> None:
    """There the guid is the post's id, and no permalink (Ghost's own generate-feed.js); Ghost has no Atom."""
    post = recorded("ghost/2-publish.post.published")
    (event,) = ghost.read(Hook(post.body, post.headers), POLICY)  # type: ignore[misc]  # no hint
    assert isinstance(event, EntryPublished)

    assert read([event], Format.RSS) == [post.json["post"]["current"]["id"]]


def links(name: str) -> set[str]:
    return {entry.link for entry in feedparser.parse((SAMPLES / name).read_bytes()).entries}
