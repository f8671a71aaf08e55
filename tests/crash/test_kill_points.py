"""SIGKILL at each gap between two steps: what was acknowledged is served, without a new event."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hub.adapters.queue import PENDING_MS
from hub.adapters.store import Store, connect
from hub.model import Kind, Term
from hub.settings import Settings
from tests.entries import published
from tests.hubprocess import NEVER, HubProcess, entry, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


WAY = ("after_accept", "after_pop", "before_commit", "after_commit")
"""The points on the way from a hook to its documents; those of telling are in test_kill_while_telling."""


@pytest.fixture(scope="module")
def fuses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuses")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, fuses: Path) -> Iterator[HubProcess]:
    armed = ",".join(f"{point}@{fuses / point}" for point in WAY)
    with HubProcess(tmp_path_factory.mktemp("hub") / "data", crash_at=armed) as hub:
        yield hub


@pytest.mark.parametrize("point", WAY)
def test_a_kill_at_any_point_is_recovered_from_without_a_new_event(
    hub: HubProcess, fuses: Path, point: str
) -> None:
    number = WAY.index(point)
    settle(hub, 100 + number)
    fuse = fuses / point
    fuse.touch()

    try:
        hub.publish(entry(number, title=f"After {point}"))
    except NEVER:
        assert point == "after_accept", "only the front's death is seen by the CMS"

    wait_for(lambda: f"After {point}".encode() in hub.get("/feeds/category/world.atom"), why=hub.read_log)
    assert not fuse.exists(), "the kill happened"


def settle(hub: HubProcess, number: int) -> None:
    hub.publish_until_acknowledged(entry(number))
    wait_for(lambda: f"Article {number}".encode() in hub.get("/feeds/category/world.atom"), why=hub.read_log)


def accept_as_a_front_that_dies(hub: HubProcess, number: int, *, flag: bool) -> None:
    """Leave the state in which a front leaves it that dies after ACCEPT, with or without having won the flag."""

    async def accept() -> None:
        store = Store(connect(hub.redis_url), Settings())
        if flag:
            await store.client.set(store.keys.of("pending", "regenerate"), 1, px=PENDING_MS)
        world = Term(Kind.CATEGORY, "world", "world")
        date = datetime(2026, 3, 1, minute=number % 60, tzinfo=UTC)
        event = published(f"gap-{number}", world, title=f"Gap {number}", date_published=date)
        await store.accept([event], source="test")
        await store.close()

    asyncio.run(accept())


@pytest.mark.parametrize(
    "flag", [False, True], ids=["after ACCEPT, nobody rung", "flag won, nothing enqueued"]
)
def test_what_a_front_could_not_ring_for_is_rung_for(hub: HubProcess, flag: bool) -> None:  # noqa: FBT001
    """ACCEPT, the flag and the job go to Redis in one round trip; this is what is left if only a part arrives."""
    number = 200 + flag
    settle(hub, number)

    accept_as_a_front_that_dies(hub, number, flag=flag)

    wait_for(lambda: f"Gap {number}".encode() in hub.get("/feeds/category/world.atom"), why=hub.read_log)


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
