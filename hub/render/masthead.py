"""What a feed says of itself, in every format: the head's own data with what stands in where it is silent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.model import Kind
from hub.render.dates import EPOCH
from hub.render.ids import feed_uri
from hub.urls import page_url

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hub.model import FeedHead, FeedPath, Site, Tombstone

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Masthead:
    """A feed's title and all that stands above its entries."""

    path: FeedPath
    uri: str
    """Its atom:id."""
    title: str
    description: str
    """Plain text; may be empty."""
    home: str
    """The page for people: the publication's own where it is known, else the hub's."""
    icon: str | None
    picture: str | None
    """Its own picture (an author's portrait), if it has one."""
    author: str
    """Whom to name where an entry names nobody (RFC 4287 §4.1.1): whose feed it is, else the publication."""
    author_url: str | None
    tombstones: tuple[Tombstone, ...]
    updated: datetime
    """The latest date of anything in the document; never the time of rendering."""

    @classmethod
    def of(
        cls, site: Site, head: FeedHead, tombstones: Iterable[Tombstone], modified: Iterable[datetime]
    ) -> Masthead:
        """Compose it from a feed's own data and the dates of the entries that it shows."""
        tombstones = tuple(tombstones)
        name, picture = _legal(head.name) or head.path.slug, _legal(head.image or "") or None
        whole, own = head.path.kind is Kind.ALL, head.path.kind is Kind.AUTHOR
        url = _legal(head.url or "") or None
        return cls(
            path=head.path,
            uri=feed_uri(site, head),
            title=site.title if whole else f"{name} – {site.title}",  # noqa: RUF001 - an en dash is meant
            description=_legal(head.description) or (site.description if whole else ""),
            home=url or (site.url if whole else page_url(site.public_url, head.path)),
            icon=picture or site.icon,
            picture=picture,
            author=name if own else site.title,
            author_url=url if own else site.url,
            tombstones=tombstones,
            updated=max([head.updated or EPOCH, *modified, *(t.when for t in tombstones)]),
        )


def _legal(text: str) -> str:
    """Drop what XML 1.0 can't hold; intake did so already, but no name may cost a feed its documents."""
    return _NOT_XML.sub("", text)
