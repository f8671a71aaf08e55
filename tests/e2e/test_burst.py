"""Ten thousand publish hooks at once."""

from __future__ import annotations

import http.client
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.hubprocess import HubProcess, entry, wait_for

if TYPE_CHECKING:
    from pathlib import Path


class Reader(threading.Thread):
    """Polls one document over one connection; notes each seq that its ETag shows."""

    def __init__(self, hub: HubProcess, path: str) -> None:
        super().__init__()
        self.seqs: list[int] = []
        self.enough = threading.Event()
        self._connection = http.client.HTTPConnection(urlsplit(hub.told["url"]).netloc, timeout=15)
        self._path = path

    def run(self) -> None:
        while not self.enough.wait(0.02):
            self._connection.request("GET", self._path, headers={"Accept-Encoding": "gzip"})
            answer = self._connection.getresponse()
            answer.read()
            if answer.status == 200:
                found = re.fullmatch(r'W/"(\d+)-[0-9a-f]+"', answer.headers["ETag"])
                assert found, answer.headers["ETag"]
                self.seqs.append(int(found[1]))
        self._connection.close()


@pytest.mark.timeout(180)
def test_ten_thousand_events_in_a_burst_cost_few_regenerations_and_lose_nothing(tmp_path: Path) -> None:
    with HubProcess(tmp_path / "data") as hub:
        burst(hub)


def burst(hub: HubProcess) -> None:
    reader = Reader(hub, "/feeds/category/burst.atom")
    reader.start()
    numbers = range(10_000)
    try:
        for start in range(0, len(numbers), 250):
            answers = hub.publish([entry(n, category="Burst") for n in numbers[start : start + 250]])
            assert {answer["outcome"] for answer in answers} == {"accepted"}
        last = f"<title>Article {numbers[-1]}</title>".encode()
        wait_for(lambda: last in hub.get("/feeds/category/burst.atom"), why=hub.read_log)
    finally:
        reader.enough.set()
        reader.join()

    assert reader.seqs, "the reader saw the burst"
    assert reader.seqs == sorted(reader.seqs), "never a document older than one served before"
    feed = next(f for f in hub.api("/api/feeds?limit=500")["feeds"] if f["feed"] == "category/burst")
    assert feed["entries"] == len(numbers)
    assert commits(hub, feed["seq"]) <= 200


def commits(hub: HubProcess, seq: int) -> int:
    """How often the feed whose last change is `seq` was committed, by the change stream."""
    rows: list[tuple[bytes, dict[bytes, bytes]]] = hub.redis().xrange("{feedhub}:changes")
    numbers = {fields[b"feed"] for _, fields in rows if int(fields[b"seq"]) == seq}
    counts = [sum(fields[b"feed"] == number for _, fields in rows) for number in numbers]
    return max(counts)
