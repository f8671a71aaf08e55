"""A partner's webhook from its making to its end: signed deliveries, receipts, a replay, in real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook as Official

from tests.hubprocess import HubProcess, entry, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Partner:
    """A receiver on loopback that verifies nothing and forgets nothing."""

    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 204
    url: str = ""

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
def partner() -> Iterator[Partner]:
    partner = Partner()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            partner.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(partner.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    partner.url = f"http://127.0.0.1:{server.server_address[1]}/hook?key=callback-secret"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield partner
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    with HubProcess(tmp_path / "data", egress_allow="127.0.0.0/8", admin_token="admin") as hub:
        yield hub


def api(hub: HubProcess, method: str, path: str, said: object = None) -> Any:
    body = None if said is None else json.dumps(said).encode()
    headers = {"Authorization": "Bearer admin", "Content-Type": "application/json"}
    status, _, answer = hub.ask(method, path, body, **headers)
    assert status < 300, answer
    return json.loads(answer) if answer else None


def command(hub: HubProcess, *words: str) -> tuple[int, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FEEDHUB_")}
    ran = subprocess.run(
        [sys.executable, "-m", "hub", *words, "--data", hub.folder],
        capture_output=True,
        text=True,
        timeout=30,
        env=environ,
        check=False,
    )
    return ran.returncode, ran.stdout


def test_a_webhooks_life(hub: HubProcess, partner: Partner) -> None:
    hub.publish(entry(1, category="News"))
    made = api(hub, "POST", "/api/webhooks", {"url": partner.url, "feeds": ["category/news"]})
    path = f"/api/webhooks/{made['id']}"

    assert api(hub, "POST", f"{path}/test")["delivered"] is True
    assert partner.bodies()[0]["type"] == "webhook.test"
    partner.got.clear()

    hub.publish(entry(2, category="News"))
    wait_for(lambda: len(partner.got) == 1, why=hub.read_log)
    headers, body = partner.got[0]
    said = Official(made["secret"]).verify(body, headers)
    assert (said["type"], said["entry"]["id"]) == ("entry.published", "https://site.test/2")
    assert headers["webhook-id"] == f"category/news:{said['seq']}"

    partner.status = 500
    hub.publish({"type": "entry.removed", "entry": {"id": "https://site.test/2"}})
    wait_for(lambda: len(partner.got) > 1, why=hub.read_log)
    assert command(hub, "attempts", "--entry", "https://site.test/2")[0] == 1

    partner.status = 204
    wait_for(lambda: command(hub, "attempts", "--entry", "https://site.test/2")[0] == 0, why=hub.read_log)
    assert partner.bodies()[-1]["entry"] == {"id": "https://site.test/2"}

    partner.got.clear()
    assert command(hub, "replay", made["id"], "--since", "0")[0] == 0
    wait_for(lambda: len(partner.got) >= 2, why=hub.read_log)
    assert [one["entry"]["id"] for one in partner.bodies()] == ["https://site.test/1", "https://site.test/2"]

    assert made["id"] in command(hub, "subscriptions", "--feed", "category/news")[1]
    api(hub, "DELETE", path)
    assert made["id"] not in command(hub, "subscriptions")[1]
    for secret in ("callback-secret", made["secret"], "v1,"):
        assert secret not in hub.read_log()
