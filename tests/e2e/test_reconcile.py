"""A whole hub beside a CMS whose hooks are lost: it looks for itself, at start, at a hint, and when asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cms import SECRET, recorded
from tests.fakeghost import KEY, FakeGhost
from tests.hubprocess import HubProcess, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakecms import Asked


@pytest.fixture
def ghost() -> Iterator[FakeGhost]:
    with FakeGhost() as ghost:
        yield ghost


def hub_beside(ghost: FakeGhost, tmp_path: Path, *options: str) -> HubProcess:
    settings = {
        "ghost_url": ghost.url,
        "ghost_content_key": KEY,
        "hook_secret_ghost": SECRET,
        "egress_allow": "127.0.0.0/8",
    }
    return HubProcess(tmp_path / "data", *options, **settings)


def titles(hub: HubProcess, path: str = "all") -> set[str]:
    found = hub.get(f"/feeds/{path}.json")
    return {item["title"] for item in json.loads(found)["items"]} if found else {"not served"}


def shows(hub: HubProcess, *expected: str, path: str = "all") -> None:
    wait_for(lambda: titles(hub, path) == set(expected), why=lambda: f"{titles(hub, path)}\n{hub.read_log()}")


def site_changed(hub: HubProcess) -> None:
    hook = recorded("ghost/2-publish.site.changed").signed()
    status, _, answer = hub.ask("POST", "/hooks/ghost", hook.body, **hook.to_send())
    assert (status, json.loads(answer)["outcomes"]) == (202, [])


def reconcile(hub: HubProcess, *options: str) -> tuple[int, str]:
    """Run `feedhub reconcile` in a shell of its own."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("FEEDHUB_")}
    command = [sys.executable, "-m", "hub", "reconcile", "--data", str(hub.folder), *options]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=50, check=False)
    return done.returncode, done.stdout + done.stderr


def settled(hub: HubProcess) -> bool:
    """No reconcile is under way or about to be."""
    return hub.api("/api/reconcile")["sources"]["ghost"]["done"] is not None and not waiting(hub)


def waiting(hub: HubProcess) -> Any:
    return hub.api("/api/status")["hooks"].get("ghost", {}).get("hinted")


def test_a_key_and_one_webhook_are_a_complete_set_up(ghost: FakeGhost, tmp_path: Path) -> None:
    first, second = ghost.post(1, title="One"), ghost.post(2, title="Two", tags=(1,))
    with hub_beside(ghost, tmp_path) as hub:
        shows(hub, "One", "Two")
        shows(hub, "Two", path="tag/science-tech")
        wait_for(lambda: settled(hub), why=hub.read_log)

        ghost.touch(first, minute=30, title="One, corrected")
        ghost.posts[second]["status"] = "draft"
        site_changed(hub)
        shows(hub, "One, corrected")
        assert KEY not in hub.log.read_text()
        for path in hub.folder.rglob("*"):
            if path.is_file() and path.suffix != ".log":
                assert b"@example.test" not in path.read_bytes(), path


def test_what_happened_while_the_hub_was_down_is_made_good_at_start(ghost: FakeGhost, tmp_path: Path) -> None:
    first, second = ghost.post(1, title="One"), ghost.post(2, title="Two")
    hub = hub_beside(ghost, tmp_path)
    with hub:
        shows(hub, "One", "Two")
    ghost.posts[first]["visibility"] = "paid"
    del ghost.posts[second]
    ghost.post(3, title="Three")
    with hub:
        shows(hub, "One", "Three")
        item = json.loads(hub.get("/feeds/all.json"))["items"][-1]
        assert item["_feedhub"]["visibility"] == "paid"


def test_the_command_compares_waits_and_says_what_it_found(ghost: FakeGhost, tmp_path: Path) -> None:
    ids = [ghost.post(number) for number in range(25)]
    with hub_beside(ghost, tmp_path) as hub:
        wait_for(lambda: settled(hub), why=hub.read_log)
        ghost.touch(ids[0], minute=100, title="Corrected")
        status, said = reconcile(hub)
        assert "25 published there" in said
        assert "1 changed, 0 removed" in said
        assert status == 0

        for id_ in ids[:22]:
            del ghost.posts[id_]
        status, said = reconcile(hub)
        assert "ghost does not list 22 entries" in said
        assert "feedhub reconcile --allow-removals 22" in said
        assert status == 1
        assert "removals-refused" in {row["code"] for row in hub.api("/api/status")["problems"]}

        status, said = reconcile(hub, "--allow-removals", "22", "--json")
        report = json.loads(said)["sources"]["ghost"]
        assert (report["removed"], report["refused"], status) == (22, 0, 0)
        assert "removals-refused" not in {row["code"] for row in hub.api("/api/status")["problems"]}
        shows(hub, "Story 22", "Story 23", "Story 24")


def test_a_cms_that_fails_is_a_problem_that_says_why(ghost: FakeGhost, tmp_path: Path) -> None:
    ghost.wrong = lambda _: ghost.respond(_with_key(_, "another"))
    with hub_beside(ghost, tmp_path) as hub:
        status, said = reconcile(hub)
        assert "ghost answered 401." in said
        assert "Correct FEEDHUB_GHOST_CONTENT_KEY." in said
        assert status == 1
        (problem,) = [row for row in hub.api("/api/status")["problems"] if row["code"] == "reconcile-failing"]
        assert "ghost answered 401; none succeeded yet" in problem["sentence"]
        assert problem["since"]


def test_one_at_a_time_in_the_whole_hub_also_if_a_worker_is_killed_in_the_middle(
    ghost: FakeGhost, tmp_path: Path
) -> None:
    for number in range(130):
        ghost.post(number)

    def slowly(_: Asked) -> None:
        time.sleep(0.1)

    ghost.wrong = slowly
    with hub_beside(ghost, tmp_path, "--workers", "2") as hub:
        wait_for(lambda: len(ghost.asked) > 3, why=hub.read_log)
        for _ in range(2):
            hub.kill_child("regenerate")
        wait_for(lambda: len(json.loads(hub.get("/feeds/all.json") or b'{"items": []}')["items"]) == 50)
        wait_for(lambda: settled(hub), seconds=40, why=hub.read_log)
        assert hub.api("/api/status")["entries"] == 130
    assert ghost.most_at_once == 1


def _with_key(asked: Asked, key: str) -> Asked:
    return type(asked)(asked.path, asked.query | {"key": key}, asked.headers)
