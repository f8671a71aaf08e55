"""A partner from its first key to its last, on two real fronts: one that makes and revokes, one that serves."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import feedparser
import pytest
from lxml import etree

from tests.hubprocess import HubProcess, entry, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRETS = {
    "admin_token": "test-admin",
    "publish_token": "test-publish",
    "secret_key": "test-secret-key-of-these-two-fronts",
}
PAID = "what only members may read"


class OtherFront:
    """A second `feedhub front` on the same Redis."""

    def __init__(self, hub: HubProcess, folder: Path) -> None:
        self.log = folder / "other-front.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = "{}:{}".format(*free.getsockname())
        settings = SECRETS | {"redis_url": hub.redis_url, "public_url": hub.told["public_url"]}
        environ = {name: value for name, value in os.environ.items() if not name.startswith("FEEDHUB_")}
        environ |= {f"FEEDHUB_{name.upper()}": value for name, value in settings.items()}
        host, _, port = self.address.partition(":")
        command = [sys.executable, "-m", "hub", "front", "--host", host, "--port", port]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        wait_for(lambda: b"listening" in self.log.read_bytes(), why=self.log.read_text)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def get(self, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=15)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    with HubProcess(tmp_path / "data", **SECRETS) as hub:
        for number in range(1, 4):
            hub.publish(entry(number, category="News"))
        paid = f"<p>Teaser.</p><!--members-only--><p>{PAID}</p>"
        hub.publish(entry(4, category="News", content_html=paid, visibility="paid", summary="Teaser."))
        wait_for(lambda: b"site.test/4" in hub.get("/feeds/category/news.rss"), why=hub.read_log)
        yield hub


@pytest.fixture
def other(hub: HubProcess, tmp_path: Path) -> Iterator[OtherFront]:
    front = OtherFront(hub, tmp_path)
    yield front
    front.stop()


def api(hub: HubProcess, method: str, path: str, said: object = None, *, key: str = "test-admin") -> Any:
    body = None if said is None else json.dumps(said).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    status, _, answer = hub.ask(method, path, body, **headers)
    assert status < 300, answer
    return json.loads(answer) if answer else None


def ids(rss: bytes) -> list[str]:
    return [guid.rpartition("/")[2] for guid in etree.fromstring(rss).xpath("//guid/text()")]


def test_a_partners_life_on_two_fronts(hub: HubProcess, other: OtherFront) -> None:
    rss = "/feeds/category/news.rss"
    made = api(hub, "POST", "/api/partners", {"name": "MSN", "size": 3, "deletes": "expire"})
    key = made["key"]
    ways: list[tuple[str, dict[str, str]]] = [
        (rss, {"Authorization": f"Bearer {key}"}),
        (rss, {"Authorization": "Basic " + b64encode(f"msn:{key}".encode()).decode()}),
        (f"{rss}?key={key}", {}),
    ]

    # The key was made at the one front and opens at the other at once.
    documents = [other.get(path, **headers) for path, headers in ways]
    assert [(status, ids(body)) for status, _, body in documents] == [(200, ["4", "3", "2"])] * 3
    _, headers, body = documents[0]
    assert headers["Cache-Control"] == "private, no-store"
    assert PAID.encode() not in body
    assert other.get(rss, **ways[0][1], **{"If-None-Match": headers["ETag"]})[0] == 304

    # Who has none sees what it saw.
    public = other.get(rss)
    assert (public[0], ids(public[2])) == (200, ["4", "3", "2", "1"])
    assert public[1]["Cache-Control"].startswith("public")

    # A removal stays, over and emptied, in the edition alone.
    hub.publish({"type": "entry.removed", "entry": {"id": "https://site.test/3"}})
    wait_for(lambda: b"dcterms:valid" in other.get(rss, **ways[0][1])[2], why=hub.read_log)
    edition = other.get(rss, **ways[0][1])[2]
    assert not feedparser.parse(edition).bozo
    assert ids(edition) == ["3", "4", "2", "1"]
    assert b"Article 3" not in edition
    wait_for(lambda: ids(other.get(rss)[2]) == ["4", "2", "1"], why=hub.read_log)

    # A stream at the other front, and a webhook of its own.
    hook = {"url": "https://partner.test/hook", "feeds": ["category/news"]}
    webhook = api(hub, "POST", "/api/webhooks", hook, key=key)
    assert webhook["partner"] == made["id"]
    stream = http.client.HTTPConnection(other.address, timeout=30)
    stream.request("GET", f"/feeds/category/news/stream?key={key}&since=0")
    following = stream.getresponse()
    assert following.status == 200
    assert following.readline().startswith(b"retry:")

    # Revoked at the one, refused at the other; what was open ends.
    api(hub, "DELETE", f"/api/partners/{made['id']}")
    assert hub.ask("GET", rss, **ways[0][1])[0] == 401
    for path, headers_ in ways:
        wait_for(lambda path=path, headers_=headers_: other.get(path, **headers_)[0] == 401)
    assert PAID.encode() not in following.read()  # and it does end
    stream.close()
    assert api(hub, "GET", "/api/webhooks")["webhooks"] == []
    assert other.get(rss)[0] == 200

    for log in (hub.log, other.log):
        text = log.read_text(errors="replace")
        assert "status=401" in text
        assert key[8:] not in text


def test_an_operator_sees_what_both_fronts_served(hub: HubProcess, other: OtherFront) -> None:
    made = api(hub, "POST", "/api/partners", {"name": "Newsstand"})
    auth = {"Authorization": f"Bearer {made['key']}"}
    first = other.get("/feeds/all.json", **auth)
    other.get("/feeds/all.json", **auth, **{"If-None-Match": first[1]["ETag"]})
    hub.ask("GET", "/feeds/all.json?since=0", **auth)

    def counted() -> dict[str, int]:
        usage = api(hub, "GET", f"/api/partners/{made['id']}")["usage"]
        return {name: sum(row[name] for row in usage) for name in ("requests", "ok", "not_modified")}

    wait_for(lambda: counted() == {"requests": 3, "ok": 2, "not_modified": 1}, why=counted)
    assert urlsplit(hub.told["url"]).netloc != other.address
