"""SIGKILL in the middle of an import, of the command or of the hub: afterwards nothing is missing or doubled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.exports import post_id, write_export
from tests.hubprocess import HubProcess, wait_for

if TYPE_CHECKING:
    from pathlib import Path

POSTS = 2000


def start(hub: HubProcess, export: Path) -> subprocess.Popen[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("FEEDHUB_")}
    command = [sys.executable, "-m", "hub", "import", "--data", str(hub.folder), "--json", str(export)]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(running: subprocess.Popen[str]) -> dict[str, Any]:
    out, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    told: dict[str, Any] = json.loads(out)
    return told


def entries(hub: HubProcess) -> int:
    """How many there are; 0 while nobody answers."""
    try:
        listing = hub.api("/api/feeds?limit=1")["feeds"]
    except (OSError, AssertionError):
        return 0
    return int(listing[0]["entries"]) if listing else 0


def everything(hub: HubProcess) -> Counter[str]:
    """Read the feed of all entries from its beginning, as a partner would: how often each came."""
    found: Counter[str] = Counter()
    cursor, more = "0", True
    while more:
        page = json.loads(hub.get(f"/feeds/all.json?since={cursor}&limit=1000"))
        found.update(item["id"] for item in page["items"])
        cursor, more = page["_feedhub"]["next"], page["_feedhub"]["more"]
    return found


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "export.xml"
    write_export(path, POSTS, paragraphs=2)
    return path


@pytest.mark.timeout(180)
def test_an_import_that_is_killed_and_started_again_misses_and_doubles_nothing(
    tmp_path: Path, export: Path
) -> None:
    with HubProcess(tmp_path / "data") as hub:
        running = start(hub, export)
        wait_for(lambda: entries(hub) > POSTS // 4, why=hub.read_log)
        running.kill()
        running.communicate()
        there = entries(hub)
        assert there < POSTS, "it was killed in the middle"

        told = finished(start(hub, export))

        # What was under way when it was killed may have been stored after it was counted.
        assert told["imported"] + told["unchanged"] == POSTS
        assert told["unchanged"] >= there
        assert everything(hub) == Counter(post_id(number) for number in range(POSTS))
        again = finished(start(hub, export))
        assert (again["imported"], again["unchanged"]) == (0, POSTS)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("victim", ["front", "valkey"])
def test_an_import_outlasts_the_death_of_a_process_of_the_hub(
    tmp_path: Path, export: Path, victim: str
) -> None:
    with HubProcess(tmp_path / "data") as hub:
        running = start(hub, export)
        wait_for(lambda: entries(hub) > POSTS // 4, why=hub.read_log)
        hub.kill_child(victim)

        told = finished(running)

        assert told["imported"] + told["unchanged"] == POSTS
        wait_for(lambda: entries(hub) == POSTS, why=hub.read_log)
        assert everything(hub) == Counter(post_id(number) for number in range(POSTS))
