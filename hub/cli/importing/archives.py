"""Which kind of archive a file is, told by its content, and its pieces."""

from __future__ import annotations

import re
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hub.cli.importing.kept import KeptOnDisk
from hub.cli.importing.pages import Pages
from hub.cli.importing.progress import shown_progress
from hub.cli.importing.source import chunks_of, fetched
from hub.errors import BadRequest
from hub.events import Source
from hub.ingest import as_guest
from hub.intake.archives import ghost, wxr
from hub.intake.archives.record import Found
from hub.intake.syndication import MAX_FEED_BYTES, read_feed
from hub.remote import ingest_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.intake.archives.record import Refused, Skipped
    from hub.intake.policy import IntakePolicy
    from hub.settings import Settings

SNIFFED = 64 * 1024
_PUBLISH = "publish"
_PACKED = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "compressed by gzip"),
    (b"BZh", "compressed by bzip2"),
)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*[<{]")
_WXR = re.compile(rb"xmlns:\w+\s*=\s*[\"']" + re.escape(wxr.NAMESPACE.encode()))
_GHOST = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:db|meta|data)"\s*:')


@dataclass(frozen=True, slots=True)
class Opened:
    """An archive whose pieces can be read."""

    what: str
    source: str
    """Whose entries they are, as `POST /publish?source=` says it."""
    site: str
    """The address of the site that they are from, as far as it is known."""
    pieces: Iterator[Found | Skipped | Refused]
    total: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """What an archive is opened with."""

    path: Path
    url: str
    """Where the file is from; '' if it was one from the start."""
    folder: Path
    """For what is kept between readings."""
    policy: IntakePolicy
    ghost_url: str
    settings: Settings
    stack: ExitStack
    """Closes what is open until the last piece was read."""

    def kept(self) -> KeptOnDisk:
        return self.stack.enter_context(closing(KeptOnDisk(self.folder)))


def opened(ground: Ground) -> Opened:
    """Open an archive. Raises HubError for what is none."""
    path = ground.path
    start = next(chunks_of(path), b"")[:SNIFFED]
    for mark, what in _PACKED:
        if start.startswith(mark):
            raise BadRequest(f"it is {what}: unpack it, and import what is inside")
    if _WXR.search(start):
        return _wordpress(ground)
    if _GHOST.match(start):
        return _ghost(ground)
    if _MARKUP.match(start):
        return _feed(ground)
    raise BadRequest(
        "it is neither an export of WordPress (WXR) or Ghost (JSON), nor an RSS, Atom or JSON feed: "
        f"it begins with {start[:40].decode(errors='replace')!r}"
    )


def _wordpress(ground: Ground) -> Opened:
    path, policy, kept = ground.path, ground.policy, ground.kept()
    with shown_progress("checking", path.stat().st_size, "bytes") as advance:
        site = wxr.survey(chunks_of(path, advance), kept, policy)
    warnings = []
    if site.damaged:
        warnings.append(
            f"{site.damaged:,} bytes of the file are no text in its encoding and show as “\N{REPLACEMENT CHARACTER}”: "
            "was it changed on its way?"
        )
    return Opened(
        "WordPress export (WXR)",
        Source.WORDPRESS,
        site.url,
        wxr.pieces(chunks_of(path), site, kept, policy),
        site.items,
        tuple(warnings),
    )


def _ghost(ground: Ground) -> Opened:
    path, url = ground.path, ground.ghost_url
    if not url:
        raise BadRequest(
            "it is a Ghost export, which does not say its site's address: add --base-url https://… "
            "(or set FEEDHUB_GHOST_URL)"
        )
    policy, kept = replace(ground.policy, base_url=url), ground.kept()
    with shown_progress("checking", path.stat().st_size, "bytes") as advance:
        found = ghost.survey(chunks_of(path, advance), kept)
    pieces = ghost.pieces(chunks_of(path), kept, policy)
    return Opened("Ghost export", Source.GHOST, policy.base_url, pieces, found.posts)


def _feed(ground: Ground) -> Opened:
    place = ground.url or ground.policy.base_url
    first = read_feed(_bytes_of(ground.path), ground.policy, url=place)

    def fetch(url: str, host: str) -> tuple[str, bytes]:
        page = ground.folder / "page"
        return fetched(url, page, ground.settings, only_from=host), _bytes_of(page)

    pieces = Pages(fetch, ground.policy).pieces(first, ground.url)
    source = _PUBLISH
    if place in ground.settings.ingest_feeds:  # which goes on with these entries
        source, pieces = ingest_source(place), (_ingested(piece, place) for piece in pieces)
    return Opened(f"feed “{first.masthead.title}”", source, place, pieces)


def _ingested(piece: Found | Skipped | Refused, url: str) -> Found | Skipped | Refused:
    return replace(piece, event=as_guest(piece.event, url)) if isinstance(piece, Found) else piece


def _bytes_of(path: Path) -> bytes:
    """Read a file, and no more of it than shows that it is too long."""
    parts, size = [], 0
    for chunk in chunks_of(path):
        parts.append(chunk)
        size += len(chunk)
        if size > MAX_FEED_BYTES:
            break
    return b"".join(parts)
