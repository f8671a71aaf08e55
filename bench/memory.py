"""Bytes of Redis memory per idle WebSub subscription, at 100,000; and what its last attempts add to that.

The baseline of the same run: the same callbacks, topics and sealed secrets as plain Redis hashes, and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub import websub
from hub.adapters.embedded import embedded
from hub.adapters.sealing import Sealer
from hub.adapters.store import Store, connect
from hub.adapters.store.subrecords import pack_attempt
from hub.delivery import KEPT_ATTEMPTS
from hub.model import FeedNumber, Format, Seq
from hub.settings import Settings
from hub.subscription import Attempt, Intent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUBSCRIPTIONS = 100_000
BATCH = 500
LIMIT = 600
TOPIC = "https://feeds.example.org/feeds/category/europe-news.atom"


def main(argv: Sequence[str]) -> dict[str, object]:
    """Measure, print, and answer the figures (bytes)."""
    parser = argparse.ArgumentParser(prog="python -m bench memory", description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=SUBSCRIPTIONS)
    count = parser.parse_args(argv).subscriptions
    with tempfile.TemporaryDirectory(prefix="feedhub-bench-") as folder:
        figures = asyncio.run(_measure(Path(folder), count))
    print(f"per idle subscription, {count} of them   {figures['idle_bytes']:6.0f} bytes   (limit {LIMIT})")
    print(
        f"the same as plain hashes                 {figures['plain_bytes']:6.0f} bytes   ratio {figures['ratio']:.2f}"
    )
    print(f"its last {KEPT_ATTEMPTS} attempts add              {figures['attempts_bytes']:6.0f} bytes")
    return figures


async def _measure(folder: Path, count: int) -> dict[str, Any]:
    async with embedded(folder) as url:
        store = Store(connect(url), Settings())
        try:
            await store.register("bench")
            empty = await _used(store)
            await _plain(store, count)
            plain = (await _used(store) - empty) / count
            await store.client.delete(*[f"plain:{number}" for number in range(count)])
            start = await _used(store)
            await _subscribe(store, count)
            idle = (await _used(store) - start) / count
            some = min(count, 10_000)
            before = await _used(store)
            await _attempt(store, some)
            attempts = (await _used(store) - before) / some
        finally:
            await store.close()
    return {
        "subscriptions": count,
        "idle_bytes": round(idle, 1),
        "plain_bytes": round(plain, 1),
        "ratio": round(idle / plain, 3),
        "attempts_bytes": round(attempts, 1),
        "limit": LIMIT,
    }


async def _used(store: Store) -> int:
    return int((await store.client.info("memory"))["used_memory"])


def _intents(count: int) -> Iterator[Intent]:
    sealer = Sealer(["a-test-key-of-a-bench"])
    for number in range(count):
        callback = f"https://reader-{number % 500}.example.net/websub/callback?subscription={number:08x}"
        id_ = websub.subscription_id(FeedNumber(1), Format.ATOM, callback)
        sealed = sealer.seal(f"secret-{number:024x}".encode(), id_)
        yield Intent(
            id_, "subscribe", TOPIC, FeedNumber(1), Format.ATOM, callback, sealed, "sha256", 864_000, None
        )


async def _plain(store: Store, count: int) -> None:
    pipe = store.client.pipeline(transaction=False)
    for number, intent in enumerate(_intents(count)):
        fields = {
            "callback": intent.callback,
            "topic": intent.topic,
            "secret": intent.secret,
            "lease_end": 1 << 40,
        }
        pipe.hset(f"plain:{number}", mapping=fields)
        if number % BATCH == BATCH - 1:
            await pipe.execute()
    await pipe.execute()


async def _subscribe(store: Store, count: int) -> None:
    """Take each the whole way but for the callback's answer; without the attempt that verified it."""
    verified = Attempt(0, "verification", "verified", 200, 1.0)
    lease_end = (await store.state()).now + 864_000_000
    for intent in _intents(count):
        await store.request(intent)
        ((asked, token, _),) = await store.intents(1)
        await store.verified(asked, token, "verified", verified, lease_end=lease_end)
        await store.client.delete(store.keys.of("attempts", intent.id))


async def _attempt(store: Store, count: int) -> None:
    """Log as many attempts of some as are kept."""
    now = (await store.state()).now
    text = pack_attempt(Attempt(now, "delivery", "delivered", 204, 12.3, Seq(now * 1000)))
    found, _ = await store.list_subscriptions(limit=count)
    for subscription in found:
        await store.client.lpush(store.keys.of("attempts", subscription.id), *[text] * KEPT_ATTEMPTS)
