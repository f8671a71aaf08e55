"""One publish hook becomes fresh feeds: the whole way, in real processes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import feedparser
import pytest

from tests.hubprocess import HubProcess, entry, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    with HubProcess(tmp_path_factory.mktemp("spine") / "data") as hub:
        yield hub


def test_a_hook_is_in_every_feed_that_it_touches_and_in_every_format(hub: HubProcess) -> None:
    answer = hub.publish(
        entry(
            1,
            category="Spine",
            authors=[{"name": "Ada Quill"}],
            tags=["energy", {"name": "C++", "slug": "cpp"}],
        )
    )

    paths = [row["feed"] for row in answer["feeds"]]
    assert sorted(paths) == ["all", "author/ada-quill", "category/spine", "tag/cpp", "tag/energy"]
    for path in paths:
        for format_ in ("rss", "atom", "json"):
            wait_for(lambda url=f"/feeds/{path}.{format_}": b"Article 1" in hub.get(url), why=hub.read_log)


def test_three_formats_say_the_same(hub: HubProcess) -> None:
    hub.publish(
        entry(2, category="Formats", title="“Curly” – 漢字 🎉 مرحبا & <b>", authors=[{"name": "Ada"}])
    )
    wait_for(lambda: bool(hub.get("/feeds/category/formats.json")), why=hub.read_log)

    item = json.loads(hub.get("/feeds/category/formats.json"))["items"][0]
    rss = feedparser.parse(hub.get("/feeds/category/formats.rss")).entries[0]
    atom = feedparser.parse(hub.get("/feeds/category/formats.atom")).entries[0]

    assert rss.link == atom.link == item["url"] == "https://site.test/2"
    assert rss.id == atom.id == item["id"]
    assert item["title"] == "“Curly” – 漢字 🎉 مرحبا & <b>"
    assert rss.title == atom.title
    assert rss.published_parsed == atom.published_parsed


def test_readers_ask_again_and_get_304(hub: HubProcess) -> None:
    hub.publish(entry(3, category="Polite"))
    wait_for(lambda: bool(hub.get("/feeds/category/polite.rss")), why=hub.read_log)
    _, headers, _ = hub.ask("GET", "/feeds/category/polite.rss")

    status, again, body = hub.ask("GET", "/feeds/category/polite.rss", **{"If-None-Match": headers["ETag"]})

    assert (status, body) == (304, b"")
    assert again["ETag"] == headers["ETag"]


def test_a_removal_leaves_no_trace_of_the_content(hub: HubProcess) -> None:
    hub.publish(entry(4, category="Retracted", content_html="<p>Defamatory words.</p>"))
    wait_for(lambda: b"Defamatory" in hub.get("/feeds/category/retracted.atom"), why=hub.read_log)

    hub.publish({"type": "entry.removed", "entry": {"id": "https://site.test/4"}})

    wait_for(lambda: b"deleted-entry" in hub.get("/feeds/category/retracted.atom"), why=hub.read_log)
    for format_ in ("rss", "atom", "json"):
        for path in ("all", "category/retracted"):
            assert b"Defamatory" not in hub.get(f"/feeds/{path}.{format_}")
    assert b"Defamatory" not in hub.get("/feeds/category/retracted")


def test_what_members_pay_for_never_leaves(hub: HubProcess) -> None:
    html = "<p>For all.</p><!--members-only--><p>For members: xyzzy.</p>"
    hub.publish(entry(5, category="Paywall", visibility="members", content_html=html))
    wait_for(lambda: b"For all" in hub.get("/feeds/category/paywall.atom"), why=hub.read_log)

    for path in ("all.rss", "all.atom", "all.json", "category/paywall.json", "category/paywall"):
        assert b"xyzzy" not in hub.get(f"/feeds/{path}")
    keys = hub.redis().keys("*entry:*")
    assert keys
    assert all(b"xyzzy" not in hub.redis().dump(key) for key in keys)


def test_a_rename_leads_readers_to_the_new_address(hub: HubProcess) -> None:
    hub.publish(entry(6, category="Old Name"))
    wait_for(lambda: bool(hub.get("/feeds/category/old-name.rss")), why=hub.read_log)

    hub.publish(
        {"type": "category.updated", "category": {"slug": "old-name", "new_slug": "new-name", "name": "New"}}
    )

    def moved() -> bool:
        status, headers, _ = hub.ask("GET", "/feeds/category/old-name.rss")
        return status == 301 and headers["Location"] == f"{hub.told['url']}/feeds/category/new-name.rss"

    wait_for(moved, why=hub.read_log)
    wait_for(lambda: b"New" in hub.get("/feeds/category/new-name.rss"), why=hub.read_log)
    assert b"Article 6" in hub.get("/feeds/category/new-name.rss")
    wait_for(lambda: b'term="new-name"' in hub.get("/feeds/all.atom"), why=hub.read_log)


def test_a_retired_feed_is_gone(hub: HubProcess) -> None:
    hub.publish(entry(7, category="Short Lived"))
    wait_for(lambda: bool(hub.get("/feeds/category/short-lived.rss")), why=hub.read_log)

    hub.publish({"type": "category.removed", "category": {"slug": "short-lived"}})

    wait_for(lambda: hub.ask("GET", "/feeds/category/short-lived.rss")[0] == 410, why=hub.read_log)


def test_an_embargo_ends_by_itself(hub: HubProcess) -> None:
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    answer = hub.publish(entry(8, category="Embargo", date_published=soon))

    assert answer["outcome"] == "scheduled"
    assert hub.ask("GET", "/feeds/category/embargo.atom")[0] == 404
    wait_for(lambda: b"Article 8" in hub.get("/feeds/category/embargo.atom"), why=hub.read_log)


def test_new_settings_renew_every_document_and_nothing_else(tmp_path: Path) -> None:
    paths = ["/feeds/all.rss", "/feeds/category/world.atom", "/feeds/author/ada.json"]
    with HubProcess(tmp_path / "data", public_url="https://one.example", site_title="Title One") as hub:
        hub.publish([entry(n, authors=[{"name": "Ada"}]) for n in range(20)])
        wait_for(lambda: all(b"Article 19" in hub.get(path) for path in paths), why=hub.read_log)
        wait_for(lambda: seqs(hub) == built(hub), why=hub.read_log)
        before = seqs(hub)

    with HubProcess(tmp_path / "data", public_url="https://two.example", site_title="Title Two") as hub:
        for path in paths:
            wait_for(lambda path=path: b"https://two.example" in hub.get(path), why=hub.read_log)
            assert b"Title One" not in hub.get(path)
            assert b"https://one.example" not in hub.get(path)
        assert seqs(hub) == before, "no entry and no feed got a new seq: nobody is notified"


def seqs(hub: HubProcess) -> dict[str, int]:
    return {feed["feed"]: feed["seq"] for feed in hub.api("/api/feeds?limit=500")["feeds"]}


def built(hub: HubProcess) -> dict[str, Any]:
    """The seq of each feed's committed document."""
    redis, found = hub.redis(), {}
    for path in seqs(hub):
        number = redis.hget("{feedhub}:slugs", path).decode()
        version = redis.hget(f"{{feedhub}}:feed:{number}", "built") or b"0"
        found[path] = int(version.split()[0])
    return found
