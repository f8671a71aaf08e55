"""Superdesk: ninjs as its push code sends it. The guid stays; versions decide which of two is later.

`service` are categories, `subject` and `keywords` are tags. A kill or takedown (`canceled`, or `withheld`) is a
removal, an embargo holds back. Rights, editors' notes and desks are not shown, and dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.errors import FieldError, Invalid
from hub.intake.foreign import distinct, objects, plain_of, published, removed, said_date, text_of
from hub.intake.hook import Hint
from hub.intake.publish import parse_body

if TYPE_CHECKING:
    from datetime import datetime

    from hub.intake.hook import Hook, Reading
    from hub.intake.policy import IntakePolicy

_REMOVALS = frozenset({"canceled", "cancelled", "withheld"})
_MAX_VERSION = 2**53 - 1
_RENDITIONS = ("baseImage", "original", "viewImage")


def read(hook: Hook, policy: IntakePolicy) -> Reading:
    """Read an item. Raises BadRequest or Invalid for what is no ninjs, or says what it can't be held to."""
    match parse_body(hook.body):
        case {"guid": str(), "type": str(type_), "pubstatus": str(status)} as item:
            if type_ != "text":  # pictures and packages come with the articles that they belong to
                return ()
            return _text(item, status, policy)
    return Hint("the body is no ninjs item")


def _text(item: dict[str, Any], status: str, policy: IntakePolicy) -> Reading:
    version, changed = _version(item.get("version")), said_date(item.get("versioncreated"))
    if status in _REMOVALS:
        return (removed(item["guid"], changed, policy, version=version),)
    if status != "usable":
        raise Invalid([FieldError("/pubstatus", "is none that is known")])
    embargo = _embargo(item.get("embargoed"))
    first = said_date(item.get("firstpublished"))
    if first is not None and first > policy.now:
        first = None
    if embargo is not None:
        first = max(first, embargo) if first else embargo
    fields = {
        "id": item["guid"],
        "title": plain_of(item.get("headline")) or plain_of(item.get("name")),
        "summary": plain_of(item.get("description_text")) or text_of(item.get("description_html"), policy),
        "content_html": item.get("body_html"),
        "content_text": item.get("body_text"),
        "visibility": "public",
        "language": _language(item.get("language")),
        "date_published": first,
        "date_modified": changed,
        "authors": _authors(item),
        "categories": distinct(_coded(each) for each in objects(item.get("service"))),
        "tags": distinct(_tags(item)),
        "image": _picture(item),
    }
    return (published(fields, policy, held=embargo is not None, version=version),)


def _version(value: Any) -> int | None:
    """Read a version; as text it is a number, too. Raises Invalid: in which order things are can't be guessed."""
    if value is None:
        return None
    text = str(value) if type(value) in {int, str} else ""
    if not (text.isascii() and text.isdigit() and len(text) < 17 and int(text) <= _MAX_VERSION):  # noqa: PLR2004
        raise Invalid([FieldError("/version", "must be a whole number")])
    return int(text)


def _embargo(value: Any) -> datetime | None:
    """Read an embargo. Raises Invalid: what can't be read must not be published."""
    if value in (None, ""):
        return None
    embargo = said_date(value)
    if embargo is None:
        raise Invalid([FieldError("/embargoed", "is no date with an offset")])
    return embargo


def _authors(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Name the authors, or whom the byline names."""
    named = [
        {
            "id": each.get("code") or None,
            "name": plain_of(each.get("name")),
            "bio": plain_of(each.get("biography")),
            "avatar": each.get("avatar_url"),
        }
        for each in objects(item.get("authors"))
        if plain_of(each.get("name"))
    ]
    byline = plain_of(item.get("byline"))
    return distinct(named) or ([{"name": byline}] if byline else [])


def _tags(item: dict[str, Any]) -> list[dict[str, Any]]:
    words = item.get("keywords")
    keywords = [{"name": plain_of(word)} for word in words] if isinstance(words, list) else []
    return [_coded(each) for each in objects(item.get("subject"))] + keywords


def _coded(term: dict[str, Any]) -> dict[str, Any]:
    """Name a term of a vocabulary; codes are only one vocabulary's, so the vocabulary is part of the id."""
    code, scheme = term.get("code") or term.get("qcode"), term.get("scheme")
    id_ = f"{scheme}:{code}" if scheme and code else code
    return {"id": str(id_) if id_ else None, "name": plain_of(term.get("name"))}


def _picture(item: dict[str, Any]) -> dict[str, Any] | None:
    associations = item.get("associations")
    media = associations.get("featuremedia") if isinstance(associations, dict) else None
    if not isinstance(media, dict) or not isinstance(media.get("renditions"), dict):
        return None
    for name in _RENDITIONS:
        match media["renditions"].get(name):
            case {"href": str(url)} as found:
                return {
                    "url": url,
                    "type": found.get("mimetype"),
                    "width": found.get("width"),
                    "height": found.get("height"),
                    "credit": plain_of(media.get("byline")),
                    "description": plain_of(media.get("body_text")),
                }
    return None


def _language(value: Any) -> str | None:
    return value.replace("_", "-") if isinstance(value, str) else None
