"""WordPress's export (WXR 1.0 to 1.2): RSS with rows of the database in it.

It is read twice, since what posts refer to may come after them. An entry has the id, the terms and the content that its
hook would have given it (hub.intake.wordpress). Sticky posts are posts like any other; one with a password is its title
and link, as in WordPress's own feeds.
"""

from __future__ import annotations

import mimetypes
import re
from collections import defaultdict
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any

from hub.errors import HubError
from hub.intake.archives.record import Found, Piece, Refused, Skipped
from hub.intake.archives.xml import Archive
from hub.intake.foreign import distinct, published, text_of
from hub.intake.wordpress import content_of, enclosures, gmt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

    from hub.intake.archives.record import Kept
    from hub.intake.policy import IntakePolicy

VERSIONS = ("1.2", "1.1", "1.0")
NAMESPACE = "http://wordpress.org/export/"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_HEADER = ("author", "category", "tag", "term", "base_blog_url")
_MAX_NAME = 200
_PICTURE = "picture"
_SIZE = re.compile(r'^a:\d+:\{s:5:"width";i:(\d{1,6});s:6:"height";i:(\d{1,6});')
_UNNAMEABLE = re.compile(r"[^a-z0-9 _-]")
_GAPS = re.compile(r"[ -]+")
_DONE = frozenset({"publish"})
_PASSWORD = "has a password: its title and link alone"  # noqa: S105  (a note)


@dataclass(slots=True)
class Site:
    """What an export says before its posts, by login or nice name: the fields of authors, categories and tags."""

    url: str = ""
    items: int = 0
    damaged: int = 0
    """Bytes that were no text."""
    authors: dict[str, dict[str, Any]] = field(default_factory=dict)
    categories: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, Any]] = field(default_factory=dict)


def survey(chunks: Iterable[bytes], kept: Kept, policy: IntakePolicy) -> Site:
    """Read an export to its end: its people and terms; pictures are kept. Raises BadRequest."""
    site, archive = Site(), Archive(chunks, _tags())
    for element in archive.elements():
        name = _local(element)
        if name != "item":
            _note(site, name, _Row(element), policy)
            continue
        site.items += 1
        row = _Row(element)
        if row.text("post_type") == "attachment" and (image := _image(row, policy)):
            kept.add(_PICTURE, row.text("post_id"), image)
    site.damaged = archive.damaged
    return site


def pieces(
    chunks: Iterable[bytes], site: Site, kept: Kept, policy: IntakePolicy
) -> Iterator[Found | Skipped | Refused]:
    """Read an export's items again, in its order. Raises BadRequest."""
    items = (element for element in Archive(chunks, ("item",)).elements())
    for position, element in enumerate(items, 1):
        row = _Row(element)
        yield _piece(Piece(position, _name(row)), row, site, kept, policy)


def _piece(at: Piece, row: _Row, site: Site, kept: Kept, policy: IntakePolicy) -> Found | Skipped | Refused:
    kind, status = row.text("post_type") or "item without a type", row.text("status")
    if kind != "post":
        return Skipped(at.position, at.name, f"is no post: {kind}")
    if status not in _DONE:
        return Skipped(at.position, at.name, f"is not published: {status or 'no status'}")
    if not any((row.text("title"), row.text("excerpt"), row.text("content"))):
        return Skipped(at.position, at.name, "is empty: it has no title and no text")
    try:
        event = published(_fields(row, site, kept, policy), policy)
    except HubError as error:
        return Refused(at.position, at.name, str(error))
    return Found(at.position, at.name, event, _PASSWORD if row.text("post_password") else "")


def _fields(row: _Row, site: Site, kept: Kept, policy: IntakePolicy) -> dict[str, Any]:
    hidden = bool(row.text("post_password"))
    return {
        "id": unescape(row.text("guid")),
        "url": row.text("link") or None,
        "title": text_of(row.text("title"), policy),
        "summary": None if hidden else text_of(row.text("excerpt"), policy),
        "content_html": None if hidden else content_of(row.text("content")),
        "visibility": "members" if hidden else "public",
        # Old posts have a zero there. A date that is hours off is better than today's.
        "date_published": gmt(row.text("post_date_gmt")) or gmt(row.text("post_date")),
        "date_modified": gmt(row.text("post_modified_gmt")),
        "authors": distinct(_authors(row, site)),
        "categories": distinct(_terms(row, "category", site.categories, policy)),
        "tags": distinct(_terms(row, "post_tag", site.tags, policy)),
        "image": next(iter(kept.of(_PICTURE, row.meta("_thumbnail_id"))), None),
        "attachments": enclosures(row.metas("enclosure")),
    }


def _authors(row: _Row, site: Site) -> Iterator[dict[str, Any]]:
    if login := row.text("creator"):
        yield site.authors.get(login) or {"name": login, "slug": nicename(login)}


