"""RSS 2.0 and Atom 1.0 by feedgen: a feed's opening, an entry's fragment, or a whole document in one build.

All three are the same code: an opening is a feed without entries, cut before its closing tags; a fragment
is what one entry adds to a root element with the same namespaces. All are declared there, whatever a feed
holds, so an entry's bytes are the same wherever it stands.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from hub.model import ALL, FeedHead, Format
from hub.render.dates import EPOCH, rfc822, rfc3339
from hub.render.extension import NAME, EntryExtension, FeedExtension
from hub.render.ids import entry_uri, is_permalink
from hub.render.masthead import Masthead
from hub.urls import document_url, kind_url, websub_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hub.model import Seq, Site
    from hub.render.shown import Named, Shown

GENERATOR = "Feedhub"
"""Without a version: an upgrade must not change every document."""
OPENINGS = 1000
"""Feeds whose opening is kept, per format: 2 KB each."""


class XmlWriter(ABC):
    """What RSS and Atom have in common. Not for threads: it keeps one element to render entries in."""

    format: Format
    closing: bytes
    joiner = b""

    def __init__(self, site: Site) -> None:
        self._site = site
        bare = etree.fromstring(self._serialise(self._feed(Masthead.of(site, FeedHead(ALL, ""), (), ()))))
        # A document's root as far as its entries can tell: with the namespaces that feedgen declares there.
        self._holder = etree.Element("_", nsmap={prefix: uri for prefix, uri in bare.nsmap.items() if prefix})
        self._before = len(etree.tostring(self._holder)) - len("/>") + len(">")
        self._around_date = lru_cache(maxsize=OPENINGS)(self._build_around_date)

    def opening(self, masthead: Masthead) -> bytes:
        """Everything before the first entry. A feed builds it anew only when more than its date has changed."""
        before, after = self._around_date(self._undated(masthead))
        return before + self._date(masthead.updated) + after

    def fragment(self, shown: Shown) -> bytes:
        """One entry's element. Raises whatever feedgen and lxml raise at text that XML can't hold."""
        entry = self._entry(shown)
        entry.register_extension(NAME, EntryExtension)
        self._tell(entry, shown)
        self._holder[:] = [self._element(entry)]
        return etree.tostring(self._holder, encoding="UTF-8", xml_declaration=False)[
            self._before : -len("</_>")
        ]

    def ending(self, seq: Seq) -> bytes:  # noqa: ARG002 - JSON items show it
        """What follows a fragment in one feed alone: nothing."""
        return b""

    def document(self, masthead: Masthead, entries: Sequence[Shown]) -> bytes:
        """The whole document in one feedgen build, byte for byte what splicing gives."""
        feed = self._feed(masthead)
        for shown in entries:
            self._tell(feed.add_entry(self._entry(shown), order="append"), shown)
        return self._serialise(feed)

    def _build_around_date(self, undated: Masthead) -> tuple[bytes, bytes]:
        """Build an opening and cut its date out; no text can look like that element, for its `<` is escaped."""
        opening = self._serialise(self._feed(undated)).removesuffix(self.closing)
        before, _, after = opening.partition(self._date(undated.updated))
        return before, after

    def _feed(self, masthead: Masthead) -> Any:
        feed = FeedGenerator()
        feed.register_extension(NAME, FeedExtension, EntryExtension)
        extension = getattr(feed, NAME)
        extension.site, extension.masthead = self._site, masthead
        extension.for_atom = self.format is Format.ATOM
        feed.title(masthead.title)
        feed.generator(GENERATOR)
        feed.language(self._site.language)
        feed.updated(masthead.updated)
        own_url = document_url(self._site.public_url, masthead.path, self.format)
        feed.link(href=own_url, rel="self", type=self.format.media_type)
        if not self._site.for_partner:
            feed.link(href=websub_url(self._site.public_url), rel="hub")
        feed.link(href=masthead.home, rel="alternate", type="text/html")  # last: RSS's <link> is the last one
        return feed

    def _entry(self, shown: Shown) -> Any:
        entry = FeedEntry()
        entry.title(shown.title)
        if shown.entry.url:
            entry.link(href=shown.entry.url)
        named: Sequence[Named] = (*shown.categories, *shown.tags)
        for _, label in named:
            scheme = kind_url(self._site.public_url, label.kind)
            entry.category(term=label.slug, scheme=scheme, label=label.name)
        return entry

    def _tell(self, entry: Any, shown: Shown) -> None:
        extension = getattr(entry, NAME)
        extension.site, extension.shown = self._site, shown

    def _undated(self, masthead: Masthead) -> Masthead:
        return replace(masthead, updated=EPOCH)

    @abstractmethod
    def _date(self, when: datetime) -> bytes:
        """The element with the feed's own date."""

    @abstractmethod
    def _element(self, entry: Any) -> etree._Element: ...

    @abstractmethod
    def _serialise(self, feed: Any) -> bytes: ...


