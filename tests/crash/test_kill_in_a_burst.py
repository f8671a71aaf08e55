"""SIGKILL of each process in the middle of a burst: everything acknowledged is in the feeds, nothing goes back."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.hubprocess import HubProcess, entry, wait_for

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = 300


class Burst:
    """Publishes events one by one on a thread, as a CMS would: an unanswered hook is sent again."""

    def __init__(self, hub: HubProcess, count: int) -> None:
        self.acknowledged = 0
        self.failure: BaseException | None = None
        self._hub, self._count = hub, count
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            for number in range(self._count):
                self._hub.publish_until_acknowledged(entry(number))
                self.acknowledged = number + 1
        except BaseException as error:  # noqa: BLE001  (handed to the test)
            self.failure = error

    def wait(self) -> None:
        self._thread.join()
        if self.failure:
            raise self.failure


def in_feeds(hub: HubProcess) -> int:
    listing = hub.api("/api/feeds?limit=500")["feeds"]
    return next((int(feed["entries"]) for feed in listing if feed["feed"] == "category/world"), 0)


def newest_served(hub: HubProcess, count: int) -> bool:
    body = hub.get("/feeds/category/world.atom")
    return all(f"<title>Article {number}</title>".encode() in body for number in range(count - 50, count))


@pytest.mark.parametrize("victim", ["regenerate", "front", "valkey"])
def test_a_kill_in_mid_burst_loses_nothing_acknowledged(tmp_path: Path, victim: str) -> None:
    with HubProcess(tmp_path / "data") as hub:
        burst = Burst(hub, EVENTS)
        wait_for(lambda: burst.acknowledged > EVENTS // 3, why=hub.read_log)
        dead = hub.kill_child(victim)
        burst.wait()

        wait_for(lambda: newest_served(hub, EVENTS), why=hub.read_log)
        assert in_feeds(hub) == EVENTS
        assert dead not in hub.children()


def test_a_kill_of_the_whole_hub_in_mid_burst_loses_and_doubles_nothing(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path / "data")
    hub.start()
    children = hub.children()
    burst: list[Any] = []
    try:
        for number in range(EVENTS // 2):
            hub.publish(entry(number))
            burst.append(number)
        hub.kill()
    finally:
        hub.stop()
        wait_for(lambda: not any(_alive(pid) for pid in children), why=hub.read_log)

    with HubProcess(tmp_path / "data") as again:
        wait_for(lambda: newest_served(again, len(burst)), why=again.read_log)
        assert in_feeds(again) == len(burst)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_hangs_with_a_job_delays_and_undoes_nothing(tmp_path: Path) -> None:
    """SIGSTOP: it may have been handed the ring, and wakes up with an old claim when another has done the work."""
    with HubProcess(tmp_path / "data", "--workers", "2") as hub:
        hub.publish(entry(1))
        wait_for(lambda: b"Article 1" in hub.get("/feeds/all.atom"), why=hub.read_log)
        hung = hub.children("regenerate")[0]
        os.kill(hung, signal.SIGSTOP)
        try:
            for number in range(2, 6):
                hub.publish(entry(number))
                mark = f"Article {number}".encode()
                wait_for(lambda mark=mark: mark in hub.get("/feeds/all.atom"), why=hub.read_log)
        finally:
            os.kill(hung, signal.SIGCONT)
        hub.publish(entry(6))

        wait_for(lambda: b"Article 6" in hub.get("/feeds/all.atom"), why=hub.read_log)


def test_a_redis_that_hangs_is_answered_503_and_loses_nothing(tmp_path: Path) -> None:
    """SIGSTOP: it accepts and never answers, as on a stalled disk."""
    with HubProcess(tmp_path / "data") as hub:
        hub.publish(entry(1))
        wait_for(lambda: b"Article 1" in hub.get("/feeds/all.atom"), why=hub.read_log)
        (valkey,) = hub.children("valkey")
        os.kill(valkey, signal.SIGSTOP)
        try:
            token = f"Bearer {hub.told['publish_token']}"
            body = json.dumps(entry(2))
            status, headers, _ = hub.ask(
                "POST", "/publish", body, **{"Authorization": token, "Content-Type": "application/json"}
            )
            assert (status, "Retry-After" in headers) == (503, True)
            assert b"Article 1" in hub.get("/feeds/all.atom"), "memory is served meanwhile"
        finally:
            os.kill(valkey, signal.SIGCONT)
        hub.publish_until_acknowledged(entry(2))

        wait_for(lambda: b"Article 2" in hub.get("/feeds/all.atom"), why=hub.read_log)
