"""JSON Feed 1.1 by orjson, with `_feedhub` beside each item's own fields.

An item ends with its seq, the one thing in it that differs from feed to feed: all that comes before is the
fragment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import orjson

from hub.model import Format, Kind
from hub.render.dates import rfc3339
from hub.render.masthead import Masthead
from hub.render.shown import Shown
from hub.urls import document_url, websub_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.model import Attachment, FeedHead, Image, Item, Seq, Site, Tombstone
    from hub.render.shown import Named

T = TypeVar("T")

VERSION = "https://jsonfeed.org/version/1.1"
_ANY_SEQ_END = b"0}}"


def json_item(item: Item, *, full_content: bool) -> dict[str, object]:
    """One entry as JSON documents, `since`, SSE and webhooks show it."""
    return _item(Shown.of(item, full_content=full_content), item.seq)


def json_page(
    site: Site,
    head: FeedHead,
    items: Sequence[bytes],
    removed: Iterable[Tombstone],
    cursor: str,
    *,
    more: bool,
) -> bytes:
    """A JSON Feed of what changed (INTERFACE, `since`). `items`: each as `json_item` gives it, encoded."""
    gone = [{"id": t.id, "seq": t.seq, "date": rfc3339(t.when)} for t in removed]
    masthead = Masthead.of(site, head, (), ())
    return orjson.dumps(
        JsonWriter(site).head(masthead)
        | {"_feedhub": {"next": cursor, "more": more, "removed": gone}}
        | {"items": [orjson.Fragment(item) for item in items]}
    )


class JsonWriter:
    """Writes JSON Feed documents whole or in parts."""

    format = Format.JSON
    closing = b"]}"
    joiner = b","

    def __init__(self, site: Site) -> None:
        self._site = site

    def opening(self, masthead: Masthead) -> bytes:
        """Everything before the first item."""
        return orjson.dumps(self.head(masthead) | {"items": []}).removesuffix(self.closing)

    def fragment(self, shown: Shown) -> bytes:
        """One item up to its seq. Raises orjson.JSONEncodeError at a lone surrogate."""
        return orjson.dumps(_item(shown, 0)).removesuffix(_ANY_SEQ_END)

    def ending(self, seq: Seq) -> bytes:
        """An item's seq in one feed, and its end."""
        return b"%d}}" % seq

    def document(self, masthead: Masthead, entries: Sequence[Shown]) -> bytes:
        """The whole document at once, byte for byte what splicing gives."""
        items = [_item(shown, shown.seq) for shown in entries]
        return orjson.dumps(self.head(masthead) | {"items": items})

    def head(self, masthead: Masthead) -> dict[str, object]:
        """What stands before the items."""
        site = self._site
        head: dict[str, object] = {
            "version": VERSION,
            "title": masthead.title,
            "home_page_url": masthead.home,
            "feed_url": document_url(site.public_url, masthead.path, Format.JSON),
        }
        if masthead.description:
            head["description"] = masthead.description
        if masthead.icon:
            head["icon"] = masthead.icon
        if site.icon:
            head["favicon"] = site.icon
        if masthead.path.kind is Kind.AUTHOR:
            head["authors"] = [_person(masthead.author, masthead.author_url, masthead.picture)]
        head["language"] = site.language
        if not site.for_partner:
            head["hubs"] = [{"type": "WebSub", "url": websub_url(site.public_url)}]
        return head


def _item(shown: Shown, seq: int) -> dict[str, object]:
    entry = shown.entry
    item: dict[str, object] = {"id": entry.id}
    if entry.url:
        item["url"] = entry.url
    if entry.title.strip():
        item["title"] = entry.title
    if shown.html:
        item["content_html"] = shown.html
    else:
        item["content_text"] = shown.text  # one of the two is required
    if entry.summary:
        item["summary"] = entry.summary
    if entry.image:
        item["image"] = entry.image.url
    item |= _dates(shown)
    if shown.authors:
        item["authors"] = [_person(label.name, label.url, label.image) for _, label in shown.authors]
    if named := shown.categories + shown.tags:
        item["tags"] = list(dict.fromkeys(label.name for _, label in named))
    if entry.language:
        item["language"] = entry.language
    if entry.attachments:
        item["attachments"] = [_attachment(attachment) for attachment in entry.attachments]
    item["_feedhub"] = _own(shown) | {"seq": seq}
    return item


def _dates(shown: Shown) -> Mapping[str, object]:
    published = None if shown.ended else rfc3339(shown.entry.date_published)
    return _said({"date_published": published, "date_modified": rfc3339(shown.entry.date_modified)})


def _own(shown: Shown) -> dict[str, object]:
    """What JSON Feed has no field for. `revision` is equal in every feed that the entry is in."""
    own: dict[str, object] = {"revision": shown.revision}
    if shown.ended:
        return own | {"expired": rfc3339(shown.ended.when)}
    own["visibility"] = shown.entry.visibility
    if shown.authors:
        own["authors"] = [_term(named) for named in shown.authors]
    if shown.categories:
        own["categories"] = [_term(named) for named in shown.categories]
    if shown.tags:
        own["tags"] = [_term(named) for named in shown.tags]
    if shown.entry.image:
        own["image"] = _image(shown.entry.image)
    return own


def _term(named: Named) -> Mapping[str, str]:
    ref, label = named
    term = {"name": label.name, "slug": label.slug}
    return term if ref.id == label.slug else term | {"id": ref.id}


def _person(name: str, url: str | None, avatar: str | None) -> dict[str, str]:
    return _said({"name": name, "url": url, "avatar": avatar})


def _image(image: Image) -> Mapping[str, object]:
    return _said(
        {
            "url": image.url,
            "type": image.type,
            "width": image.width,
            "height": image.height,
            "credit": image.credit,
            "description": image.description,
        }
    )


def _attachment(attachment: Attachment) -> Mapping[str, object]:
    seconds = attachment.duration_in_seconds
    return _said(
        {
            "url": attachment.url,
            "mime_type": attachment.mime_type,
            "title": attachment.title,
            "size_in_bytes": attachment.size_in_bytes,
            "duration_in_seconds": None if seconds is None else round(seconds),  # atoma takes only integers
        }
    )


def _said(fields: Mapping[str, T | None]) -> dict[str, T]:
    """Leave out what is not known: JSON Feed has no nulls."""
    return {name: value for name, value in fields.items() if value is not None}
