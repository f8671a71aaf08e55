"""The extension pair through which feedgen 1.0.0 writes valid feeds.

feedgen calls it after its own elements are in place, for the feed before any entry. Here is what feedgen
leaves out or gets wrong: hub links in RSS, entry links' rel, type and length in Atom, author names without
e-mail, full content beside a summary, modification dates, un-grouped media, tombstones. What it does right
is in `xml`.
"""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import TYPE_CHECKING

import feedgen.entry
import feedgen.feed
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml.etree import CDATA, SubElement

from hub.partner import Deletes
from hub.render.dates import rfc822, rfc3339
from hub.render.ids import entry_uri
from hub.render.media import MEDIA, add_attachment, add_image, media_type
from hub.render.shown import Ended
from hub.urls import websub_url

if TYPE_CHECKING:
    from lxml.etree import _Element

    from hub.model import Attachment, Site
    from hub.render.masthead import Masthead
    from hub.render.shown import Shown

# feedgen writes each RSS date between two calls of setlocale(), which changes the whole process under other
# threads. This writes the same text without.
feedgen.feed.formatRFC2822 = feedgen.entry.formatRFC2822 = format_datetime

NAME = "feedhub"
"""The attribute of a feedgen feed or entry that holds its half of the pair."""
ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
DCTERMS = "http://purl.org/dc/terms/"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_RSS_NAMESPACES = {"dc": DC, "dcterms": DCTERMS, "media": MEDIA}
_ATOM_NAMESPACES = {"media": MEDIA, "at": TOMBSTONES}


class FeedExtension(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """The feed's half. `site` and `masthead` must be set before feedgen writes; without: namespaces alone."""

    site: Site
    masthead: Masthead
    for_atom = False

    def extend_ns(self) -> dict[str, str]:
        """Name all that a document may use: fragments must not depend on what else is in it."""
        if not self.for_atom:
            return _RSS_NAMESPACES
        return _ATOM_NAMESPACES | ({"dcterms": DCTERMS} if self.site.for_partner else {})

    def extend_rss(self, feed: _Element) -> _Element:
        if not self.site.for_partner:
            SubElement(feed[0], f"{{{ATOM}}}link", rel="hub", href=websub_url(self.site.public_url))
        return feed

    def extend_atom(self, feed: _Element) -> _Element:
        _write(feed, "updated", rfc3339(self.masthead.updated))
        for tombstone in self.masthead.tombstones:
            SubElement(
                feed,
                f"{{{TOMBSTONES}}}deleted-entry",
                ref=entry_uri(self.site, tombstone.id),
                when=rfc3339(tombstone.when),
            )
        return feed


class EntryExtension(BaseEntryExtension):  # type: ignore[misc]  # feedgen has no types
    """An entry's half. `site` and `shown` must be set before feedgen writes."""

    site: Site
    shown: Shown

    def extend_rss(self, item: _Element) -> _Element:
        entry = self.shown.entry
        for _, label in self.shown.authors:
            SubElement(item, f"{{{DC}}}creator").text = label.name
        if self.shown.ended is None:
            SubElement(item, "pubDate").text = rfc822(entry.date_published)
        SubElement(item, f"{{{DCTERMS}}}modified").text = rfc3339(entry.date_modified)
        if language := self._foreign_language():
            SubElement(item, f"{{{DC}}}language").text = language
        if self.shown.html:
            SubElement(item, f"{{{CONTENT}}}encoded").text = CDATA(self.shown.html)
        if entry.attachments:
            _add_enclosure(item, entry.attachments[0])
        if entry.image:
            add_image(item, entry.image)
        for attachment in entry.attachments[1:]:
            add_attachment(item, attachment)
        self._end(item)
        return item

    def extend_atom(self, element: _Element) -> _Element:
        entry = self.shown.entry
        _write(element, "updated", rfc3339(entry.date_modified))
        if self.shown.ended is None:
            SubElement(element, "published").text = rfc3339(entry.date_published)
        if (link := element.find("link")) is not None:
            link.set("rel", "alternate")
            link.set("type", "text/html")
        for attachment in entry.attachments:
            _add_enclosure_link(element, attachment)
        if language := self._foreign_language():
            element.set(_XML_LANG, language)
        if entry.image:
            add_image(element, entry.image)
        self._end(element)
        return element

    def _end(self, element: _Element) -> None:
        """Say that an entry is over, in its partner's way."""
        match self.shown.ended:
            case Ended(deletes=Deletes.EXPIRE, when=when):  # a DCMI Period, as MSN asks for
                SubElement(element, f"{{{DCTERMS}}}valid").text = f"end={rfc3339(when)}; scheme=W3C-DTF"
            case Ended(deletes=Deletes.STATUS):  # Media RSS has the attribute, SmartFormat reads the text
                SubElement(element, f"{{{MEDIA}}}status", state="deleted").text = "deleted"

    def _foreign_language(self) -> str | None:
        language = self.shown.entry.language
        if not language or language == self.site.language or not _LANGUAGE.fullmatch(language):
            return None
        return language


def _write(parent: _Element, name: str, text: str) -> None:
    """Replace the text of an element that feedgen wrote (dates: with microseconds and `+00:00`)."""
    element = parent.find(name)
    if element is None:
        raise ValueError(f"feedgen wrote no <{name}>")
    element.text = text


def _add_enclosure(item: _Element, attachment: Attachment) -> None:
    """RSS's one enclosure; its length is required, and 0 when unknown."""
    SubElement(
        item,
        "enclosure",
        url=attachment.url,
        length=str(attachment.size_in_bytes or 0),
        type=media_type(attachment.mime_type),
    )


def _add_enclosure_link(element: _Element, attachment: Attachment) -> None:
    kind = media_type(attachment.mime_type)
    link = SubElement(element, "link", rel="enclosure", href=attachment.url, type=kind)
    if attachment.size_in_bytes:
        link.set("length", str(attachment.size_in_bytes))
    if attachment.title:
        link.set("title", attachment.title)
