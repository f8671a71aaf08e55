"""What the front needs of the outside: the store, bells, a way to ask receivers, and the seal on their secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from hub.adapters.egress import Answer, Failure
    from hub.adapters.store.database import Call
    from hub.adapters.store.regeneration import Snapshot, Stored
    from hub.condition import Condition
    from hub.errors import HubError
    from hub.events import PublishEvent, Receipt, Source
    from hub.model import (
        Changes,
        Document,
        EntryId,
        EntryNumber,
        Fate,
        FeedHead,
        FeedNumber,
        FeedPage,
        FeedPath,
        Format,
        Kind,
        Label,
        LogSlice,
        Resolution,
        Standing,
        TermRef,
        Version,
    )
    from hub.partner import Counts, LastUse, Partner, Use
    from hub.problems import Problem
    from hub.reconcile import Asked, Progress
    from hub.subscription import Attempt, EntryReceipt, Intent, Subscription, SubscriptionId, Webhook


class DocumentSource(Protocol):
    """Where documents come from, and news of them. Every method raises StoreUnavailable."""

    async def resolve(self, path: FeedPath, /) -> Resolution: ...

    async def document(self, number: FeedNumber, format_: Format, /) -> Document | None: ...

    async def versions(self, numbers: Sequence[FeedNumber], /) -> list[Version | None]: ...

    async def changes(self, after: str | None, /, *, block_ms: int) -> Changes: ...

    async def fence(self) -> None:
        """Return when Redis has carried out what this process asked of it before."""


class LogSource(Protocol):
    """What changed in feeds, and what to show of it. Every method raises StoreUnavailable."""

    async def log(
        self, feed: FeedNumber, after: int, /, *, limit: int, base: int = 0, loud: bool = False
    ) -> LogSlice: ...

    async def head(self, feed: FeedNumber, /) -> FeedHead: ...

    async def snapshot(
        self, feed: FeedNumber, /, *, size: int | None = None, gone: int | None = None
    ) -> Snapshot | None: ...

    async def fates(self, ids: Sequence[EntryId], /) -> dict[EntryId, Fate]: ...

    async def entries(self, numbers: Iterable[EntryNumber], /) -> dict[EntryNumber, Stored]: ...

    async def labels(self, refs: Iterable[TermRef], /) -> dict[TermRef, Label]: ...


class Subscribing(Protocol):
    """Who is told. Every method raises StoreUnavailable. `owner` None: everybody's."""

    async def request(self, intent: Intent, /) -> None:
        """Keep a WebSub request until it is verified; a later one for the same subscription replaces it.

        To unsubscribe what is not subscribed is nothing to verify: nobody is asked, and a pending request to subscribe
        is dropped. Raises TooManyPending where too many requests wait for one callback host.
        """
        ...

    async def subscription(self, id_: SubscriptionId, /) -> Subscription | None: ...

    async def list_subscriptions(
        self, *, cursor: str | None, limit: int, owner: str | None = None
    ) -> tuple[tuple[Subscription, ...], str | None]:
        """List them, and give the cursor of the next page. Raises ValueError for a cursor that it never gave."""
        ...

    async def attempts(self, id_: SubscriptionId, /) -> tuple[Attempt, ...]:
        """Newest first."""
        ...

    async def receipts(self, entry: EntryId, /) -> tuple[EntryReceipt, ...]:
        """Say per feed and subscription whether an entry's latest change was acknowledged. Raises NotFound."""
        ...

    async def replay(self, id_: SubscriptionId, after: int, /) -> bool:
        """Move the cursor and make it due at once. False: there is no such subscription."""
        ...

    async def put_webhook(self, webhook: Webhook, /, *, was: Webhook | None = None) -> None:
        """Create or change; a feed that is new to it starts at its present seq, one that it lost is told no more.

        Raises Conflict if it is not what it `was`, or its partner has too many; Forbidden for feeds not the partner's.
        """
        ...

    async def webhook(self, id_: str, /) -> Webhook | None: ...

    async def owners(self, ids: Sequence[str], /) -> Mapping[str, str]:
        """Say whose these webhooks are (empty: the operator's); an unknown one is absent."""
        ...

    async def list_webhooks(
        self, *, cursor: str | None, limit: int, owner: str | None = None
    ) -> tuple[tuple[Webhook, ...], str | None]: ...

    async def remove_webhook(self, id_: str, /) -> bool: ...

    async def pause(self, id_: str, /, *, paused: bool) -> bool: ...


