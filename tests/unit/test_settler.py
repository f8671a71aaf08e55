"""The settler: one settlement that can't be stored holds up no other."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from workers.settler import Settler


class PoisonedStore:
    def __init__(self) -> None:
        self.stored: list[str] = []

    async def settle(self, batch: list[Any]) -> bool:
        if any(each.subscription.id == "bad" for each in batch):
            raise TypeError("str is not valid UTF-8: surrogates not allowed")
        self.stored += [each.subscription.id for each in batch]
        return False


async def test_a_poisonous_settlement_is_given_up_and_the_rest_is_stored() -> None:
    store = PoisonedStore()
    settler = Settler(store, lambda: None)  # type: ignore[arg-type]
    task = asyncio.create_task(settler.run())
    for id_ in ("one", "bad", "two"):
        settler.put(SimpleNamespace(subscription=SimpleNamespace(id=id_)))  # type: ignore[arg-type]
    async with asyncio.timeout(2):
        await settler.settled()
    settler.put(SimpleNamespace(subscription=SimpleNamespace(id="later")))  # type: ignore[arg-type]
    async with asyncio.timeout(2):
        await settler.settled()
    task.cancel()
    assert store.stored == ["one", "two", "later"]
