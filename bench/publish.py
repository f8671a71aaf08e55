"""Publish hook → new document served, polled over HTTP, beside bare RQ's enqueue → start, in turn on one machine.

The hub runs as `feedhub up` in processes of its own; its feeds hold 50 entries of 5.6 KB. The clock starts before the
hook is sent and stops when an answer of the category's Atom document holds the change. Each round waits for a quiet
moment, as a newsroom's hooks do; the bare worker runs on the same Valkey, idle while the hub is asked and the reverse.
"""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.barerq import BareRq, summary

ROUNDS = 200
WARMUP = 20
ENTRIES = 50
WORDS = """harbour council ferry budget storm museum tram library bridge market school river vote strike
harvest clinic archive orchestra lighthouse ministry""".split()  # noqa: SIM905  (a list of words)


def run() -> dict[str, object]:
    """Measure, print, and answer the figures (milliseconds)."""
    with tempfile.TemporaryDirectory(prefix="feedhub-bench-") as folder:
        hub = Hub(Path(folder))
        try:
            bare = BareRq(hub.redis_url)
            try:
                served, baseline = _measure(hub, bare)
            finally:
                bare.close()
        finally:
            hub.close()
    figures: dict[str, Any] = {"hook_to_served_ms": summary(served), "bare_rq_ms": summary(baseline)}
    figures["ratio_p50"] = round(figures["hook_to_served_ms"]["p50"] / figures["bare_rq_ms"]["p50"], 2)
    figures["rounds"] = ROUNDS
    print(f"publish hook → served   p50 {figures['hook_to_served_ms']['p50']:7.2f} ms   "
          f"p99 {figures['hook_to_served_ms']['p99']:7.2f} ms")  # fmt: skip
    print(f"bare RQ enqueue → start p50 {figures['bare_rq_ms']['p50']:7.2f} ms   "
          f"p99 {figures['bare_rq_ms']['p99']:7.2f} ms")  # fmt: skip
    print(f"ratio of the medians    {figures['ratio_p50']:.2f}   ({ROUNDS} rounds, in turn)")
    return figures


def _measure(hub: Hub, bare: BareRq) -> tuple[list[float], list[float]]:
    served: list[float] = []
    baseline: list[float] = []
    for number in range(ENTRIES):
        hub.publish(article(number, 0))
    for number in range(WARMUP + ROUNDS):
        time.sleep(0.25)  # a quiet time: the debounce is not what is measured
        one = bare.ask()
        time.sleep(0.02)
        two = hub.publish_and_wait(number)
        if number >= WARMUP:
            baseline.append(one)
            served.append(two)
    return served, baseline


def article(number: int, version: int) -> dict[str, Any]:
    """An article of about 5.6 KB, whose title names its version."""
    rng = random.Random(number)
    paragraphs = [f"<p>{' '.join(rng.choices(WORDS, k=70)).capitalize()}.</p>" for _ in range(11)]
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600 * (ENTRIES - number)))
    return {
        "type": "entry.published",
        "entry": {
            "id": f"https://gazette.example/{number}",
            "url": f"https://gazette.example/{number}",
            "title": f"Article {number}, version {version}",
            "content_html": "".join(paragraphs),
            "date_published": date,
            "authors": [{"name": f"Author {number % 3}"}],
            "categories": [{"name": "World"}],
        },
    }


class Hub:
    """`feedhub up` on a fresh directory, and one HTTP connection to it."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "hub", "up", "--port", "0", "--data", str(folder)]
        self._log = (folder / "up.log").open("wb")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        deadline = time.monotonic() + 30
        while not (folder / "hub.json").exists():
            assert time.monotonic() < deadline, (folder / "up.log").read_text()
            assert self._process.poll() is None, (folder / "up.log").read_text()
            time.sleep(0.02)
        told = json.loads((folder / "hub.json").read_text())
        self.redis_url = f"unix://{quote(str(folder / 'valkey.sock'))}?db=1"
        self._token = told["publish_token"]
        self._http = http.client.HTTPConnection(told["url"].removeprefix("http://"), timeout=10)
        # Publishing and polling are two parties: a connection each.
        self._poll = http.client.HTTPConnection(told["url"].removeprefix("http://"), timeout=10)

    def publish(self, event: dict[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        self._http.request("POST", "/publish", json.dumps(event), headers)
        answer = self._http.getresponse()
        body = answer.read()
        assert answer.status == 202, body

    def publish_and_wait(self, version: int) -> float:
        """Change one entry; answers milliseconds until the category's document shows it."""
        number = version % ENTRIES
        event = article(number, version + 1)
        mark = event["entry"]["title"].encode()
        start = time.monotonic_ns()
        self.publish(event)
        while True:
            self._poll.request("GET", "/feeds/category/world.atom")
            if mark in self._poll.getresponse().read():
                return (time.monotonic_ns() - start) / 1e6
            assert time.monotonic_ns() - start < 10e9, "the change was not served within 10 s"

    def close(self) -> None:
        self._http.close()
        self._poll.close()
        self._process.terminate()
        self._process.wait(30)
        self._log.close()
