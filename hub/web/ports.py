"""What the front needs of the outside: the store, bells, and the seal on subscribers' secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.adapters.store.database import Call
    from hub.adapters.store.upkeep import State
    from hub.errors import HubError
    from hub.model import (
        Changes,
        Document,
        FeedNumber,
        FeedPage,
        FeedPath,
        FeedSummary,
        Format,
        Kind,
        PublishEvent,
        Receipt,
        Resolution,
        Version,
    )
    from hub.subscription import Intent


class DocumentSource(Protocol):
    """Where documents come from, and news of them. Every method raises StoreUnavailable."""

    async def resolve(self, path: FeedPath, /) -> Resolution: ...

    async def document(self, number: FeedNumber, format_: Format, /) -> Document | None: ...

    async def versions(self, numbers: Sequence[FeedNumber], /) -> list[Version | None]: ...

    async def changes(self, after: str | None, /, *, block_ms: int) -> Changes: ...


class Subscribing(Protocol):
    """Who is told. Every method raises StoreUnavailable."""

    async def request(self, intent: Intent, /) -> None:
        """Keep a WebSub request until it is verified; a later one for the same subscription replaces it.

        To unsubscribe what is not subscribed is nothing to verify: nobody is asked, and a pending request to subscribe
        is dropped. Raises TooManyPending where too many requests wait for one callback host.
        """
        ...


class Store(DocumentSource, Subscribing, Protocol):
    """All that the front asks of Redis. Every method raises StoreUnavailable."""

    async def list_feeds(
        self, *, kinds: Sequence[Kind], cursor: str | None = None, limit: int = 100
    ) -> FeedPage: ...

    async def accept(
        self, events: Sequence[PublishEvent], /, *, source: str, ring: Call | None = None
    ) -> list[Receipt | HubError]: ...

    async def state(self) -> State: ...

    async def safety_problems(self) -> tuple[list[str], list[str]]: ...

    async def troubled_feeds(self, *, kinds: Sequence[Kind], limit: int = 20) -> tuple[FeedSummary, ...]: ...

    async def check_writable(self) -> None: ...


class Bell(Protocol):
    """Rings one queue's workers. Never raises: the pump rings for whatever is still owed."""

    async def ring(self) -> None: ...

    def call(self) -> Call:
        """Give the ring itself, to go to Redis with other calls in one round trip."""
        ...


class Sealer(Protocol):
    """Encrypts secrets before they reach the store. `owner`: what a secret belongs to, and opens for."""

    def seal(self, secret: bytes, owner: str, /) -> bytes: ...
