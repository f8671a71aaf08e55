"""What a feed's page shows, read from its JSON Feed document: pure, and believing nothing but the types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from hub.model import FeedPath, Kind

_TITLE_LENGTH = 80
"""Characters of the summary that stand in for a missing title, as in XML documents."""


@dataclass(frozen=True, slots=True)
class Mention:
    """An author, category or tag that an entry names, and its feed."""

    name: str
    path: FeedPath


@dataclass(frozen=True, slots=True)
class Picture:
    url: str
    alt: str
    credit: str


@dataclass(frozen=True, slots=True)
class PreviewEntry:
    """One entry, in short. `url` is http(s) or None."""

    title: str
    url: str | None
    summary: str
    picture: Picture | None
    language: str | None
    published: datetime | None
    modified: datetime | None
    authors: tuple[Mention, ...]
    terms: tuple[Mention, ...]
    """Categories, then tags."""
    public: bool

    @property
    def corrected(self) -> bool:
        """Whether it was changed on a later day than it was published."""
        if self.published is None or self.modified is None:
            return False
        return self.modified.date() > self.published.date()


@dataclass(frozen=True, slots=True)
class Preview:
    """A feed, in short."""

    title: str
    description: str
    home: str | None
    icon: str | None
    language: str | None
    entries: tuple[PreviewEntry, ...]


def read_preview(document: bytes) -> Preview:
    """Read a JSON Feed 1.1 document of the hub's own making."""
    feed = orjson.loads(document)
    return Preview(
        title=_text(feed, "title"),
        description=_text(feed, "description"),
        home=_link(feed, "home_page_url"),
        icon=_link(feed, "icon"),
        language=_text(feed, "language") or None,
        entries=tuple(_entry(item) for item in feed.get("items", ())),
    )


def _entry(item: dict[str, Any]) -> PreviewEntry:
    own = item.get("_feedhub", {})
    summary = _text(item, "summary")
    return PreviewEntry(
        title=_text(item, "title") or _cut(summary) or _text(item, "id"),
        url=_link(item, "url"),
        summary=summary if "title" in item else "",
        picture=_picture(own.get("image", {})),
        language=_text(item, "language") or None,
        published=_date(item, "date_published"),
        modified=_date(item, "date_modified"),
        authors=_mentions(own, "authors", Kind.AUTHOR),
        terms=_mentions(own, "categories", Kind.CATEGORY) + _mentions(own, "tags", Kind.TAG),
        public=_text(own, "visibility") in {"", "public"},
    )


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _TITLE_LENGTH else text[:_TITLE_LENGTH].rstrip() + "…"


def _picture(image: dict[str, Any]) -> Picture | None:
    url = _link(image, "url")
    return Picture(url, _text(image, "description"), _text(image, "credit")) if url else None


def _mentions(own: dict[str, Any], key: str, kind: Kind) -> tuple[Mention, ...]:
    return tuple(
        Mention(_text(term, "name"), FeedPath(kind, _text(term, "slug"))) for term in own.get(key, ())
    )


def _text(of: dict[str, Any], key: str) -> str:
    value = of.get(key)
    return value if isinstance(value, str) else ""


def _link(of: dict[str, Any], key: str) -> str | None:
    """Give an address only if a browser may follow it: never `javascript:`."""
    url = _text(of, key)
    return url if url.startswith(("https://", "http://")) else None


def _date(of: dict[str, Any], key: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_text(of, key))
    except ValueError:
        return None
