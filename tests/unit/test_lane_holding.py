"""A lane holds a subscription once, however often it claims it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from hub.subscription import Channel, Lane
from workers.lanes import LaneTask


async def test_a_claim_that_comes_again_while_it_is_delivered_is_not_delivered_beside_itself() -> None:
    begun: list[Any] = []

    async def deliver(claimed: Any, _hook: Any) -> None:
        begun.append(claimed)
        await asyncio.sleep(0.05)

    one = SimpleNamespace(id="one", callback="https://reader.test/", channel=Channel.WEBSUB, claim="1")

    async def claim_subscribers(*_: Any, **__: Any) -> tuple[list[Any], bool]:
        return [SimpleNamespace(subscription=one)], False

    lane = LaneTask(
        Lane.FAST,
        store=SimpleNamespace(claim_subscribers=claim_subscribers),  # type: ignore[arg-type]
        courier=SimpleNamespace(deliver=deliver),  # type: ignore[arg-type]
        settler=SimpleNamespace(),  # type: ignore[arg-type]
        crash=SimpleNamespace(reach=lambda _: None),  # type: ignore[arg-type]
        wake_all=lambda: None,
    )
    await lane._claim(9)
    await asyncio.sleep(0)
    await lane._claim(9)
    await asyncio.sleep(0)
    assert len(begun) == 1
    await lane.stopped()
