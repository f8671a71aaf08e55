"""The cursors of `?since=`: opaque, so that nobody computes with them, and the same for the same place in a log."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from struct import Struct

from hub.errors import BadRequest
from hub.model import FeedNumber, Seq

_PACKED = Struct(">QQI")
_FORM = re.compile(r"[A-Za-z0-9_-]{27}")
START = "0"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in one feed's log."""

    feed: FeedNumber
    seq: Seq
    base: Seq
    """Of a first read that has not come to its end: the feed's head when it began with nothing. Else 0."""

    def __str__(self) -> str:
        packed = _PACKED.pack(self.seq, self.base, self.feed)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(text: str) -> Cursor | None:
    """Read a cursor; None: start with all that is held. Raises BadRequest for what none ever was."""
    if text == START:
        return None
    if not _FORM.fullmatch(text):
        raise BadRequest("since must be 0, or the `next` of an earlier answer as it was given.")
    seq, base, feed = _PACKED.unpack(base64.urlsafe_b64decode(text + "="))
    cursor = Cursor(FeedNumber(feed), Seq(seq), Seq(base))
    if str(cursor) != text or max(seq, base) >= 2**53:
        raise BadRequest("since must be 0, or the `next` of an earlier answer as it was given.")
    return cursor
