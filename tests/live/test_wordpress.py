"""A real WordPress without any plugin, wired to a whole hub as README's "Connect WordPress" says: REST and pings."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING, Any

import feedparser
import pytest

from tests.hubprocess import HubProcess, wait_for
from tests.live.wordpress import WordPress
from tests.served import entries, hides, items, shows

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def wordpress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPress]:
    with WordPress(tmp_path_factory.mktemp("wordpress")) as wordpress:
        yield wordpress


@pytest.fixture(scope="module")
def hub(wordpress: WordPress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    settings = {
        "wordpress_url": wordpress.site.url,
        "site_url": wordpress.site.url,
        "egress_allow": "127.0.0.0/8",
    }
    with HubProcess(tmp_path_factory.mktemp("hub") / "data", **settings) as hub:
        wordpress.ping(f"{hub.told['url']}/hooks/ping")
        yield hub


def guid(post: dict[str, Any]) -> str:
    return unescape(post["guid"]["rendered"])


def test_a_ping_brings_what_was_published_and_what_was_edited(wordpress: WordPress, hub: HubProcess) -> None:
    world = wordpress.term("categories", "World")
    europe = wordpress.term("categories", "Science & Tech", parent=world)
    tag, ann = wordpress.term("tags", "C++"), wordpress.author("Ann Lee & Co", "ann")
    post = wordpress.post("The grid holds", categories=[europe], tags=[tag], author=ann)
    feeds = ("all", "category/science-tech", "category/world", "tag/c", "author/ann")
    wordpress.visit()
    shows(hub, guid(post), *feeds, title="The grid holds")
    assert items(hub, "all")[guid(post)]["url"] == post["link"]
    assert items(hub, "all")[guid(post)]["authors"][0]["name"] == "Ann Lee & Co"

    wordpress.edit(post["id"], title="The grid held", categories=[world])
    wordpress.visit()
    shows(hub, guid(post), "all", "category/world", title="The grid held")
    hides(hub, guid(post), "category/science-tech")


def test_what_wordpress_tells_nobody_is_found_by_looking(wordpress: WordPress, hub: HubProcess) -> None:
    desk = wordpress.term("categories", "Retracted")
    drafted, trashed, closed = (wordpress.post(f"Retracted {n}", categories=[desk]) for n in range(3))
    hub.reconcile()
    for post in (drafted, trashed, closed):
        shows(hub, guid(post), "all", "category/retracted")

    wordpress.edit(drafted["id"], status="draft")
    wordpress.trash(trashed["id"])
    wordpress.edit(closed["id"], password="secret")
    hub.reconcile()

    hides(hub, guid(drafted), "all", "category/retracted")
    hides(hub, guid(trashed), "all", "category/retracted")
    wait_for(lambda: not items(hub, "all")[guid(closed)].get("content_html"), why=hub.read_log)

    wordpress.edit(drafted["id"], status="publish")  # its guid stays `?p=…`
    wordpress.edit(closed["id"], password="")
    hub.reconcile()
    shows(hub, guid(drafted), "all", "category/retracted")
    wait_for(lambda: "Text of" in items(hub, "all")[guid(closed)]["content_html"], why=hub.read_log)


def test_a_post_that_nobody_may_read_is_in_no_feed(wordpress: WordPress, hub: HubProcess) -> None:
    states = ("draft", "private", "pending")
    hidden = [wordpress.post(f"Hidden, {status}", status=status) for status in states]
    hidden.append(wordpress.post("Hidden, future", status="future", date_gmt="2126-01-01T00:00:00"))
    seen = wordpress.post("Seen")
    hub.reconcile()
    shows(hub, guid(seen), "all")

    assert not {guid(post) for post in hidden} & items(hub, "all").keys()


def test_a_renamed_category_and_a_renamed_author_keep_their_feeds(
    wordpress: WordPress, hub: HubProcess
) -> None:
    desk, joao = wordpress.term("categories", "Old name"), wordpress.author("Joao", "joao")
    post = wordpress.post("Named", categories=[desk], author=joao)
    hub.reconcile()
    shows(hub, guid(post), "category/old-name", "author/joao")

    wordpress.rest("POST", f"categories/{desk}", {"name": "New name", "slug": "new-name"})
    wordpress.rest("POST", f"users/{joao}", {"name": "João Lima"})
    hub.reconcile()

    shows(hub, guid(post), "category/new-name")
    assert hub.ask("GET", "/feeds/category/old-name.rss")[0] == 301
    wait_for(
        lambda: items(hub, "author/joao")[guid(post)]["authors"][0]["name"] == "João Lima", why=hub.read_log
    )


def test_the_feeds_say_what_wordpresss_own_say(wordpress: WordPress, hub: HubProcess) -> None:
    """A reader that is moved from WordPress's feed to the hub's sees no post twice, nor any of them change."""
    desk, maire = wordpress.term("categories", "Compared & found"), wordpress.author("Máire Brennan", "maire")
    titles = ("Plain", 'Quotes “ ” & "straight" — dash', "日本語のニュース")
    for title in titles:
        wordpress.post(title, categories=[desk], author=maire)
    wordpress.post("Backdated", categories=[desk], author=maire, date_gmt="2020-02-29T12:00:00")
    drafted = wordpress.post("Drafted first", categories=[desk], author=maire, status="draft")
    wordpress.edit(drafted["id"], status="publish")  # its guid stays `?p=…`
    hub.reconcile()

    theirs = feedparser.parse(wordpress.site.ask("GET", "/category/compared-found/feed/")[2]).entries
    wait_for(
        lambda: entries(hub, "category/compared-found", "rss").keys() == {entry.id for entry in theirs},
        why=lambda: f"{[e.id for e in theirs]} {list(entries(hub, 'category/compared-found', 'rss'))}",
    )
    ours = entries(hub, "category/compared-found", "rss")

    assert [_compared(entry) for entry in theirs] == [_compared(ours[entry.id]) for entry in theirs]
    assert len(theirs) == len(titles) + 2


def _compared(entry: Any) -> dict[str, Any]:
    """What is said; WordPress escapes titles and names once more than a reader undoes."""
    names = ("id", "guidislink", "link", "published_parsed")
    return {name: entry.get(name) for name in names} | {
        "title": unescape(entry.title),
        "author": unescape(entry.author),
        "categories": [unescape(tag.term) for tag in entry.tags],
        "content": unescape(entry.content[0].value).strip(),
    }
