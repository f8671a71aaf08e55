"""What the distribute job needs: CLAIM-SUBSCRIBERS, SETTLE, RENEW (DESIGN §4)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from hub.adapters.store.database import Call, Database
from hub.adapters.store.subrecords import pack_attempt, unpack_subscription
from hub.delivery import KEPT_ATTEMPTS, Act
from hub.model import Seq
from hub.subscription import SubscriptionId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.adapters.store.database import Argument
    from hub.delivery import Verdict
    from hub.model import FeedNumber
    from hub.subscription import Attempt, Lane, Subscription

CLAIM_MS = 6_000
"""A claim that is not renewed is due again after this: what a killed worker had in hand is told by another."""
RENEW_SECONDS = 2.0
MOST_CLAIMED = 500


class Claimed(NamedTuple):
    """A subscription that this worker is to tell, and the seq up to which there is something to tell."""

    subscription: Subscription
    upto: Seq


class Settlement(NamedTuple):
    """What came of one attempt. `act` is a verdict's, or `progress`: told up to `seq`, and still claimed."""

    subscription: Subscription
    act: str
    seq: int
    verdict: Verdict
    attempt: Attempt | None
    keep: int

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the cursor and the attempt is to be written: it was told, and all is well as before."""
        return (
            self.act == Act.ADVANCE
            and self.keep == KEPT_ATTEMPTS
            and self.subscription.untroubled
            and self.verdict.untroubled
        )

    def as_json(self) -> bytes:
        refused = self.verdict.refused
        body: dict[str, Any] = {
            "id": self.subscription.id,
            "claim": self.subscription.claim,
            "act": self.act,
            "seq": str(self.seq),
            "state": {
                "lane": self.verdict.lane,
                "failures": self.verdict.failures,
                "since": self.verdict.since,
                "refused": str(refused.seq) if refused else "",
                "refused_since": refused.since if refused else 0,
            },
            "delay": self.verdict.delay,
            "keep": self.keep,
        }
        if self.attempt:
            body["attempt"] = pack_attempt(self.attempt)
        return orjson.dumps(body)


class Distribution(Database):
    """The store's side of the distribute job."""

    async def claim_subscribers(self, token: str, lane: Lane, *, limit: int) -> tuple[list[Claimed], bool]:
        """Take subscriptions of a lane that are behind or due, for `CLAIM_MS`; the same token gets the same claim.

        The second value says whether there is more work by this, perhaps of another lane.
        """
        args = (
            token,
            lane,
            min(limit, MOST_CLAIMED),
            CLAIM_MS,
            self.settings.notify_interval_ms,
            "distribute",
        )
        others, *rows = await self.run("owing", *args)
        claimed = [
            _claimed(id_, record, place, upto)
            for id_, record, place, upto in zip(rows[::4], rows[1::4], rows[2::4], rows[3::4], strict=True)
        ]
        return claimed, bool(others)

    async def settle(self, settlements: Sequence[Settlement]) -> bool:
        """Store what came of attempts, each on its own. True if somebody is to be told now."""
        interval = self.settings.notify_interval_ms
        told: defaultdict[tuple[FeedNumber, int], list[Argument]] = defaultdict(list)
        texts: list[Argument] = []
        for each in settlements:
            id_, claim, feed = each.subscription.id, each.subscription.claim, each.subscription.feed
            if each.attempt and each.is_plain:
                told[feed, each.seq] += id_, claim, pack_attempt(each.attempt)
            else:
                texts.append(each.as_json())
        calls = [Call("told", (interval, *upto, KEPT_ATTEMPTS, *rows)) for upto, rows in told.items()]
        if texts:
            calls.append(Call("settle", (interval, CLAIM_MS, *texts)))
        return any(await self.calls(calls))

    async def renew(self, lane: Lane, claims: Mapping[SubscriptionId, str]) -> None:
        """Keep claims whose attempts are under way or wait for their turn."""
        if claims:
            await self.run("renew", lane, CLAIM_MS, *(part for pair in claims.items() for part in pair))


def _claimed(id_: bytes, record: bytes, place: bytes, upto: bytes) -> Claimed:
    cursor, _, claim = place.partition(b" ")
    found = unpack_subscription(SubscriptionId(id_.decode()), record, int(cursor), claim=claim.decode())
    return Claimed(found, Seq(int(upto)))
