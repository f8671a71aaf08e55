"""RSS 2.0 and its ancestors (0.9x, 1.0 in RDF), with content, dc, dcterms, media, itunes and Atom's links."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from hub.errors import BadRequest
from hub.intake.syndication.dates import date_of
from hub.intake.syndication.items import MAX_ITEMS, Said, events_of
from hub.intake.syndication.media import media_of, number
from hub.intake.syndication.record import FeedLinks, ForeignFeed, Masthead
from hub.intake.syndication.words import is_html, person, unescaped, words_of
from hub.intake.syndication.xml import Node, base_of
from hub.intake.terms import MAX_TERMS
from hub.intake.urls import resolve
from hub.model import Format

if TYPE_CHECKING:
    from hub.intake.policy import IntakePolicy

_RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_CUT = ("[…]", "[...]")
_MOST_MINUTES = 100_000


def read_rss(root: Node, policy: IntakePolicy, url: str) -> ForeignFeed:
    """Read the document. Raises BadRequest without a channel."""
    channel = next(root.nodes("channel"), None)
    if channel is None:
        raise BadRequest("this is no feed: it is RSS without a channel")
    base = base_of(channel.element, url) or url
    home = resolve(channel.text("link") or "", base)
    minutes = number(channel.text("ttl"))
    masthead = Masthead(
        Format.RSS,
        words_of(channel.text("title"), policy) or "",
        channel.text("generator") or "",
        links_of(channel, base, home=home),
        min(minutes, _MOST_MINUTES) * 60 if minutes else None,
    )
    language = channel.text("language", "dc:language")
    # RSS 1.0 has its items beside the channel.
    items = islice((*channel.nodes("item"), *root.nodes("item")), MAX_ITEMS + 1)
    said = (_said(item, home or url, language, policy) for item in items)
    return ForeignFeed(masthead, *events_of(said, policy))


def links_of(feed: Node, base: str, *, home: str | None) -> FeedLinks:
    """Read a feed's Atom links, which RSS has, too."""
    told: dict[str, list[str]] = {}
    for link in feed.all("atom:link"):
        if address := resolve(link.get("href") or "", base_of(link, base) or base):
            told.setdefault((link.get("rel") or "alternate").strip().lower(), []).append(address)

    def first(rel: str) -> str | None:
        return next(iter(told.get(rel, ())), None)

    return FeedLinks(
        first("self"), home, tuple(dict.fromkeys(told.get("hub", ()))), first("next"), first("prev-archive")
    )


def _said(item: Node, base: str, language: str | None, policy: IntakePolicy) -> Said:
    said_base = base_of(item.element, base)
    guid = item.text("guid")
    page = resolve(item.text("link") or _resource(item) or _permalink(item) or "", said_base or base)
    base = said_base or page or base
    content, summary = _texts(item, policy)
    image, attachments = media_of(item, base, policy)
    fields: dict[str, Any] = {
        "id": guid or item.get(_ABOUT) or page,
        "url": page,
        "title": words_of(item.text("title", "dc:title"), policy),
        "summary": summary,
        "content_html": content,
        "language": item.text("dc:language") or language,
        "date_published": date_of(item.text("pubdate", "dc:date", "dcterms:issued", "dcterms:created")),
        "date_modified": date_of(item.text("dcterms:modified", "atom:updated")),
        "authors": _authors(item),
        **_terms(item),
        "image": image,
        "attachments": attachments,
    }
    return Said(fields, base)


def _resource(item: Node) -> str | None:
    """Give the link of those who write it as an attribute, in RDF's or in Atom's way."""
    told = (each.get(_RESOURCE) or each.get("href") for each in item.all("link", "atom:link"))
    return next(filter(None, told), None)


def _permalink(item: Node) -> str | None:
    """Give a guid that is an address: that is what one is that does not say otherwise."""
    guids = (each for each in item.all("guid") if (each.get("isPermaLink") or "true").lower() != "false")
    return next((each.text for each in guids), None)


def _texts(item: Node, policy: IntakePolicy) -> tuple[str | None, str | None]:
    """Give content and summary: a description is the first where it has markup and nothing else is, else the second."""
    content = item.markup("content:encoded", "xhtml:body")
    description = item.markup("description")
    if content is None and description and is_html(description):
        return description, None
    summary = words_of(description or item.text("media:description"), policy)
    # WordPress's own, the first 55 words, says less than what is made of the content here.
    return content, None if content and summary and summary.endswith(_CUT) else summary


def _authors(item: Node) -> list[Any]:
    """Give the authors; where `dc:creator` names them, `author` is an address of the same people."""
    names = list(item.all("dc:creator")) or list(item.all("author", "itunes:author"))
    return list(filter(None, (person(each.text) for each in names[:MAX_TERMS])))


def _terms(item: Node) -> dict[str, list[str]]:
    """Give categories and tags by name. What a `domain` of ours says is a tag is one."""
    told: dict[str, list[str]] = {"categories": [], "tags": []}
    for each in list(item.all("category", "dc:subject"))[:MAX_TERMS]:
        if name := unescaped(each.text or "").strip():
            told["tags" if is_tag(each.get("domain")) else "categories"].append(name)
    return told


def is_tag(scheme: str | None) -> bool:
    """Tell whether a category's scheme is that of a hub's tags (`…/feeds/tag`)."""
    return scheme is not None and scheme.endswith("/feeds/tag")
