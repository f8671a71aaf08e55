"""Strapi 5: `{event, model, entry}`, where every publication has its own content types and fields.

The id of an entry, a category or an author is the `documentId` (and the locale, where there is one): the numeric id
changes at each publish. Which content types are entries, and which field is which, the settings say: STRAPI_MODELS,
STRAPI_FIELDS (`content=body`; several may be tried: `content=body|text`; dots lead into components:
`summary=seo.description`) and STRAPI_URL. A type that is named as the field of categories, authors or tags is
(`category`, `author`, `tag`) is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hub.events import FeedRemoved, FeedUpdated
from hub.intake.foreign import distinct, objects, plain_of, published, removed, said_date, said_visibility
from hub.intake.hook import Hint
from hub.intake.publish import parse_body
from hub.intake.slugs import slugify
from hub.intake.urls import resolve
from hub.model import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hub.events import PublishEvent
    from hub.intake.hook import Hook, Reading
    from hub.intake.policy import IntakePolicy

DEFAULTS = {
    "title": "title|headline|name",
    "summary": "summary|excerpt|description",
    "content": "content|body|text",
    "slug": "slug",
    "url": "url",
    "language": "locale",
    "visibility": "visibility",
    "image": "image|cover|picture",
    "authors": "authors|author|authorName",
    "categories": "categories|category",
    "tags": "tags",
}
_REMOVALS = frozenset({"entry.unpublish", "entry.delete"})
_STATES = frozenset({"entry.publish", "entry.create", "entry.update"})
_KINDS = {"categories": Kind.CATEGORY, "authors": Kind.AUTHOR, "tags": Kind.TAG}
_HEADINGS = range(1, 7)


@dataclass(frozen=True, slots=True)
class Mapped:
    """What the settings say of this Strapi."""

    models: frozenset[str] = frozenset({"article", "post"})
    url: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    def paths(self, name: str) -> list[str]:
        """Give the fields that `name` may stand for."""
        return [path.strip() for path in self.fields.get(name, DEFAULTS[name]).split("|")]

    def kind_of(self, model: str) -> Kind | None:
        """Say of what a content type's documents are the feeds, by its name: fields have it in singular or plural."""
        names = {model, f"{model}s", f"{model.removesuffix('y')}ies"}
        return next((kind for name, kind in _KINDS.items() if names & set(self.paths(name))), None)

    def find(self, entry: dict[str, Any], name: str) -> Any:
        """Give the first of the fields that `name` may stand for that the entry has."""
        for path in self.paths(name):
            found: Any = entry
            for part in path.split("."):
                found = found.get(part) if isinstance(found, dict) else None
            if found not in (None, "", []):
                return found
        return None


def read(hook: Hook, policy: IntakePolicy, mapped: Mapped) -> Reading:
    """Read a hook. Raises BadRequest or Invalid for what Strapi does not send."""
    match parse_body(hook.body):
        case {"event": str(event), "model": str(model), "entry": dict(entry)} as sent:
            if model not in mapped.models:
                return _term(event, mapped.kind_of(model), entry)
            if event in _REMOVALS:
                # Not the entry's date: a draft's, which is what is deleted, may be older than what was published.
                return (removed(_id(entry), said_date(sent.get("createdAt")), policy),)
            if event in _STATES and entry.get("publishedAt") is not None:
                return (_published(entry, policy, mapped),)
            return ()
        case {"event": str()}:  # media, releases, reviews
            return ()
    return Hint("the body is no event of Strapi's")


def _term(event: str, kind: Kind | None, row: dict[str, Any]) -> Reading:
    """Follow a category, author or tag that was renamed or deleted; a new one makes a feed when an entry has it."""
    id_, name, slug = _id(row), _name(row), row.get("slug")
    if kind is None or id_ is None or name is None or row.get("publishedAt") is None:
        return ()
    address = slugify(slug if isinstance(slug, str) and slug.strip() else name)
    match event:
        case "entry.delete":
            return (FeedRemoved(kind, address, id_),)
        case "entry.update" | "entry.publish":
            # The hook does not say what it was called before: the id does.
            return (FeedUpdated(kind, address, id_, address, {"name": name}),)
    return ()


def _published(entry: dict[str, Any], policy: IntakePolicy, mapped: Mapped) -> PublishEvent:
    event = published(_fields(entry, policy, mapped), policy)
    # `publishedAt` is the last time's: what is here already keeps its date, or each edit would be new to readers.
    return event if said_date(entry.get("firstPublishedAt")) else replace(event, dated=False)


def _id(entry: dict[str, Any]) -> str | None:
    document, locale = entry.get("documentId"), entry.get("locale")
    if not isinstance(document, str) or not document.strip():
        return None
    return f"{document}:{locale}" if isinstance(locale, str) and locale else document


