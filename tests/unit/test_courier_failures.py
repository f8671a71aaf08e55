"""A defect of ours while telling is settled with a delay, like a failure of the receiver's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hub.model import FeedNumber, Format, Seq
from hub.subscription import Channel, Subscription, SubscriptionId
from workers.courier import Courier


async def test_an_unforeseen_error_is_settled_as_a_retry() -> None:
    put: list[Any] = []

    async def topic(*_: Any) -> None:
        raise ValueError("a defect")

    fake: Any = SimpleNamespace
    courier = Courier(
        fake(settings=fake(site=None)),
        egress=fake(),
        sealer=fake(),
        contents=fake(topic=topic),
        settler=fake(put=put.append),
        crash=fake(),
    )
    one = Subscription(
        SubscriptionId("one"), Channel.WEBSUB, FeedNumber(1), "https://r.test/", Seq(1), format=Format.ATOM
    )
    await courier.deliver(fake(subscription=one, upto=Seq(2)), None)
    assert [each.act for each in put] == ["retry"]
