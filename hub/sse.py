"""Server-sent events, the protocol: a feed's changes as a stream (HTML Standard §9.2)."""

from __future__ import annotations

import re

HEARTBEAT = b":\n\n"
"""A comment: it keeps proxies from ending what is quiet, and shows whether the client is still there."""
RESET = "reset"
"""The event that says: what came after your last id can't be told; fetch the feed, events go on after this id."""
_ID = re.compile(r"[0-9]{1,16}")


def opening(cursor: int, retry_ms: int) -> bytes:
    """Begin a stream: how long to wait before coming back, and from where, even if nothing happens until then.

    An id without data is no event, but the client remembers it.
    """
    return b"retry: %d\nid: %d\n\n" % (retry_ms, cursor)


def event(type_: str, seq: int, body: bytes) -> bytes:
    """Write one event. `body` is JSON on one line, as orjson writes it: a line break would end the field.

    Raises ValueError for a body that has one.
    """
    if b"\n" in body or b"\r" in body:
        raise ValueError("an event's data must be one line")
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, type_.encode(), body)


def read_id(text: str) -> int | None:
    """Read an event's id back; None for what none ever was."""
    return int(text) if _ID.fullmatch(text) else None
