"""An entry as documents show it, in every format: its refs resolved, and what stands in for what it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.model import Entry, Item, Label, Seq, TermRef

_TITLE_LENGTH = 80
"""Characters of the summary that stand in for a missing title."""

Named = tuple["TermRef", "Label"]


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


def _title(entry: Entry) -> str:
    if entry.title.strip():
        return entry.title
    summary = " ".join(entry.summary.split())
    if len(summary) > _TITLE_LENGTH:
        summary = summary[:_TITLE_LENGTH].rstrip() + "…"
    return summary or entry.url or entry.id
