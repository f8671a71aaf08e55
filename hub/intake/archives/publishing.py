"""A publish event as `POST /publish` takes it: what `read_event` makes of it is the same event."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hub.model import Kind

if TYPE_CHECKING:
    from datetime import datetime

    from hub.events import EntryPublished
    from hub.model import Term

_MARK = "<!--members-only-->"
"""What is before it may be shown: the rest was cut off when the event was made."""


def as_published(event: EntryPublished) -> dict[str, Any]:
    """Write the event. Its frames stay as they are: the hub says which of them it shows."""
    entry = event.entry
    public = entry.visibility == "public"
    said = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.content_html if public else entry.content_html + _MARK,
        "language": entry.language,
        "visibility": entry.visibility,
        "date_published": _date(entry.date_published) if event.dated else None,
        "date_modified": _date(entry.date_modified) if event.modified else None,
        "date_expires": _date(entry.date_expires) if entry.date_expires else None,
        "authors": [_term(term, "bio", "avatar") for term in event.terms if term.kind is Kind.AUTHOR],
        "categories": [_term(term) for term in event.terms if term.kind is Kind.CATEGORY],
        "tags": [_term(term) for term in event.terms if term.kind is Kind.TAG],
        "image": _said(asdict(entry.image)) if entry.image else None,
        "attachments": [_said(asdict(each)) for each in entry.attachments],
    }
    return {"type": "entry.published", "entry": _said(said)}


def _term(term: Term, description: str = "description", image: str = "image") -> dict[str, Any] | str:
    if term.brief and term.name:
        return term.name
    return _said(
        {
            "id": term.id if term.explicit_id else None,
            "slug": term.slug,
            "name": term.name,
            "url": term.url,
            description: term.description,
            image: term.image,
            "parent": term.parent,
        }
    )


def _date(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [])}
