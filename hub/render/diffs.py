"""What of a feed's documents changed since a cursor: as much of it as a format can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hub.model import Format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model import Logged, Seq, Tombstone
    from hub.render.renderer import Place


class Feed(Protocol):
    """A feed at one moment (a store's snapshot)."""

    @property
    def seq(self) -> Seq: ...
    @property
    def floor(self) -> Seq: ...
    @property
    def window(self) -> Sequence[Place]: ...
    @property
    def tombstones(self) -> Sequence[Tombstone]: ...


@dataclass(frozen=True, slots=True)
class Changed:
    """The part of a feed's window that changed, in the order of documents, and what left."""

    window: tuple[Place, ...]
    tombstones: tuple[Tombstone, ...]

    def fits(self, format_: Format) -> bool:
        """Say whether a document of these alone tells all of it. That an entry left, RSS and JSON can't say."""
        if format_ is Format.ATOM:
            return bool(self.window or self.tombstones)
        return bool(self.window) and not self.tombstones


def changed_since(feed: Feed, cursor: int) -> Changed | None:
    """Pick what changed after a cursor. None: nobody can say it (a gap; 0 is none: it has nothing yet)."""
    if cursor > feed.seq or 0 < cursor < feed.floor:
        return None
    return Changed(
        tuple(place for place in feed.window if place.seq > cursor),
        tuple(gone for gone in feed.tombstones if gone.seq > cursor),
    )


def told_by(feed: Feed, rows: Sequence[Logged]) -> Changed:
    """Pick what a log's rows tell of, as far as they may (`Logged.latest`)."""
    latest = {row.number: row.latest for row in rows if row.number}
    gone = {row.id: row.latest for row in rows if row.removed}
    return Changed(
        tuple(place for place in feed.window if place.seq <= latest.get(place.number, 0)),
        tuple(each for each in feed.tombstones if each.seq <= gone.get(each.id, 0)),
    )


def whole(feed: Feed) -> Changed:
    """Pick everything, as a feed's own documents do."""
    return Changed(tuple(feed.window), tuple(feed.tombstones))
