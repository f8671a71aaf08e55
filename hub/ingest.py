"""What an ingest feed says, to what is told of it: which items are new, and whether it is this hub's own echo. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from hub.events import EntryPublished
from hub.model import EntryId
from hub.remote import GENERATOR, LOOP, Trouble
from hub.urls import is_own

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hub.events import EntryRemoved
    from hub.intake.syndication.record import Masthead

DIGEST = 8
"""Bytes of an item's digest: of 10,000 items two are alike once in 10^11 feeds, and then one change is missed."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_GLOBAL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+|\S{20,}")
_LINK_HUB = re.compile(r'<([^<>]{1,2048})>\s*;[^,<]*\brel\s*=\s*"?[^",;]*\bhub\b', re.IGNORECASE)


def loop(masthead: Masthead, link: str, public_url: str) -> Trouble | None:
    """Say that a feed comes from this hub (or another one like it): what it holds is here already, or would go round.

    `link`: the Link header that it came with.
    """
    near = [*masthead.links.hubs, *_LINK_HUB.findall(link), *filter(None, [masthead.links.self])]
    if any(_is_own(public_url, url) for url in near):
        why = "it names this hub as its own (rel=hub or rel=self): its entries would come back for ever"
    elif masthead.generator.strip().lower().partition(" ")[0] == GENERATOR:
        why = "it was made by a Feedhub (generator): hubs that feed each other would never come to rest"
    else:
        return None
    cure = "Take it out of FEEDHUB_INGEST_FEEDS, and put the CMS's own feed there; feedhub import copies a hub once."
    return Trouble(why, cure, lasting=True, code=LOOP)


def _is_own(public_url: str, url: str) -> bool:
    try:
        return is_own(public_url, url)
    except ValueError:
        return False


def told(
    events: Iterable[EntryPublished | EntryRemoved], url: str
) -> list[tuple[bytes, EntryPublished | EntryRemoved]]:
    """Give the events that an ingest feed may cause, each with its digest, oldest first.

    A feed names authors, categories and tags, and tells nothing of those that are here already.
    """
    own = [_own(event, url) for event in events][::-1]
    own.sort(key=_when)  # what has no dates keeps the document's order, which is newest first
    return [(digest(event), event) for event in own]


def fresh(
    events: Sequence[tuple[bytes, EntryPublished | EntryRemoved]], known: bytes
) -> list[tuple[bytes, EntryPublished | EntryRemoved]]:
    """Give those whose digests are not known."""
    seen = {known[at : at + DIGEST] for at in range(0, len(known), DIGEST)}
    return [pair for pair in events if pair[0] not in seen]


def digest(event: EntryPublished | EntryRemoved) -> bytes:
    """Hash what an item says; a time of receipt that stands in for a date says nothing."""
    if isinstance(event, EntryPublished):
        entry = event.entry
        published = entry.date_published if event.dated else None
        modified = entry.date_modified if event.modified else None
        blank = replace(entry, date_published=_NEVER, date_modified=_NEVER)
        said = repr((blank, event.terms, published, modified))
    else:
        said = repr(event)
    return sha256(said.encode(errors="surrogatepass")).digest()[:DIGEST]


def qualified(id_: EntryId, url: str) -> EntryId:
    """Make an id that many feeds may have (`17`, `post-3`) this feed's own; a URI or a long one stays as it is."""
    return id_ if _GLOBAL.fullmatch(id_) else EntryId(f"{url}#{id_}"[:1024])


def as_guest(event: EntryPublished, url: str) -> EntryPublished:
    """Give an entry as the ingest feed at `url` may tell it: under an id of its own, its terms only named."""
    terms = tuple(replace(term, brief=True) for term in event.terms)
    return replace(event, entry=replace(event.entry, id=qualified(event.entry.id, url)), terms=terms)


def _own(event: EntryPublished | EntryRemoved, url: str) -> EntryPublished | EntryRemoved:
    if isinstance(event, EntryPublished):
        return as_guest(event, url)
    return replace(event, entry_id=qualified(event.entry_id, url))


def _when(event: EntryPublished | EntryRemoved) -> datetime:
    return event.entry.date_published if isinstance(event, EntryPublished) else event.date_modified or _NEVER
