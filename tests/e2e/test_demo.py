"""`feedhub up --demo` as its user meets it, and its newsroom's manners as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hub.demo import SITE_TITLE
from tests.hubprocess import HubProcess, wait_for

if TYPE_CHECKING:
    from pathlib import Path

SOUP = "Three isles, one ticket"


def _titles(hub: HubProcess, feed: str) -> list[str]:
    document = hub.get(f"/feeds/{feed}.json")
    return [item["title"] for item in json.loads(document)["items"]] if document else []


def _logged(hub: HubProcess, outcome: str) -> bool:
    """Tell whether the log has a first edition with this outcome."""
    lines = hub.log.read_text(errors="replace").splitlines()
    return any("published 37 events: " in line and outcome in line for line in lines)


def _seqs(hub: HubProcess) -> dict[str, int]:
    return {row["feed"]: row["seq"] for row in hub.api("/api/feeds?limit=500")["feeds"]}


def test_a_demo_shows_the_gazette_and_its_second_start_changes_nothing(tmp_path: Path) -> None:
    # The port is another one at each start; pictures have the public address.
    with HubProcess(tmp_path / "data", "--demo", public_url="https://feeds.gazette.example") as hub:
        wait_for(lambda: _logged(hub, "accepted"), why=hub.read_log)
        # An entry of a sub-category is in its parent's feed as well.
        for feed in ("category/neighbour-isles", "category/world", "author/noor-al-manara"):
            wait_for(lambda feed=feed: any(SOUP in title for title in _titles(hub, feed)), why=hub.read_log)
        assert SITE_TITLE in hub.get("/feeds/all.rss").decode()
        assert hub.get("/static/demo/ferry.svg").startswith(b"<svg")
        before = _seqs(hub)
        hub.stop()

        hub.start()
        wait_for(lambda: _logged(hub, ": 37 duplicate"), why=hub.read_log)

        after = _seqs(hub)
        unchanged = [feed for feed in before if feed.startswith(("author/", "category/world"))]
        assert [before[feed] for feed in unchanged] == [after[feed] for feed in unchanged]


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_newsroom_that_waits_for_its_hub_ends_at_once(number: signal.Signals) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FEEDHUB_")}
    told = {"FEEDHUB_URL": "http://127.0.0.1:9", "FEEDHUB_PUBLISH_TOKEN": "secret"}
    newsroom: subprocess.Popen[Any] = subprocess.Popen(
        [sys.executable, "-m", "hub", "demo"], env=clean | told, stderr=subprocess.PIPE, text=True
    )
    assert newsroom.stderr is not None
    first = newsroom.stderr.readline()

    newsroom.send_signal(number)
    _, rest = newsroom.communicate(timeout=2)

    assert "http://127.0.0.1:9 does not answer" in first
    assert "Traceback" not in rest
