"""What arrives: publish events (one change that a CMS asked for each), what became of them, and how hooks fare."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hub.model import Entry, EntryId, FeedPath, Kind, Seq, Term


@dataclass(frozen=True, slots=True)
class EntryPublished:
    """`entry.published` or `entry.updated`: the state is what `entry` says."""

    entry: Entry
    terms: tuple[Term, ...] = ()
    """What it says of each of the entry's refs, in their order."""
    event_id: str | None = None
    dated: bool = True
    """The CMS said when it was published; else `entry` has the time of receipt, and a stored date is kept."""
    modified: bool = True
    """The CMS said when it was modified; else that is when it was published, or for a change the time of receipt."""
    held: bool = True
    """A later `date_published` holds it back until then. False: the CMS has published it, whatever the clocks say."""
    version: int | None = None
    """The CMS numbers its versions: these decide what is stale, instead of dates."""


@dataclass(frozen=True, slots=True)
class EntryRemoved:
    """`entry.removed`: content is erased; id, dates and feeds stay as a tombstone."""

    entry_id: EntryId
    date_modified: datetime | None = None
    event_id: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class FeedUpdated:
    """`category.updated`, `author.updated`, `tag.updated`: a feed's own data, perhaps a rename.

    `changes` holds only what was said: keys `name`, `description`, `url`, `image`; None erases.
    """

    kind: Kind
    slug: str
    id: str | None = None
    new_slug: str | None = None
    changes: Mapping[str, str | None] = field(default_factory=dict)
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class FeedRemoved:
    """`category.removed` and the like: the feed retires (410), or moved to another of its kind (301)."""

    kind: Kind
    slug: str
    id: str | None = None
    moved_to: str | None = None
    event_id: str | None = None


PublishEvent = EntryPublished | EntryRemoved | FeedUpdated | FeedRemoved


class Outcome(StrEnum):
    """What became of a publish event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    STALE = "stale"
    UNCHANGED = "unchanged"
    SCHEDULED = "scheduled"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The store's answer to one publish event: the outcome, and the seq of each feed that it touched."""

    outcome: Outcome
    entry: EntryId | None = None
    feeds: tuple[tuple[FeedPath, Seq], ...] = ()


# ---- hooks: who sends them, and how that goes ---------------------------------------------------------------------


class Source(StrEnum):
    """A CMS that sends publish hooks; entries remember it."""

    GHOST = "ghost"
    WORDPRESS = "wordpress"
    STRAPI = "strapi"
    SUPERDESK = "superdesk"


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that happened to a source's hooks: the last time (ms), and why."""

    at: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class HookRecord:
    """How a source's hooks fare; None: never."""

    taken: Noted | None = None
    refused: Noted | None = None
    hinted: Noted | None = None
    """A hook said that something changed, and not what."""
    hints: int = 0
