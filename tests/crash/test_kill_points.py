"""SIGKILL at each gap between two steps: what was acknowledged is served, without a new event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.adapters.crashpoints import POINTS
from tests.hubprocess import NEVER, HubProcess, entry, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def fuses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuses")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, fuses: Path) -> Iterator[HubProcess]:
    armed = ",".join(f"{point}@{fuses / point}" for point in sorted(POINTS))
    with HubProcess(tmp_path_factory.mktemp("hub") / "data", crash_at=armed) as hub:
        yield hub


@pytest.mark.parametrize("point", sorted(POINTS))
def test_a_kill_at_any_point_is_recovered_from_without_a_new_event(
    hub: HubProcess, fuses: Path, point: str
) -> None:
    number = sorted(POINTS).index(point)
    hub.publish_until_acknowledged(entry(100 + number))
    wait_for(
        lambda: f"Article {100 + number}".encode() in hub.get("/feeds/category/world.atom"), why=hub.read_log
    )
    fuse = fuses / point
    fuse.touch()

    try:
        hub.publish(entry(number, title=f"After {point}"))
    except (*NEVER, AssertionError):
        assert point in {"after_accept", "after_pending"}, "only the front's death is seen by the CMS"

    wait_for(lambda: f"After {point}".encode() in hub.get("/feeds/category/world.atom"), why=hub.read_log)
    assert not fuse.exists(), "the kill happened"


def test_a_feed_that_kills_its_job_is_quarantined_and_only_that_feed(tmp_path: Path) -> None:
    with HubProcess(tmp_path / "data", crash_at="before_commit:category/poison") as hub:
        hub.publish_until_acknowledged(entry(1, category="Good"))
        hub.publish_until_acknowledged(entry(2, category="Poison"))

        def quarantined() -> list[str]:
            return [feed["feed"] for feed in hub.api("/api/feeds?limit=500")["feeds"] if feed["quarantined"]]

        wait_for(lambda: quarantined() == ["category/poison"], seconds=40, why=hub.read_log)
        hub.publish_until_acknowledged(entry(3, category="Good"))
        wait_for(lambda: b"Article 3" in hub.get("/feeds/category/good.atom"), why=hub.read_log)
        wait_for(lambda: b"Article 3" in hub.get("/feeds/all.json"), why=hub.read_log)
        problems = hub.api("/api/status")["problems"]
        assert [problem["code"] for problem in problems] == ["feed-quarantined"]