def _fields(entry: dict[str, Any], policy: IntakePolicy, mapped: Mapped) -> dict[str, Any]:
    at = said_date(entry.get("publishedAt"))
    # A document that is unpublished and published again keeps the date of its last edit.
    modified = [date for date in (said_date(entry.get("updatedAt")), at) if date is not None]
    said = mapped.find(entry, "visibility")
    return {
        "id": _id(entry),
        "url": _address(entry, mapped),
        "title": plain_of(mapped.find(entry, "title")),
        "summary": plain_of(mapped.find(entry, "summary")),
        "visibility": "public" if said is None else said_visibility(said),
        "language": mapped.find(entry, "language"),
        "date_published": _first(entry, at),
        "date_modified": max(modified, default=None),
        "authors": distinct(_terms(mapped.find(entry, "authors"))),
        "categories": distinct(_terms(mapped.find(entry, "categories"))),
        "tags": distinct(_terms(mapped.find(entry, "tags"))),
        "image": _picture(mapped.find(entry, "image"), policy),
        **_content(mapped.find(entry, "content")),
    }


def _first(entry: dict[str, Any], at: datetime | None) -> datetime | None:
    """Take a date of first publication where there is such a field: `publishedAt` is the last one's."""
    return said_date(entry.get("firstPublishedAt")) or at


def _address(entry: dict[str, Any], mapped: Mapped) -> str | None:
    url = mapped.find(entry, "url")
    if isinstance(url, str) and url.startswith(("http://", "https://")):
        return url
    if mapped.url is None:
        return None
    parts = {
        "slug": mapped.find(entry, "slug"),
        "documentId": entry.get("documentId"),
        "locale": entry.get("locale") or "",
    }
    address = mapped.url
    for name, value in parts.items():
        if f"{{{name}}}" in address and not isinstance(value, str):
            return None
        address = address.replace(f"{{{name}}}", quote(str(value), errors="replace"))
    return address


def _terms(value: Any) -> list[dict[str, Any]]:
    """Read relations, one or many, or just names. (`{"count": 1}`, as removals have, is none.)"""
    rows = value if isinstance(value, list) else [value]
    names = [{"name": plain_of(row)} for row in rows if isinstance(row, str)]
    relations = [
        {
            "id": _id(row),
            "name": _name(row),
            "slug": row.get("slug"),
        }
        for row in objects(rows)
    ]
    return names + relations


def _name(row: dict[str, Any]) -> str | None:
    return plain_of(row.get("name")) or plain_of(row.get("title"))


def _picture(value: Any, policy: IntakePolicy) -> dict[str, Any] | None:
    match value[0] if isinstance(value, list) and value else value:
        case {"url": str(url)} as media:
            return {
                "url": resolve(url, policy.base_url),
                "type": media.get("mime"),
                "width": media.get("width"),
                "height": media.get("height"),
                "credit": plain_of(media.get("caption")),
                "description": plain_of(media.get("alternativeText")),
            }
        case str(url):
            return {"url": resolve(url, policy.base_url)}
    return None


# ---- content: HTML, plain text, or blocks --------------------------------------------------------------------------


def _content(value: Any) -> dict[str, str]:
    """Take HTML as it is, blocks as HTML, and anything else (Markdown too) as the text that it is."""
    if isinstance(value, list):
        return {"content_html": "".join(map(_block, objects(value)))}
    if not isinstance(value, str):
        return {}
    return {"content_html" if value.lstrip().startswith("<") else "content_text": value}


def _block(block: dict[str, Any]) -> str:
    inside = "".join(map(_inline, objects(block.get("children"))))
    match block.get("type"):
        case "heading":
            level = block.get("level") if block.get("level") in _HEADINGS else 2
            return f"<h{level}>{inside}</h{level}>"
        case "list":
            name = "ol" if block.get("format") == "ordered" else "ul"
            return f"<{name}>{inside}</{name}>"
        case "quote":
            return f"<blockquote>{inside}</blockquote>"
        case "code":
            return f"<pre><code>{inside}</code></pre>"
        case "image":
            media = block.get("image")
            url, text = (
                (str(media.get(k) or "") for k in ("url", "alternativeText"))
                if isinstance(media, dict)
                else ("", "")
            )
            return f'<img src="{escape(url)}" alt="{escape(text)}">' if url else ""
        case _:
            return f"<p>{inside}</p>" if inside else ""


def _inline(node: dict[str, Any]) -> str:
    inside = "".join(map(_inline, objects(node.get("children"))))
    match node.get("type"):
        case "link":
            return f'<a href="{escape(str(node.get("url") or ""))}">{inside}</a>'
        case "list-item":
            return f"<li>{inside}</li>"
        case "list":
            return _block(node)
    text = escape(str(node.get("text") or ""), quote=False).replace("\n", "<br>")
    for mark, tag in (("code", "code"), ("bold", "strong"), ("italic", "em"), ("strikethrough", "s")):
        text = f"<{tag}>{text}</{tag}>" if text and node.get(mark) else text
    return text
