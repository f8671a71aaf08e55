"""One fast receiver's delivery time alone, and beside one bad receiver of each kind, in turn in one run.

Two feeds of one hub: the fast receiver has a webhook on both; on the second one there are also a slow, a dead, a
dripping, an endless, a redirecting, a failing, a too busy and a gone receiver. Each round publishes into both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import threading
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.barerq import summary
from bench.receiver import ReceiverProcess
from tests.hubprocess import HubProcess, entry
from tests.receivers import Dead, Drip, Endless, Gone, Redirecting, Slow, Status, TooMany

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.receivers import Receiver

ROUNDS = 40
LIMIT = 1.2
BAD: dict[str, Any] = {
    "slow": lambda: Slow(3.0),
    "dead": Dead,
    "drip": Drip,
    "endless": Endless,
    "redirecting": lambda: Redirecting("http://127.0.0.1:9/"),
    "failing": lambda: Status(500),
    "busy": TooMany,
    "gone": Gone,
}


def main(argv: Sequence[str]) -> dict[str, object]:
    """Measure, print, and answer the figures (milliseconds)."""
    parser = argparse.ArgumentParser(prog="python -m bench isolation", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args(argv).rounds
    with (
        tempfile.TemporaryDirectory(prefix="feedhub-bench-") as folder,
        ReceiverProcess() as fast,
        Zoo() as zoo,
    ):
        settings = {"egress_allow": "127.0.0.0/8", "notify_interval_ms": "0", "log_level": "warning"}
        with HubProcess(Path(folder) / "data", **settings) as hub:
            alone, beside = _measure(hub, fast, zoo, rounds)
            ends = {name: _state(hub, id_) for name, id_ in zoo.hooks.items()}
    figures: dict[str, Any] = {"alone_ms": summary(alone), "beside_ms": summary(beside), "rounds": rounds}
    figures["ratio"] = round(statistics.median(beside) / statistics.median(alone), 3)
    figures |= {"limit": LIMIT, "ends": ends}
    print(f"hook → callback alone            p50 {figures['alone_ms']['p50']:7.2f} ms")
    print(f"beside {len(BAD)} bad receivers           p50 {figures['beside_ms']['p50']:7.2f} ms")
    print(f"ratio                            {figures['ratio']:.2f}   (limit {LIMIT})")
    for name, end in ends.items():
        print(f"  {name:12} {end}")
    return figures


class Zoo:
    """The bad receivers, on a loop in a thread of their own."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}
        self.hooks: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()

    def __enter__(self) -> Zoo:  # noqa: PYI034
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stack.aclose(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _open(self) -> None:
        for name, make in BAD.items():
            receiver: Receiver = await self._stack.enter_async_context(make())
            self.urls[name] = receiver.url


def _measure(
    hub: HubProcess, fast: ReceiverProcess, zoo: Zoo, rounds: int
) -> tuple[list[float], list[float]]:
    for category in ("Alone", "Zoo"):
        hub.publish(entry(1, category=category))
        _hook(hub, f"{fast.url}/{category}", f"category/{category.lower()}")
    for name, url in zoo.urls.items():
        zoo.hooks[name] = _hook(hub, url, "category/zoo")
    times: dict[str, list[float]] = {"Alone": [], "Zoo": []}
    for number in range(rounds + 2):
        for category, taken in times.items():
            time.sleep(0.3)
            fast.reset()
            sent = time.monotonic_ns()
            hub.publish(entry(2 + number, category=category))
            taken.append((fast.await_deliveries(1)[0] - sent) / 1e6)
    return times["Alone"][2:], times["Zoo"][2:]


def _hook(hub: HubProcess, url: str, feed: str) -> str:
    headers = {"Authorization": f"Bearer {hub.told['admin_token']}", "Content-Type": "application/json"}
    body = json.dumps({"url": url, "feeds": [feed]})
    status, _, answer = hub.ask("POST", "/api/webhooks", body, **headers)
    assert status == 201, answer
    id_: str = json.loads(answer)["id"]
    return id_


def _state(hub: HubProcess, id_: str) -> str:
    """How a bad receiver's webhook stands at the end, in a line."""
    hook = hub.api(f"/api/webhooks/{id_}")
    (feed,) = hook["subscriptions"]
    last = (feed.get("last_attempt") or {}).get("outcome")
    return f"lane {feed['lane']}, {feed['failures']} failures, paused {feed['paused']}, last attempt: {last}"
