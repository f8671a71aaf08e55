"""Random kills of every process for a while, and a reader that never sees a feed go back (after Jepsen, on one box)."""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.hubprocess import NEVER, HubProcess, entry, wait_for

if TYPE_CHECKING:
    from pathlib import Path

IDS = 80
"""More than a document shows, so that removals let older entries in."""
SECONDS = 40


class Publisher(threading.Thread):
    """Publishes, corrects and removes at random, repeating what is not acknowledged; knows what must be there."""

    def __init__(self, hub: HubProcess, seed: int) -> None:
        super().__init__()
        self.live: dict[int, str] = {}
        self.failure: BaseException | None = None
        self.enough = threading.Event()
        self._hub, self._random = hub, random.Random(seed)

    def run(self) -> None:
        try:
            version = 0
            while not self.enough.wait(0.01):
                version += 1
                self._change(self._random.randrange(IDS), version)
        except BaseException as error:  # noqa: BLE001  (handed to the test)
            self.failure = error

    def _change(self, number: int, version: int) -> None:
        if number in self.live and self._random.random() < 0.2:
            self._hub.publish_until_acknowledged(
                {"type": "entry.removed", "entry": {"id": f"https://site.test/{number}"}}, seconds=60
            )
            del self.live[number]
            return
        title = f"Article {number} version {version}"
        self._hub.publish_until_acknowledged(entry(number, title=title), seconds=60)
        self.live[number] = title


class Reader(threading.Thread):
    """Polls one document; notes the seqs that it is served."""

    def __init__(self, hub: HubProcess) -> None:
        super().__init__()
        self.seqs: list[int] = []
        self.enough = threading.Event()
        self._hub = hub

    def run(self) -> None:
        while not self.enough.wait(0.02):
            with suppress(*NEVER, KeyError):
                status, headers, _ = self._hub.ask("GET", "/feeds/category/world.json")
                if status == http.client.OK:
                    self.seqs.append(int(headers["ETag"].removeprefix('W/"').partition("-")[0]))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_random_kills_lose_nothing_acknowledged_and_turn_nothing_back(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with HubProcess(tmp_path / "data", "--workers", "2") as hub:
        publisher, reader = Publisher(hub, seed), Reader(hub)
        publisher.start()
        reader.start()
        end = time.monotonic() + SECONDS
        try:
            while time.monotonic() < end:
                time.sleep(chance.uniform(0.3, 2))
                victim = chance.choice(["regenerate", "regenerate", "front", "distribute", "valkey"])
                for pid in hub.children(victim)[:1]:
                    os.kill(pid, 9)
        finally:
            publisher.enough.set()
            publisher.join()
            reader.enough.set()
            reader.join()
        assert publisher.failure is None
        wait_for(lambda: shown(hub) == newest(publisher.live), why=hub.read_log)

    assert reader.seqs == sorted(reader.seqs), "a document older than one served before"


def shown(hub: HubProcess) -> list[str]:
    document = hub.get("/feeds/category/world.json")
    return [item["title"] for item in json.loads(document)["items"]] if document else []


def newest(live: dict[int, str]) -> list[str]:
    """What the document must show: the fifty latest by date, which grows with the number."""
    return [live[number] for number in sorted(live, reverse=True)[:50]]
