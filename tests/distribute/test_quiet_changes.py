"""Who is told by push does not hear of quiet changes, and misses nothing around them: real receivers, real store."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import feedparser
import pytest

from hub.model import Format
from tests.distribute.test_webhook_deliveries import Failing, told
from tests.entries import category, published
from tests.receivers import Echo, Fast
from tests.subscribers import until

if TYPE_CHECKING:
    from tests.distribute.conftest import Hub
    from tests.receivers import Received


async def import_(hub: Hub, *numbers: int) -> None:
    """Publish quietly, and regenerate."""
    events = [published(f"https://site.test/{n}", category("world")) for n in numbers]
    await hub.store.accept(events, source="wordpress", quiet=True)
    await hub.regenerate()
    hub.distributor.wake()


def entries(delivery: Received) -> list[str]:
    return [entry.id.rsplit("/", 1)[-1] for entry in feedparser.parse(delivery.body).entries]


async def test_a_webhook_hears_of_what_is_loud_around_an_import_and_of_nothing_else(hub: Hub) -> None:
    async with Fast() as partner:
        await hub.hook(partner.url)
        await hub.publish(2)
        await import_(hub, 100, 101)
        await hub.publish(3)
        await import_(hub, 102)
        await hub.publish(101, title="Corrected")
        await until(lambda: len(partner.received) == 3)
        await asyncio.sleep(0.1)

        assert told(partner) == [
            ("entry.published", "2"),
            ("entry.published", "3"),
            ("entry.published", "101"),
        ]


async def test_a_webhook_that_was_behind_when_an_import_came_gets_what_it_is_owed(hub: Hub) -> None:
    async with Failing() as partner:
        await hub.hook(partner.url)
        await hub.publish(2, 3)
        await until(lambda: partner.received)
        await import_(hub, 100, 101, 3)
        partner.healthy = True
        partner.received.clear()
        hub.ahead = 60_000
        (subscription,) = (await hub.store.list_subscriptions())[0]
        await hub.store.replay(subscription.id, subscription.cursor)
        hub.distributor.wake()
        await until(lambda: len(partner.received) == 2)
        await asyncio.sleep(0.1)

        assert told(partner) == [("entry.published", "2"), ("entry.published", "3")]
        assert [json.loads(each.body)["seq"] for each in partner.received] == sorted(
            json.loads(each.body)["seq"] for each in partner.received
        )


@pytest.mark.parametrize("format_", [Format.ATOM, Format.RSS])
async def test_a_websub_diff_holds_no_imported_entry(hub: Hub, format_: Format) -> None:
    async with Echo() as reader:
        await hub.subscribe(reader.url, format_=format_)
        await import_(hub, 100, 101)
        await asyncio.sleep(0.1)
        assert not reader.deliveries, "an import wakes nobody"

        await hub.publish(2)
        await until(lambda: reader.deliveries)

        assert entries(reader.deliveries[0]) == ["2"]


async def test_the_cursor_goes_past_an_import_with_the_next_delivery(hub: Hub) -> None:
    async with Echo() as reader:
        subscription = await hub.subscribe(reader.url)
        await import_(hub, 100)
        await hub.publish(2)
        await import_(hub, 101)
        await until(lambda: reader.deliveries)
        head = int(await hub.store.client.hget(hub.store.keys.of("feed", await hub.number()), "loud"))

        async def told_all() -> bool:
            return (await hub.the(subscription)).cursor >= head

        await until(told_all)
        assert len(reader.deliveries) == 1
