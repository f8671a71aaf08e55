"""The records everything else speaks in, each named by its stage.

`PublishEvent → Entry → Feed → Document`. Frozen and slotted; no behaviour beyond what a value knows of itself.
What arrives (hub.events) is one change that a CMS asked for. An entry names its authors, categories and tags
by id; their names, bios and pictures live once, on the feed (`Term` is what an entry says of one, `Label` is what
the store answers for it).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

EntryId = NewType("EntryId", str)
"""An entry's public id, as its CMS gave it: opaque, often a URL."""
EntryNumber = NewType("EntryNumber", int)
"""An entry's short internal number, never shown outside."""
FeedNumber = NewType("FeedNumber", int)
"""A feed's short internal number; it survives a rename."""
Seq = NewType("Seq", int)
"""A feed's change number (microseconds, or one more than the previous): ordered, not contiguous."""


class Kind(StrEnum):
    """What a feed collects."""

    ALL = "all"
    CATEGORY = "category"
    AUTHOR = "author"
    TAG = "tag"
    ORIGIN = "origin"
    """A topic of another server, whose slug is its URL: delivered as it came, it has neither entries nor pages."""


OWN_KINDS = (Kind.ALL, Kind.CATEGORY, Kind.AUTHOR, Kind.TAG)
"""Those whose documents are made here."""


class Format(StrEnum):
    """A document's format; the value is its suffix in URLs."""

    RSS = "rss"
    ATOM = "atom"
    JSON = "json"

    @property
    def media_type(self) -> str:
        """Content type without parameters."""
        return _MEDIA_TYPES[self]

    @property
    def content_type(self) -> str:
        """Content-Type header; JSON is UTF-8 by definition and takes no charset (RFC 8259 §11)."""
        return self.media_type if self is Format.JSON else f"{self.media_type}; charset=utf-8"


_MEDIA_TYPES = {
    Format.RSS: "application/rss+xml",
    Format.ATOM: "application/atom+xml",
    Format.JSON: "application/feed+json",
}


class UrlStyle(StrEnum):
    """A CMS whose feeds' old addresses are answered, too."""

    WORDPRESS = "wordpress"
    GHOST = "ghost"


@dataclass(frozen=True, slots=True, order=True)
class FeedPath:
    """Where a feed is: `all`, or kind and slug. The slug is decoded; `url_path` percent-encodes it."""

    kind: Kind
    slug: str = ""

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}" if self.slug else str(self.kind)

    @classmethod
    def parse(cls, text: str) -> FeedPath:
        """Read `str(path)` back. Raises ValueError for anything else."""
        kind, slash, slug = text.partition("/")
        if (kind == Kind.ALL) == bool(slash) or bool(slash) != bool(slug):
            raise ValueError(f"{text!r} is no feed: use 'all' or '<kind>/<slug>'")
        return cls(Kind(kind), slug)


ALL = FeedPath(Kind.ALL)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture and what must be said beside it. Sizes in pixels."""

    url: str
    type: str | None = None
    width: int | None = None
    height: int | None = None
    credit: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """An enclosure: sound, film, a paper (JSON Feed 1.1 `attachments`)."""

    url: str
    mime_type: str
    title: str | None = None
    size_in_bytes: int | None = None
    duration_in_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class TermRef:
    """How an entry names an author, category or tag: by its stable id."""

    kind: Kind
    id: str
    feed: FeedNumber | None = None
    """What that meant when the entry was accepted; only the store says so. The id may mean another feed by now."""


@dataclass(frozen=True, slots=True)
class Term:
    """What an entry (or a term event) says of an author, category or tag. None: not said."""

    kind: Kind
    id: str
    slug: str
    name: str | None = None
    description: str | None = None
    """A category's or tag's description, an author's bio: plain text."""
    url: str | None = None
    image: str | None = None
    parent: str | None = None
    """The parent category's id (by default its slug); categories only."""
    explicit_id: bool = False
    """The CMS gave an id of its own: only then may an entry's data rename the feed."""
    brief: bool = False
    """Named by a plain string, which tells nothing new about a feed that is there."""
    bare: bool = False
    """Nothing but its id is known: it is the feed that has that id, and makes none."""

    @property
    def ref(self) -> TermRef:
        return TermRef(self.kind, self.id)


