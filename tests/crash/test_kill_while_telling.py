"""A worker killed anywhere in a fan-out loses nobody, needs no new event, and repeats only what was in flight."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import feedparser
import pytest

from tests.hubprocess import HubProcess, entry
from tests.receivers import Echo
from tests.subscribers import api, begin, delivering_hub, publish, subscribe, until

if TYPE_CHECKING:
    from pathlib import Path

READERS = 40


async def subscribed(hub: HubProcess, reader: Echo, count: int = READERS) -> None:
    for number in range(count):
        assert await subscribe(hub, f"{reader.url}/{number}") == 202
    await until(lambda: hub.redis().zcard("{feedhub}:leases") == count)


def told(reader: Echo, id_: str) -> Counter[str]:
    """How often each callback was told of an entry."""
    return Counter(
        each.path
        for each in reader.deliveries
        if any(e.id == id_ for e in feedparser.parse(each.body).entries)
    )


@pytest.mark.parametrize("point", ["after_claim", "before_settle", "after_commit"])
async def test_a_worker_killed_at_each_point_loses_no_subscriber(tmp_path: Path, point: str) -> None:
    fuse = tmp_path / "fuse"
    with delivering_hub(tmp_path / "data", crash_at=f"{point}@{fuse}") as hub:
        async with Echo() as reader:
            await begin(hub)
            await subscribed(hub, reader)
            fuse.touch()

            await publish(hub, entry(2))

            await until(lambda: len(told(reader, "https://site.test/2")) == READERS, seconds=25)
            assert not fuse.exists(), "the worker was killed"


async def test_a_webhooks_repeated_delivery_has_the_same_id(tmp_path: Path) -> None:
    fuse = tmp_path / "fuse"
    with delivering_hub(tmp_path / "data", crash_at=f"before_settle@{fuse}") as hub:
        async with Echo() as partner:
            await begin(hub)
            status, _ = await api(
                hub, "POST", "/api/webhooks", {"url": partner.url, "feeds": ["category/world"]}
            )
            assert status == 201
            fuse.touch()
            await publish(hub, entry(2))

            await until(lambda: len(partner.deliveries) >= 2)
            first, second = partner.deliveries[:2]
            assert first.headers["webhook-id"] == second.headers["webhook-id"]
            assert first.body == second.body


async def test_valkey_killed_in_mid_fan_out_loses_no_subscriber(tmp_path: Path) -> None:
    with delivering_hub(tmp_path / "data") as hub:
        async with Echo() as reader:
            await begin(hub)
            await subscribed(hub, reader)
            await publish(hub, entry(2))
            await asyncio.to_thread(hub.kill_child, "valkey")

            await until(lambda: len(told(reader, "https://site.test/2")) == READERS, seconds=25)
