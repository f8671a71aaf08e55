"""The retry policy: what an attempt's outcome means for its subscription. Pure; moments and times in milliseconds.

2xx                     delivered: the cursor goes on
410                     the receiver is gone: a WebSub subscription ends, a webhook is paused
other answers           tried again, after delays that double from a second to six hours
408, 425, 429, 503      likewise; `Retry-After` lengthens the delay, to an hour at most
4xx to a webhook        the same change refused for a day is skipped, and recorded as skipped
no answer               tried again for as long as there is a subscription: never skipped
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import NamedTuple

from hub.model import Seq
from hub.subscription import Channel, Lane, Refusal, Subscription

FIRST_DELAY = 1_000
LONGEST_DELAY = 6 * 3_600_000
JITTER = 0.2
"""Of the delay, to either side: receivers that failed together must not come back together."""
LONGEST_RETRY_AFTER = 3_600_000
"""A receiver may ask for quiet, but not for ever."""
SLOW_ANSWER = 2_000.0
"""From here on an answer holds up those that wait behind it."""
PROBATION_FAILURES = 5
"""From so many failures in a row on, a subscription is only probed."""
BUSY = "busy"
"""The error of an attempt that was never made, for want of a turn: nothing that the receiver did."""
BUSY_DELAY = 500
REFUSED_LONG_ENOUGH = 24 * 3_600_000
KEPT_ATTEMPTS = 5
KEPT_ATTEMPTS_FAILING = 100

_GONE = 410
_RETRIED_4XX = frozenset({408, 410, 425, 429})
"""Refusals that are about the moment, not about the change."""


class Act(StrEnum):
    """What becomes of a subscription after an attempt (scripts/settle.lua)."""

    ADVANCE = "advance"
    RETRY = "retry"
    PAUSE = "pause"
    DROP = "drop"


class Reply(NamedTuple):
    """What came back: a status, or (None) why nothing did."""

    status: int | None
    ms: float
    retry_after: str | None = None
    error: str = ""
    """The kind of a failure, in a word."""
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004


class Verdict(NamedTuple):
    """How a subscription goes on."""

    act: Act
    outcome: str
    """For the log of attempts."""
    lane: Lane
    failures: int = 0
    since: int = 0
    """When it began to fail; 0: it does not."""
    delay: int = 0
    refused: Refusal | None = None

    @property
    def untroubled(self) -> bool:
        """Whether it was told, and in time."""
        return (
            self.act is Act.ADVANCE and self.lane is Lane.FAST and not self.failures and self.refused is None
        )


def judge(subscription: Subscription, reply: Reply, *, seq: int, now: int, dice: float) -> Verdict:
    """Decide. `seq` is the last change that the attempt carried; `dice` is uniform in [0, 1)."""
    lane = Lane.SLOW if reply.ms > SLOW_ANSWER else Lane.FAST
    if reply.ok:
        return Verdict(Act.ADVANCE, "delivered", lane)
    if reply.status == _GONE:
        act = Act.DROP if subscription.channel is Channel.WEBSUB else Act.PAUSE
        return Verdict(act, "gone", subscription.lane)
    if reply.error == BUSY:
        return _unchanged(subscription)
    refused = _refusal(subscription, reply, seq, now)
    if refused and now - refused.since >= REFUSED_LONG_ENOUGH:
        return Verdict(Act.ADVANCE, "skipped", lane)
    failures = subscription.failures + 1
    return Verdict(
        act=Act.RETRY,
        outcome=str(reply.status) if reply.status else reply.error,
        lane=Lane.PROBATION if failures >= PROBATION_FAILURES else Lane.SLOW,
        failures=failures,
        since=subscription.failing_since or now,
        delay=_delay(failures, reply.retry_after, now, dice),
        refused=refused,
    )


def _unchanged(subscription: Subscription) -> Verdict:
    """Try again soon, and hold it against nobody."""
    return Verdict(
        act=Act.RETRY,
        outcome=BUSY,
        lane=subscription.lane,
        failures=subscription.failures,
        since=subscription.failing_since or 0,
        delay=BUSY_DELAY,
        refused=subscription.refused,
    )


def kept_attempts(verdict: Verdict) -> int:
    """How many attempts are worth keeping: more while it fails."""
    return KEPT_ATTEMPTS_FAILING if verdict.failures else KEPT_ATTEMPTS


def _refusal(subscription: Subscription, reply: Reply, seq: int, now: int) -> Refusal | None:
    """Since when a webhook's receiver refuses this very change. WebSub sends the newest range, so nothing blocks it."""
    if subscription.channel is not Channel.WEBHOOK or reply.status is None:
        return None
    if not 400 <= reply.status < 500 or reply.status in _RETRIED_4XX:  # noqa: PLR2004
        return None
    before = subscription.refused
    return before if before and before.seq == seq else Refusal(Seq(seq), now)


def _delay(failures: int, retry_after: str | None, now: int, dice: float) -> int:
    own = min(FIRST_DELAY << min(failures - 1, 30), LONGEST_DELAY) * (1 + JITTER * (2 * dice - 1))
    return max(round(own), min(asked_for(retry_after, now), LONGEST_RETRY_AFTER))


def asked_for(retry_after: str | None, now: int) -> int:
    """Read `Retry-After` (RFC 9110 §10.2.3): seconds or a date; 0 where it says nothing that can be read."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return int(text[:12]) * 1000
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0
    date = date.replace(tzinfo=UTC) if date.tzinfo is None else date
    return max(0, round((date - datetime.fromtimestamp(now / 1000, UTC)).total_seconds() * 1000))
