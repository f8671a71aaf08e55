"""What a feed of somebody else says, as far as it is of use here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.events import EntryPublished, EntryRemoved
    from hub.model import Format


@dataclass(frozen=True, slots=True)
class FeedLinks:
    """Where a feed leads: absolute http(s) URLs."""

    self: str | None = None
    home: str | None = None
    """The page for people."""
    hubs: tuple[str, ...] = ()
    next: str | None = None
    """The next page (RFC 5005 §3, JSON Feed's `next_url`)."""
    prev_archive: str | None = None
    """The archive before this document (RFC 5005 §4)."""


@dataclass(frozen=True, slots=True)
class Masthead:
    """What a feed says of itself."""

    format: Format
    title: str
    generator: str
    """As it says it; empty if it does not."""
    links: FeedLinks
    ttl: int | None = None
    """Seconds for which RSS's `ttl` says that it may be kept."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that can't be an entry, and why."""

    item: str
    """Its id, else its title, else where it stands."""
    why: str


@dataclass(frozen=True, slots=True)
class ForeignFeed:
    """A feed document, read."""

    masthead: Masthead
    events: tuple[EntryPublished | EntryRemoved, ...]
    """In the document's order, which is newest first as a rule. No two entries have one id."""
    skipped: tuple[Skipped, ...]
