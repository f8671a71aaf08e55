"""Feeds of other servers as topics of this hub: which URLs those are, and which of them a publish ping means. Pure.

Prefixes are compared as parsed URLs, never as strings: `https://example.org/blog` is no prefix of
`https://example.org/blogger`, of `https://example.org.evil.test/blog` or of `https://example.org/blog/../private`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_USUAL_PORTS = {"http": 80, "https": 443}
# What a server may read as `.`, `..` or a slash where a comparison of segments does not.
_HIDDEN = re.compile(r"%2e|%2f|%5c|\\|;", re.IGNORECASE)
_NOT_IN_URLS = re.compile(r'[^\x21-\x7e]|["<>]')


@dataclass(frozen=True, slots=True)
class Origin:
    """Where feeds are that may be topics: a scheme, a host with its port, and the path's first segments."""

    scheme: str
    host: str
    port: int
    segments: tuple[str, ...]

    @classmethod
    def read(cls, url: str) -> Origin:
        """Read a URL prefix. Raises ValueError with a sentence's end."""
        parsed = _parsed(url)
        if parsed.query:
            raise ValueError("must have no query or fragment")
        return cls(parsed.scheme, parsed.host, parsed.port, tuple(filter(None, parsed.segments)))

    def holds(self, topic: str) -> bool:
        """Tell whether a URL is under this prefix."""
        try:
            parsed = _parsed(topic)
        except ValueError:
            return False
        same = (parsed.scheme, parsed.host, parsed.port) == (self.scheme, self.host, self.port)
        return same and parsed.segments[: len(self.segments)] == self.segments


def is_allowed(origins: Iterable[Origin], topic: str) -> bool:
    """Tell whether a topic is under one of the prefixes."""
    return any(origin.holds(topic) for origin in origins)


def topic_key(url: str) -> str:
    """Write a URL in the one way in which RFC 3986 §6.2 says that all its spellings are the same: host and port alone.

    Raises ValueError with a sentence's end.
    """
    return _parsed(url).key


def meant_by(ping: str) -> tuple[str, ...]:
    """Give the keys of all topics that a publish ping may mean, the likeliest first.

    CMSs ping by another scheme, with a port that their feeds do not name (WordPress behind a proxy), with or without
    the slash at the end. A ping makes the hub look, and no more; so it is taken for all of them.
    """
    try:
        said = _parsed(ping)
    except ValueError:
        return ()
    path = said.path.rstrip("/")
    others = [
        _key(scheme, said.host, port, spelt, said.query)
        for scheme, usual in _USUAL_PORTS.items()
        for port in (said.port, usual)
        for spelt in (f"{path}/", path or "/")
    ]
    return tuple(dict.fromkeys([said.key, *others]))


@dataclass(frozen=True, slots=True)
class _Parsed:
    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.path.removeprefix("/").split("/"))

    @property
    def key(self) -> str:
        return _key(self.scheme, self.host, self.port, self.path, self.query)


def _parsed(url: str) -> _Parsed:
    if _NOT_IN_URLS.search(url):
        raise ValueError("must be a valid URL: spaces, controls and non-ASCII percent-encoded")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("must be a valid URL") from None
    if parts.scheme not in _USUAL_PORTS or not parts.hostname:
        raise ValueError("must be an absolute http(s) URL such as https://example.org/blog/")
    if "@" in parts.netloc:
        raise ValueError("must hold no user name or password")
    if "#" in url:
        raise ValueError("must have no query or fragment")
    if _HIDDEN.search(parts.path) or {".", ".."} & set(parts.path.split("/")):
        raise ValueError("must have no '.', '..', ';' or encoded slash in its path")
    host = parts.hostname.removesuffix(".")
    return _Parsed(parts.scheme, host, port or _USUAL_PORTS[parts.scheme], parts.path or "/", parts.query)


def _key(scheme: str, host: str, port: int, path: str, query: str) -> str:
    authority = f"[{host}]" if ":" in host else host
    if port != _USUAL_PORTS[scheme]:
        authority += f":{port}"
    return f"{scheme}://{authority}{path}" + (f"?{query}" if query else "")
