"""Hooks as real CMSs sent them (tests/cms-samples), and what it takes to send them again: a fresh signature."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.intake.hook import Hook
from hub.intake.policy import IntakePolicy

FOLDER = Path(__file__).parent / "cms-samples"
SECRET = "eco-secret"
POLICY = IntakePolicy(now=datetime(2026, 11, 23, 19, 30, tzinfo=UTC), base_url="https://site.test")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request, byte for byte."""

    source: str
    headers: dict[str, str]
    body: bytes

    @property
    def hook(self) -> Hook:
        return Hook(self.body, self.headers)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def saying(self, sent: Any, **headers: str) -> Recorded:
        """The same hook with another body, signed."""
        body = json.dumps(sent).encode()
        told = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, body=body, headers=told).signed()

    def signed(self, secret: str = SECRET, *, milliseconds: int | None = None) -> Recorded:
        """The same hook signed anew."""
        headers = dict(self.headers)
        if self.source == "ghost":
            t = str(milliseconds or round(datetime.now(UTC).timestamp() * 1000))
            digest = hmac.new(secret.encode(), self.body + t.encode(), "sha256").hexdigest()
            headers["x-ghost-signature"] = f"sha256={digest}, t={t}"
        elif self.source == "wordpress":
            digest64 = base64.b64encode(hmac.digest(secret.encode(), self.body, "sha256")).decode()
            headers["x-wp-webhook-signature"] = digest64
        elif self.source == "superdesk":
            headers["x-superdesk-signature"] = (
                "sha1=" + hmac.new(secret.encode(), self.body, "sha1").hexdigest()
            )
        return replace(self, headers=headers)

    def to_send(self) -> dict[str, str]:
        """Headers for a client that sets length, host and connection itself."""
        own = {"content-length", "host", "connection", "accept-encoding"}
        return {name: value for name, value in self.headers.items() if name not in own}


def recorded(name: str) -> Recorded:
    """Read a sample, such as `ghost/2-publish.post.published`."""
    head, _, body = (FOLDER / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
    if not body:
        head, _, body = (FOLDER / f"{name}.http").read_bytes().partition(b"\n\n")
    lines = head.decode().splitlines()[1:]
    headers = {
        key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)
    }
    return Recorded(name.partition("/")[0], headers, body)


ALL_SAMPLES = sorted(
    str(path.relative_to(FOLDER).with_suffix(""))
    for path in FOLDER.rglob("*.http")
    if path.parent.name != "pings"
)
"""What is signed, and says what changed."""