@dataclass(frozen=True, slots=True)
class Entry:
    """One published piece, sanitised: HTML safe and absolute, text free of what XML can't hold."""

    id: EntryId
    url: str | None
    title: str
    """Plain text, unescaped."""
    summary: str
    """Plain text."""
    content_html: str
    """Sanitised HTML with absolute URLs; of an entry that is not public, the part before the paywall mark."""
    date_published: datetime
    date_modified: datetime
    """Aware, UTC, milliseconds at most; likewise every date here."""
    date_expires: datetime | None = None
    language: str | None = None
    visibility: str = "public"
    authors: tuple[TermRef, ...] = ()
    categories: tuple[TermRef, ...] = ()
    tags: tuple[TermRef, ...] = ()
    image: Image | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def refs(self) -> tuple[TermRef, ...]:
        """All that it names, authors first."""
        return self.authors + self.categories + self.tags


# ---- what is rendered ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Site:
    """What every document says of its publisher. URLs without a trailing slash."""

    public_url: str
    """Of this hub: self links and topics come from it alone."""
    url: str
    """Of the publication itself."""
    title: str
    description: str
    language: str
    name: str
    """The hub's NAME: in `urn:feedhub:<NAME>:<id>` and `tag`-like ids."""
    icon: str | None = None
    full_content: bool = True
    for_partner: bool = False
    """Documents are a partner's edition: they name no hub. WebSub delivers the public document, and a reader that finds
    both hub and self moves to self, where it would lose the edition for good (FreshRSS)."""


@dataclass(frozen=True, slots=True)
class Label:
    """An author, category or tag as documents show it: its feed's own data, in short."""

    kind: Kind
    slug: str
    name: str
    url: str | None = None
    image: str | None = None
    live: bool = True
    """False once retired: documents stop naming it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry as one feed shows it."""

    number: EntryNumber
    revision: int
    seq: Seq
    """Its latest change number in this feed."""
    entry: Entry
    labels: Mapping[TermRef, Label]
    """Every ref of the entry that is still live."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An entry that left a feed (RFC 6721 `at:deleted-entry`)."""

    id: EntryId
    seq: Seq
    when: datetime


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an entry that left a feed."""

    feeds: tuple[FeedNumber, ...]
    """Those that it is in now; none: it was removed."""
    modified: datetime
    """The latest date of modification that anybody was shown."""
    revision: int


@dataclass(frozen=True, slots=True)
class FeedHead:
    """A feed's own data, with the date of the last change of anything it shows."""

    path: FeedPath
    name: str
    description: str = ""
    url: str | None = None
    image: str | None = None
    updated: datetime | None = None
    """The last change of this own data; documents show the latest of it and their entries' dates."""
    id: str = ""
    """The stable id of its author, category or tag (default: the slug). Atom's feed id is made of it."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Which of two documents of a feed wins: the greater. All three are hub-wide stamps (microseconds)."""

    seq: int
    """The feed's change number that was rendered."""
    render: int = 0
    """Raised when settings or the renderer changed: same content, new bytes, nobody is told."""
    labels: int = 0
    """Raised when a name, slug or picture shown in other feeds changed: likewise."""


@dataclass(frozen=True, slots=True)
class Document:
    """A feed's bytes in one format, as cached in Redis and in each front."""

    feed: FeedNumber
    format: Format
    version: Version
    etag: str
    """Weak, quoted, the same for all codings (RFC 9110 §8.8.1)."""
    last_modified: datetime
    """The second at which these bytes first appeared."""
    gzip: bytes
    maker: str = ""
    """The process that compressed it: one maker gives one ETag the same bytes, another may compress differently."""


