"""Webhooks on a real store with real receivers: every change, in order, signed, with ids that stay."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook as Official

from hub.events import EntryRemoved, FeedRemoved, FeedUpdated
from hub.model import ALL, EntryId, FeedPath, Kind
from hub.subscription import Lane
from tests.distribute.conftest import SECRET, WORLD
from tests.entries import category, published
from tests.receivers import (
    Dead,
    Drip,
    Endless,
    Fast,
    Gone,
    Received,
    Redirecting,
    Slow,
    Status,
    TooMany,
    answer,
)
from tests.subscribers import until

if TYPE_CHECKING:
    from asyncio import StreamWriter
    from collections.abc import Callable

    from hub.subscription import Subscription
    from tests.distribute.conftest import Hub
    from tests.receivers import Receiver


class Failing(Fast):
    """Answers 500 until `healthy`."""

    healthy = False

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        writer.write(answer(204 if self.healthy else 500))
        await writer.drain()
        return True


def told(receiver: Fast) -> list[tuple[str, str]]:
    """(type, entry id or feed) of each delivery, in the order of arrival."""
    bodies = [json.loads(each.body) for each in receiver.received]
    return [
        (body["type"], body["entry"]["id"].rsplit("/", 1)[-1] if "entry" in body else body["feed"])
        for body in bodies
    ]


async def only(hub: Hub) -> Subscription:
    (found,) = (await hub.store.list_subscriptions())[0]
    return found


async def has_all(hub: Hub, path: FeedPath = WORLD) -> bool:
    seq = int(await hub.store.client.hget(hub.store.keys.of("feed", await hub.number(path)), "seq"))
    return all(each.cursor >= seq for each in (await hub.store.list_subscriptions())[0])


async def test_every_change_comes_once_in_order_and_signed(hub: Hub) -> None:
    async with Fast() as partner:
        await hub.hook(partner.url)
        await hub.publish(2, 3)
        await hub.publish(2, title="Corrected")
        await hub.accept(EntryRemoved(EntryId("https://site.test/3")))

        await until(lambda: has_all(hub))
        seqs = [json.loads(each.body)["seq"] for each in partner.received]
        assert seqs == sorted(seqs)
        assert len({each.headers["webhook-id"] for each in partner.received}) == len(partner.received)
        for each in partner.received:
            Official(SECRET).verify(each.body, each.headers)
        assert told(partner)[-1] == ("entry.removed", "3")


async def test_what_is_new_to_the_feed_is_published_and_what_was_there_is_updated(hub: Hub) -> None:
    async with Fast() as partner:
        await hub.hook(partner.url)
        await hub.publish(1, title="Corrected")
        await hub.publish(2)

        await until(lambda: has_all(hub))
        assert told(partner) == [("entry.updated", "1"), ("entry.published", "2")]


async def test_a_partner_that_was_down_for_a_thousand_changes_gets_each_in_order(hub: Hub) -> None:
    async with Failing() as partner:
        await hub.hook(partner.url)
        for start in range(0, 1000, 250):
            await hub.publish(*range(2 + start, 252 + start))
        await until(lambda: partner.received)
        partner.healthy = True
        partner.received.clear()

        await until(lambda: has_all(hub), seconds=30)
        assert told(partner) == [("entry.published", str(number)) for number in range(2, 1002)]


async def test_a_retry_has_the_same_id_and_body(hub: Hub) -> None:
    async with Failing() as partner:
        await hub.hook(partner.url)
        await hub.publish(2)
        await until(lambda: len(partner.received) == 2)

        first, second = partner.received
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body
        Official(SECRET).verify(second.body, second.headers)


async def test_a_receiver_that_is_gone_pauses_its_webhook_subscription(hub: Hub) -> None:
    async with Gone() as partner:
        await hub.hook(partner.url)
        await hub.publish(2)

        await until(lambda: _is(hub, paused=True))
        assert len(partner.received) == 1


async def _is(hub: Hub, **fields: Any) -> bool:
    found = await only(hub)
    return all(getattr(found, name) == value for name, value in fields.items())


async def test_an_absurd_retry_after_is_cut_to_an_hour(hub: Hub) -> None:
    async with TooMany() as partner:
        await hub.hook(partner.url)
        await hub.publish(2)

        await until(lambda: _is(hub, failures=1, lane=Lane.SLOW))
        found = await only(hub)
        assert found.next_attempt
        assert found.failing_since
        assert 3_590_000 < found.next_attempt - found.failing_since <= 3_601_000


async def test_a_refused_change_is_remembered_and_not_skipped_before_its_day_is_over(hub: Hub) -> None:
    async with Status(404) as partner:
        await hub.hook(partner.url)
        await hub.publish(2)

        await until(lambda: _is(hub, failures=2))
        found = await only(hub)
        assert found.refused
        assert found.refused.seq == json.loads(partner.received[0].body)["seq"]


async def test_a_change_refused_for_a_day_is_recorded_as_skipped_and_the_next_one_comes(hub: Hub) -> None:
    async with Fast() as partner:
        partner.reply = answer(422)
        await hub.hook(partner.url)
        await hub.publish(2)
        await until(lambda: _is(hub, failures=1))
        await hub.publish(3)
        hub.ahead = 24 * 3_600_000

        await until(lambda: _was(hub, "skipped"))
        partner.reply = answer(204)
        await until(lambda: has_all(hub), seconds=20)
        assert told(partner)[-1] == ("entry.published", "3")


async def _was(hub: Hub, outcome: str) -> bool:
    found = await only(hub)
    return outcome in {each.outcome for each in await hub.store.attempts(found.id)}


async def test_a_replay_sends_what_came_after_a_seq_again_with_the_same_ids(hub: Hub) -> None:
    async with Fast() as partner:
        await hub.hook(partner.url)
        await hub.publish(2)
        await hub.publish(3)
        await until(lambda: has_all(hub))
        first = [each.headers["webhook-id"] for each in partner.received]

        await hub.store.replay((await only(hub)).id, json.loads(partner.received[0].body)["seq"])

        await until(lambda: len(partner.received) == 3)
        assert partner.received[-1].headers["webhook-id"] == first[-1]


async def test_a_cursor_that_the_log_can_not_serve_is_an_explicit_reset(hub: Hub) -> None:
    async with Fast() as partner:
        await hub.hook(partner.url)
        await hub.store.client.hset(hub.store.keys.of("feed", await hub.number()), "floor", 5000)

        await hub.store.replay((await only(hub)).id, 4000)

        await until(lambda: partner.received)
        body = json.loads(partner.received[0].body)
        assert (body["type"], body["url"]) == (
            "feed.reset",
            "https://hub.test/feeds/category/world.json?since=0",
        )
        await until(lambda: has_all(hub))
        assert len(partner.received) == 1


async def test_a_feed_that_retires_says_so_once_and_ends(hub: Hub) -> None:
    async with Fast() as partner:
        await hub.hook(partner.url)
        await hub.accept(FeedRemoved(Kind.CATEGORY, "world"))

        await until(lambda: _none_left(hub))
        assert told(partner) == [("feed.removed", "category/world")]


async def _none_left(hub: Hub) -> bool:
    return (await hub.store.list_subscriptions())[0] == ()


async def test_a_feed_that_merges_names_the_other(hub: Hub) -> None:
    await hub.accept(published("https://site.test/9", category("planet")))
    async with Fast() as partner:
        await hub.hook(partner.url)
        await hub.accept(FeedRemoved(Kind.CATEGORY, "world", moved_to="planet"))

        await until(lambda: _none_left(hub))
        assert json.loads(partner.received[-1].body)["moved_to"] == "category/planet"


async def test_a_feeds_own_change_is_told(hub: Hub) -> None:
    async with Fast() as partner:
        await hub.hook(partner.url)
        await hub.accept(FeedUpdated(Kind.CATEGORY, "world", changes={"description": "All of it."}))

        await until(lambda: partner.received)
        assert json.loads(partner.received[0].body)["description"] == "All of it."


async def test_one_webhook_on_two_feeds_is_told_of_each(hub: Hub) -> None:
    async with Fast() as partner:
        await hub.hook(partner.url, WORLD, ALL)
        await hub.publish(2)

        await until(lambda: len(partner.received) == 2)
        assert {json.loads(each.body)["feed"] for each in partner.received} == {"all", "category/world"}
        revisions = {json.loads(each.body)["entry"]["_feedhub"]["revision"] for each in partner.received}
        assert len(revisions) == 1


def _was_told(partner: Fast, number: int) -> bool:
    return ("entry.published", str(number)) in told(partner)


async def test_a_dead_host_with_many_webhooks_holds_up_no_other(hub: Hub) -> None:
    async with Dead() as dead, Fast() as partner:
        for _ in range(300):
            await hub.hook(dead.url)
        await hub.hook(partner.url)
        for number in range(2, 5):
            await hub.publish(number)
            await until(partial(_was_told, partner, number), seconds=4)


@pytest.mark.parametrize(
    ("make", "outcome", "state"),
    [
        (Fast, "delivered", {"lane": Lane.FAST, "failures": 0}),
        (lambda: Slow(2.2), "delivered", {"lane": Lane.SLOW, "failures": 0}),
        (Dead, "timeout", {"lane": Lane.SLOW, "failures": 1}),
        (Drip, "timeout", {"lane": Lane.SLOW, "failures": 1}),
        (lambda: Drip("body"), "delivered", {"failures": 0}),
        (Endless, "delivered", {"lane": Lane.FAST, "failures": 0}),
        (lambda: Redirecting("http://127.0.0.1:9/"), "302", {"lane": Lane.SLOW, "failures": 1}),
        (lambda: Status(500), "500", {"lane": Lane.SLOW, "failures": 1}),
        (lambda: Status(404), "404", {"lane": Lane.SLOW, "failures": 1}),
        (TooMany, "429", {"lane": Lane.SLOW, "failures": 1}),
        (Gone, "gone", {"paused": True}),
    ],
)
async def test_each_kind_of_receiver_ends_in_the_state_that_the_policy_says(
    hub: Hub, make: Callable[[], Receiver], outcome: str, state: dict[str, Any]
) -> None:
    async with make() as receiver:
        await hub.hook(receiver.url)
        await hub.publish(2)

        await until(lambda: _was_tried(hub))
        found = await only(hub)
        first = (await hub.store.attempts(found.id))[-1]
        assert first.outcome == outcome
        await until(lambda: _is(hub, **state))


async def _was_tried(hub: Hub) -> bool:
    return bool(await hub.store.attempts((await only(hub)).id))


async def test_what_changed_again_before_it_was_told_is_still_new(hub: Hub) -> None:
    async with Fast() as partner:
        await hub.hook(partner.url)
        await hub.store.accept([published("https://site.test/2", category("world"))], source="test")
        await hub.regenerate()
        again = published("https://site.test/2", category("world"), title="Mended at once")
        await hub.store.accept([again], source="test")

        hub.distributor.wake()
        await asyncio.sleep(0.1)
        await hub.regenerate()
        await until(lambda: partner.received)

        assert told(partner) == [("entry.published", "2")]
