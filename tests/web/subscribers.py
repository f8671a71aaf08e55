"""Who is told, in memory: the store's subscriptions, a client that sends nowhere, and a seal to be looked under."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hub.adapters.egress import Answer, Failure
from hub.errors import Conflict, NotFound, Sealed
from hub.model import EntryId, FeedNumber, FeedPath, Live, Moved, Seq, Standing
from hub.partner import MOST_WEBHOOKS
from hub.subscription import Attempt, Channel, EntryReceipt, Subscription, SubscriptionId, Webhook
from hub.webhook import subscription_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.model import FeedSummary, Resolution


@dataclass
class FakeSubscribing:
    """Subscriptions and webhooks as the real store keeps them, over the feeds of whoever inherits."""

    places: dict[FeedPath, Resolution] = field(default_factory=dict)
    summaries: dict[FeedPath, FeedSummary] = field(default_factory=dict)
    subscriptions: dict[SubscriptionId, Subscription] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    tries: dict[SubscriptionId, list[Attempt]] = field(default_factory=dict)
    """Oldest first."""
    acknowledgements: dict[EntryId, list[EntryReceipt]] = field(default_factory=dict)

    async def subscription(self, id_: SubscriptionId, /) -> Subscription | None:
        await self._asked("subscription")
        return self.subscriptions.get(id_)

    async def count_subscriptions(self) -> int:
        await self._asked("count_subscriptions")
        return len(self.subscriptions)

    async def list_subscriptions(
        self, *, cursor: str | None, limit: int, owner: str | None = None
    ) -> tuple[tuple[Subscription, ...], str | None]:
        await self._asked("list_subscriptions")
        mine = [
            id_
            for id_, found in sorted(self.subscriptions.items())
            if owner is None
            or (found.channel is Channel.WEBHOOK and self.webhooks[found.callback].owner == owner)
        ]
        start = int(cursor or 0)
        rows = tuple(self.subscriptions[id_] for id_ in mine[start : start + limit])
        return rows, str(start + limit) if len(mine) > start + limit else None

    async def attempts(self, id_: SubscriptionId, /) -> tuple[Attempt, ...]:
        await self._asked("attempts")
        return tuple(reversed(self.tries.get(id_, [])))

    async def receipts(self, entry: EntryId, /) -> tuple[EntryReceipt, ...]:
        await self._asked("receipts")
        if entry not in self.acknowledgements:
            raise NotFound(f"There is no entry {entry}.")
        return tuple(self.acknowledgements[entry])

    async def replay(self, id_: SubscriptionId, after: int, /) -> bool:
        await self._asked("replay")
        found = self.subscriptions.get(id_)
        if found is None:
            return False
        self.subscriptions[id_] = found._replace(cursor=Seq(after), failures=0, failing_since=None)
        return True

    async def put_webhook(self, webhook: Webhook, /, *, was: Webhook | None = None) -> None:
        await self._asked("put_webhook")
        if self.webhooks.get(webhook.id) != was:
            raise Conflict("changed meanwhile")
        if (
            was is None
            and sum(one.owner == webhook.owner != "" for one in self.webhooks.values()) >= MOST_WEBHOOKS
        ):
            raise Conflict("A partner has too many webhooks.")
        for path in webhook.feeds:
            if not isinstance(self.places.get(path), Live) and not (was and path in was.feeds):
                raise NotFound(f"there is no feed {path}")
        self._put(webhook)

    def _put(self, webhook: Webhook) -> None:
        self.webhooks[webhook.id] = webhook
        wanted = {subscription_id(webhook.id, number): number for number in self._numbers(webhook.feeds)}
        for id_ in [id_ for id_, found in self.subscriptions.items() if found.callback == webhook.id]:
            if id_ not in wanted:
                del self.subscriptions[id_]
        for id_, number in wanted.items():
            new = Subscription(id_, Channel.WEBHOOK, number, webhook.id, self._standing(number).seq)
            self.subscriptions[id_] = self.subscriptions.get(id_, new)._replace(paused=webhook.paused)

    async def webhook(self, id_: str, /) -> Webhook | None:
        await self._asked("webhook")
        found = self.webhooks.get(id_)
        return replace(found, feeds=tuple(map(self._now, found.feeds))) if found else None

    async def owners(self, ids: Sequence[str], /) -> Mapping[str, str]:
        await self._asked("owners")
        return {id_: self.webhooks[id_].owner for id_ in ids if id_ in self.webhooks}

    async def list_webhooks(
        self, *, cursor: str | None, limit: int, owner: str | None = None
    ) -> tuple[tuple[Webhook, ...], str | None]:
        await self._asked("list_webhooks")
        mine = [id_ for id_, found in self.webhooks.items() if owner is None or found.owner == owner]
        ids, rest = page(mine, cursor, limit)
        return tuple(self.webhooks[id_] for id_ in ids), rest

    async def remove_webhook(self, id_: str, /) -> bool:
        await self._asked("remove_webhook")
        return self._drop(id_)

    def _drop(self, id_: str) -> bool:
        self.subscriptions = {key: one for key, one in self.subscriptions.items() if one.callback != id_}
        return self.webhooks.pop(id_, None) is not None

    async def pause(self, id_: str, /, *, paused: bool) -> bool:
        await self._asked("pause")
        if id_ not in self.webhooks:
            return False
        self._put(replace(self.webhooks[id_], paused=paused))
        return True

    async def standings(self, numbers: Sequence[FeedNumber], /) -> Mapping[FeedNumber, Standing]:
        await self._asked("standings")
        return {number: self._standing(number) for number in numbers}

    async def _asked(self, method: str) -> None:
        raise NotImplementedError

    def _now(self, path: FeedPath) -> FeedPath:
        """Where a feed is that a webhook named: the store keeps its number."""
        place = self.places.get(path)
        return place.path if isinstance(place, Moved) else path

    def _numbers(self, feeds: Sequence[FeedPath]) -> list[FeedNumber]:
        places = [self.places.get(self._now(path)) for path in feeds]
        return [place.number for place in places if isinstance(place, Live)]

    def _standing(self, number: FeedNumber) -> Standing:
        path = next(path for path, place in self.places.items() if place == Live(number))
        found = next(feed for feed in self.summaries.values() if feed.number == number)
        return Standing(path, found.seq)


def page(ids: Sequence[str], cursor: str | None, limit: int) -> tuple[list[str], str | None]:
    rest = [id_ for id_ in sorted(ids) if cursor is None or id_ > cursor]
    return rest[:limit], rest[limit - 1] if len(rest) > limit else None


@dataclass(frozen=True)
class Sent:
    url: str
    body: bytes
    headers: Mapping[str, str]
    seconds: float


@dataclass
class FakeEgress:
    """Keeps what it is to send, and answers what it is told to."""

    came: Answer | Failure = field(default_factory=lambda: Answer(204, b"", None, 12.5))
    sent: list[Sent] = field(default_factory=list)

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = 10.0
    ) -> Answer | Failure:
        self.sent.append(Sent(url, body, headers, seconds))
        return self.came


class FakeSealer:
    """Seals visibly, and opens for the owner alone."""

    def seal(self, secret: bytes, owner: str, /) -> bytes:
        return b"sealed for " + owner.encode() + b": " + secret

    def open(self, sealed: bytes, owner: str, /) -> bytes:
        head, _, secret = sealed.partition(b": ")
        if head != b"sealed for " + owner.encode():
            raise Sealed("A subscriber's secret is damaged, or belongs to another one.")
        return secret
