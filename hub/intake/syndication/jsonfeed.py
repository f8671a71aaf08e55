"""JSON Feed 1.0 and 1.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.errors import BadRequest
from hub.intake.bodies import MAX_ATTACHMENTS
from hub.intake.foreign import objects, plain_of
from hub.intake.publish import parse_body
from hub.intake.syndication.dates import date_of
from hub.intake.syndication.items import MAX_ITEMS, Said, events_of
from hub.intake.syndication.media import media_type
from hub.intake.syndication.record import FeedLinks, ForeignFeed, Masthead
from hub.intake.syndication.words import person
from hub.intake.terms import MAX_TERMS
from hub.intake.urls import resolve
from hub.model import Format

if TYPE_CHECKING:
    from hub.intake.policy import IntakePolicy

_VERSION = "https://jsonfeed.org/version/"
_OURS = "_feedhub"


def read_json_feed(body: bytes, policy: IntakePolicy, url: str) -> ForeignFeed:
    """Read the document. Raises BadRequest."""
    sent = parse_body(body)
    version = sent.get("version")
    if not (isinstance(version, str) and _VERSION in version.replace("http:", "https:")):
        raise BadRequest("this is no feed: its version is not JSON Feed's")
    items = objects(sent.get("items"))
    language, authors = sent.get("language"), _authors(sent, url)
    said = (_said(item, url, language, authors) for item in items[: MAX_ITEMS + 1])
    return ForeignFeed(_masthead(sent, items, url), *events_of(said, policy))


def _masthead(sent: dict[str, Any], items: list[dict[str, Any]], url: str) -> Masthead:
    links = FeedLinks(
        self=_link(sent.get("feed_url"), url),
        home=_link(sent.get("home_page_url"), url),
        hubs=tuple(filter(None, (_link(hub.get("url"), url) for hub in objects(sent.get("hubs"))))),
        next=_link(sent.get("next_url"), url),
    )
    # The format has no place for it; a hub's own extension says as much.
    generator = "Feedhub" if any(_OURS in each for each in (sent, *items)) else ""
    return Masthead(Format.JSON, plain_of(sent.get("title")) or "", generator, links)


def _said(item: dict[str, Any], url: str, language: Any, authors: list[Any]) -> Said:
    page = _link(item.get("url"), url)
    its_id = item.get("id")
    extension = item.get(_OURS)
    ours: dict[str, Any] = extension if isinstance(extension, dict) else {}
    categories = [each.get("name") for each in objects(ours.get("categories"))]
    fields: dict[str, Any] = {
        "id": str(its_id).strip() if isinstance(its_id, str | int | float) else page,
        "url": page,
        "title": plain_of(item.get("title")),
        "summary": item.get("summary"),
        "content_html": item.get("content_html"),
        # Where there is no content it must not be empty (§ Items), and some repeat the summary.
        "content_text": None if item.get("content_text") == item.get("summary") else item.get("content_text"),
        "language": item.get("language") or language,
        "date_published": date_of(item.get("date_published")),
        "date_modified": date_of(item.get("date_modified")),
        "authors": _authors(item, url) or authors,
        "categories": _names(categories),
        "tags": [name for name in _names(item.get("tags")) if name not in categories],
        "image": ours.get("image") or _link(item.get("image"), url) or _link(item.get("banner_image"), url),
        "attachments": _attachments(item, url),
    }
    return Said(fields, page or url)


def _link(value: Any, url: str) -> str | None:
    return resolve(value, url) if isinstance(value, str) else None


def _names(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)][:MAX_TERMS] if isinstance(value, list) else []


def _authors(parent: dict[str, Any], url: str) -> list[Any]:
    """Read `authors`, or the one `author` of version 1.0."""
    told = objects(parent.get("authors")) or objects([parent.get("author")])
    people = (
        person(each.get("name"), _link(each.get("url"), url), _link(each.get("avatar"), url))
        for each in told[:MAX_TERMS]
    )
    return list(filter(None, people))


def _attachments(item: dict[str, Any], url: str) -> list[dict[str, Any]]:
    found = []
    for each in objects(item.get("attachments"))[:MAX_ATTACHMENTS]:
        address = _link(each.get("url"), url)
        kind = each.get("mime_type")
        if address and (known := media_type(kind if isinstance(kind, str) else None, address)):
            said = {name: each.get(name) for name in ("title", "size_in_bytes", "duration_in_seconds")}
            found.append(
                {"url": address, "mime_type": known} | {k: v for k, v in said.items() if v is not None}
            )
    return found
