"""The way of a publish hook with nothing in it, beside bare RQ: what no hub of these processes can be faster than.

The same hops as `bench publish`: HTTP to a front (aiohttp, uvloop), a script and the ring in one round trip, RQ's job
in `HubWorker`, a script that reads, one that stores 9 KB and appends to a stream, the front that follows it, and a
reader that polls. Nothing is parsed, sanitised, decided, rendered, compressed or kept.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.barerq import BareRq, summary
from hub.adapters.embedded import embedded
from hub.adapters.queue import REGENERATE, Bell, open_queue
from hub.adapters.store import Store, connect
from hub.adapters.store.database import Script
from hub.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

ROUNDS = 150
WARMUP = 20
NAME = "hops"
HOOK_BYTES, PATCH_BYTES, DOCUMENT_BYTES = 6_000, 9_000, 40_000
ACCEPT = "redis.call('HSET', KEYS[1], 'entry', ARGV[1]) return 1"
CLAIM = "redis.call('DEL', KEYS[2]) redis.call('HGET', KEYS[1], 'entry') return {1, 2, 3}"
COMMIT = (
    "redis.call('HSET', KEYS[1], 'document', ARGV[1]) redis.call('XADD', KEYS[2], '*', 'feed', 1) return 1"
)
STATE, STREAM = "hops:state", "hops:changes"


def main(argv: Sequence[str]) -> dict[str, object]:
    """Measure, print, and answer the figures (milliseconds)."""
    parser = argparse.ArgumentParser(prog="python -m bench hops", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args(argv).rounds
    with tempfile.TemporaryDirectory(prefix="feedhub-bench-") as folder:
        empty, baseline = asyncio.run(_with_server(Path(folder), rounds))
    figures: dict[str, Any] = {"empty_hops_ms": summary(empty), "bare_rq_ms": summary(baseline)}
    figures["ratio_p50"] = round(figures["empty_hops_ms"]["p50"] / figures["bare_rq_ms"]["p50"], 2)
    print(f"empty hops              p50 {figures['empty_hops_ms']['p50']:7.2f} ms")
    print(f"bare RQ enqueue → start p50 {figures['bare_rq_ms']['p50']:7.2f} ms")
    print(f"ratio of the medians    {figures['ratio_p50']:.2f}   ({rounds} rounds, in turn)")
    return figures | {"rounds": rounds}


async def _with_server(folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    async with embedded(folder) as url:
        return await asyncio.to_thread(_measure, url, rounds)


def _measure(url: str, rounds: int) -> tuple[list[float], list[float]]:
    empty: list[float] = []
    baseline: list[float] = []
    with ExitStack() as stack:
        for role in ("worker", "front"):
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.hops", role, url], stdout=subprocess.PIPE, text=True
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            assert process.stdout
            told = process.stdout.readline()
        bare = BareRq(url.replace("db=0", "db=1"))
        stack.callback(bare.close)
        publisher, reader = (HTTPConnection("127.0.0.1", int(told), timeout=10) for _ in range(2))
        for number in range(WARMUP + rounds):
            time.sleep(0.25)
            one = bare.ask()
            time.sleep(0.02)
            two = _round(publisher, reader, number)
            if number >= WARMUP:
                baseline.append(one)
                empty.append(two)
    return empty, baseline


def _round(publisher: HTTPConnection, reader: HTTPConnection, number: int) -> float:
    start = time.monotonic_ns()
    publisher.request("POST", "/hook", b"x" * HOOK_BYTES)
    publisher.getresponse().read()
    while True:
        reader.request("GET", "/document", headers={"If-None-Match": f'"{number}"'})
        answer = reader.getresponse()
        answer.read()
        if answer.status == 200:
            return (time.monotonic_ns() - start) / 1e6
        assert time.monotonic_ns() - start < 10e9, "the change was not served within 10 s"


# ---- the two processes --------------------------------------------------------------------------------------------


def work(url: str) -> None:
    """Run the worker: the hub's own, with a job that has nothing to do."""
    queue = open_queue(url, NAME, REGENERATE)
    from workers import jobs
    from workers.loop import Loop
    from workers.worker import HubWorker

    loop, store = Loop(), Store(connect(url), Settings(name=NAME))
    claim, commit = (loop.run(store.client.script_load(text)) for text in (CLAIM, COMMIT))
    patch, flag = os.urandom(PATCH_BYTES), store.keys.of("pending", REGENERATE)

    async def job() -> None:
        await store.client.evalsha(claim, 2, STATE, flag)
        await store.client.evalsha(commit, 2, STATE, STREAM, patch)

    jobs.regenerate = lambda: loop.run(job())
    print("ready", flush=True)
    HubWorker.on(queue).work(logging_level="WARNING")


async def serve(url: str) -> None:
    """Run the front: it rings, follows the stream, and serves one document."""
    from aiohttp import web

    store = Store(connect(url), Settings(name=NAME))
    bell = Bell(store, open_queue(url, NAME, REGENERATE))
    accept = await store.client.script_load(ACCEPT)
    ring = await store.client.script_load(Script("ring", store.keys).body)
    version, document = 0, os.urandom(DOCUMENT_BYTES)

    async def hook(request: web.Request) -> web.Response:
        pipe = store.client.pipeline(transaction=False)
        pipe.evalsha(accept, 1, STATE, await request.read())
        pipe.evalsha(ring, 1, store.keys.clock, *bell.call().args)
        await pipe.execute()
        return web.Response(status=202)

    async def read(request: web.Request) -> web.Response:
        if request.headers["If-None-Match"] == f'"{version}"':
            return web.Response(status=304)
        return web.Response(body=document)

    app = web.Application()
    app.add_routes([web.post("/hook", hook), web.get("/document", read)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    last: Any = "0"
    while True:
        for _, rows in await store.client.xread({STREAM: last}, block=1000) or []:
            last, version = rows[-1][0], version + len(rows)


if __name__ == "__main__":
    import uvloop

    if sys.argv[1] == "worker":
        work(sys.argv[2])
    else:
        uvloop.run(serve(sys.argv[2]))
