"""Who is subscribed: WebSub requests and their verification, webhooks, and how each of them stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hub.adapters.store.database import Database, unavailable
from hub.adapters.store.subrecords import (
    pack_attempt,
    pack_intent,
    pack_new_subscription,
    pack_webhook,
    unpack_attempt,
    unpack_intent,
    unpack_subscription,
    unpack_webhook,
)
from hub.delivery import KEPT_ATTEMPTS
from hub.errors import Conflict, Forbidden, NotFound, TooManyPending
from hub.model import FeedNumber, FeedPath, Kind, Seq
from hub.partner import MOST_WEBHOOKS
from hub.subscription import Channel, EntryReceipt, Lane, Subscription, SubscriptionId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from hub.model import EntryId
    from hub.subscription import Attempt, Webhook
    from hub.subscription import Intent as WebSubIntent

INTENT_MS = 10 * 60_000
"""How long a request waits for its verification; a callback that answers later may ask again."""
PENDING_PER_HOST = 1_000
"""Requests that one callback host may have pending: nobody makes the hub call a stranger's server without end."""
VERIFY_LEASE_MS = 20_000
LAPSES = 500
_PAGE = 500
PAUSED = "paused"
"""The lane that nobody serves."""


class Subscribing(Database):
    """The store's side of subscribing."""

    # ---- WebSub --------------------------------------------------------------------------------------------------

    async def request(self, intent: WebSubIntent) -> None:
        """Keep a request until it is verified; a later one for the same subscription replaces it.

        Raises TooManyPending, StoreUnavailable.
        """
        host = (urlsplit(intent.callback).hostname or "").lower()
        args = (intent.id, intent.feed, intent.mode, pack_intent(intent), host, PENDING_PER_HOST, INTENT_MS)
        if not await self.run("intend", *args):
            raise TooManyPending(f"Too many requests for callbacks on {host} wait for verification.")

    async def intents(self, limit: int) -> list[tuple[WebSubIntent, bytes, int]]:
        """Claim requests to verify now: (request, token, tries so far)."""
        rows = await self.run("intents", limit, VERIFY_LEASE_MS)
        return [
            (unpack_intent(body), token, int(tries))
            for body, token, tries in zip(rows[1::4], rows[2::4], rows[3::4], strict=True)
        ]

    async def verified(
        self, intent: WebSubIntent, token: bytes, outcome: str, attempt: Attempt, *, lease_end: int = 0
    ) -> bool:
        """Store what came of a verification: `verified`, `failed`, or the milliseconds until another try.

        The lease counts from the verification request (WebSub §5.3). True if somebody is to be told now.
        """
        record = pack_new_subscription(intent, lease_end) if intent.mode == "subscribe" else b""
        args = (intent.id, token, outcome, record, pack_attempt(attempt), KEPT_ATTEMPTS)
        return bool(await self.run("verify", *args, self.settings.notify_interval_ms))

    async def lapse(self) -> int:
        """Remove subscriptions whose lease has ended; answers how many."""
        return int(await self.run("lapse", LAPSES))

    # ---- webhooks ------------------------------------------------------------------------------------------------

    async def put_webhook(self, webhook: Webhook, *, was: Webhook | None = None) -> None:
        """Create a webhook, or change what it `was`; its subscriptions are made to match its feeds.

        A feed that ended stays one of it until its end was told. Raises NotFound for an unknown feed, Conflict if
        somebody else changed it meanwhile or its partner has too many, and Forbidden if that may not open all of them.
        """
        with unavailable():
            found = await self.client.hmget(self.keys.slugs, [str(path) for path in webhook.feeds])
            present = await self.client.hget(self.keys.of("webhook", webhook.id), "feeds")
        own = {path: number for number, path in (await self.feed_paths(_numbers(present))).items()}
        numbers = [own.get(path) or _live(at, path) for at, path in zip(found, webhook.feeds, strict=True)]
        await self._put(webhook, was, numbers)

    async def webhook(self, id_: str) -> Webhook | None:
        return next(iter((await self.webhooks([id_])).values()), None)

    async def webhooks(self, ids: Sequence[str]) -> dict[str, Webhook]:
        """Read webhooks by id; an unknown one is absent."""
        pipe = self.client.pipeline(transaction=False)
        for id_ in ids:
            pipe.hmget(self.keys.of("webhook", id_), "body", "feeds")
        with unavailable():
            rows = {id_: row for id_, row in zip(ids, await pipe.execute(), strict=True) if row[0]}
            paths = await self.feed_paths(
                {int(n) for _, feeds in rows.values() for n in feeds.split(b",") if n}
            )
        return {
            id_: unpack_webhook(id_, body, tuple(paths[int(n)] for n in feeds.split(b",") if n))
            for id_, (body, feeds) in rows.items()
        }

    async def owners(self, ids: Sequence[str]) -> dict[str, str]:
        """Say whose these webhooks are; an unknown one is absent."""
        return {id_: webhook.owner for id_, webhook in (await self.webhooks(ids)).items()}

    async def list_webhooks(
        self, *, cursor: str | None = None, limit: int = 100, owner: str | None = None
    ) -> tuple[tuple[Webhook, ...], str | None]:
        """List webhooks by id, from the one after `cursor`; `owner`: only that partner's."""
        found: list[Webhook] = []
        while len(found) <= limit:
            after = f"({cursor}" if cursor else "-"
            with unavailable():
                ids = await self.client.zrangebylex(self.keys.webhooks, after, "+", start=0, num=_PAGE)
            if not ids:
                return tuple(found), None
            page = await self.webhooks([id_.decode() for id_ in ids])
            found += [webhook for webhook in page.values() if owner is None or webhook.owner == owner]
            cursor = ids[-1].decode()
        return tuple(found[:limit]), found[limit - 1].id

    async def remove_webhook(self, id_: str) -> bool:
        return bool(await self.run("unhook", id_))

    async def pause(self, id_: str, *, paused: bool) -> bool:
        """Pause a webhook, or have it go on from where it was. False: there is none."""
        webhook = await self.webhook(id_)
        if webhook is None:
            return False
        with unavailable():
            feeds = await self.client.hget(self.keys.of("webhook", id_), "feeds")
        await self._put(replace(webhook, paused=paused), webhook, _numbers(feeds), switch=True)
        return True

    async def _put(
        self, webhook: Webhook, was: Webhook | None, numbers: Iterable[int], *, switch: bool = False
    ) -> None:
        before = pack_webhook(was) if was else b""
        head = (webhook.id, pack_webhook(webhook), before, int(webhook.paused), int(switch))
        tail = (self.settings.notify_interval_ms, webhook.owner, MOST_WEBHOOKS)
        _check(await self.run("webhook", *head, *tail, *dict.fromkeys(numbers)))

    # ---- all of them ---------------------------------------------------------------------------------------------

    async def count_subscriptions(self) -> int:
        """Count who is told by push: of WebSub and of webhooks."""
        with unavailable():
            return int(await self.client.zcard(self.keys.leases))

    async def subscription(self, id_: SubscriptionId) -> Subscription | None:
        return next(iter(await self.subscriptions([id_])), None)

    async def subscriptions(self, ids: Sequence[str]) -> list[Subscription]:
        """Read subscriptions with their cursors and next attempts; an unknown one is absent."""
        if not ids:
            return []
        with unavailable():
            packed = await self.client.mget([self.keys.of("sub", id_) for id_ in ids])
            known = [(SubscriptionId(id_), text) for id_, text in zip(ids, packed, strict=True) if text]
            pipe = self.client.pipeline(transaction=False)
            for id_, text in known:
                bare = unpack_subscription(id_, text, 0)
                pipe.hget(self.keys.out, id_)
                pipe.zscore(self.keys.of("cursors", bare.feed), id_)
                pipe.zscore(self.keys.of("due", bare.lane), id_)
            places = iter(await pipe.execute())
        return [
            unpack_subscription(id_, text, int(out.split()[0] if out else idle or 0), next_attempt=due)
            for (id_, text), out, idle, due in zip(known, places, places, places, strict=True)
        ]

    async def list_subscriptions(
        self, *, cursor: str | None = None, limit: int = 100, owner: str | None = None
    ) -> tuple[tuple[Subscription, ...], str | None]:
        """List subscriptions, by the end of their leases; `owner`: only those of that partner's webhooks."""
        found: list[Subscription] = []
        start = int(cursor or 0)
        while len(found) < limit:
            with unavailable():
                ids = await self.client.zrange(self.keys.leases, start, start + limit - len(found) - 1)
            if not ids:
                return tuple(found), None
            start += len(ids)
            page = await self.subscriptions([id_.decode() for id_ in ids])
            found += await self._owned(page, owner)
        return tuple(found), str(start)

    async def _owned(self, page: Sequence[Subscription], owner: str | None) -> Iterable[Subscription]:
        if owner is None:
            return page
        owners = await self.owners([s.callback for s in page if s.channel is Channel.WEBHOOK])
        return [s for s in page if owners.get(s.callback) == owner]

    async def attempts(self, id_: SubscriptionId) -> tuple[Attempt, ...]:
        """Read what was tried last, newest first."""
        with unavailable():
            rows = await self.client.lrange(self.keys.of("attempts", id_), 0, -1)
        return tuple(unpack_attempt(row) for row in rows)

    async def replay(self, id_: SubscriptionId, after: int) -> bool:
        """Set a cursor: what came after `after` is delivered (again). False: there is no such subscription."""
        return bool(await self.run("replay", id_, after, self.settings.notify_interval_ms))

    async def receipts(self, entry: EntryId) -> tuple[EntryReceipt, ...]:
        """Say who has acknowledged the latest told change of an entry, in each feed that has one. Raises NotFound."""
        with unavailable():
            number = await self.client.hget(self.keys.ids, entry)
            if number is None:
                raise NotFound(f"There is no entry {entry[:200]}.")
            present, left = await self.client.hmget(self.keys.of("entry", number.decode()), "feeds", "left")
        found: list[EntryReceipt] = []
        for text in dict.fromkeys(((present or b"") + b"," + (left or b"")).split(b",")):
            if text:
                found += await self._receipts(FeedNumber(int(text)), number.decode())
        return tuple(found)

    async def _receipts(self, feed: FeedNumber, number: str) -> list[EntryReceipt]:
        with unavailable():
            seq = await self.client.zscore(self.keys.of("log", feed), number)
            gone = await self.client.zscore(self.keys.of("gone", feed), number)
        if seq is None:
            return []
        path = (await self.feed_paths({feed}))[feed]
        subscriptions = [s async for s in self._of_feed(feed)]
        hooks = await self.webhooks([s.callback for s in subscriptions if s.channel is Channel.WEBHOOK])
        return [
            EntryReceipt(
                feed=path,
                seq=Seq(int(seq)),
                removed=gone is not None,
                subscription=s.id,
                callback=hooks[s.callback].url if s.callback in hooks else s.callback,
                acknowledged=s.cursor >= int(seq),
            )
            for s in subscriptions
        ]

    async def _of_feed(self, feed: FeedNumber) -> AsyncIterator[Subscription]:
        """Find a feed's subscriptions: the idle ones, and those that are out in a lane."""
        with unavailable():
            idle = await self.client.zrange(self.keys.of("cursors", feed), 0, -1)
            lanes = [self.keys.of("due", lane) for lane in (*Lane, PAUSED)]
            out = [id_ for lane in lanes for id_ in await self.client.zrange(lane, 0, -1)]
        ids = [id_.decode() for id_ in dict.fromkeys((*idle, *out))]
        for start in range(0, len(ids), _PAGE):
            for subscription in await self.subscriptions(ids[start : start + _PAGE]):
                if subscription.feed == feed:
                    yield subscription

    async def feed_paths(self, numbers: Iterable[int]) -> dict[int, FeedPath]:
        """Read where feeds are now."""
        wanted = list(numbers)
        pipe = self.client.pipeline(transaction=False)
        for number in wanted:
            pipe.hmget(self.keys.of("feed", number), "kind", "slug")
        with unavailable():
            rows = await pipe.execute()
        return {
            n: FeedPath(Kind(kind.decode()), slug.decode())
            for n, (kind, slug) in zip(wanted, rows, strict=True)
        }


def _check(answer: int) -> None:
    match answer:
        case 0:
            raise Conflict("Somebody else changed this webhook at the same time: look at it, and try again.")
        case -1:
            raise Forbidden("This partner may not open all of these feeds.")
        case -2:
            raise Conflict(f"A partner has at most {MOST_WEBHOOKS} webhooks: each may have many feeds.")


def _numbers(feeds: bytes | None) -> list[int]:
    return [int(number) for number in (feeds or b"").split(b",") if number]


def _live(at: bytes | None, path: FeedPath) -> int:
    if at is None or not at.isdigit():
        raise NotFound(f"there is no feed {path}")
    return int(at)
