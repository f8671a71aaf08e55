"""Following a feed in real processes: what is published arrives, a client that was away misses nothing."""

from __future__ import annotations

import http.client
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.hubprocess import HubProcess, entry, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    with HubProcess(tmp_path_factory.mktemp("streams") / "data") as hub:
        yield hub


class Stream:
    """An SSE client."""

    def __init__(self, hub: HubProcess, path: str, **headers: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(hub.told["url"]).netloc, timeout=10)
        self._connection.request("GET", path, headers=headers)
        self.answer = self._connection.getresponse()
        assert self.answer.status == 200, self.answer.read()

    def event(self) -> dict[str, Any]:
        """The next event; raises TimeoutError if none comes, EOFError at the stream's end."""
        fields: dict[str, Any] = {}
        while line := self.answer.readline().decode():
            name, _, value = line.removesuffix("\n").partition(": ")
            if name:
                fields[name] = value
            elif "event" in fields:
                return fields | {"data": json.loads(fields["data"])}
        raise EOFError

    def close(self) -> None:
        self.answer.close()
        self._connection.close()


def publish(hub: HubProcess, number: int, category: str, **fields: Any) -> int:
    """Publish; answers the seq in the category's feed."""
    answer = hub.publish(entry(number, category=category, **fields))
    return next(int(row["seq"]) for row in answer["feeds"] if row["feed"].startswith("category/"))


def test_what_is_published_arrives(hub: HubProcess) -> None:
    publish(hub, 1, "Live")
    stream = Stream(hub, "/feeds/category/live/stream")

    seq = publish(hub, 2, "Live", title="Breaking")

    event = stream.event()
    assert (event["event"], event["id"]) == ("entry.published", str(seq))
    assert event["data"]["entry"]["title"] == "Breaking"
    hub.publish({"type": "entry.removed", "entry": {"id": "https://site.test/2"}})
    assert stream.event()["event"] == "entry.removed"
    stream.close()


def test_who_was_away_misses_nothing_also_across_a_front_s_death(hub: HubProcess) -> None:
    publish(hub, 10, "Resume")
    stream = Stream(hub, "/feeds/category/resume/stream")
    publish(hub, 11, "Resume")
    last = stream.event()["id"]
    stream.close()

    publish(hub, 12, "Resume")
    hub.kill_child("front")
    wait_for(lambda: bool(hub.get("/healthz")), why=hub.read_log)
    hub.publish_until_acknowledged(entry(13, category="Resume"))

    stream = Stream(hub, "/feeds/category/resume/stream", **{"Last-Event-ID": last})
    ids = [stream.event()["data"]["entry"]["id"] for _ in range(2)]
    assert ids == ["https://site.test/12", "https://site.test/13"]
    stream.close()


def test_a_cursor_that_can_not_be_served_is_a_reset(hub: HubProcess) -> None:
    head = publish(hub, 20, "Gap")

    stream = Stream(hub, "/feeds/category/gap/stream", **{"Last-Event-ID": str(head + 10**9)})

    event = stream.event()
    assert (event["event"], event["id"]) == ("reset", str(head))
    seq = publish(hub, 21, "Gap")
    assert stream.event()["id"] == str(seq)
    stream.close()


def test_a_partner_s_copy_by_polling(hub: HubProcess) -> None:
    for number in range(30, 35):
        publish(hub, number, "Copy")
    after, ids = "0", []
    while True:
        page = json.loads(hub.get(f"/feeds/category/copy.json?since={after}&limit=2"))
        ids += [item["id"] for item in page["items"]]
        after = page["_feedhub"]["next"]
        if not page["_feedhub"]["more"]:
            break
    assert ids == [f"https://site.test/{number}" for number in range(30, 35)]


def test_open_streams_do_not_delay_the_end(tmp_path: Path) -> None:
    with HubProcess(tmp_path / "data") as hub:
        publish(hub, 1, "End")
        streams = [Stream(hub, "/feeds/category/end/stream") for _ in range(5)]
        began = time.monotonic()
        hub.stop()

        assert time.monotonic() - began < 5
        for stream in streams:
            with pytest.raises(EOFError):
                stream.event()
