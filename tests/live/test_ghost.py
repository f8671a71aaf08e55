"""A real Ghost wired to a whole hub as README's "Connect a CMS" says, and what its editors do, seen in the feeds."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import feedparser
import pytest

from tests.hubprocess import HubProcess, wait_for
from tests.readme import examples
from tests.served import entries, hides, items, shows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live.ghost import Ghost

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200)]

SECRET = "only used in this test"
HOOKS = (
    "post.published",
    "post.published.edited",
    "post.unpublished",
    "post.deleted",
    "tag.edited",
    "tag.deleted",
)


@pytest.fixture(scope="module")
def hub(ghost: Ghost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    settings = {"hook_secret_ghost": SECRET, "ghost_url": ghost.site.url, "site_url": ghost.site.url}
    with HubProcess(tmp_path_factory.mktemp("hub") / "data", **settings) as hub:
        ghost.connect(f"{hub.told['url']}/hooks/ghost", SECRET, *HOOKS)
        yield hub


def test_a_post_is_in_all_its_feeds_and_in_none_after_it_was_unpublished(
    ghost: Ghost, hub: HubProcess
) -> None:
    authors = [{"slug": "maire"}, {"slug": "joao"}]
    post = ghost.post("The grid holds", tags=("World", "Science & Tech", "#wire"), authors=authors)
    feeds = ("all", "tag/world", "tag/science-tech", "author/maire", "author/joao")
    shows(hub, post["id"], *feeds, title="The grid holds")
    assert items(hub, "all")[post["id"]]["url"] == post["url"]
    assert hub.ask("GET", "/feeds/tag/hash-wire.json")[0] == 404

    ghost.edit(post["id"], title="The grid held")
    shows(hub, post["id"], *feeds, title="The grid held")

    ghost.edit(post["id"], status="draft")
    hides(hub, post["id"], *feeds)
    ghost.edit(post["id"], status="published")
    shows(hub, post["id"], *feeds)


def test_a_post_that_moves_leaves_the_feeds_of_its_old_tag_and_author(ghost: Ghost, hub: HubProcess) -> None:
    post = ghost.post("Moved", tags=("Here", "Stays"), authors=[{"slug": "maire"}])
    shows(hub, post["id"], "tag/here", "tag/stays", "author/maire")

    ghost.edit(post["id"], tags=[{"name": "There"}, {"name": "Stays"}], authors=[{"slug": "joao"}])

    shows(hub, post["id"], "all", "tag/there", "tag/stays", "author/joao")
    hides(hub, post["id"], "tag/here", "author/maire")


def test_a_deleted_post_is_in_no_feed(ghost: Ghost, hub: HubProcess) -> None:
    post = ghost.post("Deleted", tags=("Retracted",))
    shows(hub, post["id"], "all", "tag/retracted")

    ghost.delete(post["id"])

    hides(hub, post["id"], "all", "tag/retracted")


@pytest.mark.parametrize("visibility", ["members", "paid", "tiers"])
def test_nothing_that_only_members_may_read_is_kept(ghost: Ghost, hub: HubProcess, visibility: str) -> None:
    hidden = f"HIDDEN-FROM-ALL-BUT-{visibility}"
    html = f"<p>Free.</p><!--members-only--><p>{hidden}</p>"
    tiers = {"tiers": ghost.admin("GET", "tiers/")["tiers"][:1]} if visibility == "tiers" else {}
    post = ghost.post(f"For {visibility}", html=html, visibility=visibility, **tiers)
    shows(hub, post["id"], "all")

    assert items(hub, "all")[post["id"]]["content_html"] == "<p>Free.</p>"
    for file in hub.folder.rglob("*"):
        if file.is_file():
            assert hidden.encode() not in file.read_bytes(), file
            assert b"@site.test" not in file.read_bytes(), file


def test_a_renamed_tag_keeps_its_feed(ghost: Ghost, hub: HubProcess) -> None:
    post = ghost.post("Named", tags=("Old name",))
    shows(hub, post["id"], "tag/old-name")

    ghost.edit_tag("old-name", name="New name", slug="new-name")

    shows(hub, post["id"], "tag/new-name")
    status, headers, _ = hub.ask("GET", "/feeds/tag/old-name.rss")
    assert (status, headers["Location"]) == (301, f"{hub.told['url']}/feeds/tag/new-name.rss")
    wait_for(lambda: b"<title>New name" in hub.get("/feeds/tag/new-name.rss"), why=hub.read_log)


def test_a_deleted_tag_ends_its_feed_and_leaves_the_posts(ghost: Ghost, hub: HubProcess) -> None:
    post = ghost.post("Outlives its tag", tags=("Short-lived",))
    shows(hub, post["id"], "tag/short-lived")

    ghost.admin("DELETE", f"tags/{ghost.tag('short-lived')['id']}/")

    wait_for(lambda: hub.ask("GET", "/feeds/tag/short-lived.rss")[0] == 410, why=hub.read_log)
    shows(hub, post["id"], "all")


def test_the_hub_has_no_problem_with_what_ghost_says(ghost: Ghost, hub: HubProcess) -> None:
    """Also not with what is in no feed: drafts, and a tag without posts that is renamed and deleted."""
    draft = ghost.post("Never published", status="draft", tags=("Unused",))
    ghost.edit(draft["id"], title="Never published either")
    ghost.edit_tag("unused", name="Still unused", slug="still-unused")
    ghost.admin("DELETE", f"tags/{ghost.tag('still-unused')['id']}/")
    ghost.delete(draft["id"])
    last = ghost.post("Told last")
    shows(hub, last["id"], "all")

    problems = hub.api("/api/status")["problems"]
    assert [row for row in problems if row["code"].startswith(("hook", "hint"))] == []
    assert hub.ask("GET", "/feeds/tag/still-unused.rss")[0] == 404
    assert draft["id"] not in items(hub, "all")


def test_the_feeds_say_what_ghosts_own_say(ghost: Ghost, hub: HubProcess) -> None:
    """A reader that is moved from Ghost's feed to the hub's sees no post twice, nor any of them change."""
    titles = ("Plain", 'Quotes “ ” & <angles> "here"', "日本語のニュース")
    posts = [ghost.post(title, tags=("Compared",), authors=[{"slug": "maire"}]) for title in titles]
    shows(hub, posts[-1]["id"], "tag/compared")

    theirs = feedparser.parse(ghost.site.ask("GET", "/tag/compared/rss/")[2]).entries
    ours = entries(hub, "tag/compared", "rss")

    assert [_compared(entry) for entry in theirs] == [_compared(ours[entry.id]) for entry in theirs]
    assert len(theirs) == len(ours) == len(titles)


def test_links_and_pictures_lead_to_where_ghosts_own_feed_says(ghost: Ghost, hub: HubProcess) -> None:
    html = """<p><a href="/about/">a</a></p><img src="/content/images/grid.png">"""
    picture = f"{ghost.site.url}/content/images/dusk.png"
    post = ghost.post("Pictured", tags=("Pictures",), html=html, feature_image=picture)
    shows(hub, post["id"], "tag/pictures")

    (theirs,) = feedparser.parse(ghost.site.ask("GET", "/tag/pictures/rss/")[2]).entries
    (ours,) = items(hub, "tag/pictures").values()

    assert ours["image"] == theirs.media_content[0]["url"] == picture
    told = _links(theirs.content[0].value)
    told.remove(picture)  # Ghost's feed repeats it in the text
    assert _links(ours["content_html"]) == told


def test_a_post_that_goes_behind_the_paywall_leaves_only_what_precedes_it(
    ghost: Ghost, hub: HubProcess
) -> None:
    html = "<p>Free.</p><!--members-only--><p>The rest.</p>"
    post = ghost.post("Open at first", html=html, tags=("Opened", "Closed"))
    shows(hub, post["id"], "tag/opened")
    assert "The rest." in items(hub, "tag/opened")[post["id"]]["content_html"]

    ghost.edit(post["id"], visibility="paid")

    wait_for(lambda: b"The rest." not in hub.get("/feeds/tag/opened.json"), why=hub.read_log)
    shows(hub, post["id"], "tag/opened", "all")


def test_a_tag_that_becomes_internal_has_no_feed_any_more(ghost: Ghost, hub: HubProcess) -> None:
    post = ghost.post("Still here", tags=("Was public",))
    shows(hub, post["id"], "tag/was-public")

    ghost.edit_tag("was-public", name="#was public", slug="hash-was-public", visibility="internal")

    wait_for(lambda: hub.ask("GET", "/feeds/tag/was-public.rss")[0] == 410, why=hub.read_log)
    shows(hub, post["id"], "all")
    assert hub.ask("GET", "/feeds/tag/hash-was-public.rss")[0] == 404


def test_a_tag_and_an_address_that_change_are_followed(ghost: Ghost, hub: HubProcess) -> None:
    post = ghost.post("Addressed", tags=("Described",))
    shows(hub, post["id"], "tag/described")

    ghost.edit_tag("described", description="All that is described.")
    ghost.edit(post["id"], slug="elsewhere")

    address = f"{ghost.site.url}/elsewhere/"
    wait_for(lambda: b"All that is described." in hub.get("/feeds/tag/described.atom"), why=hub.read_log)
    wait_for(lambda: items(hub, "all")[post["id"]]["url"] == address, why=hub.read_log)


def test_readmes_redirects_send_readers_from_ghosts_feeds_to_the_hubs(ghost: Ghost, hub: HubProcess) -> None:
    post = ghost.post("Redirected", tags=("Redirected",), authors=[{"slug": "joao"}])
    (rules,) = [text for text in examples("json") if "permanent" in text]
    ghost.redirect(rules.replace("https://feeds.example.org", hub.told["url"]))
    try:
        for old, path in (
            ("/rss/", "all"),
            ("/tag/redirected/rss/", "tag/redirected"),
            ("/author/joao/rss", "author/joao"),
        ):
            status, headers, _ = ghost.site.ask("GET", old)
            assert (status, headers["Location"]) == (301, f"{hub.told['url']}/feeds/{path}.rss")
            shows(hub, post["id"], path)
    finally:
        ghost.redirect("[]")


def _links(html: str) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]*)"', html)


def _compared(entry: Any) -> dict[str, Any]:
    names = ("id", "guidislink", "title", "link", "published_parsed", "author")
    return {name: entry.get(name) for name in names} | {
        "categories": [tag.term for tag in entry.tags],
        "content": unescape(entry.content[0].value),
    }
