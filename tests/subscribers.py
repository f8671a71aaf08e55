"""Subscribers of a whole hub: how tests ask it over HTTP, while their receivers run on this event loop."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.hubprocess import HubProcess, entry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def delivering_hub(folder: Path, **settings: str) -> HubProcess:
    """Make a hub that may deliver to this machine, and does not wait between deliveries."""
    return HubProcess(folder, egress_allow="127.0.0.0/8", **({"notify_interval_ms": "0"} | settings))


async def subscribe(
    hub: HubProcess, callback: str, *, feed: str = "category/world", mode: str = "subscribe", **more: str
) -> int:
    """Send a WebSub request; answers the status."""
    topic = f"{hub.told['public_url']}/feeds/{feed}.atom"
    fields = {"hub.mode": mode, "hub.topic": topic, "hub.callback": callback} | {
        f"hub.{k}": v for k, v in more.items()
    }
    status, _, _ = await asyncio.to_thread(hub.ask, "POST", "/websub", urlencode(fields), **FORM)
    return status


async def api(hub: HubProcess, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask `/api/…` with the admin token; answers status and JSON."""
    headers = {"Authorization": f"Bearer {hub.told['admin_token']}", "Content-Type": "application/json"}
    text = None if body is None else json.dumps(body)
    status, _, answer = await asyncio.to_thread(hub.ask, method, path, text, **headers)
    return status, json.loads(answer) if answer else None


async def publish(hub: HubProcess, event: Any) -> Any:
    return await asyncio.to_thread(hub.publish, event)


async def begin(hub: HubProcess) -> None:
    """Publish a first entry in `category/world` and wait until it is served: now there is a topic."""
    await publish(hub, entry(1))
    await until(lambda: hub.get("/feeds/category/world.atom"))


async def until(condition: Callable[[], Any], *, seconds: float = 20) -> None:
    """Wait for a condition (perhaps to be awaited) to come true."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.02)