class Remotes(Protocol):
    """URLs of others that workers read. Every method raises StoreUnavailable."""

    async def origin_topic(self, key: str, url: str, /) -> FeedNumber:
        """Find or make the feed that stands for a topic of another server. Raises TooManyPending."""
        ...

    async def pinged(self, ids: Sequence[str], /) -> bool:
        """Have those read soon that are known; True if one is."""
        ...


class Partnering(Protocol):
    """Who has keys. Every method raises StoreUnavailable."""

    async def partners(self, known: int, /) -> tuple[int, tuple[Partner, ...] | None]:
        """Read all, and the version of that; None: nothing changed since version `known`."""
        ...

    async def put_partner(self, partner: Partner, /, *, was: Partner | None = None) -> None:
        """Create or change; its webhooks lose the feeds that it may open no more. Raises Conflict."""
        ...

    async def remove_partner(self, id_: str, /) -> bool:
        """Revoke its keys, and end its webhooks."""
        ...

    async def add_uses(self, token: str, uses: Iterable[Use], /) -> None: ...

    async def last_uses(self, ids: Sequence[str], /) -> Mapping[str, Mapping[str, LastUse]]:
        """By partner and key (its hint)."""
        ...

    async def uses(self, id_: str, days: Sequence[date], /) -> Mapping[tuple[date, str], Counts]:
        """By day and key (its hint)."""
        ...


class Hints(Protocol):
    """Who is told that something changed at a source, and not what. Raises StoreUnavailable."""

    async def hint(self, source: Source, now: datetime, why: str, /) -> None: ...


class HookNotes(Hints, Protocol):
    """How each source's hooks fare. Every method raises StoreUnavailable."""

    async def note_taken(self, source: Source, now: datetime, /) -> None: ...

    async def note_refused(self, source: Source, now: datetime, why: str, /) -> None: ...

    async def ping(self, source: Source, now: datetime, why: str, /) -> None:
        """Keep that somebody, perhaps a stranger, says that something changed at a source."""
        ...


class Watched(Protocol):
    """How the hub is. Every method raises StoreUnavailable."""

    async def condition(self) -> Condition: ...

    async def with_since(self, problems: Sequence[Problem], now: int, /) -> list[Problem]:
        """Say since when each is there, and keep that of one that nobody saw before."""
        ...

    async def note_clock(self, machine: str, now_ms: int, /) -> None: ...

    async def note_hosts(self, reads: Mapping[str, int], /) -> None: ...


class Reconciles(Protocol):
    """Comparing with the CMS, which a worker does. Every method raises StoreUnavailable."""

    async def ask_reconcile(self, source: Source, asked: Asked, /) -> None: ...

    async def reconciles(self) -> Mapping[Source, Progress]: ...

    async def reconciling(self) -> Collection[Source]: ...


class Store(
    DocumentSource, LogSource, Subscribing, Partnering, Remotes, HookNotes, Watched, Reconciles, Protocol
):
    """All that the front asks of Redis. Every method raises StoreUnavailable."""

    async def list_feeds(
        self,
        *,
        kinds: Sequence[Kind],
        cursor: str | None = None,
        limit: int = 100,
        among: Sequence[FeedNumber] | None = None,
    ) -> FeedPage: ...

    async def standings(self, numbers: Sequence[FeedNumber], /) -> Mapping[FeedNumber, Standing]:
        """Say where feeds are and how far subscribers can be told, in one round trip."""
        ...

    async def place_of(self, term: TermRef, /) -> FeedPath | None:
        """Say where the feed of an author, category or tag is, or was."""
        ...

    async def accept(
        self, events: Sequence[PublishEvent], /, *, source: str, ring: Call | None = None, quiet: bool = False
    ) -> list[Receipt | HubError]: ...

    async def count_subscriptions(self) -> int: ...

    async def check_writable(self) -> None: ...


class Bell(Protocol):
    """Rings one queue's workers. Never raises: the pump rings for whatever is still owed."""

    async def ring(self) -> None: ...

    def call(self) -> Call:
        """Give the ring itself, to go to Redis with other calls in one round trip."""
        ...


class Egress(Protocol):
    """The guarded client. Never raises for what a receiver does, and follows no redirect."""

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = 10.0
    ) -> Answer | Failure: ...


class Sealer(Protocol):
    """Encrypts secrets before they reach the store. `owner`: what a secret belongs to, and opens for."""

    def seal(self, secret: bytes, owner: str, /) -> bytes: ...

    def open(self, sealed: bytes, owner: str, /) -> bytes: ...