class RssWriter(XmlWriter):
    """RSS 2.0 with content, dc, dcterms, media and atom (RSS Best Practices Profile)."""

    format = Format.RSS
    closing = b"</channel></rss>"

    def _feed(self, masthead: Masthead) -> Any:
        feed = super()._feed(masthead)
        feed.description(masthead.description or masthead.title)  # required, never empty
        if masthead.icon:
            feed.image(masthead.icon)  # feedgen gives it the channel's title and link, as RSS asks
        return feed

    def _entry(self, shown: Shown) -> Any:
        entry = super()._entry(shown)
        entry_id = shown.entry.id
        if shown.entry.summary:
            entry.summary(escape(shown.entry.summary, quote=False))  # readers take a description as HTML
        entry.guid(entry_id, permalink=is_permalink(entry_id, shown.entry.url))
        return entry

    def _undated(self, masthead: Masthead) -> Masthead:
        return replace(masthead, updated=EPOCH, tombstones=())  # RSS can't show them

    def _date(self, when: datetime) -> bytes:
        return f"<lastBuildDate>{rfc822(when)}</lastBuildDate>".encode()

    def _element(self, entry: Any) -> etree._Element:
        item: etree._Element = entry.rss_entry()
        return item

    def _serialise(self, feed: Any) -> bytes:
        text: bytes = feed.rss_str()
        return text


class AtomWriter(XmlWriter):
    """Atom 1.0 (RFC 4287) with media and tombstones (RFC 6721)."""

    format = Format.ATOM
    closing = b"</feed>"

    def _feed(self, masthead: Masthead) -> Any:
        feed = super()._feed(masthead)
        feed.id(masthead.uri)
        feed.author(_person(masthead.author, masthead.author_url))
        feed.icon(masthead.icon)
        feed.logo(masthead.picture)
        if masthead.description:
            feed.subtitle(masthead.description)
        return feed

    def _entry(self, shown: Shown) -> Any:
        entry = super()._entry(shown)
        entry.id(entry_uri(self._site, shown.entry.id))
        for _, label in shown.authors:
            entry.author(_person(label.name, label.url))
        if shown.entry.summary:
            entry.summary(shown.entry.summary)
        if shown.html:
            entry.content(shown.html, type="html")
        elif not shown.entry.url:
            entry.content(shown.text)  # an entry needs an alternate link or a content (RFC 4287 §4.1.2)
        return entry

    def _date(self, when: datetime) -> bytes:
        return f"<updated>{rfc3339(when)}</updated>".encode()

    def _element(self, entry: Any) -> etree._Element:
        element: etree._Element = entry.atom_entry()
        return element

    def _serialise(self, feed: Any) -> bytes:
        text: bytes = feed.atom_str()
        return text


def _person(name: str, uri: str | None) -> dict[str, str]:
    return {"name": name, "uri": uri} if uri else {"name": name}
