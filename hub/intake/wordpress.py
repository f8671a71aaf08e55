"""WordPress: hooks of the WP Webhooks plugin, and posts as the REST API gives them.

An entry's id is the post's guid, which its own feeds show and which stays when the permalink turns into `?p=ID`. Names,
titles and excerpts are HTML there and text here. Dates are the `_gmt` ones. Of an author the plugin says only the
number.
"""

from __future__ import annotations

import mimetypes
import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Any

from hub.intake.foreign import distinct, objects, published, removed, said_date, text_of
from hub.intake.hook import Hint
from hub.intake.publish import parse_body
from hub.intake.terms import MAX_TERMS
from hub.intake.wpcontent import shown_content
from hub.model import Kind, Term

if TYPE_CHECKING:
    from datetime import datetime

    from hub.events import EntryPublished
    from hub.intake.hook import Hook, Reading
    from hub.intake.policy import IntakePolicy

NAME = "x-wp-webhook-name"
_REMOVALS = frozenset({"post_trash", "post_delete"})
_TYPE = "post"
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_ORDER = (Kind.AUTHOR, Kind.CATEGORY, Kind.TAG)
_CUT = ("[…]", "[...]")


def read(hook: Hook, policy: IntakePolicy) -> Reading:
    """Read a hook, or a post object of the REST API. Raises BadRequest or Invalid for what WordPress does not send."""
    match parse_body(hook.body):
        case {"post": {"post_type": str(kind)} as row} as sent:
            return _hooked(hook.headers.get(NAME, ""), row, sent, policy) if kind == _TYPE else ()
        case {"type": str(kind), "status": str(), "guid": {"rendered": str()}} as post:
            return rest_post(post, policy) if kind == _TYPE else ()
    return Hint("the body is no post of WordPress's")


def rest_post(post: dict[str, Any], policy: IntakePolicy) -> Reading:
    """Read a post object of `/wp-json/wp/v2/posts?_embed=author,wp:term,wp:featuredmedia`."""
    modified = gmt(post.get("modified_gmt"))
    if post["status"] != "publish":
        return (removed(unescape(post["guid"]["rendered"]), modified, policy),)
    embedded = _object(post, "_embedded")
    terms = [term for group in embedded.get("wp:term") or () for term in objects(group)]
    hidden = _object(post, "content").get("protected") is True
    fields = {
        "id": unescape(post["guid"]["rendered"]),
        "url": post.get("link"),
        "title": text_of(_object(post, "title").get("rendered"), policy),
        "summary": None if hidden else _excerpt(_object(post, "excerpt").get("rendered"), policy),
        "content_html": None if hidden else _object(post, "content").get("rendered"),
        "visibility": "members" if hidden else "public",
        "date_published": gmt(post.get("date_gmt")),
        "date_modified": modified,
        "authors": distinct(author_fields(each, policy) for each in objects(embedded.get("author"))),
        "categories": distinct(
            term_fields(each, policy) for each in terms if each.get("taxonomy") == "category"
        ),
        "tags": distinct(term_fields(each, policy) for each in terms if each.get("taxonomy") == "post_tag"),
        "image": _picture(objects(embedded.get("wp:featuredmedia")), policy),
    }
    event = published(fields, policy)
    # Asked for without `_embed`, a post names its authors, categories and tags by number alone.
    for kind, name in ((Kind.TAG, "tags"), (Kind.CATEGORY, "categories"), (Kind.AUTHOR, "author")):
        if not any(term.kind is kind for term in event.terms):
            event = _by_number(event, kind, post.get(name))
    return (event,)


def _hooked(name: str, row: dict[str, Any], sent: dict[str, Any], policy: IntakePolicy) -> Reading:
    modified, guid = gmt(row.get("post_modified_gmt")), unescape(str(row.get("guid") or ""))
    if name in _REMOVALS:
        return (removed(guid, modified, policy),)
    if row.get("post_status") != "publish":
        before = sent.get("post_before")
        was = before.get("post_status") if isinstance(before, dict) else None
        return (removed(guid, modified, policy),) if was == "publish" else ()
    # Whoever has the password reads it there; feeds show that it exists, as WordPress's own do.
    hidden = bool(row.get("post_password"))
    fields = {
        "id": guid,
        "url": sent.get("post_permalink"),
        "title": text_of(row.get("post_title"), policy),
        "summary": None if hidden else text_of(row.get("post_excerpt"), policy),
        "content_html": None if hidden else content_of(row.get("post_content")),
        "visibility": "members" if hidden else "public",
        "date_published": gmt(row.get("post_date_gmt")),
        "date_modified": modified,
        "categories": _taxonomy(sent, "category", policy),
        "tags": _taxonomy(sent, "post_tag", policy),
        "image": {"url": sent["post_thumbnail"]} if isinstance(sent.get("post_thumbnail"), str) else None,
        "attachments": enclosures(_object(sent, "post_meta").get("enclosure")),
    }
    return (_by_number(published(fields, policy), Kind.AUTHOR, row.get("post_author")),)


