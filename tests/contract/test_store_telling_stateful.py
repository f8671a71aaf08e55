"""Any order of requests, changes, claims, late and lost settlements: each subscription is in one place, and told."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hub.adapters.store import Store, connect
from hub.adapters.store.distribution import Settlement
from hub.delivery import Act, Verdict
from hub.events import FeedRemoved, FeedUpdated
from hub.model import ALL, FeedNumber, FeedPath, Format, Kind
from hub.settings import Settings
from hub.subscription import Attempt, Intent, Lane, SealedSecret, SubscriptionId, Webhook
from tests.entries import category, published

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from hub.adapters.store.distribution import Claimed

SITE = Settings(public_url="https://hub.test", debounce_ms=0, notify_interval_ms=0)
WORLD = FeedPath(Kind.CATEGORY, "world")
READERS = ["one", "two", "three"]
HOOK = "wh_partner"
TRIED = Attempt(1, "delivery", "tried", 200, 1.0)
LONG = 10**15
FAR = 9_999_999_999_999
"""The end of a lease, in the year 2286."""
tokens = count()


class Machine(RuleBasedStateMachine):
    """Subscribers of two feeds, and workers whose claims end, are taken over, and settle late or never."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store = Store(connect(self.url), SITE)
        self.claims: list[Claimed] = []
        self.floor: dict[str, int] = {}
        """The cursor of each subscription as last seen: only a replay sets it back."""
        self.number = 0

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def start(self) -> None:
        self.wait(self.store.client.flushdb())
        self.wait(self.store.register("test"))
        self.change(built=True)
        for name in READERS[:2]:
            self.ask(name, "subscribe", lasts=True)

    async def _feed(self) -> FeedNumber:
        return FeedNumber(int((await self.store.client.hget(self.store.keys.slugs, str(WORLD))).lstrip(b"-")))

    # ---- what happens to the feed ---------------------------------------------------------------------------------

    @rule(built=st.sampled_from([True, True, False]))
    def change(self, built: bool) -> None:  # noqa: FBT001
        self.number += 1
        event = published(f"https://site.test/{self.number % 5}", category("world"), title=str(self.number))
        self.wait(self.store.accept([event], source="test"))
        if built:
            self.build()

    @rule()
    def build(self) -> None:
        claim = self.wait(self.store.claim(f"b{next(tokens)}", limit=9))
        for snapshot in claim.feeds.values():
            if snapshot:
                self.wait(self.store.commit(snapshot, LONG, {}, ()))

    @rule(ends=st.sampled_from([False, False, True]))
    def end_or_describe(self, ends: bool) -> None:  # noqa: FBT001
        said = FeedUpdated(Kind.CATEGORY, "world", changes={"description": str(self.number)})
        self.wait(self.store.accept([FeedRemoved(Kind.CATEGORY, "world") if ends else said], source="test"))

    # ---- who subscribes -------------------------------------------------------------------------------------------

    @rule(
        name=st.sampled_from(READERS),
        mode=st.sampled_from(["subscribe", "subscribe", "unsubscribe"]),
        lasts=st.sampled_from([True, True, False]),
    )
    def ask(self, name: str, mode: Any, lasts: bool) -> None:  # noqa: FBT001
        feed = self.wait(self._feed())
        intent = Intent(
            SubscriptionId(name), mode, "t", feed, Format.ATOM, "https://r.test/", b"", "sha256", 60, None
        )
        self.wait(self.store.request(intent))
        for asked, token, _ in self.wait(self.store.intents(9)):
            self.wait(self.store.verified(asked, token, "verified", TRIED, lease_end=FAR if lasts else 1))

    @rule(feeds=st.sampled_from([(ALL,), (ALL, WORLD)]), paused=st.booleans())
    def hook(self, feeds: tuple[FeedPath, ...], paused: bool) -> None:  # noqa: FBT001
        was = self.wait(self.store.webhook(HOOK))
        if (
            WORLD in feeds
            and self.wait(self.store.client.hget(self.store.keys.slugs, str(WORLD)))[:1] == b"-"
        ):
            return
        if was is None:
            hook = Webhook(HOOK, "https://p.test/", feeds, (SealedSecret(b"x"),))
            self.wait(self.store.put_webhook(hook))
        self.wait(self.store.pause(HOOK, paused=paused))

    @rule()
    def unhook(self) -> None:
        self.wait(self.store.remove_webhook(HOOK))

    @rule(data=st.data(), back=st.booleans())
    def replay(self, data: st.DataObject, back: bool) -> None:  # noqa: FBT001
        found, _ = self.wait(self.store.list_subscriptions())
        if found:
            one = data.draw(st.sampled_from([each.id for each in found]))
            self.wait(self.store.replay(one, 1 if back else LONG * 9))
            self.floor.pop(one, None)

    # ---- workers --------------------------------------------------------------------------------------------------

    @rule(lane=st.sampled_from([Lane.FAST, Lane.FAST, *Lane]), limit=st.integers(1, 3))
    def claim(self, lane: Lane, limit: int) -> None:
        claimed, _ = self.wait(self.store.claim_subscribers(f"c{next(tokens)}", lane, limit=limit))
        self.claims += claimed

    @rule()
    def claims_end(self) -> None:
        """Every lease and every back-off is over."""
        for lane in Lane:
            key = self.store.keys.of("due", lane)
            for id_ in self.wait(self.store.client.zrange(key, 0, -1)):
                self.wait(self.store.client.zadd(key, {id_: 1}))

    @rule(
        data=st.data(),
        act=st.sampled_from(["advance", "advance", "progress", "retry", "pause", "drop"]),
        lane=st.sampled_from(Lane),
        again=st.booleans(),
    )
    def settle(self, data: st.DataObject, act: str, lane: Lane, again: bool) -> None:  # noqa: FBT001
        """Settle a claim that may be over, taken over or void, perhaps twice."""
        if not self.claims:
            return
        claimed = data.draw(st.sampled_from(self.claims))
        verdict = Verdict(Act.ADVANCE, "", lane, failures=1 if act == "retry" else 0)
        seq = claimed.upto if act == "advance" else claimed.subscription.cursor
        one = Settlement(claimed.subscription, act, seq, verdict, TRIED, 5)
        self.wait(self.store.settle([one, one] if again else [one]))

    @rule()
    def sweep(self) -> None:
        self.wait(self.store.lapse())

    # ---- what always holds ----------------------------------------------------------------------------------------

    @invariant()
    def each_is_in_one_place(self) -> None:
        self.wait(self._check())

    async def _check(self) -> None:
        client, keys = self.store.client, self.store.keys
        feeds = [int(n) for n in range(1, int(await client.get(keys.feed_count) or 0) + 1)]
        idle = {n: dict(await client.zrange(keys.of("cursors", n), 0, -1, withscores=True)) for n in feeds}
        lanes = {lane: set(await client.zrange(keys.of("due", lane), 0, -1)) for lane in (*Lane, "paused")}
        out = await client.hgetall(keys.out)
        ids = set(await client.zrange(keys.leases, 0, -1))
        places = [id_ for cursors in idle.values() for id_ in cursors] + [
            i for lane in lanes.values() for i in lane
        ]
        assert sorted(places) == sorted(ids), "each is in exactly one place"
        assert set(out) == set().union(*lanes.values()), "those that are out have a cursor, and no others"
        telling = set(await client.zrange(keys.telling, 0, -1))
        for n, cursors in idle.items():
            state, built = await client.hmget(keys.of("feed", n), "state", "built")
            if state == b"live" and built and cursors:
                behind = min(cursors.values()) < int(built.split()[0])
                assert not behind or str(n).encode() in telling, "somebody is behind, and nobody knows"
        for found in await self.store.subscriptions([id_.decode() for id_ in ids]):
            assert found.cursor >= self.floor.get(found.id, 0), "a cursor went back"
            self.floor[found.id] = found.cursor
        self.floor = {id_: seq for id_, seq in self.floor.items() if id_.encode() in ids}

    def teardown(self) -> None:
        """Whoever is left gets everything, with no more than claims and settlements."""
        self.build()
        for _ in range(8):
            self.claims_end()
            for lane in Lane:
                self.claims = []
                self.claim(lane, 50)
                for claimed in self.claims:
                    verdict = Verdict(Act.ADVANCE, "", Lane.FAST)
                    self.wait(
                        self.store.settle(
                            [Settlement(claimed.subscription, "advance", claimed.upto, verdict, None, 0)]
                        )
                    )
        found, _ = self.wait(self.store.list_subscriptions())
        for each in found:
            head = int(
                self.wait(self.store.client.hget(self.store.keys.of("feed", each.feed), "built")).split()[0]
            )
            live = (
                self.wait(self.store.client.hget(self.store.keys.of("feed", each.feed), "state")) == b"live"
            )
            assert each.paused or not live or each.cursor >= head, each
        self.wait(self.store.close())
        self.loop.close()


def test_every_order_leaves_each_subscription_in_one_place_and_tells_it_all(redis_url: str) -> None:
    """On a database of its own, as examples begin with an empty one."""
    machine = type("Machine", (Machine,), {"url": redis_url.replace("db=0", "db=2")})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # shrinking takes minutes: the gate is to fail at once
        ),
    )