# ---- what the front asks the store --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Live:
    """A path that names a feed."""

    number: FeedNumber


@dataclass(frozen=True, slots=True)
class Moved:
    """A path whose feed was renamed or merged: 301 to `path`."""

    path: FeedPath


@dataclass(frozen=True, slots=True)
class Retired:
    """A path whose feed is gone for good: 410."""


Resolution = Live | Moved | Retired | None
"""None: nobody ever named such a feed (404)."""


@dataclass(frozen=True, slots=True)
class FeedSummary:
    """A feed as lists show it."""

    number: FeedNumber
    path: FeedPath
    name: str
    description: str
    seq: Seq
    entries: int
    failures: int = 0
    """Claims in a row that ended without a commit; from 3 on the feed is in quarantine."""
    error: str = ""
    """What the last of them said, if it could still say something."""
    skipped: tuple[str, ...] = ()
    """Ids of entries that its documents leave out because they can't be rendered."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a feed is, and the last change that subscribers are told: what their cursors are compared with."""

    path: FeedPath
    seq: Seq


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Some feeds, in the order of their paths, and the cursor of the next page (None: that was all)."""

    feeds: tuple[FeedSummary, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the change stream: a feed has a new document, or (`moved`) its address or life changed."""

    feed: FeedNumber
    moved: bool
    patches: tuple[DocumentPatch, ...] = ()
    """How its new documents are made of the ones before, where that is short."""


@dataclass(frozen=True, slots=True)
class DocumentPatch:
    """A document as it is made of the one before: the one with ETag `base` and the same maker, and no other."""

    feed: FeedNumber
    format: Format
    version: Version
    maker: str
    base: str
    etag: str
    last_modified: datetime
    patch: bytes


@dataclass(frozen=True, slots=True)
class Changes:
    """A read of the change stream. `gap`: rows were trimmed before they were read, so check everything."""

    last_id: str
    rows: tuple[Change, ...]
    gap: bool


# ---- the log: what changed in a feed ------------------------------------------------------------------------------


class FeedState(StrEnum):
    """Whether a feed goes on."""

    LIVE = "live"
    MOVED = "moved"
    """Merged into another. A rename is no end: it keeps its number and is live."""
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Logged:
    """The latest change of one entry in one feed."""

    number: EntryNumber
    """0: the change is one of the feed's own data (its last one, where the feed has ended)."""
    id: EntryId
    seq: Seq
    joined: Seq
    """When it last entered this feed; 0: before that was kept. The entry is new to whoever last had everything at a
    cursor below this, else updated. (Halfway through a long read a cursor may have passed this, and the entry not
    have been told yet: it moved on to its latest seq.)"""
    removed: bool
    """It is in this feed no more, wherever else it may be."""
    latest: Seq
    """The last change whose outcome may be shown at this one. Where only that is read of which all are told, it is any:
    a quiet one after `seq` has no row of its own, also if it comes while this is read."""


@dataclass(frozen=True, slots=True)
class LogSlice:
    """What changed in a feed after a cursor: each entry once, at its latest seq, oldest first.

    One whose latest change was quiet has a row before that, too, at the last change that was told: it shows nothing.
    """

    feed: FeedNumber
    path: FeedPath
    """Where it is now; of a feed that was merged, where the other is."""
    state: FeedState
    head: Seq
    """Its latest change, or its end."""
    floor: Seq
    """The highest tombstone that was dropped."""
    rows: tuple[Logged, ...]
    more: bool
    """There are later rows (up to what was asked for)."""
    gap: bool
    """The cursor is below the floor, or above all that ever was: what came after it can't be told. No rows then."""
    labels: int = 0
    """The stamp of the last change of any name: labels read for these rows must be at least as new."""
    became: FeedNumber | None = None
    """The feed that it was merged into, if that is live."""
