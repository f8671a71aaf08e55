"""An entry as documents show it, in every format: its refs resolved, and what stands in for what it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hub.model import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hub.model import EntryId, Fate, Item, Label, Seq, TermRef, Tombstone
    from hub.partner import Deletes

_TITLE_LENGTH = 80
"""Characters of the summary that stand in for a missing title."""

OVER = "This article is no longer available."
"""Stands where formats ask for a text: a removal erased the title. MSN takes no title below 20 characters."""

Named = tuple["TermRef", "Label"]


@dataclass(frozen=True, slots=True)
class Ended:
    """An entry that left, as some partners' editions go on showing it: its id and dates, no word of its content."""

    id: EntryId
    seq: Seq
    revision: int
    when: datetime
    """It left: never ahead of the clock."""
    modified: datetime
    """Later than any date that was shown with it: partners skip what is not newer."""
    deletes: Deletes

    @classmethod
    def of(cls, tombstone: Tombstone, fate: Fate, deletes: Deletes) -> Ended:
        modified = max(tombstone.when, fate.modified + timedelta(seconds=1))
        return cls(tombstone.id, tombstone.seq, fate.revision, tombstone.when, modified, deletes)


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry with the names it shows. Terms that retired are left out."""

    entry: Entry
    revision: int
    seq: Seq
    title: str
    """Never empty: Atom and RSS readers need one."""
    html: str
    """Full content, or empty: there is none, or documents show summaries only."""
    authors: tuple[Named, ...]
    categories: tuple[Named, ...]
    tags: tuple[Named, ...]
    ended: Ended | None = None
    """It is over: none of its dates but that of the last change is known any more."""

    @property
    def text(self) -> str:
        """Plain text to show where there is no full content; never empty."""
        return self.entry.summary or self.title

    @classmethod
    def of(cls, item: Item, *, full_content: bool) -> Shown:
        """Resolve an item's refs by its labels."""

        def named(refs: Iterable[TermRef]) -> tuple[Named, ...]:
            found = ((ref, item.labels.get(ref)) for ref in refs)
            return tuple((ref, label) for ref, label in found if label is not None and label.live)

        entry = item.entry
        return cls(
            entry=entry,
            revision=item.revision,
            seq=item.seq,
            title=_title(entry),
            html=entry.content_html if full_content else "",
            authors=named(entry.authors),
            categories=named(entry.categories),
            tags=named(entry.tags),
        )

    @classmethod
    def over(cls, ended: Ended) -> Shown:
        """Show what is left of an entry."""
        entry = Entry(
            ended.id,
            url=None,
            title=OVER,
            summary="",
            content_html="",
            date_published=ended.modified,
            date_modified=ended.modified,
        )
        return cls(entry, ended.revision, ended.seq, OVER, "", (), (), (), ended)


def _title(entry: Entry) -> str:
    if entry.title.strip():
        return entry.title
    summary = " ".join(entry.summary.split())
    if len(summary) > _TITLE_LENGTH:
        summary = summary[:_TITLE_LENGTH].rstrip() + "…"
    return summary or entry.url or entry.id
