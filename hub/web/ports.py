"""What the front needs of the outside: the store's read side and its one write, and a bell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hub.adapters.store.database import Call
    from hub.adapters.store.regeneration import Snapshot, Stored
    from hub.adapters.store.upkeep import State
    from hub.errors import HubError
    from hub.model import (
        Changes,
        Document,
        EntryNumber,
        FeedHead,
        FeedNumber,
        FeedPage,
        FeedPath,
        FeedSummary,
        Format,
        Kind,
        Label,
        LogSlice,
        PublishEvent,
        Receipt,
        Resolution,
        TermRef,
        Version,
    )


class DocumentSource(Protocol):
    """Where documents come from, and news of them. Every method raises StoreUnavailable."""

    async def resolve(self, path: FeedPath, /) -> Resolution: ...

    async def document(self, number: FeedNumber, format_: Format, /) -> Document | None: ...

    async def versions(self, numbers: Sequence[FeedNumber], /) -> list[Version | None]: ...

    async def changes(self, after: str | None, /, *, block_ms: int) -> Changes: ...


class LogSource(Protocol):
    """What changed in feeds, and what to show of it. Every method raises StoreUnavailable."""

    async def log(self, feed: FeedNumber, after: int, /, *, limit: int, base: int = 0) -> LogSlice: ...

    async def head(self, feed: FeedNumber, /) -> FeedHead: ...

    async def snapshot(self, feed: FeedNumber, /) -> Snapshot | None: ...

    async def entries(self, numbers: Iterable[EntryNumber], /) -> dict[EntryNumber, Stored]: ...

    async def labels(self, refs: Iterable[TermRef], /) -> dict[TermRef, Label]: ...


class Store(DocumentSource, LogSource, Protocol):
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
    """Rings `regenerate`. Never raises: the pump rings for whatever is still owed."""

    async def ring(self) -> None: ...

    def call(self) -> Call:
        """Give the ring itself, to go to Redis with other calls in one round trip."""
        ...
