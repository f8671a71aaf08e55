"""RSS 2.0 and Atom 1.0 by feedgen: a feed's opening, an entry's fragment, or a whole document in one build.

All three are the same code: an opening is a feed without entries, cut before its closing tags; a fragment
is what one entry adds to a bare feed. Namespaces are all declared by the root element, so an entry's bytes
are the same in whatever feed it stands.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from hub.model import ALL, FeedHead, Format
from hub.render.extension import NAME, EntryExtension, FeedExtension
from hub.render.ids import entry_uri, is_permalink
from hub.render.masthead import Masthead
from hub.urls import document_url, kind_url, websub_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model import Seq, Site
    from hub.render.shown import Named, Shown

GENERATOR = "Feedhub"
"""Without a version: an upgrade must not change every document."""


class XmlWriter:
    """What RSS and Atom have in common. Not for threads: it keeps one bare feed to render entries in."""

    format: Format
    closing: bytes
    joiner = b""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._bare = self._feed(Masthead.of(site, FeedHead(ALL, ""), (), ()))
        self._before = len(self._serialise(self._bare)) - len(self.closing)

    def opening(self, masthead: Masthead) -> bytes:
        """Everything before the first entry."""
        return self._serialise(self._feed(masthead)).removesuffix(self.closing)

    def fragment(self, shown: Shown) -> bytes:
        """One entry's element. Raises whatever feedgen and lxml raise at text that XML can't hold."""
        self._bare.entry([self._entry(shown)], replace=True)
        self._tell_entry(self._bare.entry()[0], shown)
        return self._serialise(self._bare)[self._before : -len(self.closing)]

    def ending(self, seq: Seq) -> bytes:  # noqa: ARG002 - JSON items show it
        """What follows a fragment in one feed alone: nothing."""
        return b""

    def document(self, masthead: Masthead, entries: Sequence[Shown]) -> bytes:
        """The whole document in one feedgen build, byte for byte what splicing gives."""
        feed = self._feed(masthead)
        for shown in entries:
            self._tell_entry(feed.add_entry(self._entry(shown), order="append"), shown)
        return self._serialise(feed)

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

    def _tell_entry(self, entry: Any, shown: Shown) -> None:
        extension = getattr(entry, NAME)
        extension.site, extension.shown = self._site, shown

    def _serialise(self, feed: Any) -> bytes:
        raise NotImplementedError


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

    def _serialise(self, feed: Any) -> bytes:
        text: bytes = feed.atom_str()
        return text


def _person(name: str, uri: str | None) -> dict[str, str]:
    return {"name": name, "uri": uri} if uri else {"name": name}
