"""A real Strapi 5 wired to a whole hub as README's "Connect a CMS" says, and what its editors do, seen in the feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.hubprocess import HubProcess, wait_for
from tests.live.strapi import Strapi
from tests.served import hides, items, shows

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200)]

SECRET = "Bearer only-used-in-this-test"
HOOKS = ("entry.create", "entry.update", "entry.publish", "entry.unpublish", "entry.delete")


@pytest.fixture(scope="module")
def strapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strapi]:
    with Strapi(tmp_path_factory.mktemp("strapi")) as strapi:
        yield strapi


@pytest.fixture(scope="module")
def hub(strapi: Strapi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    settings = {"hook_secret_strapi": SECRET, "strapi_url": "https://site.test/{slug}"}
    with HubProcess(tmp_path_factory.mktemp("hub") / "data", **settings) as hub:
        strapi.connect(f"{hub.told['url']}/hooks/strapi", SECRET, *HOOKS)
        yield hub


def draft(strapi: Strapi, title: str, *, category: str = "", author: str = "", **fields: Any) -> str:
    """An article that nobody has published yet, in a category and by an author of these documentIds."""
    relations = {"category": category, "authors": author}
    linked = {name: {"connect": [{"documentId": id_}]} for name, id_ in relations.items() if id_}
    text = [{"type": "paragraph", "children": [{"type": "text", "text": f"Text of {title}."}]}]
    return strapi.create("article", title=title, slug=title.lower(), content=text, **linked, **fields)


def test_an_article_is_in_its_feeds_from_its_publishing_to_its_unpublishing(
    strapi: Strapi, hub: HubProcess
) -> None:
    world = strapi.create("category", name="World", slug="world")
    maire = strapi.create("author", name="Máire Brennan", slug="maire")
    id_ = draft(strapi, "Grid", category=world, author=maire)
    feeds = ("all", "category/world", "author/maire")
    strapi.act("publish", "article", id_)
    shows(hub, id_, *feeds, title="Grid")
    first = items(hub, "all")[id_]
    assert (first["url"], first["content_html"]) == ("https://site.test/grid", "<p>Text of Grid.</p>")

    strapi.save("article", id_, title="Grid, a draft")  # which is nobody's business
    strapi.act("publish", "article", id_, title="Grid, corrected")
    shows(hub, id_, *feeds, title="Grid, corrected")
    assert items(hub, "all")[id_]["date_published"] == first["date_published"]

    strapi.act("unpublish", "article", id_)
    hides(hub, id_, *feeds)
    strapi.act("publish", "article", id_)
    shows(hub, id_, *feeds)


def test_an_article_that_moves_leaves_its_old_category(strapi: Strapi, hub: HubProcess) -> None:
    here, there = (strapi.create("category", name=name, slug=name.lower()) for name in ("Here", "There"))
    id_ = draft(strapi, "Moved", category=here)
    strapi.act("publish", "article", id_)
    shows(hub, id_, "category/here")

    strapi.act("publish", "article", id_, category={"connect": [{"documentId": there}]})

    shows(hub, id_, "category/there")
    hides(hub, id_, "category/here")


def test_a_deleted_article_is_in_no_feed(strapi: Strapi, hub: HubProcess) -> None:
    desk = strapi.create("category", name="Retracted", slug="retracted")
    id_ = draft(strapi, "Deleted", category=desk)
    strapi.act("publish", "article", id_)
    shows(hub, id_, "all", "category/retracted")

    strapi.delete("article", id_)

    hides(hub, id_, "all", "category/retracted")


def test_what_is_done_to_many_at_once_is_done_to_each(strapi: Strapi, hub: HubProcess) -> None:
    desk = strapi.create("category", name="Many", slug="many")
    ids = [draft(strapi, f"Many{n}", category=desk) for n in range(3)]
    strapi.act_on_many("bulkPublish", "article", *ids)
    for id_ in ids:
        shows(hub, id_, "category/many")

    strapi.act_on_many("bulkUnpublish", "article", ids[0])
    strapi.act_on_many("bulkDelete", "article", ids[1])

    for id_ in ids[:2]:
        hides(hub, id_, "category/many")
    shows(hub, ids[2], "category/many")


def test_a_renamed_category_keeps_its_feed_and_a_deleted_one_ends(strapi: Strapi, hub: HubProcess) -> None:
    desk = strapi.create("category", name="Old name", slug="old-name")
    id_ = draft(strapi, "Named", category=desk)
    strapi.act("publish", "article", id_)
    shows(hub, id_, "category/old-name")

    strapi.save("category", desk, name="New name", slug="new-name")
    shows(hub, id_, "category/new-name")
    status, headers, _ = hub.ask("GET", "/feeds/category/old-name.rss")
    assert (status, headers["Location"]) == (301, f"{hub.told['url']}/feeds/category/new-name.rss")
    wait_for(lambda: b"<title>New name" in hub.get("/feeds/category/new-name.rss"), why=hub.read_log)

    strapi.delete("category", desk)
    wait_for(lambda: hub.ask("GET", "/feeds/category/new-name.rss")[0] == 410, why=hub.read_log)
    shows(hub, id_, "all")


def test_a_renamed_author_keeps_the_feed_and_is_named_anew_in_what_is_there(
    strapi: Strapi, hub: HubProcess
) -> None:
    joao = strapi.create("author", name="Joao Lima", slug="joao")
    id_ = draft(strapi, "Signed", author=joao)
    strapi.act("publish", "article", id_)
    shows(hub, id_, "author/joao")

    strapi.save("author", joao, name="João Lima")

    wait_for(lambda: items(hub, "author/joao")[id_]["authors"][0]["name"] == "João Lima", why=hub.read_log)


def test_the_hub_has_no_problem_with_what_strapi_says(strapi: Strapi, hub: HubProcess) -> None:
    """Also not with what is in no feed: a category without articles that is renamed and deleted."""
    empty = strapi.create("category", name="Empty", slug="empty")
    strapi.save("category", empty, name="Void", slug="void")
    strapi.delete("category", empty)
    id_ = draft(strapi, "Last")
    strapi.act("publish", "article", id_)
    shows(hub, id_, "all")

    assert [
        row for row in hub.api("/api/status")["problems"] if row["code"].startswith(("hook", "hint"))
    ] == []
    assert hub.ask("GET", "/feeds/category/void.rss")[0] == 404
