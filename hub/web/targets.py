"""What a path under /feeds/, or a topic, asks for: pure, and the only place where hostile paths are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hub.intake.slugs import slugify
from hub.model import ALL, FeedPath, Format, Kind

if TYPE_CHECKING:
    from collections.abc import Container

_SUFFIXES = {f".{format_}": format_ for format_ in Format}


@dataclass(frozen=True, slots=True)
class Target:
    """A feed's document, or without a format its page or its stream. Not `canonical`: another spelling of it."""

    path: FeedPath
    format: Format | None
    canonical: bool = True
    stream: bool = False


def read_target(tail: str, kinds: Container[Kind]) -> Target | None:
    """Read what follows `/feeds/`, still percent-encoded. None: no feed can be there.

    Slugs are compared as INTERFACE.md normalises them, so only a normal slug ever reaches the store. A trailing slash
    or another case is the same feed, wrongly spelt.
    """
    stem, format_, proper_suffix = _split_suffix(tail.removesuffix("/"))
    segments = _decode(stem)
    if segments is None:
        return None
    stream = format_ is None and _is_stream(segments)
    kind, *slugs = named = segments[:-1] if stream else segments
    path = _path(kind.lower(), slugs)
    if path is None or path.kind not in kinds:
        return None
    canonical = proper_suffix and not tail.endswith("/") and str(path) == "/".join(named)
    return Target(path, format_, canonical, stream)


def _is_stream(segments: list[str]) -> bool:
    """Tell `category/x/stream` and `all/stream` from `category/stream`, which is a feed."""
    return segments[-1] == "stream" and len(segments) == (2 if segments[0].lower() == Kind.ALL else 3)


def read_topic(topic: str, public_url: str, kinds: Container[Kind]) -> Target | None:
    """Read a WebSub topic. None: it is not under this hub's feeds.

    What comes before is compared to the byte, and no slug has a query in it: the topic that deliveries name must be
    the one that was asked for (WebSub §5.1).
    """
    root = f"{public_url}/feeds/"
    return read_target(topic.removeprefix(root), kinds) if topic.startswith(root) else None


def _split_suffix(tail: str) -> tuple[str, Format | None, bool]:
    """Take a format's suffix off: no slug has a dot in it."""
    stem, dot, suffix = tail.rpartition(".")
    format_ = _SUFFIXES.get(f"{dot}{suffix.lower()}")
    if format_ is None:
        return tail, None, True
    return stem, format_, suffix == format_


def _decode(stem: str) -> list[str] | None:
    """Percent-decode each segment once; a `%2F` stays within its segment."""
    try:
        return [unquote(segment, errors="strict") for segment in stem.split("/")]
    except UnicodeDecodeError:
        return None


def _path(kind: str, slugs: list[str]) -> FeedPath | None:
    if kind == Kind.ALL:
        return None if slugs else ALL
    if kind not in set(Kind) or len(slugs) != 1 or not slugs[0]:
        return None
    return FeedPath(Kind(kind), slugify(slugs[0]))
