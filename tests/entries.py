"""Publish events as tests make them: a newsroom's, in one line each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hub.events import EntryPublished, EntryRemoved
from hub.model import Entry, EntryId, Kind, Term

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def author(slug: str, **said: Any) -> Term:
    return Term(Kind.AUTHOR, said.pop("id", slug), slug, **({"name": slug.title()} | said))


def category(slug: str, **said: Any) -> Term:
    return Term(Kind.CATEGORY, said.pop("id", slug), slug, **({"name": slug.title()} | said))


def tag(slug: str, **said: Any) -> Term:
    return Term(Kind.TAG, said.pop("id", slug), slug, **({"name": slug.title()} | said))


def published(
    id_: str = "https://site.test/1", *terms: Term, event: str | None = None, **fields: Any
) -> EntryPublished:
    """`entry.published` of an entry that is complete, unless `fields` say otherwise."""
    values: dict[str, Any] = {
        "url": id_,
        "title": f"Title of {id_}",
        "summary": "A summary.",
        "content_html": "<p>Some content.</p>",
        "date_published": NOON,
        "date_modified": NOON,
    }
    entry = Entry(
        EntryId(id_),
        **(values | fields),
        authors=_refs(terms, Kind.AUTHOR),
        categories=_refs(terms, Kind.CATEGORY),
        tags=_refs(terms, Kind.TAG),
    )
    return EntryPublished(entry, tuple(sorted(terms, key=lambda term: term.kind)), event)


def removed(id_: str = "https://site.test/1", **fields: Any) -> EntryRemoved:
    return EntryRemoved(EntryId(id_), **fields)


def _refs(terms: Sequence[Term], kind: Kind) -> Any:
    return tuple(term.ref for term in terms if term.kind is kind)
