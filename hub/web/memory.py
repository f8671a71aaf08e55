"""The documents that a front keeps: as many as fit, the least recently asked for go first, and none goes back."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from hub.model import Document
from hub.patches import apply_patch
from hub.web.conditional import Validators
from hub.web.representation import Representation
from hub.web.variants import Variants

if TYPE_CHECKING:
    from hub.model import DocumentPatch, FeedNumber, Format, Version


class Key(NamedTuple):
    """What names a document here: a feed's number survives its rename."""

    number: FeedNumber
    format: Format


@dataclass(frozen=True, slots=True)
class Held:
    """A document in memory."""

    key: Key
    version: Version
    representation: Representation
    maker: str
    """See `Document.maker`."""


class Memory:
    """Documents by feed and format, within `limit` bytes, their derived codings counted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[Key, Held] = OrderedDict()
        self._weights: dict[Key, int] = {}
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes of all bodies held."""
        return self._size

    @property
    def numbers(self) -> set[FeedNumber]:
        """The feeds of which something is held."""
        return {key.number for key in self._held}

    def __contains__(self, key: Key) -> bool:
        return key in self._held

    def peek(self, key: Key) -> Held | None:
        """Look without counting as asked for."""
        return self._held.get(key)

    def get(self, key: Key) -> Held | None:
        held = self._held.get(key)
        if held:
            self._held.move_to_end(key)
        return held

    def keep(self, document: Document) -> Held:
        """Hold a document unless a later one is held; answer the one that is held now (DESIGN §3.2)."""
        key = Key(document.feed, document.format)
        present = self._held.get(key)
        if present and present.version >= document.version:
            return present
        held = Held(key, document.version, _represent(document, present), document.maker)
        self._held[key] = held
        self._held.move_to_end(key)
        held.representation.variants.when_grown(partial(self._weigh, held))
        self._weigh(held)
        return held

    def patch(self, change: DocumentPatch) -> bool:
        """Make the next document of the one that is held; False if that is not the one that the patch was made for."""
        held = self._held.get(Key(change.feed, change.format))
        if held is None:
            return False
        if held.version >= change.version:
            return True
        shown = held.representation
        if (shown.validators.etag, held.maker) != (change.base, change.maker):
            return False
        body = apply_patch(shown.variants.gzip, change.patch)
        self.keep(
            Document(
                change.feed,
                change.format,
                change.version,
                change.etag,
                change.last_modified,
                body,
                change.maker,
            )
        )
        return True

    def _weigh(self, held: Held) -> None:
        if self._held.get(held.key) is not held:
            return  # replaced or dropped while a coding was derived
        weight = held.representation.variants.size
        self._size += weight - self._weights.get(held.key, 0)
        self._weights[held.key] = weight
        while self._size > self._limit and len(self._held) > 1:
            oldest, _ = self._held.popitem(last=False)
            self._size -= self._weights.pop(oldest)


def _represent(document: Document, present: Held | None) -> Representation:
    """Represent a document, with the codings of the present one where only its version is new."""
    if present and (present.representation.validators.etag, present.maker) == (document.etag, document.maker):
        return present.representation
    return Representation(
        content_type=document.format.content_type,
        validators=Validators(document.etag, document.last_modified),
        variants=Variants(document.gzip),
    )
