"""Publish hook → new document served, polled over HTTP, beside bare RQ's enqueue → start, in turn on one machine.

The hub runs as `feedhub up` in processes of its own; its feeds hold 50 entries of 5.6 KB. The clock starts before the
hook is sent and stops when an answer of the category's Atom document holds the change. Each round waits for a quiet
moment, as a newsroom's hooks do; the bare worker runs on the same Valkey, idle while the hub is asked and the reverse.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bench.barerq import BareRq, summary
from tests.hubprocess import HubProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 200
WARMUP = 20
ENTRIES = 50
WORDS = """harbour council ferry budget storm museum tram library bridge market school river vote strike
harvest clinic archive orchestra lighthouse ministry""".split()  # noqa: SIM905  (a list of words)


def main(argv: Sequence[str]) -> dict[str, object]:
    """Measure, print, and answer the figures (milliseconds)."""
    parser = argparse.ArgumentParser(prog="python -m bench publish", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args(argv).rounds
    with (
        tempfile.TemporaryDirectory(prefix="feedhub-bench-") as folder,
        HubProcess(Path(folder) / "data") as hub,
    ):
        bare, cms = BareRq(hub.redis_url.replace("db=0", "db=1")), Cms(hub)
        try:
            served, baseline = _measure(cms, bare, rounds)
        finally:
            cms.close()
            bare.close()
    figures: dict[str, Any] = {"hook_to_served_ms": summary(served), "bare_rq_ms": summary(baseline)}
    figures["ratio_p50"] = round(figures["hook_to_served_ms"]["p50"] / figures["bare_rq_ms"]["p50"], 2)
    figures["rounds"] = rounds
    print(f"publish hook → served   p50 {figures['hook_to_served_ms']['p50']:7.2f} ms   "
          f"p99 {figures['hook_to_served_ms']['p99']:7.2f} ms")  # fmt: skip
    print(f"bare RQ enqueue → start p50 {figures['bare_rq_ms']['p50']:7.2f} ms   "
          f"p99 {figures['bare_rq_ms']['p99']:7.2f} ms")  # fmt: skip
    print(f"ratio of the medians    {figures['ratio_p50']:.2f}   ({rounds} rounds, in turn)")
    return figures


def _measure(cms: Cms, bare: BareRq, rounds: int) -> tuple[list[float], list[float]]:
    served: list[float] = []
    baseline: list[float] = []
    for number in range(ENTRIES):
        cms.publish(json.dumps(article(number, 0)).encode())
    for number in range(WARMUP + rounds):
        time.sleep(0.25)  # a quiet time: the debounce is not what is measured
        one = bare.ask()
        time.sleep(0.02)
        two = cms.publish_and_wait(number)
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


class Cms:
    """The two parties of a round, each on a connection of its own: who publishes, and who polls."""

    def __init__(self, hub: HubProcess) -> None:
        where = urlsplit(hub.told["url"]).netloc
        self._token = hub.told["publish_token"]
        self._publisher = http.client.HTTPConnection(where, timeout=10)
        self._reader = http.client.HTTPConnection(where, timeout=10)
        self._etag = '""'

    def publish(self, body: bytes) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        self._publisher.request("POST", "/publish", body, headers)
        answer = self._publisher.getresponse()
        text = answer.read()
        assert answer.status == 202, text

    def poll(self) -> bytes:
        """Ask as readers do: gzip, and only for what is new. Answers the new document, or b''."""
        headers = {"Accept-Encoding": "gzip", "If-None-Match": self._etag}
        self._reader.request("GET", "/feeds/category/world.atom", headers=headers)
        answer = self._reader.getresponse()
        body = answer.read()
        if answer.status != 200:
            return b""
        self._etag = answer.headers["ETag"]
        return body

    def publish_and_wait(self, version: int) -> float:
        """Change one entry; answers milliseconds until the category's document that shows it was read."""
        event = article(version % ENTRIES, version + 1)
        body, mark = json.dumps(event).encode(), event["entry"]["title"].encode()
        while self.poll():
            pass
        start = time.monotonic_ns()
        self.publish(body)
        while not (document := self.poll()):
            assert time.monotonic_ns() - start < 10e9, "the change was not served within 10 s"
        elapsed = (time.monotonic_ns() - start) / 1e6
        assert mark in gzip.decompress(document), "the first new document shows the change"
        return elapsed

    def close(self) -> None:
        self._publisher.close()
        self._reader.close()
