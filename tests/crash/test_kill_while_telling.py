"""A worker killed or frozen in a fan-out loses nobody, needs no new event, and repeats only what was in flight."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import feedparser
import pytest

from tests.hubprocess import HubProcess, entry, wait_for
from tests.receivers import Echo
from tests.subscribers import api, begin, delivering_hub, publish, subscribe, until

if TYPE_CHECKING:
    from asyncio import StreamWriter
    from collections.abc import Iterator
    from pathlib import Path

    from tests.receivers import Received

READERS = 40
ALIVE = "{feedhub}:alive"


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


class Holding(Echo):
    """Answers deliveries only once it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        if request.method == "POST":
            await self.let_go.wait()
        return await super().respond(request, writer)


@contextmanager
def second_worker(hub: HubProcess, **settings: str) -> Iterator[int]:
    """Run another `distribute` worker beside the hub's own, as a second machine does; gives its pid."""
    told = {"redis_url": hub.redis_url, "public_url": hub.told["public_url"]} | settings
    environ = os.environ | {f"FEEDHUB_{name.upper()}": value for name, value in told.items()}
    worker = subprocess.Popen(
        [sys.executable, "-m", "hub", "worker", "--queue", "distribute"],
        env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(
            lambda: len([each for each in hub.redis().zrange(ALIVE, 0, -1) if b"distribute" in each]) > 1
        )
        yield worker.pid
    finally:
        worker.kill()
        worker.wait()


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Stop a process of ours, as a machine that stalls does, and let it go on."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("which", [0, 1])
async def test_what_a_frozen_worker_holds_another_tells(tmp_path: Path, which: int) -> None:
    """One of the two has the claims. A stalled one wakes later, and goes on with what is not its own any more."""
    settings = {"egress_allow": "127.0.0.0/8", "notify_interval_ms": "0", "secret_key": "test-secret-key"}
    with HubProcess(tmp_path / "data", **settings) as hub, second_worker(hub, **settings) as second:
        async with Holding() as reader:
            await begin(hub)
            await subscribed(hub, reader)
            await publish(hub, entry(2))
            await until(lambda: reader.deliveries)
            with frozen([*hub.children("distribute"), second][which]):
                reader.let_go.set()
                await publish(hub, entry(3))
                await until(lambda: len(told(reader, "https://site.test/3")) == READERS, seconds=25)
            await publish(hub, entry(4))

            await until(lambda: len(told(reader, "https://site.test/4")) == READERS)
            await until(lambda: hub.redis().hlen("{feedhub}:out") == 0)
