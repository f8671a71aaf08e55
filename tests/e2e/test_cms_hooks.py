"""Hooks as real CMSs sent them, to a whole hub: what the feeds say afterwards, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.cms import ALL_SAMPLES, SECRET, Recorded, recorded
from tests.hubprocess import HubProcess
from tests.served import hides, items, shows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GHOST_ID = "6b048cccc05d8d49dee4dee2"
WP_ID = "http://wp.test:8081/2026/11/wpwh-one-shot-publish/"
STRAPI_ID = "r31db6rohylwx8svuc097p3a"
DESK_ID = "urn:newsml:localhost:2026-11-23T18:00:00.000000:eco-1"
TOKEN = "hook-token-of-the-test"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    settings = {
        "hook_secret_ghost": f"next,{SECRET}",
        "hook_secret_wordpress": SECRET,
        "hook_secret_strapi": "eco-shared-token",
        "hook_secret_superdesk": SECRET,
        "hook_token": TOKEN,
        "strapi_url": "https://site.test/{slug}",
    }
    with HubProcess(tmp_path / "data", **settings) as hub:
        yield hub


def send(hub: HubProcess, hook: Recorded | str) -> Any:
    """Send a hook with a fresh signature; answers what the hub says became of it."""
    found = (recorded(hook) if isinstance(hook, str) else hook).signed()
    status, _, answer = hub.ask("POST", f"/hooks/{found.source}", found.body, **found.to_send())
    assert status == 202, answer
    return json.loads(answer)


def test_cms_04_a_story_of_ghost_lives_moves_and_leaves(hub: HubProcess) -> None:
    assert send(hub, "ghost/1-create-draft.post.added") == {"outcomes": [], "hints": []}
    for name in ("2-publish.post.published", "2-publish.post.edited"):
        send(hub, f"ghost/{name}")
    shows(hub, GHOST_ID, "all", "tag/world", "tag/science-tech", "author/maire", "author/joao")
    assert hub.ask("GET", "/feeds/tag/hash-internal-wire.json")[0] == 404
    rss = hub.get("/feeds/tag/world.rss")
    assert b'<guid isPermaLink="false">' + GHOST_ID.encode() in rss
    for format_ in ("rss", "atom", "json"):
        assert b"@example.test" not in hub.get(f"/feeds/all.{format_}")

    send(hub, "ghost/3-edit-title-live.post.published.edited")
    shows(hub, GHOST_ID, "all", "tag/world", title="(corrected)")
    send(hub, "ghost/4-edit-tags-live.post.published.edited")
    shows(hub, GHOST_ID, "tag/sport", "tag/world")
    hides(hub, GHOST_ID, "tag/science-tech")
    send(hub, "ghost/5-edit-authors-live.post.published.edited")
    shows(hub, GHOST_ID, "author/ann-lee", "all")
    hides(hub, GHOST_ID, "author/maire", "author/joao")

    send(hub, "ghost/7-unpublish.post.unpublished")
    hides(hub, GHOST_ID, "all", "tag/sport", "tag/world", "author/ann-lee")
    (again,) = send(hub, "ghost/9-delete-published.post.deleted")["outcomes"]
    assert again["outcome"] == "unchanged"


def test_a_late_hook_of_ghost_does_not_bring_back_what_is_older(hub: HubProcess) -> None:
    send(hub, "ghost/7-unpublish.post.unpublished")
    (outcome,) = send(hub, "ghost/2-publish.post.published")["outcomes"]

    assert outcome["outcome"] == "stale"


def test_cms_14_a_post_of_wordpress_lives_and_leaves(hub: HubProcess) -> None:
    send(hub, "wordpress/wp-webhooks-plugin.1-oneshot-publish.post_create")
    shows(hub, WP_ID, "all", "category/science-tech", "category/world")
    assert json.loads(hub.get("/feeds/category/science-tech.json"))["title"].startswith("Science & Tech")
    send(hub, "wordpress/wp-webhooks-plugin.2-edit.post_update")
    shows(hub, WP_ID, "all", "category/world", title="WPWH edited")
    send(hub, "wordpress/wp-webhooks-plugin.3-unpublish.post_update")
    hides(hub, WP_ID, "all", "category/science-tech", "category/world")
    for name in ("4-trash.post_trash", "5-force-delete.post_delete"):
        send(hub, f"wordpress/wp-webhooks-plugin.{name}")
    hides(hub, WP_ID, "all")


def test_cms_17_a_document_of_strapi_lives_and_leaves(hub: HubProcess) -> None:
    send(hub, "strapi/3-publish.entry.publish.article")
    shows(hub, STRAPI_ID, "all", "category/world", f"author/{quote('máire')}")
    assert items(hub, "all")[STRAPI_ID]["url"] == "https://site.test/strapi-story-one"
    send(hub, "strapi/6-unpublish.entry.unpublish.article")
    hides(hub, STRAPI_ID, "all", "category/world")
    send(hub, "strapi/7-delete.entry.delete.article")
    hides(hub, STRAPI_ID, "all")


def test_cms_18_an_item_of_superdesk_is_corrected_killed_and_stays_dead(hub: HubProcess) -> None:
    first = recorded("superdesk/publish")
    send(hub, first)
    shows(hub, DESK_ID, "all", "category/international", f"author/{quote('máire-brennan')}", "tag/climate")
    # A correction, though its clock says that it is older.
    older = {
        "version": "4",
        "headline": "Corrected",
        "versioncreated": "2026-11-23T18:39:00+0000",
        "ednote": "Typo",
    }
    send(hub, first.saying(first.json | older))
    shows(hub, DESK_ID, "all", "category/international", title="Corrected")
    (late,) = send(hub, first)["outcomes"]
    assert late["outcome"] == "stale"
    send(hub, "superdesk/kill")
    hides(hub, DESK_ID, "all", "category/international")
    (dead,) = send(hub, first)["outcomes"]
    assert dead["outcome"] == "stale"


def test_cms_18_an_embargo_holds(hub: HubProcess) -> None:
    first = recorded("superdesk/publish")
    held = first.json | {"guid": "urn:held", "embargoed": "2126-01-01T00:00:00+0000"}
    (outcome,) = send(hub, first.saying(held))["outcomes"]

    assert outcome["outcome"] == "scheduled"
    assert "urn:held" not in items(hub, "all")


def test_entries_know_their_source(hub: HubProcess) -> None:
    for name in ALL_SAMPLES:
        send(hub, name)
    redis = hub.redis()
    try:
        ids = redis.hgetall("{feedhub}:ids")
        sources = {id_: redis.hget(b"{feedhub}:entry:" + n, "source") for id_, n in ids.items()}
    finally:
        redis.close()

    assert sources[GHOST_ID.encode()] == b"ghost"
    assert sources[WP_ID.encode()] == b"wordpress"
    assert sources[STRAPI_ID.encode()] == b"strapi"
    assert sources[DESK_ID.encode()] == b"superdesk"


def test_what_only_members_may_read_is_nowhere_in_redis(hub: HubProcess) -> None:
    first = recorded("ghost/2-publish.post.published")
    sent = first.json
    html = "<p>Free.</p><!--members-only--><p>HIDDEN-FROM-READERS</p>"
    sent["post"]["current"] |= {
        "id": "paid-1",
        "html": html,
        "plaintext": html,
        "excerpt": html,
        "visibility": "paid",
    }
    send(hub, first.saying(sent))
    shows(hub, "paid-1", "all")

    assert items(hub, "all")["paid-1"]["content_html"] == "<p>Free.</p>"
    for path in hub.folder.rglob("*"):
        if path.is_file():
            assert b"HIDDEN-FROM-READERS" not in path.read_bytes(), path
            assert b"@example.test" not in path.read_bytes(), path


def test_a_refusal_and_a_hint_are_shown_and_no_token_is_logged(hub: HubProcess) -> None:
    hook = recorded("ghost/2-publish.post.published")  # as it was recorded: long ago
    status, _, answer = hub.ask("POST", "/hooks/ghost", hook.body, **hook.to_send())
    assert status == 401
    assert b"seconds, and 300 at most" in answer
    assert hub.ask("POST", f"/hooks/wordpress/{TOKEN}", b"what?")[0] == 202

    problems = {row["code"]: row["sentence"] for row in hub.api("/api/status")["problems"]}
    assert "differ by" in problems["hook-refused"]
    assert "nothing acted on" in problems["hint-waiting"]
    assert "path=/hooks/wordpress/" in hub.log.read_text()
    assert TOKEN not in hub.log.read_text()
