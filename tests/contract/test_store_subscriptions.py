"""Subscriptions in a real Redis: who is where, who is claimed, and what a settlement leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hub.adapters.store.distribution import Settlement
from hub.delivery import Act, Verdict
from hub.errors import Conflict, NotFound, TooManyPending
from hub.events import EntryRemoved, FeedRemoved
from hub.model import EntryId, FeedNumber, FeedPath, Format, Kind
from hub.subscription import Attempt, Channel, Intent, Lane, SealedSecret, SubscriptionId, Webhook
from tests.entries import category, published

if TYPE_CHECKING:
    from hub.adapters.store import Store
    from hub.subscription import Subscription

WORLD = FeedPath(Kind.CATEGORY, "world")
VERIFIED = Attempt(1, "verification", "verified", 200, 3.0)


@pytest.fixture
async def world(store: Store) -> FeedNumber:
    """The category feed `world`, built."""
    await publish(store, 1)
    return FeedNumber(int(await store.client.hget(store.keys.slugs, "category/world")))


async def publish(store: Store, number: int) -> None:
    await store.accept([published(f"https://site.test/{number}", category("world"))], source="test")
    await build(store)


async def build(store: Store) -> None:
    """Commit what is dirty, with documents that nobody looks at."""
    while (claim := await store.claim(f"t{asyncio.get_running_loop().time()}", limit=9)).feeds:
        for snapshot in claim.feeds.values():
            assert snapshot
            await store.commit(snapshot, 1, {}, ())


def intent(feed: FeedNumber, name: str = "one", **fields: object) -> Intent:
    base = Intent(
        id=SubscriptionId(f"sub-{name}"),
        mode="subscribe",
        topic="https://hub.test/feeds/category/world.atom",
        feed=feed,
        format=Format.ATOM,
        callback=f"https://reader.test/{name}?k=1",
        secret=b"sealed",
        algorithm="sha256",
        lease_seconds=600,
        verify_token=None,
    )
    return replace(base, **fields)  # type: ignore[arg-type]


async def subscribe(store: Store, feed: FeedNumber, name: str = "one", **fields: object) -> Subscription:
    await store.request(intent(feed, name, **fields))
    ((asked, token, _),) = await store.intents(1)
    now = await now_ms(store)
    await store.verified(asked, token, "verified", VERIFIED, lease_end=now + asked.lease_seconds * 1000)
    found = await store.subscription(asked.id)
    assert found
    return found


def pace(store: Store, interval: int) -> None:
    store.settings = store.settings.model_copy(update={"notify_interval_ms": interval})


async def now_ms(store: Store) -> int:
    seconds, micros = await store.client.time()
    return int(seconds) * 1000 + int(micros) // 1000


def settled(subscription: Subscription, act: str, seq: int, **fields: object) -> Settlement:
    verdict = Verdict(Act.ADVANCE, "delivered", subscription.lane)._replace(**fields)  # type: ignore[arg-type]
    attempt = Attempt(1, "delivery", verdict.outcome, 200, 3.0)
    return Settlement(subscription, act, seq, verdict, attempt, 5)


async def test_a_request_changes_nothing_before_it_is_verified(store: Store, world: FeedNumber) -> None:
    await store.request(intent(world))

    assert await store.subscription(SubscriptionId("sub-one")) is None
    assert (await store.owed()).tell_wait == 0


async def test_a_new_subscription_starts_at_the_seq_of_its_accepted_request(
    store: Store, world: FeedNumber
) -> None:
    before = int(await store.client.hget(store.keys.of("feed", world), "seq"))
    await store.request(intent(world))
    await publish(store, 2)
    ((asked, token, _),) = await store.intents(1)

    told_now = await store.verified(asked, token, "verified", VERIFIED, lease_end=await now_ms(store) + 9000)

    found = await store.subscription(asked.id)
    assert found
    assert found.cursor == before
    assert told_now, "what was published between request and verification is owed"


async def test_a_request_that_was_replaced_is_not_settled_by_the_earlier_verification(
    store: Store, world: FeedNumber
) -> None:
    await store.request(intent(world, secret=b"first"))
    ((asked, token, _),) = await store.intents(1)
    await store.request(intent(world, secret=b"second"))

    await store.verified(asked, token, "verified", VERIFIED, lease_end=9_999_999_999_999)

    assert await store.subscription(asked.id) is None
    ((later, _, _),) = await store.intents(1)
    assert later.secret == b"second"


async def test_a_failed_renewal_keeps_the_old_lease_and_secret(store: Store, world: FeedNumber) -> None:
    active = await subscribe(store, world, secret=b"first")
    await store.request(intent(world, secret=b"second"))
    ((asked, token, _),) = await store.intents(1)

    await store.verified(asked, token, "failed", Attempt(2, "verification", "404", 404, 1.0))

    assert await store.subscription(active.id) == active


async def test_a_renewal_overrides_secret_and_lease_and_never_moves_the_cursor(
    store: Store, world: FeedNumber
) -> None:
    active = await subscribe(store, world, secret=b"first")
    await publish(store, 2)

    renewed = await subscribe(store, world, secret=b"", lease_seconds=1200)

    assert renewed.secret == b""
    assert renewed.cursor == active.cursor
    assert renewed.lease_end
    assert active.lease_end
    assert renewed.lease_end > active.lease_end


async def test_unsubscribing_what_is_not_subscribed_verifies_nothing(store: Store, world: FeedNumber) -> None:
    await store.request(intent(world, mode="unsubscribe"))

    assert await store.intents(9) == []


async def test_a_verified_unsubscribe_leaves_nothing(store: Store, world: FeedNumber) -> None:
    active = await subscribe(store, world)
    await store.request(intent(world, mode="unsubscribe"))
    ((asked, token, _),) = await store.intents(1)

    await store.verified(asked, token, "verified", VERIFIED)

    assert await store.subscription(active.id) is None
    assert await store.client.keys(f"{store.keys.prefix}*{active.id}*") == []


async def test_a_host_with_too_many_pending_requests_is_refused(
    store: Store, world: FeedNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.adapters.store.subscriptions.PENDING_PER_HOST", 2)
    for name in ("one", "two"):
        await store.request(intent(world, name))

    with pytest.raises(TooManyPending):
        await store.request(intent(world, "three"))
    await store.request(intent(world, "two"))  # the same again is no more
    await store.request(intent(world, "four", callback="https://other.test/"))


async def test_who_is_behind_is_claimed_once_and_idle_again_when_it_has_advanced(
    store: Store, world: FeedNumber
) -> None:
    await subscribe(store, world)
    await publish(store, 2)

    (claimed,), _ = await store.claim_subscribers("a", Lane.FAST, limit=10)
    again, _ = await store.claim_subscribers("b", Lane.FAST, limit=10)
    same, _ = await store.claim_subscribers("a", Lane.FAST, limit=10)
    await store.settle([settled(claimed.subscription, "advance", claimed.upto)])

    assert again == []
    assert [each.subscription.id for each in same] == [claimed.subscription.id]
    found = await store.subscription(claimed.subscription.id)
    assert found
    assert found.cursor == claimed.upto
    assert found.next_attempt is None
    assert (await store.owed()).tell_wait is None
    assert [each.outcome for each in await store.attempts(found.id)] == ["delivered", "verified"]


async def test_each_of_many_settlements_counts_for_itself(store: Store, world: FeedNumber) -> None:
    for name in "abc":
        await subscribe(store, world, name)
    await publish(store, 2)
    claimed, _ = await store.claim_subscribers("a", Lane.FAST, limit=10)
    told, replayed, failed = (each.subscription for each in claimed)
    await store.replay(replayed.id, 5)

    await store.settle(
        [
            settled(failed, "retry", failed.cursor, lane=Lane.SLOW, failures=1, delay=60_000),
            settled(replayed, "advance", claimed[1].upto),
            settled(told, "advance", claimed[0].upto),
            settled(told, "advance", claimed[0].upto),
        ]
    )

    found = [await store.subscription(each.id) for each in (told, replayed, failed)]
    assert [each and each.cursor for each in found] == [claimed[0].upto, 5, failed.cursor]
    assert [each and each.lane for each in found] == [Lane.FAST, Lane.FAST, Lane.SLOW]
    assert [len(await store.attempts(each.id)) for each in (told, replayed, failed)] == [2, 1, 2]


async def test_a_claim_without_a_settlement_is_due_again_when_its_lease_ends(
    store: Store, world: FeedNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.adapters.store.distribution.CLAIM_MS", 30)
    await subscribe(store, world)
    await publish(store, 2)
    ((first,), _) = await store.claim_subscribers("a", Lane.FAST, limit=10)
    await asyncio.sleep(0.05)

    ((second,), _) = await store.claim_subscribers("b", Lane.FAST, limit=10)

    assert second.subscription.cursor == first.subscription.cursor
    assert second.upto == first.upto


@pytest.mark.parametrize(
    ("act", "failures"),
    [("advance", 0), ("advance", 1), ("progress", 1), ("retry", 1), ("pause", 1), ("drop", 1)],
)
async def test_a_worker_that_wakes_after_another_took_over_settles_and_renews_nothing(
    store: Store, world: FeedNumber, monkeypatch: pytest.MonkeyPatch, act: str, failures: int
) -> None:
    monkeypatch.setattr("hub.adapters.store.distribution.CLAIM_MS", 30)
    await subscribe(store, world)
    await publish(store, 2)
    ((late,), _) = await store.claim_subscribers("a", Lane.FAST, limit=10)
    await asyncio.sleep(0.05)
    ((present,), _) = await store.claim_subscribers("b", Lane.FAST, limit=10)
    before = await store.subscription(late.subscription.id)

    await store.settle([settled(late.subscription, act, late.upto, failures=failures, delay=60_000)])
    await store.renew(Lane.FAST, {late.subscription.id: late.subscription.claim})

    assert await store.subscription(late.subscription.id) == before
    await store.settle([settled(present.subscription, "advance", present.upto)])
    after = await store.subscription(present.subscription.id)
    assert after
    assert after.cursor == present.upto


async def test_a_renewed_claim_is_not_due_again(
    store: Store, world: FeedNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.adapters.store.distribution.CLAIM_MS", 60)
    await subscribe(store, world)
    await publish(store, 2)
    ((claimed,), _) = await store.claim_subscribers("a", Lane.FAST, limit=10)
    monkeypatch.setattr("hub.adapters.store.distribution.CLAIM_MS", 60_000)

    await store.renew(Lane.FAST, {claimed.subscription.id: claimed.subscription.claim})
    await asyncio.sleep(0.08)

    assert (await store.claim_subscribers("b", Lane.FAST, limit=10))[0] == []


async def test_a_change_during_a_delivery_is_owed_afterwards(store: Store, world: FeedNumber) -> None:
    pace(store, 0)
    await subscribe(store, world)
    await publish(store, 2)
    ((first,), _) = await store.claim_subscribers("a", Lane.FAST, limit=10)
    await publish(store, 3)

    told_now = await store.settle([settled(first.subscription, "advance", first.upto)])
    ((second,), _) = await store.claim_subscribers("b", Lane.FAST, limit=10)

    assert told_now
    assert second.subscription.cursor == first.upto
    assert second.upto > first.upto


async def test_a_busy_feed_is_told_at_once_and_then_once_an_interval(store: Store, world: FeedNumber) -> None:
    pace(store, 60_000)
    await subscribe(store, world)
    await publish(store, 2)
    ((first,), _) = await store.claim_subscribers("a", Lane.FAST, limit=10)
    await store.settle([settled(first.subscription, "advance", first.upto)])
    await publish(store, 3)

    later, _ = await store.claim_subscribers("b", Lane.FAST, limit=10)

    assert later == []
    wait = (await store.owed()).tell_wait
    assert wait
    assert 50_000 < wait <= 60_000


async def test_a_feed_with_many_to_tell_holds_up_no_other(store: Store, world: FeedNumber) -> None:
    for number in range(6):
        await subscribe(store, world, f"w{number}")
    await publish(store, 2)
    await store.accept([published("https://site.test/3", category("local"))], source="test")
    await build(store)
    local = FeedNumber(int(await store.client.hget(store.keys.slugs, "category/local")))
    await subscribe(store, local, "local")
    await store.accept([published("https://site.test/4", category("local"))], source="test")
    await build(store)
    await asyncio.sleep(0.002)  # turns are told apart by milliseconds

    claims = [
        (await store.claim_subscribers(f"token-{number}", Lane.FAST, limit=2))[0] for number in range(4)
    ]

    assert [each.subscription.feed for each in claims[0]] == [world, world]
    assert local in {each.subscription.feed for each in claims[1]}
    assert sum(map(len, claims)) == 7, "and all have their turn"


async def test_a_retry_waits_in_its_lane_and_its_attempts_are_kept(store: Store, world: FeedNumber) -> None:
    await subscribe(store, world)
    await publish(store, 2)
    ((claimed,), _) = await store.claim_subscribers("a", Lane.FAST, limit=10)
    failing = settled(
        claimed.subscription,
        "retry",
        claimed.subscription.cursor,
        outcome="500",
        lane=Lane.SLOW,
        failures=1,
        delay=20,
    )

    await store.settle([failing])

    found = await store.subscription(claimed.subscription.id)
    assert found
    assert (found.lane, found.failures, found.cursor) == (Lane.SLOW, 1, claimed.subscription.cursor)
    assert (await store.claim_subscribers("b", Lane.FAST, limit=10))[0] == []
    await asyncio.sleep(0.03)
    assert len((await store.claim_subscribers("c", Lane.SLOW, limit=10))[0]) == 1


async def test_an_idle_one_of_another_lane_is_due_there(store: Store, world: FeedNumber) -> None:
    await subscribe(store, world)
    await publish(store, 2)
    ((claimed,), _) = await store.claim_subscribers("a", Lane.FAST, limit=10)
    await store.settle([settled(claimed.subscription, "advance", claimed.upto, lane=Lane.SLOW)])
    pace(store, 0)
    await publish(store, 3)

    fast, others = await store.claim_subscribers("b", Lane.FAST, limit=10)

    assert fast == []
    assert others
    assert len((await store.claim_subscribers("c", Lane.SLOW, limit=10))[0]) == 1


async def test_a_settlement_for_what_was_replayed_or_dropped_meanwhile_changes_nothing(
    store: Store, world: FeedNumber
) -> None:
    start = (await subscribe(store, world)).cursor
    await publish(store, 2)
    ((claimed,), _) = await store.claim_subscribers("a", Lane.FAST, limit=10)
    assert await store.replay(claimed.subscription.id, 5)

    await store.settle([settled(claimed.subscription, "advance", claimed.upto)])

    found = await store.subscription(claimed.subscription.id)
    assert found
    assert found.cursor == 5 < start


async def test_no_cursor_is_ahead_of_its_log(store: Store, world: FeedNumber) -> None:
    active = await subscribe(store, world)
    await store.replay(active.id, 9 * 10**15)
    await publish(store, 2)

    assert len((await store.claim_subscribers("a", Lane.FAST, limit=9))[0]) == 1


async def test_a_lease_that_ended_is_neither_claimed_nor_kept(store: Store, world: FeedNumber) -> None:
    active = await subscribe(store, world, lease_seconds=0)
    await publish(store, 2)
    await asyncio.sleep(0.002)

    assert (await store.owed()).lapsed
    assert (await store.claim_subscribers("a", Lane.FAST, limit=10))[0] == []
    await store.lapse()
    assert await store.subscription(active.id) is None
    assert not (await store.owed()).lapsed


async def test_a_webhook_has_a_cursor_in_each_of_its_feeds(store: Store, world: FeedNumber) -> None:
    hook = webhook(WORLD, FeedPath(Kind.ALL))
    await store.put_webhook(hook)

    found, _ = await store.list_subscriptions()
    assert await store.webhook(hook.id) == hook
    assert {each.channel for each in found} == {Channel.WEBHOOK}
    assert len({each.feed for each in found}) == 2
    await store.put_webhook(replace(hook, feeds=(WORLD,)), was=hook)
    assert [each.id for each in (await store.list_subscriptions())[0]] == [f"{hook.id}.{world}"]
    assert await store.remove_webhook(hook.id)
    assert (await store.list_subscriptions())[0] == ()
    assert not await store.remove_webhook(hook.id)


async def test_of_two_changes_at_once_the_second_is_refused(store: Store, world: FeedNumber) -> None:
    hook = webhook(WORLD)
    await store.put_webhook(hook)
    await store.put_webhook(replace(hook, description="first"), was=hook)

    with pytest.raises(Conflict):
        await store.put_webhook(replace(hook, url="https://other.test/"), was=hook)
    assert await store.webhook(hook.id) == replace(hook, description="first")


async def test_a_change_keeps_a_feed_whose_end_is_still_owed(store: Store, world: FeedNumber) -> None:
    hook = webhook(WORLD)
    await store.put_webhook(hook)
    await store.accept([FeedRemoved(Kind.CATEGORY, "world")], source="test")

    await store.put_webhook(replace(hook, description="later"), was=hook)

    assert len((await store.claim_subscribers("a", Lane.FAST, limit=9))[0]) == 1


async def test_a_change_does_not_wake_what_was_paused_because_its_receiver_is_gone(
    store: Store, world: FeedNumber
) -> None:
    hook = webhook(WORLD)
    await store.put_webhook(hook)
    await publish(store, 2)
    ((claimed,), _) = await store.claim_subscribers("a", Lane.FAST, limit=9)
    await store.settle([settled(claimed.subscription, "pause", claimed.subscription.cursor, outcome="gone")])

    await store.put_webhook(replace(hook, description="later"), was=hook)
    assert (await store.list_subscriptions())[0][0].paused
    await store.pause(hook.id, paused=False)
    assert not (await store.list_subscriptions())[0][0].paused


async def test_a_webhook_on_an_unknown_feed_is_refused(store: Store) -> None:
    with pytest.raises(NotFound, match="category/nowhere"):
        await store.put_webhook(webhook(FeedPath(Kind.CATEGORY, "nowhere")))


async def test_a_paused_webhook_waits_with_its_cursor(store: Store, world: FeedNumber) -> None:
    hook = webhook(WORLD)
    await store.put_webhook(hook)
    (before,) = (await store.list_subscriptions())[0]
    assert await store.pause(hook.id, paused=True)
    await publish(store, 2)

    assert (await store.claim_subscribers("a", Lane.FAST, limit=9))[0] == []
    (paused,) = (await store.list_subscriptions())[0]
    assert paused.paused
    assert paused.cursor == before.cursor
    assert await store.pause(hook.id, paused=False)
    ((claimed,), _) = await store.claim_subscribers("b", Lane.FAST, limit=9)
    assert claimed.subscription.cursor == before.cursor
    assert not await store.pause("wh_unknown", paused=True)


async def test_a_retired_feed_owes_its_subscribers_its_end(store: Store, world: FeedNumber) -> None:
    await subscribe(store, world)
    await store.accept([FeedRemoved(Kind.CATEGORY, "world")], source="test")

    ((claimed,), _) = await store.claim_subscribers("a", Lane.FAST, limit=9)

    assert claimed.upto > claimed.subscription.cursor


async def test_receipts_say_who_has_acknowledged_a_removal(store: Store, world: FeedNumber) -> None:
    first, second = await subscribe(store, world, "one"), await subscribe(store, world, "two")
    entry = EntryId("https://site.test/1")
    await store.accept([published(entry, category("world"))], source="test")
    await store.accept([EntryRemoved(entry)], source="test")
    await build(store)
    claimed, _ = await store.claim_subscribers("a", Lane.FAST, limit=9)
    one = next(each for each in claimed if each.subscription.id == first.id)
    await store.settle([settled(one.subscription, "advance", one.upto)])

    receipts = await store.receipts(entry)

    assert {(each.subscription, each.acknowledged) for each in receipts if each.feed == WORLD} == {
        (first.id, True),
        (second.id, False),
    }
    assert all(each.removed for each in receipts)
    with pytest.raises(NotFound):
        await store.receipts(EntryId("unknown"))


def webhook(*feeds: FeedPath) -> Webhook:
    return Webhook(
        "wh_test", "https://partner.test/in", feeds, (SealedSecret(b"sealed"),), "a partner", created=7
    )


async def test_a_clock_that_was_set_back_does_not_keep_a_feed_from_telling(
    store: Store, world: FeedNumber
) -> None:
    """What was due by the old clock is due by the new one as soon as the feed changes."""
    await subscribe(store, world)
    seconds, _ = await store.client.time()
    await store.client.zadd(store.keys.telling, {str(world): (seconds + 3600) * 1000})
    await publish(store, 2)
    assert await store.client.zscore(store.keys.telling, str(world)) < (seconds + 60) * 1000
