"""Who is told, and what became of telling: the records that the store, the lanes and the API share.

A subscription is one (receiver, feed, format): a WebSub callback's on a topic, or a webhook's on one of its feeds. It
is a cursor on that feed's log. Secrets are sealed wherever they stand here. Moments are milliseconds since 1970. What
is made for every delivery is a NamedTuple: a frozen dataclass takes four times as long to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple, NewType

if TYPE_CHECKING:
    from hub.model import FeedNumber, FeedPath, Format, Seq

SubscriptionId = NewType("SubscriptionId", str)
"""Made of what a WebSub subscription is for, or of a webhook's id and a feed's number."""


class Channel(StrEnum):
    """How a subscriber is told."""

    WEBSUB = "websub"
    WEBHOOK = "webhook"


class Lane(StrEnum):
    """With whom a subscription waits: those that answer, those that are slow or fail, those probed one at a time."""

    FAST = "fast"
    SLOW = "slow"
    PROBATION = "probation"


@dataclass(frozen=True, slots=True)
class Intent:
    """A WebSub request that waits for the verification of intent (WebSub §5.3). It changes nothing before."""

    id: SubscriptionId
    mode: Literal["subscribe", "unsubscribe"]
    topic: str
    """As the subscriber wrote it."""
    feed: FeedNumber
    format: Format | None
    """None: a topic of another server, which has its own."""
    callback: str
    """Exactly as given."""
    secret: bytes
    """Sealed; empty: deliveries are not signed."""
    algorithm: str
    """Of the signature: sha1, sha256, sha384 or sha512."""
    lease_seconds: int
    """As granted; counted from the verification request."""
    verify_token: str | None
    """PubSubHubbub 0.3's, to be echoed."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that a receiver refuses (4xx), and since when."""

    seq: Seq
    since: int


class Subscription(NamedTuple):
    """One subscriber of one feed, as it stands."""

    id: SubscriptionId
    channel: Channel
    feed: FeedNumber
    callback: str
    """A WebSub callback; a webhook's id."""
    cursor: Seq
    """The last change that was acknowledged."""
    format: Format | None = None
    """None for webhooks, and for topics of other servers."""
    topic: str = ""
    """The topic's URL as it was subscribed to; a rename leaves it."""
    secret: bytes = b""
    algorithm: str = "sha256"
    lease_end: int | None = None
    """None: no lease (webhooks)."""
    lane: Lane = Lane.FAST
    failures: int = 0
    """Attempts in a row that failed."""
    failing_since: int | None = None
    next_attempt: int | None = None
    """None: nothing is owed, or it is paused."""
    claim: str = ""
    """Under which it is being told: what came of that counts only while nothing else has happened to it."""
    paused: bool = False
    refused: Refusal | None = None

    @property
    def untroubled(self) -> bool:
        """Whether it has been told everything so far without a failure, and in time."""
        return self.lane is Lane.FAST and not self.failures and self.refused is None


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """One of a webhook's secrets. Two sign while one replaces the other."""

    sealed: bytes
    until: int | None = None
    """When it stops signing; None: it is the present one."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A partner's receiver of category feeds (and others), with one subscription for each."""

    id: str
    url: str
    feeds: tuple[FeedPath, ...]
    secrets: tuple[SealedSecret, ...]
    """The present one first."""
    description: str = ""
    owner: str = ""
    """The partner; empty: the operator's own."""
    paused: bool = False
    created: int = 0


class Attempt(NamedTuple):
    """One HTTP try."""

    at: int
    what: Literal["verification", "delivery", "denied", "test"]
    outcome: str
    """`delivered`, `verified`, `skipped`, or why it failed: a status or an error's kind, in words."""
    status: int | None
    ms: float
    seq: Seq | None = None
    """The last change that it carried."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EntryReceipt:
    """Whether one subscription has acknowledged the latest change of an entry in one feed."""

    feed: FeedPath
    seq: Seq
    removed: bool
    subscription: SubscriptionId
    callback: str
    """The webhook's URL, or the callback."""
    acknowledged: bool