def _terms(
    row: _Row, domain: str, known: dict[str, dict[str, Any]], policy: IntakePolicy
) -> Iterator[dict[str, Any]]:
    """Give the terms that an item names; exports of a part of a site don't say more of them than that."""
    for slug, name in row.named(domain):
        yield known.get(slug) or {"slug": slug, "name": text_of(name, policy) or slug}


def nicename(login: str) -> str:
    """Make the part of an author's address of a login, as WordPress does (`sanitize_title`); exports don't have it."""
    return _GAPS.sub("-", _UNNAMEABLE.sub("", login.lower().replace(".", "-"))).strip("-") or login


# ---- the header ----------------------------------------------------------------------------------------------------


def _note(site: Site, name: str, row: _Row, policy: IntakePolicy) -> None:
    match name:
        case "base_blog_url":
            site.url = row.own
        case "author":
            login = row.text("author_login")
            shown = text_of(row.text("author_display_name"), policy) or login
            site.authors[login] = {
                "id": row.text("author_id") or None,
                "name": shown,
                "slug": nicename(login),
            }
        case "category" | "tag":
            start = "category" if name == "category" else "tag"
            said = {
                "id": row.text("term_id") or None,
                "slug": row.text("category_nicename" if name == "category" else "tag_slug"),
                "name": text_of(row.text("cat_name" if name == "category" else "tag_name"), policy),
                "description": text_of(row.text(f"{start}_description"), policy),
                "parent": row.text("category_parent") or None,
            }
            _keep(site, name, said)
        case "term" if row.text("term_taxonomy") in {"category", "post_tag"}:
            said = {
                "id": row.text("term_id") or None,
                "slug": row.text("term_slug"),
                "name": text_of(row.text("term_name"), policy),
                "description": text_of(row.text("term_description"), policy),
                "parent": row.text("term_parent") or None,
            }
            _keep(site, row.text("term_taxonomy"), said)


def _keep(site: Site, taxonomy: str, said: dict[str, Any]) -> None:
    terms = site.categories if taxonomy == "category" else site.tags
    if said["slug"]:
        said["name"] = said["name"] or said["slug"]
        terms.setdefault(said["slug"], {key: value for key, value in said.items() if value is not None})


def _image(row: _Row, policy: IntakePolicy) -> dict[str, Any] | None:
    url = row.text("attachment_url")
    kind = mimetypes.guess_type(url)[0] or ""
    if not kind.startswith("image/"):
        return None
    size = _SIZE.match(row.meta("_wp_attachment_metadata"))
    said = {
        "url": url,
        "type": kind,
        "width": int(size[1]) if size else None,
        "height": int(size[2]) if size else None,
        "credit": text_of(row.text("excerpt"), policy),
        "description": text_of(row.meta("_wp_attachment_image_alt"), policy),
    }
    return {key: value for key, value in said.items() if value}


# ---- rows ----------------------------------------------------------------------------------------------------------


class _Row:
    """An element's children by local name; of several the first one with text counts."""

    def __init__(self, element: _Element) -> None:
        self.own = (element.text or "").strip()
        self._texts: dict[str, str] = {}
        self._metas: defaultdict[str, list[str]] = defaultdict(list)
        self._terms: list[tuple[str, str, str]] = []
        for child in element:
            self._take(child)

    def _take(self, child: _Element) -> None:
        name = _local(child)
        if name == "postmeta":
            key, value = ("".join(each.itertext()) for each in (*child, *child)[:2])
            self._metas[key.strip()].append(value)
        elif name == "category":
            self._terms.append((child.get("domain", ""), child.get("nicename", ""), child.text or ""))
        elif name != "comment" and (text := child.text):
            self._texts.setdefault(name, text)

    def text(self, name: str) -> str:
        return self._texts.get(name, "").strip()

    def meta(self, key: str) -> str:
        return next(iter(self.metas(key)), "").strip()

    def metas(self, key: str) -> list[str]:
        return self._metas.get(key, [])

    def named(self, domain: str) -> Iterator[tuple[str, str]]:
        return ((slug, name) for where, slug, name in self._terms if where == domain and slug)


def _local(element: _Element) -> str:
    tag = str(element.tag)
    if tag == _CONTENT:
        return "content"
    namespace, _, local = tag.rpartition("}")
    return "excerpt" if local == "encoded" and "excerpt" in namespace else local


def _tags() -> tuple[str, ...]:
    return ("item", *(f"{{{NAMESPACE}{version}/}}{name}" for version in VERSIONS for name in _HEADER))


def _name(row: _Row) -> str:
    return (" ".join(row.text("title").split()) or row.text("guid") or row.text("post_id"))[:_MAX_NAME]
