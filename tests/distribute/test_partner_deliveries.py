"""Partners' webhooks: as full as their editions, and nothing more once their rights end."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from hub.model import ALL
from hub.partner import Deletes, Edition, Partner, kept_of, key_of
from tests.receivers import Fast, Received, answer
from tests.subscribers import until

if TYPE_CHECKING:
    from asyncio import StreamWriter

    from tests.distribute.conftest import Hub

BRIEF = Edition(50, full_content=False, deletes=Deletes.TOMBSTONE)
PARTNER = Partner("pt_one", "Newsstand", (), BRIEF, (kept_of(key_of(bytes(32)), 1),), 1, 1)


class Held(Fast):
    """Answers only while it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        await self.let.wait()
        writer.write(answer(204))
        await writer.drain()
        return True


def entries(receiver: Fast) -> list[dict[str, object]]:
    return [json.loads(each.body)["entry"] for each in receiver.received]


async def test_a_partners_webhook_is_as_full_as_its_edition(hub: Hub) -> None:
    await hub.store.put_partner(PARTNER)
    async with Fast() as mine, Fast() as operators:
        await hub.hook(mine.url, owner=PARTNER.id)
        await hub.hook(operators.url)
        await hub.publish(2, summary="Brief.")
        await until(lambda: mine.received and operators.received)

        assert "content_html" not in entries(mine)[0]
        assert entries(mine)[0]["content_text"] == "Brief."
        assert "content_html" in entries(operators)[0]

        await hub.store.put_partner(replace(PARTNER, edition=replace(BRIEF, full_content=True)), was=PARTNER)
        await hub.publish(3)
        await until(lambda: len(mine.received) == 2)
        assert "content_html" in entries(mine)[1]


async def test_a_partner_that_is_revoked_in_the_middle_is_sent_no_other_change(hub: Hub) -> None:
    await hub.store.put_partner(PARTNER)
    async with Held() as mine, Fast() as operators:
        await hub.hook(mine.url, owner=PARTNER.id)
        await hub.hook(operators.url)
        await hub.publish(*range(2, 12))
        await until(lambda: mine.received)

        await hub.store.remove_partner(PARTNER.id)
        mine.let.set()
        await hub.publish(12)
        await until(lambda: len(operators.received) == 11)

        assert len(mine.received) == 1
        assert len((await hub.store.list_subscriptions())[0]) == 1


async def test_a_partner_that_may_open_less_is_sent_no_other_change_of_that(hub: Hub) -> None:
    await hub.store.put_partner(PARTNER)
    async with Held() as mine:
        hook = await hub.hook(mine.url, owner=PARTNER.id)
        await hub.publish(*range(2, 12))
        await until(lambda: mine.received)

        everything = await hub.number(ALL)
        await hub.store.put_partner(replace(PARTNER, feeds=(everything,)), was=PARTNER)
        mine.let.set()
        async with Fast() as operators:
            await hub.hook(operators.url)
            await hub.publish(12)
            await until(lambda: operators.received)

        assert len(mine.received) == 1
        assert await hub.store.webhook(hook.id) is None
