"""ALERT_URL: told once that a problem begins and once that it ends, whoever watches, and whatever it answers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hub.adapters.egress import Egress
from hub.adapters.store import Store, connect
from hub.alerts import ENDS_MS, Verdict
from hub.problems import problems_of
from hub.settings import Settings
from tests.receivers import Fast, Receiver, Redirecting, Status, answer, closed_port
from workers.loop import end
from workers.watch import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "?token=alert-secret"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Fast() as receiver:
        yield receiver


@pytest.fixture
def settings(receiver: Receiver) -> Settings:
    return Settings.model_validate(
        {
            "name": "gazette",
            "public_url": "https://hub.test",
            "egress_allow": "127.0.0.0/8",
            "alert_url": receiver.url + SECRET,
        }
    )


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    async with Egress(Settings.model_validate({"egress_allow": "127.0.0.0/8"}).egress_allow) as egress:
        yield egress


async def regenerate_is_gone(store: Store) -> None:
    """The worker was last heard of 40 seconds ago."""
    gone = (await store.state()).now - 40_000
    await store.client.zadd(store.keys.alive, {"regenerate@a:1": gone})


async def time_passes(store: Store, ms: int) -> None:
    """Have everything that is gone be gone for so long; some token is the watch."""
    kept = await store.kept()
    changes = {
        id_: replace(each, gone=None if each.gone is None else each.gone - ms) for id_, each in kept.items()
    }
    token = (await store.client.get(store.keys.watch)).decode()
    assert await store.judged(token, Verdict(changes, ()))


async def works(watch: Watch, egress: Egress) -> None:
    await watch.look()
    await watch.tell(egress)


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in receiver.received]


async def test_a_problem_is_told_when_it_begins_and_when_it_ends(
    store: Store, egress: Egress, receiver: Receiver
) -> None:
    watch = Watch(store)
    await regenerate_is_gone(store)
    await works(watch, egress)
    await works(watch, egress)
    await store.owed("regenerate@a:2")
    await works(watch, egress)
    assert [body["state"] for body in bodies(receiver)] == ["begun"]
    await time_passes(store, ENDS_MS)
    await works(watch, egress)
    await works(watch, egress)

    begun, ended = bodies(receiver)
    assert (begun["state"], ended["state"]) == ("begun", "ended")
    for body in (begun, ended):
        assert (body["hub"], body["url"], body["problem"]["code"]) == (
            "gazette",
            "https://hub.test",
            "no-worker",
        )
    assert begun["problem"]["since"] == ended["problem"]["since"]
    assert begun["id"] != ended["id"]
    assert receiver.received[0].headers["content-type"] == "application/json"


async def test_of_many_watches_one_tells(
    store: Store, egress: Egress, receiver: Receiver, redis_url: str, settings: Settings
) -> None:
    await regenerate_is_gone(store)
    others = [Store(connect(redis_url), settings) for _ in range(4)]
    watches = [Watch(each, look_seconds=0.01) for each in (store, *others)]
    running = [asyncio.create_task(watch.run()) for watch in watches]
    async with asyncio.timeout(10):
        while not receiver.received or await store.client.llen(store.keys.alerts):
            await asyncio.sleep(0.01)
    for _ in range(5):  # whoever is the watch loses it, as if it had died
        await store.client.delete(store.keys.watch)
        await asyncio.sleep(0.05)
    await end(running)

    assert [body["state"] for body in bodies(receiver)] == ["begun"]
    for each in others:
        await each.close()


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (Status(500), "it answered 500"),
        (Status(404), "it answered 404"),
        (Redirecting("http://127.0.0.1/"), "it answered 302"),
    ],
)
async def test_a_refusal_is_a_problem_and_is_tried_again_later(
    redis_url: str, settings: Settings, egress: Egress, bad: Receiver, why: str
) -> None:
    async with bad as receiver:
        store = Store(connect(redis_url), settings.model_copy(update={"alert_url": receiver.url + SECRET}))
        await store.client.flushall()
        await regenerate_is_gone(store)
        watch = Watch(store)
        for _ in range(3):  # it waits meanwhile
            await works(watch, egress)
        assert len(receiver.received) == 1
        assert 9_000 < await store.client.pttl(store.keys.alerts_wait) <= 10_000
        (_, trouble) = problems_of(await store.condition())
        assert (trouble.code, why in trouble.sentence) == ("alerts-failing", True)
        assert "alert-secret" not in str(trouble)

        await store.client.delete(store.keys.alerts_wait)
        await works(watch, egress)
        assert 19_000 < await store.client.pttl(store.keys.alerts_wait) <= 20_000
        receiver.reply = answer(200)
        await store.client.delete(store.keys.alerts_wait)
        await works(watch, egress)
        await works(watch, egress)
        first, second, third = bodies(receiver)
        assert first == second == third
        assert [problem.code for problem in problems_of(await store.condition())] == ["no-worker"]
        await store.close()


async def test_an_address_that_nobody_answers_at_is_a_problem(
    redis_url: str, settings: Settings, egress: Egress
) -> None:
    url = f"http://127.0.0.1:{closed_port()}/{SECRET}"
    store = Store(connect(redis_url), settings.model_copy(update={"alert_url": url}))
    await store.client.flushall()
    await regenerate_is_gone(store)
    await works(Watch(store), egress)
    (_, trouble) = problems_of(await store.condition())

    assert "refused" in trouble.sentence
    assert "alert-secret" not in str(trouble)
    await store.close()


async def test_the_guard_holds_for_the_address_too(redis_url: str, settings: Settings) -> None:
    async with Fast() as receiver, Egress(()) as strict:
        store = Store(connect(redis_url), settings.model_copy(update={"alert_url": receiver.url}))
        await store.client.flushall()
        await regenerate_is_gone(store)
        await works(Watch(store), strict)
        (_, trouble) = problems_of(await store.condition())
        assert receiver.received == []
        assert "out of bounds" in trouble.sentence
        assert "EGRESS_ALLOW" in trouble.action
        await store.close()


async def test_what_began_and_ended_while_the_address_was_away_is_told_in_order(
    store: Store, egress: Egress, receiver: Receiver
) -> None:
    receiver.reply = answer(503)
    watch = Watch(store)
    await regenerate_is_gone(store)
    await works(watch, egress)
    await store.owed("regenerate@a:2")
    await works(watch, egress)
    await time_passes(store, ENDS_MS)
    await works(watch, egress)
    receiver.reply = answer(204)
    await store.client.delete(store.keys.alerts_wait)
    await works(watch, egress)

    assert [body["state"] for body in bodies(receiver)] == ["begun", "begun", "ended"]
    assert bodies(receiver)[0] == bodies(receiver)[1]


async def test_a_watch_that_dies_before_it_sends_leaves_the_alert_to_the_next(
    store: Store, egress: Egress, receiver: Receiver
) -> None:
    await regenerate_is_gone(store)
    await Watch(store).look()
    await store.client.delete(store.keys.watch)
    other = Watch(store)
    await works(other, egress)
    await works(other, egress)

    assert [body["state"] for body in bodies(receiver)] == ["begun"]


async def test_without_an_address_nothing_waits(redis_url: str, settings: Settings, egress: Egress) -> None:
    store = Store(connect(redis_url), settings.model_copy(update={"alert_url": None}))
    await store.client.flushall()
    await regenerate_is_gone(store)
    await works(Watch(store), egress)

    assert await store.client.llen(store.keys.alerts) == 0
    assert not (await store.kept())["no-worker"].told
    await store.close()
