"""One claimed subscription, told: what it is owed, signed and sent, and what came of that."""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING

from hub import webhook, websub
from hub.adapters.egress import Answer
from hub.adapters.partnerbook import PartnerBook
from hub.adapters.store.distribution import Settlement
from hub.delivery import Act, Reply, Verdict, judge, kept_attempts
from hub.errors import HubError
from hub.subscription import Attempt, Channel
from hub.urls import document_url, websub_url
from workers.contents import Content, Ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.adapters.crashpoints import CrashPoints
    from hub.adapters.egress import Egress, Failure
    from hub.adapters.sealing import Sealer
    from hub.adapters.store import Store
    from hub.adapters.store.distribution import Claimed
    from hub.model import FeedNumber
    from hub.subscription import Subscription, Webhook
    from workers.contents import Body, Contents
    from workers.settler import Settler

log = logging.getLogger("workers.courier")

POST_SECONDS = 10.0
"""For one attempt, from connecting to the answer's end."""


def now_ms() -> int:
    return int(time.time() * 1000)


class Courier:
    """Delivers; knows no lane and no turn."""

    def __init__(
        self,
        store: Store,
        *,
        egress: Egress,
        sealer: Sealer,
        contents: Contents,
        settler: Settler,
        crash: CrashPoints,
        seconds: float = POST_SECONDS,
        now: Callable[[], int] = now_ms,
    ) -> None:
        self._store = store
        self._egress = egress
        self._sealer = sealer
        self._contents = contents
        self._settler = settler
        self._site = store.settings.site
        self._partners = PartnerBook(store)
        self._crash = crash
        self._seconds = seconds
        self._now = now

    async def deliver(self, claimed: Claimed, hook: Webhook | None) -> None:
        """Tell a subscription what it is owed; a failure of ours is settled like one of the receiver's."""
        try:
            if claimed.upto <= claimed.subscription.cursor:  # told already, or its cursor was set forward
                self._settle(claimed.subscription, claimed.upto, _nothing(claimed.subscription), None)
            elif claimed.subscription.channel is Channel.WEBSUB:
                await self._tell_topic(claimed)
            elif hook is None:  # removed meanwhile
                self._drop(claimed.subscription)
            else:
                await self._tell_changes(claimed, hook)
        except Exception as error:  # noqa: BLE001  (else nothing settles, and it is due again at once, for ever)
            report = log.warning if isinstance(error, HubError) else log.exception
            report("distribute subscription=%s outcome=failed error=%s", claimed.subscription.id, error)
            reply = Reply(None, 0.0, error=type(error).__name__, detail=str(error))
            self._judge(claimed.subscription, reply, claimed.subscription.cursor)

    # ---- WebSub --------------------------------------------------------------------------------------------------

    async def _tell_topic(self, claimed: Claimed) -> None:
        """POST the topic, or what of it is new, signed (WebSub §7)."""
        subscription = claimed.subscription
        content = await self._contents.topic(
            subscription.feed, subscription.format, subscription.cursor, claimed.upto
        )
        match content:
            case None:
                self._settle(subscription, subscription.cursor, _nothing(subscription), None)
            case Ended():
                await self._deny(subscription, content)
            case Content():
                headers = self._topic_headers(subscription, content)
                reply = _reply(
                    await self._egress.post(
                        subscription.callback, content.body, headers, seconds=self._seconds
                    )
                )
                self._crash.reach("before_settle")
                self._judge(subscription, reply, content.seq)

    def _topic_headers(self, subscription: Subscription, content: Content) -> dict[str, str]:
        signed = None
        if subscription.secret:
            secret = self._sealer.open(subscription.secret, subscription.id)
            signed = websub.signature(subscription.algorithm, secret, content.body)
        hub = websub_url(self._site.public_url)
        # The topic as it was subscribed to: a renamed feed keeps its old self until the lease ends.
        return websub.delivery_headers(content.content_type, subscription.topic, hub, signed)

    async def _deny(self, subscription: Subscription, ended: Ended) -> None:
        """Tell a subscriber that its topic has ended, once; what it answers is ignored (WebSub §5.2)."""
        reason = "This feed has ended."
        if ended.moved_to and subscription.format:
            url = document_url(self._site.public_url, ended.moved_to, subscription.format)
            reason = f"This feed has moved to {url}"
        url = websub.denied_url(subscription.callback, subscription.topic, reason)
        reply = _reply(await self._egress.get(url, seconds=self._seconds))
        log.info("distribute subscription=%s outcome=denied status=%s", subscription.id, reply.status)
        self._settle(subscription, ended.seq, Verdict(Act.DROP, "denied", subscription.lane), None)

    # ---- webhooks ------------------------------------------------------------------------------------------------

    async def _tell_changes(self, claimed: Claimed, hook: Webhook) -> None:
        """POST one change after the other, in order, until the receiver has all or one of them fails."""
        subscription = claimed.subscription
        secrets = [
            self._sealer.open(sealed, hook.id).decode()
            for sealed in webhook.signing(hook.secrets, self._now())
        ]
        known = cursor = subscription.cursor
        while bodies := await self._bodies(hook, subscription.feed, cursor, claimed.upto, known):
            for body in bodies:
                if not await self._may_be_told(hook, subscription.feed):
                    self._drop(subscription)
                    return
                reply = await self._post(hook.url, secrets, body)
                verdict = self._settle_change(subscription, reply, body)
                if verdict.act is not Act.ADVANCE:
                    return  # the next must wait, or there is none
                subscription = subscription._replace(cursor=body.seq, lane=verdict.lane, refused=None)
                cursor = body.seq
        self._settle(subscription, claimed.upto, _nothing(subscription), None)

    async def _bodies(
        self, hook: Webhook, feed: FeedNumber, cursor: int, upto: int, known: int
    ) -> tuple[Body, ...]:
        """Give the next deliveries, with as much of the articles as the webhook's partner gets elsewhere."""
        partner = (await self._partners.read()).get(hook.owner) if hook.owner else None
        full = partner.edition.full_content if partner else self._site.full_content
        return await self._contents.bodies(feed, cursor, upto, known=known, full_content=full)

    async def _may_be_told(self, hook: Webhook, feed: FeedNumber) -> bool:
        """Ask before each change, for thousands may be owed: a partner that was revoked is sent no other one."""
        if not hook.owner:
            return True
        partner = (await self._partners.read()).get(hook.owner)
        return partner is not None and partner.may_open(feed)

    async def _post(self, url: str, secrets: list[str], body: Body) -> Reply:
        headers = webhook.headers(secrets, body.id, int(time.time()), body.body)
        reply = _reply(await self._egress.post(url, body.body, headers, seconds=self._seconds))
        self._crash.reach("before_settle")
        return reply

    def _settle_change(self, subscription: Subscription, reply: Reply, body: Body) -> Verdict:
        """Settle one of several; the subscription stays claimed for the next."""
        verdict = judge(subscription, reply, seq=body.seq, now=self._now(), dice=random.random())
        if body.last and verdict.act is Act.ADVANCE:
            verdict = verdict._replace(act=Act.DROP)
        act = "progress" if verdict.act is Act.ADVANCE else verdict.act
        seq = body.seq if verdict.act is Act.ADVANCE else subscription.cursor
        self._settle(subscription, seq, verdict, reply, act=act, carried=body.seq)
        return verdict

    # ---- what came of it -----------------------------------------------------------------------------------------

    def _judge(self, subscription: Subscription, reply: Reply, seq: int) -> None:
        verdict = judge(subscription, reply, seq=seq, now=self._now(), dice=random.random())
        reached = seq if verdict.act is Act.ADVANCE else subscription.cursor
        self._settle(subscription, reached, verdict, reply, carried=seq)

    def _drop(self, subscription: Subscription) -> None:
        """Forget a subscription that nobody has any more."""
        self._settle(subscription, subscription.cursor, Verdict(Act.DROP, "gone", subscription.lane), None)

    def _settle(
        self,
        subscription: Subscription,
        seq: int,
        verdict: Verdict,
        reply: Reply | None,
        *,
        act: str | None = None,
        carried: int | None = None,
    ) -> None:
        attempt = _attempt(self._now(), verdict, reply, carried) if reply else None
        if attempt:
            log.info(
                "distribute subscription=%s feed=%d seq=%s outcome=%s status=%s ms=%.1f",
                subscription.id, subscription.feed, carried, verdict.outcome, attempt.status, attempt.ms,
            )  # fmt: skip
        self._settler.put(
            Settlement(subscription, act or verdict.act, seq, verdict, attempt, kept_attempts(verdict))
        )


def _reply(answer: Answer | Failure) -> Reply:
    if isinstance(answer, Answer):
        return Reply(answer.status, answer.ms, answer.retry_after)
    return Reply(None, answer.ms, error=answer.kind, detail=answer.detail)


def _attempt(at: int, verdict: Verdict, reply: Reply, seq: int | None) -> Attempt:
    return Attempt(at, "delivery", verdict.outcome, reply.status, reply.ms, seq, reply.detail)  # type: ignore[arg-type]


def _nothing(subscription: Subscription) -> Verdict:
    """Nothing more is owed."""
    return Verdict(Act.ADVANCE, "", subscription.lane)
