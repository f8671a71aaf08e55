"""How commands speak to the hub: HTTP, to `FEEDHUB_URL` or to the address that `up` left in the data directory."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from hub.adapters.datadir import running_hub
from hub.errors import HubError, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.settings import Settings

UNAUTHORIZED = 401
TIMEOUT = 30.0
"""Seconds for one request."""
ROWS = 500
"""Of a list, in one request."""


class Refused(HubError):
    """The hub answered with a problem; the message is its sentence."""

    def __init__(self, sentence: str, answered: int | None = None) -> None:
        super().__init__(sentence)
        self.answered = answered
        """With which status; None: nobody answered."""


@dataclass(frozen=True, slots=True)
class Client:
    """One hub, as commands see it. `url` has no trailing slash."""

    url: str
    publish_token: str
    admin_token: str

    def get(self, path: str) -> Any:
        """GET a JSON answer with the admin token. Raises Refused."""
        _, body = self.ask("GET", path, token=self.admin_token)
        return json.loads(body)

    def post(self, path: str, said: object) -> Any:
        """POST JSON with the admin token. Raises Refused."""
        headers = {"Content-Type": "application/json"}
        _, body = self.ask(
            "POST", path, token=self.admin_token, body=json.dumps(said).encode(), headers=headers
        )
        return json.loads(body)

    def delete(self, path: str) -> None:
        """DELETE with the admin token. Raises Refused."""
        self.ask("DELETE", path, token=self.admin_token)

    def pages(self, path: str, rows: str, **query: str) -> Iterator[dict[str, Any]]:
        """GET a list page by page, with the admin token. Raises Refused."""
        cursor = ""
        while True:
            page = self.get(f"{path}?{urlencode({**query, 'limit': ROWS, 'cursor': cursor})}")
            yield from page[rows]
            if not page["cursor"]:
                return
            cursor = page["cursor"]

    def publish(self, body: bytes, **manner: str) -> Any:
        """POST publish events; `manner`: the query that says how. Raises Refused."""
        headers = {"Content-Type": "application/json"}
        path = f"/publish?{urlencode(manner)}" if manner else "/publish"
        _, answer = self.ask("POST", path, token=self.publish_token, body=body, headers=headers)
        return json.loads(answer)

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Send one request; answers status and body. Raises Refused for 4xx, 5xx and when nobody answers."""
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        request = Request(self.url + path, data=body, method=method, headers=(headers or {}) | authorization)  # noqa: S310
        try:
            with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310  (the operator's own http(s) URL)
                return answer.status, answer.read()
        except HTTPError as error:
            raise Refused(_sentence(error), error.code) from error
        except (URLError, OSError, HTTPException) as error:
            raise Refused(
                f"{self.url} does not answer ({getattr(error, 'reason', error)}): is the hub running?"
            ) from error


def client_for(settings: Settings) -> Client:
    """Find the hub: FEEDHUB_URL with the tokens of the settings, else the one that runs on the data directory.

    Raises Misconfigured if there is neither.
    """
    if url := os.environ.get("FEEDHUB_URL", ""):
        if not url.startswith(("http://", "https://")):
            raise Misconfigured([f"FEEDHUB_URL: {url!r} must begin with http:// or https://"])
        return Client(url.rstrip("/"), _first(settings.publish_token), _first(settings.admin_token))
    running = running_hub(settings.data_dir)
    if running is None:
        cure = (
            "start one with `feedhub up`, name its directory with --data, or set FEEDHUB_URL and the tokens"
        )
        raise Misconfigured([f"no hub runs on {settings.data_dir}: {cure}"])
    return Client(
        running.url,
        _first(settings.publish_token) or running.publish_token,
        _first(settings.admin_token) or running.admin_token,
    )


def _first(secrets: tuple[str, ...]) -> str:
    return secrets[0] if secrets else ""


def _sentence(error: HTTPError) -> str:
    """Give the problem's own words (RFC 9457), or the status."""
    try:
        problem = json.loads(error.read())
        hint = (
            " (set FEEDHUB_PUBLISH_TOKEN or FEEDHUB_ADMIN_TOKEN to this hub's)"
            if error.code == UNAUTHORIZED
            else ""
        )
        return f"{problem['title']}: {problem['detail']}{hint}"
    except (ValueError, KeyError, TypeError, OSError):
        return f"the hub answered {error.code} {error.reason}"
