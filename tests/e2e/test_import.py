"""`feedhub import` of a WordPress export into a whole hub, beside what WordPress itself served of the same posts."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import feedparser
import pytest

from tests.cms import FOLDER
from tests.hubprocess import HubProcess, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from feedparser import FeedParserDict

EXPORT = FOLDER / "wordpress" / "export-all.wxr.xml"
SERVED = {"all.rss": "feed-feed.xml", "author/mbrennan.atom": "feed-author-mbrennan-feed-atom.xml"}


def run(hub: HubProcess, *words: str, status: int = 0, **settings: str) -> Any:
    """Import, as from a shell; answers the summary."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("FEEDHUB_")}
    environ |= {f"FEEDHUB_{key.upper()}": value for key, value in settings.items()}
    command = [sys.executable, "-m", "hub", "import", "--data", str(hub.folder), "--json", *words]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("import") / "data"
    with HubProcess(folder, site_url="http://wp.test:8081", hook_secret_wordpress="test-hook-secret") as hub:
        told = run(hub, str(EXPORT))
        assert told["imported"] == 34, told
        assert told["refused"] == []
        wait_for(lambda: len(items(hub)) == 34, why=hub.read_log)
        yield hub


def items(hub: HubProcess, path: str = "all") -> dict[str, Any]:
    document = hub.get(f"/feeds/{path}.json")
    return {item["id"]: item for item in json.loads(document)["items"]} if document else {}


def text(entry: FeedParserDict, name: str) -> str:
    """A name or title of WordPress's: escaped once more than it means."""
    return html.unescape(html.unescape(str(entry.get(name, ""))))


def categories(entry: FeedParserDict) -> set[str]:
    return {html.unescape(tag.label or tag.term) for tag in entry.get("tags", ())}


@pytest.mark.parametrize("path", SERVED)
def test_feeds_equal_entry_by_entry_those_that_wordpress_served(hub: HubProcess, path: str) -> None:
    theirs = feedparser.parse((FOLDER / "wordpress" / SERVED[path]).read_bytes()).entries
    ours = feedparser.parse(hub.get(f"/feeds/{path}")).entries
    assert len(theirs) == 10
    wanted = {entry.id for entry in theirs}

    common = [entry for entry in ours if entry.id in wanted]

    assert [entry.id for entry in common] == [entry.id for entry in theirs], "all of them, in their order"
    for entry, served in zip(common, theirs, strict=True):
        assert text(entry, "title") == text(served, "title").removeprefix("Protected: ")
        assert entry.link == served.link
        assert entry.published_parsed == served.published_parsed
        assert [text(a, "name") for a in entry.authors] == [text(a, "name") for a in served.authors]
        assert categories(entry) == categories(served)
        if path.endswith(".atom"):
            assert entry.updated_parsed == served.updated_parsed


def test_a_subcategorys_posts_are_in_the_feed_above(hub: HubProcess) -> None:
    assert items(hub, "category/football").keys() <= items(hub, "category/sport").keys()


def test_an_image_of_the_export_is_an_image_of_the_feed(hub: HubProcess) -> None:
    item = items(hub)["http://wp.test:8081/2026/11/ai/"]

    assert item["image"] == "http://wp.test:8081/wp-content/uploads/2026/11/photo-2.jpg"
    assert item["_feedhub"]["image"]["width"] == 1280


def test_a_second_run_changes_nothing(hub: HubProcess) -> None:
    before = hub.api("/api/feeds")

    told = run(hub, str(EXPORT))

    assert (told["imported"], told["unchanged"]) == (0, 34)
    assert hub.api("/api/feeds") == before


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; gives its URL."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_from_a_url_it_is_the_same(hub: HubProcess) -> None:
    with served(EXPORT.parent) as url:
        told = run(hub, f"{url}/{EXPORT.name}", egress_allow="127.0.0.0/8")
        refused = run(hub, f"{url}/{EXPORT.name}", status=1)
        missing = run(hub, f"{url}/nothing", status=1, egress_allow="127.0.0.0/8")

    assert told["unchanged"] == 34
    assert "FEEDHUB_EGRESS_ALLOW" in refused
    assert "answers 404" in missing


def test_a_feed_comes_with_all_its_pages(tmp_path: Path) -> None:
    with HubProcess(tmp_path / "data") as hub, served(tmp_path) as url:
        for page in range(1, 4):
            feed = {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "A site",
                "items": [{"id": f"page-{page}", "title": f"Page {page}", "content_text": "Text"}],
            } | ({"next_url": f"/feed-{page + 1}.json"} if page < 3 else {})
            (tmp_path / f"feed-{page}.json").write_text(json.dumps(feed))

        told = run(hub, f"{url}/feed-1.json", egress_allow="127.0.0.0/8")
        again = run(hub, f"{url}/feed-1.json", egress_allow="127.0.0.0/8")

        assert (told["imported"], told["refused"], again["unchanged"]) == (3, [], 3)
        wait_for(lambda: items(hub).keys() == {"page-1", "page-2", "page-3"}, why=hub.read_log)


def test_the_entries_are_wordpresss_own(hub: HubProcess) -> None:
    redis = hub.redis()
    assert redis.bitcount("{feedhub}:owned:wordpress") == 34
    redis.close()


def test_a_partner_is_told_of_nothing_and_an_import_says_so_first(hub: HubProcess) -> None:
    headers = {"Authorization": f"Bearer {hub.told['admin_token']}", "Content-Type": "application/json"}
    webhook = json.dumps({"url": "https://partner.test/", "feeds": ["all"]})
    status, _, made = hub.ask("POST", "/api/webhooks", webhook, **headers)
    assert status == 201, made
    try:
        refused = run(hub, str(EXPORT), status=1)
        quiet = run(hub, str(EXPORT), "--quiet-anyway")
        loud = run(hub, str(EXPORT), "--notify")
    finally:  # the other tests are of a hub without subscribers
        hub.ask("DELETE", f"/api/webhooks/{json.loads(made)['id']}", **headers)

    assert "--notify" in refused
    assert "--quiet-anyway" in refused
    assert quiet["unchanged"] == loud["unchanged"] == 34
