"""A script's round trip by our line to Redis, beside redis-py's client: alone, and two in one write.

Each round waits before it asks, as hooks do: what matters is how much code runs cold, not how fast a tight loop is.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from bench.barerq import summary
from hub.adapters.embedded import embedded
from hub.adapters.line import Line
from hub.adapters.store import connect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

ROUNDS = 100
PAUSE_SECONDS = 0.1
BYTES = 6_000
SCRIPT = "redis.call('HSET', KEYS[1], 'entry', ARGV[1]) return {1, 2, 3}"


def main(argv: Sequence[str]) -> dict[str, object]:
    """Measure, print, and answer the figures (milliseconds)."""
    parser = argparse.ArgumentParser(prog="python -m bench line", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args(argv).rounds
    figures: dict[str, Any] = uvloop.run(_measure(rounds))
    for name in ("one", "two"):
        ours, theirs = figures[f"{name}_ms"]["p50"], figures[f"{name}_by_client_ms"]["p50"]
        figures[f"ratio_{name}"] = round(ours / theirs, 2)
        print(f"{name:<4} line {ours:6.3f} ms   redis-py {theirs:6.3f} ms   ratio {ours / theirs:.2f}")
    return figures | {"rounds": rounds}


async def _measure(rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="feedhub-bench-") as folder:
        async with embedded(Path(folder)) as url:
            client = connect(url)
            line, sha = Line(client), await client.script_load(SCRIPT)
            big, small = ((sha, 1, "bench", body) for body in (os.urandom(BYTES), b"small"))

            async def pipelined() -> None:
                pipe = client.pipeline(transaction=False)
                pipe.evalsha(*big)
                pipe.evalsha(*small)
                await pipe.execute()

            ways: dict[str, Callable[[], Awaitable[Any]]] = {
                "one_ms": lambda: line.ask([("EVALSHA", *big)]),
                "one_by_client_ms": lambda: client.evalsha(*big),
                "two_ms": lambda: line.ask([("EVALSHA", *big), ("EVALSHA", *small)]),
                "two_by_client_ms": pipelined,
            }
            taken: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(rounds):
                for name, way in ways.items():
                    time.sleep(PAUSE_SECONDS)  # noqa: ASYNC251  (nothing else is to run)
                    start = time.perf_counter_ns()
                    await way()
                    taken[name].append((time.perf_counter_ns() - start) / 1e6)
            await client.aclose()
    return {name: summary(values) for name, values in taken.items()}
