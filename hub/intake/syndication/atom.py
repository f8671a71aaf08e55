"""Atom 1.0 (RFC 4287) with tombstones (RFC 6721), archives (RFC 5005) and media."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from hub.intake.excerpt import paragraphs
from hub.intake.foreign import plain_of, text_of
from hub.intake.syndication.dates import date_of
from hub.intake.syndication.items import MAX_ITEMS, Deleted, Said, events_of
from hub.intake.syndication.media import media_of
from hub.intake.syndication.record import ForeignFeed, Masthead
from hub.intake.syndication.rss import is_tag, links_of
from hub.intake.syndication.words import person, words_of
from hub.intake.syndication.xml import Node, base_of, language_of, markup
from hub.intake.terms import MAX_TERMS
from hub.intake.urls import resolve
from hub.model import Format

if TYPE_CHECKING:
    from hub.intake.policy import IntakePolicy

_HTML = frozenset({"html", "text/html"})
_XHTML = frozenset({"xhtml", "application/xhtml+xml"})
_KIND = "http://schemas.google.com/g/2005#kind"


def read_atom(root: Node, policy: IntakePolicy, url: str) -> ForeignFeed:
    """Read the document."""
    masthead = Masthead(
        Format.ATOM,
        _text(root, "atom:title", policy) or "",
        root.text("atom:generator") or "",
        links_of(root, url, home=_page(root, url)),
    )
    authors = _authors(root, url)
    deleted = (Deleted(each.get("ref"), date_of(each.get("when"))) for each in root.all("at:deleted-entry"))
    said = (_said(entry, url, authors, policy) for entry in root.nodes("atom:entry"))
    return ForeignFeed(masthead, *events_of(islice((*deleted, *said), MAX_ITEMS + 1), policy))


def _said(entry: Node, url: str, authors: list[Any], policy: IntakePolicy) -> Said:
    page = _page(entry, url)
    content, base = _content(entry, url)
    base = base or page or url
    image, attachments = media_of(entry, base, policy)
    source = next(entry.nodes("atom:source"), None)
    fields: dict[str, Any] = {
        "id": entry.text("atom:id") or page,
        "url": page,
        "title": _text(entry, "atom:title", policy),
        "summary": _text(entry, "atom:summary", policy) or _described(entry, policy),
        "content_html": content,
        "language": language_of(entry.element),
        "date_published": date_of(entry.text("atom:published")),
        "date_modified": date_of(entry.text("atom:updated")),
        # An entry that names nobody is by those whom its feed names (§4.2.1).
        "authors": _authors(entry, url) or (source and _authors(source, url)) or authors,
        **_terms(entry),
        "image": image,
        "attachments": attachments,
    }
    return Said(fields, base)


def _text(parent: Node, name: str, policy: IntakePolicy) -> str | None:
    """Read a text construct (§3.1) as plain text."""
    element = next(parent.all(name), None)
    if element is None:
        return None
    kind = (element.get("type") or "text").lower()
    if kind in _HTML | _XHTML:
        return text_of(markup(element), policy)
    return plain_of("".join(element.itertext()))


def _content(entry: Node, url: str) -> tuple[str | None, str | None]:
    """Give the content as HTML (none of what is elsewhere, `src`), and where its links lead from if `xml:base` says."""
    element = next(entry.all("atom:content"), None)
    if element is None:
        return None, base_of(entry.element, url)
    base = base_of(element, url)
    kind = (element.get("type") or "text").lower()
    if kind in _HTML | _XHTML:
        return markup(element) or None, base
    if kind.startswith("text"):
        return paragraphs("".join(element.itertext())) or None, base
    return None, base


def _described(entry: Node, policy: IntakePolicy) -> str | None:
    """Give what Media RSS says of a film, all that YouTube's entries have."""
    near = [entry, *entry.nodes("media:group")]
    return next(filter(None, (words_of(each.text("media:description"), policy) for each in near)), None)


def _page(parent: Node, url: str) -> str | None:
    """Give the alternate link, HTML before others."""
    links = [each for each in parent.all("atom:link") if (each.get("rel") or "alternate") == "alternate"]
    links.sort(key=lambda link: "html" not in (link.get("type") or "html"))
    told = (resolve(link.get("href") or "", base_of(link, url) or url) for link in links[:MAX_TERMS])
    return next(filter(None, told), None)


def _authors(parent: Node, url: str) -> list[Any]:
    found = []
    for element in list(parent.all("atom:author"))[:MAX_TERMS]:
        author = Node.of(element)
        page = author.text("atom:uri")
        found.append(person(author.text("atom:name"), page and resolve(page, base_of(element, url) or url)))
    return list(filter(None, found))


def _terms(entry: Node) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {"categories": [], "tags": []}
    for each in list(entry.all("atom:category"))[:MAX_TERMS]:
        name = (each.get("label") or each.get("term") or "").strip()
        if name and each.get("scheme") != _KIND:
            told["tags" if is_tag(each.get("scheme")) else "categories"].append(name)
    return told
