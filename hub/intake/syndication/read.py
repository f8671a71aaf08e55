"""Bytes → a foreign feed: which format it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.errors import BadRequest, TooLarge
from hub.intake.syndication.atom import read_atom
from hub.intake.syndication.jsonfeed import read_json_feed
from hub.intake.syndication.rss import read_rss
from hub.intake.syndication.xml import Node, read_xml

if TYPE_CHECKING:
    from hub.intake.policy import IntakePolicy
    from hub.intake.syndication.record import ForeignFeed

MAX_FEED_BYTES = 16 * 1024 * 1024
"""Eight times what Google took; a page of an archive, too."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_feed(body: bytes, policy: IntakePolicy, *, url: str, media_type: str = "") -> ForeignFeed:
    """Read the document that came from `url` (absolute; its relative addresses lead from there).

    What it is, is told from its own beginning, since feeds are served as anything; of `media_type` (a Content-Type)
    only a `charset` counts, and only where the bytes are not what the document says. Raises BadRequest or TooLarge,
    with a sentence, for what is no feed. An item that can't be an entry is among the skipped ones.
    """
    if len(body) > MAX_FEED_BYTES:
        raise TooLarge(f"a feed must not be larger than {MAX_FEED_BYTES} bytes")
    start = body.removeprefix(_BYTE_ORDER_MARK).lstrip()
    if not start:
        raise BadRequest("this is no feed: it is empty")
    if start.startswith(b"{"):
        return read_json_feed(start, policy, url)
    root = Node.of(read_xml(body, media_type))
    match root.name:
        case "rss" | "rdf:rdf":
            return read_rss(root, policy, url)
        case "atom:feed":
            return read_atom(root, policy, url)
    raise BadRequest(f"this is no feed: its root element is <{root.name[:100]}>")
