"""One change to 10,000 WebSub subscribers by one worker process, against a bare aiohttp loop that posts the same bytes.

Both post signed Atom to the same receiver, in turn, in one run. The bare loop posts the very bytes and signature of a
delivery that the hub has just made, over 64 connections, and has nothing to remember. Then: hook → callback with one
subscriber (against bare RQ) and with a thousand.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import uvloop

from bench.barerq import BareRq, summary
from bench.publish import article
from bench.receiver import ReceiverProcess
from bench.subscribing import SECRET_KEY, subscribe
from tests.hubprocess import HubProcess, wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

SUBSCRIBERS = 10_000
SOME = 1_000
ROUNDS = 5
ENTRIES = 50
BARE_CONNECTIONS = 64


def main(argv: Sequence[str]) -> dict[str, object]:
    """Measure, print, and answer the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench fanout", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=SUBSCRIBERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(argv)
    figures: dict[str, Any] = {"subscribers": options.subscribers, "rounds": options.rounds}
    with ReceiverProcess() as receiver:
        with _hub() as hub:
            figures |= _latency(hub, receiver)
        with _hub() as hub:
            figures |= _fanout(hub, receiver, options.subscribers, options.rounds)
    _print(figures)
    return figures


def _print(figures: dict[str, Any]) -> None:
    one, some = figures["one_ms"], figures["some_ms"]
    print(f"one change → {figures['subscribers']} subscribers")
    print(
        f"  hub {figures['hub_s']:.2f} s   bare aiohttp {figures['bare_s']:.2f} s   ratio {figures['ratio']:.2f}"
    )
    print(f"hook → callback, one subscriber  p50 {one['p50']:.2f} ms   p99 {one['p99']:.2f} ms")
    print(
        f"  over bare RQ enqueue → start   {figures['ratio_one']:.2f}   ({figures['bare_rq_ms']['p50']:.2f} ms)"
    )
    print(f"hook → callback, {SOME} of them   p50 {some['p50']:.1f} ms   p99 {some['p99']:.1f} ms")


class _hub(HubProcess):  # noqa: N801  (a context manager that cleans up its folder)
    """A hub with 50 articles in `category/world`, which may deliver to this machine."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="feedhub-bench-")
        super().__init__(
            Path(self._folder.name) / "data",
            secret_key=SECRET_KEY,
            egress_allow="127.0.0.0/8",
            log_level="warning",
            notify_interval_ms="0",
        )

    def start(self) -> None:
        super().start()
        self.publish([article(number, 0) for number in range(ENTRIES)])
        wait_for(lambda: b"Article 49" in self.get("/feeds/category/world.json"))

    def stop(self) -> None:
        super().stop()
        self._folder.cleanup()


def _fanout(hub: HubProcess, receiver: ReceiverProcess, count: int, rounds: int) -> dict[str, Any]:
    verified = subscribe(hub, "category/world", receiver.callbacks(count))
    told, bare = [], []
    for number in range(rounds):
        receiver.reset()
        sent = time.monotonic_ns()
        hub.publish(article(number % ENTRIES, number + 1))
        told.append((receiver.await_deliveries(count)[-1] - sent) / 1e9)
        assert receiver.receivers() == count, "every subscriber was told"
        headers, body = receiver.last()
        time.sleep(1)  # what the hub settles and logs afterwards is not to slow the bare loop
        bare.append(uvloop.run(_post_all(list(receiver.callbacks(count)), headers, body)))
    hub_s, bare_s = statistics.median(told), statistics.median(bare)
    return {
        "verified_s": round(verified, 2),
        "hub_s": round(hub_s, 3),
        "bare_s": round(bare_s, 3),
        "ratio": round(bare_s / hub_s, 3),
    }


async def _post_all(urls: list[str], headers: dict[str, str], body: bytes) -> float:
    left = iter(urls)

    async def post(session: aiohttp.ClientSession) -> None:
        for url in left:
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
                assert answer.status == 204

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=BARE_CONNECTIONS)) as session:
        started = time.monotonic()
        await asyncio.gather(*(post(session) for _ in range(BARE_CONNECTIONS)))
        return time.monotonic() - started


def _latency(hub: HubProcess, receiver: ReceiverProcess) -> dict[str, Any]:
    bare = BareRq(hub.redis_url.replace("db=0", "db=1"))
    one: list[float] = []
    baseline: list[float] = []
    try:
        subscribe(hub, "category/world", receiver.callbacks(1))
        for number in range(60):
            time.sleep(0.3)
            baseline.append(bare.ask())
            one.append(_hook_to_callbacks(hub, receiver, number, 1)[0])
    finally:
        bare.close()
    subscribe(hub, "category/world", list(receiver.callbacks(SOME))[1:])
    some: list[float] = []
    for number in range(60, 65):
        time.sleep(0.5)
        some += _hook_to_callbacks(hub, receiver, number, SOME)
    figures: dict[str, Any] = {
        "one_ms": summary(one[10:]),
        "bare_rq_ms": summary(baseline[10:]),
        "some_ms": summary(some),
    }
    figures["ratio_one"] = round(figures["one_ms"]["p50"] / figures["bare_rq_ms"]["p50"], 2)
    return figures


def _hook_to_callbacks(hub: HubProcess, receiver: ReceiverProcess, number: int, count: int) -> list[float]:
    """Milliseconds from before the hook was sent to each callback."""
    receiver.reset()
    sent = time.monotonic_ns()
    hub.publish(article(number % ENTRIES, number + 1))
    return [(at - sent) / 1e6 for at in receiver.await_deliveries(count)]
