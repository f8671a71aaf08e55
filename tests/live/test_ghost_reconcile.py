"""A real Ghost that is connected by `site.changed` and a Content key alone: the hub looks for itself what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.hubprocess import HubProcess, wait_for
from tests.served import hides, items, shows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.ghost import Ghost

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200)]

SECRET = "only used in this test"


def hub_beside(ghost: Ghost, folder: Path) -> HubProcess:
    settings = {
        "hook_secret_ghost": SECRET,
        "ghost_url": ghost.site.url,
        "ghost_content_key": ghost.content_key,
        "site_url": ghost.site.url,
        "egress_allow": "127.0.0.0/8",
    }
    return HubProcess(folder / "data", **settings)


@pytest.fixture(scope="module")
def hub(ghost: Ghost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    with hub_beside(ghost, tmp_path_factory.mktemp("hub")) as hub:
        ghost.connect(f"{hub.told['url']}/hooks/ghost", SECRET, "site.changed")
        yield hub


def reconciled(hub: HubProcess) -> Any:
    """What the last comparison found."""
    return hub.api("/api/reconcile")["sources"]["ghost"]["last"]


def test_what_an_editor_does_is_in_the_feeds(ghost: Ghost, hub: HubProcess) -> None:
    post = ghost.post("Thin hint", tags=("Thin", "#wire"), authors=[{"slug": "maire"}])
    shows(hub, post["id"], "all", "tag/thin", "author/maire", title="Thin hint")
    assert items(hub, "all")[post["id"]]["url"] == post["url"]
    assert hub.ask("GET", "/feeds/tag/hash-wire.json")[0] == 404

    ghost.edit(post["id"], title="Thick hint", tags=[{"name": "Thick"}], authors=[{"slug": "joao"}])
    shows(hub, post["id"], "all", "tag/thick", "author/joao", title="Thick hint")
    hides(hub, post["id"], "tag/thin", "author/maire")

    ghost.edit(post["id"], status="draft")
    hides(hub, post["id"], "all", "tag/thick", "author/joao")

    ghost.edit(post["id"], status="published")
    shows(hub, post["id"], "all", "tag/thick", "author/joao")

    ghost.delete(post["id"])
    hides(hub, post["id"], "all", "tag/thick", "author/joao")


def test_what_is_done_to_many_at_once_is_found(ghost: Ghost, hub: HubProcess) -> None:
    html = "<p>Free.</p><!--members-only--><p>The rest.</p>"
    first, second, third = (ghost.post(f"Many {n}", html=html, tags=("Many",))["id"] for n in range(3))
    shows(hub, third, "tag/many")

    ghost.bulk(f"id:[{first},{second}]", "addTag", tags=[{"name": "Added"}])
    shows(hub, first, "tag/added")
    shows(hub, second, "tag/added")

    ghost.bulk(f"id:[{first},{second}]", "access", visibility="paid")
    for id_ in (first, second):
        wait_for(lambda id_=id_: "rest" not in items(hub, "tag/many")[id_]["content_html"], why=hub.read_log)
    assert "rest" in items(hub, "tag/many")[third]["content_html"]

    ghost.bulk(f"id:[{first}]", "unpublish")
    hides(hub, first, "tag/many", "tag/added", "all")

    ghost.delete_many(f"id:[{second}]")
    hides(hub, second, "tag/many", "tag/added", "all")
    shows(hub, third, "tag/many")


def test_a_renamed_tag_and_a_renamed_author_keep_their_feeds(ghost: Ghost, hub: HubProcess) -> None:
    post = ghost.post("Signed", tags=("Was called so",), authors=[{"slug": "joao"}])
    shows(hub, post["id"], "tag/was-called-so", "author/joao")

    ghost.edit_tag("was-called-so", name="Is called so", slug="is-called-so")
    ghost.edit_author("joao", name="João Lima Filho")

    shows(hub, post["id"], "tag/is-called-so")
    assert hub.ask("GET", "/feeds/tag/was-called-so.rss")[0] == 301
    wait_for(
        lambda: items(hub, "author/joao")[post["id"]]["authors"][0]["name"] == "João Lima Filho",
        why=hub.read_log,
    )


@pytest.mark.parametrize("visibility", ["members", "paid", "tiers"])
def test_nothing_that_only_members_may_read_ever_enters(
    ghost: Ghost, hub: HubProcess, visibility: str
) -> None:
    hidden = f"HIDDEN-FROM-ALL-BUT-{visibility}"
    tiers = {"tiers": ghost.admin("GET", "tiers/")["tiers"][:1]} if visibility == "tiers" else {}
    html = f"<p>Free.</p><!--members-only--><p>{hidden}</p>"
    post = ghost.post(f"Asked for as {visibility}", html=html, visibility=visibility, **tiers)
    without = ghost.post(f"No mark, {visibility}", html=f"<p>{hidden}</p>", visibility=visibility, **tiers)
    shows(hub, post["id"], "all")
    shows(hub, without["id"], "all")

    assert items(hub, "all")[post["id"]]["content_html"] == "<p>Free.</p>"
    for file in hub.folder.rglob("*"):
        if file.is_file():
            assert hidden.encode() not in file.read_bytes(), file
            assert b"@site.test" not in file.read_bytes(), file


def test_an_import_into_ghost_which_fires_no_hook_is_found_when_asked(ghost: Ghost, hub: HubProcess) -> None:
    at = "2020-02-29T12:00:00.000Z"
    dates = {"created_at": at, "updated_at": at, "published_at": at}
    post = {"id": "1", "title": "From the archive", "slug": "archived", "status": "published", "type": "post"}
    ghost.import_({"posts": [post | dates]})

    hub.reconcile()

    wait_for(lambda: b"From the archive" in hub.get("/feeds/all.json?since=0&limit=1000"), why=hub.read_log)


def test_what_happened_while_the_hub_was_down_is_made_good(ghost: Ghost, tmp_path: Path) -> None:
    edited, deleted = (ghost.post(f"Before it {n}", tags=("Down",))["id"] for n in range(2))
    hub = hub_beside(ghost, tmp_path)  # and no webhook
    with hub:
        shows(hub, deleted, "tag/down")
    ghost.edit(edited, title="Edited meanwhile")
    ghost.delete(deleted)
    new = ghost.post("New meanwhile", tags=("Down",))["id"]

    with hub:
        shows(hub, edited, "tag/down", title="Edited meanwhile")
        shows(hub, new, "tag/down")
        hides(hub, deleted, "tag/down", "all")


def test_a_post_of_a_hook_is_the_same_when_the_hub_looks_for_itself(ghost: Ghost, tmp_path: Path) -> None:
    html = '<p><a href="https://elsewhere.test/">out</a> <a href="/about/">in</a></p><!--members-only--><p>Rest.</p>'
    said = {
        "html": html,
        "custom_excerpt": "In short.",
        "feature_image": f"{ghost.site.url}/content/images/a.png",
    }
    with hub_beside(ghost, tmp_path) as hub:
        wait_for(lambda: reconciled(hub) is not None, why=hub.read_log)
        ghost.connect(f"{hub.told['url']}/hooks/ghost", SECRET, "post.published", "tag.edited")
        posts = [
            ghost.post(f"Told {visibility}", tags=("Told", "#wire"), visibility=visibility, **said)
            for visibility in ("public", "members", "paid")
        ]
        for post in posts:
            shows(hub, post["id"], "tag/told")
        told = items(hub, "tag/told")

        hub.reconcile()

        assert reconciled(hub)["changed"] == 0
        assert items(hub, "tag/told") == told