def _by_number(event: EntryPublished, kind: Kind, numbers: Any) -> EntryPublished:
    """Name terms of which only the numbers are known: the feeds that have these, as far as there are any."""
    said = [str(each) for each in (numbers if isinstance(numbers, list) else [numbers])]
    terms = tuple(
        Term(kind, number, "", explicit_id=True, bare=True)
        for number in dict.fromkeys(said[:MAX_TERMS])
        if _NUMBER.fullmatch(number)
    )
    refs = tuple(term.ref for term in terms)
    entry = event.entry
    match kind:
        case Kind.AUTHOR:
            entry = replace(entry, authors=refs)
        case Kind.CATEGORY:
            entry = replace(entry, categories=refs)
        case _:
            entry = replace(entry, tags=refs)
    # The store pairs terms with the refs of an entry, authors first.
    ordered = sorted((*terms, *event.terms), key=lambda term: _ORDER.index(term.kind))
    return replace(event, entry=entry, terms=tuple(ordered))


def _taxonomy(sent: dict[str, Any], name: str, policy: IntakePolicy) -> list[dict[str, Any]]:
    taxonomies = sent.get("taxonomies")
    terms = taxonomies.get(name) if isinstance(taxonomies, dict) else None
    rows = objects(list(terms.values())) if isinstance(terms, dict) else objects(terms)
    return distinct(term_fields({**row, "id": row.get("term_id")}, policy) for row in rows)


def term_fields(term: dict[str, Any], policy: IntakePolicy) -> dict[str, Any]:
    fields = {
        "id": term.get("id"),
        "name": text_of(term.get("name"), policy),
        "slug": term.get("slug"),
        "url": term.get("link"),
        "description": text_of(term.get("description"), policy),
    }
    if term.get("taxonomy") == "category" and (parent := term.get("parent") or _linked_parent(term)):
        fields["parent"] = str(parent)
    return fields


def _linked_parent(term: dict[str, Any]) -> str | None:
    """Give the parent's number of an embedded category, of which only a link says it (`…/wp/v2/categories/7`)."""
    links = term.get("_links")
    for up in objects(links.get("up")) if isinstance(links, dict) else []:
        number = str(up.get("href")).rpartition("/")[2]
        if _NUMBER.fullmatch(number):
            return number
    return None


def author_fields(author: dict[str, Any], policy: IntakePolicy) -> dict[str, Any]:
    avatars = author.get("avatar_urls")
    return {
        "id": author.get("id"),
        "name": text_of(author.get("name"), policy),
        "slug": author.get("slug"),
        "url": author.get("link"),
        "bio": text_of(author.get("description"), policy),
        "avatar": avatars.get("96") if isinstance(avatars, dict) else None,
    }


def _picture(media: list[dict[str, Any]], policy: IntakePolicy) -> dict[str, Any] | None:
    picture = next((each for each in media if each.get("source_url")), None)
    if picture is None:
        return None
    details = picture.get("media_details")
    size = details if isinstance(details, dict) else {}
    return {
        "url": picture["source_url"],
        "type": picture.get("mime_type"),
        "width": size.get("width"),
        "height": size.get("height"),
        "credit": text_of(_object(picture, "caption").get("rendered"), policy),
        "description": text_of(picture.get("alt_text"), policy),
    }


def _object(post: dict[str, Any], name: str) -> dict[str, Any]:
    value = post.get(name)
    return value if isinstance(value, dict) else {}


def _excerpt(html: Any, policy: IntakePolicy) -> str | None:
    """Take an excerpt that somebody wrote; WordPress's own is the first 55 words and this mark."""
    text = text_of(html, policy)
    return None if text is None or text.endswith(_CUT) else text


def content_of(raw: Any) -> str | None:
    """Give the HTML of a post's text as the database has it."""
    return shown_content(raw) if isinstance(raw, str) else None


def enclosures(texts: Any) -> list[dict[str, Any]]:
    """Read what WordPress keeps of recordings: of each its address, length and type, a line each."""
    said = (
        [text.strip().split("\n") for text in texts if isinstance(text, str)]
        if isinstance(texts, list)
        else []
    )
    return [each for url, *rest in said if (each := _enclosure(url.strip(), *map(str.strip, rest)))]


def _enclosure(url: str, length: str = "", kind: str = "", *_: str) -> dict[str, Any] | None:
    kind = kind or mimetypes.guess_type(url)[0] or ""
    if not url or not kind:
        return None
    return {"url": url, "mime_type": kind} | ({"size_in_bytes": int(length)} if length.isdigit() else {})


def gmt(text: Any) -> datetime | None:
    """Read a `_gmt` date, which says no offset since its name does; zeros are none."""
    return said_date(f"{text}Z") if isinstance(text, str) and not text.endswith("Z") else said_date(text)
