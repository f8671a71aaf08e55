"""Which URLs can be asked, read so that they go out byte for byte. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from yarl import URL

from hub.intake.urls import MAX_URL, http_url

_URL = re.compile(r"(https?)://([^/?#]*)([!-~]*)", re.IGNORECASE)
_NAME = r"(?=[^:]{1,254}(?::|$))[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?"
_AUTHORITY = re.compile(rf"({_NAME}|\[[0-9a-f:.]{{2,45}}\])(?::([0-9]{{0,5}}))?", re.IGNORECASE)
_MAX_PORT = 65535


class Target(NamedTuple):
    """A URL in two: where its connections go, and what is asked for there."""

    origin: URL
    path: str
    """With the query, as it is written."""

    @property
    def url(self) -> URL:
        """The whole. yarl drops an empty query, so the query travels as part of the path."""
        origin = self.origin
        return URL.build(scheme=origin.scheme, authority=origin.raw_authority, path=self.path, encoded=True)


def target(url: str) -> Target:
    """Read a URL so that it goes out as it is written. Raises ValueError with a sentence's end.

    One that isn't ASCII can't go out as it is: it is made valid first.
    """
    if not url.isascii():
        url = http_url(url)
    parts = _URL.fullmatch(url)
    if parts is None or len(url) > MAX_URL:
        raise ValueError("is no absolute http(s) URL of printable characters")
    scheme, authority, rest = parts.groups()
    path, _, _ = rest.partition("#")
    return Target(_origin(scheme, authority), path if path.startswith("/") else f"/{path}")


@lru_cache(maxsize=2048)
def _origin(scheme: str, authority: str) -> URL:
    if "@" in authority:
        raise ValueError("must not hold a user name or password")
    where = _AUTHORITY.fullmatch(authority)
    if where is None or not 0 < int(where[2] or 80) <= _MAX_PORT:
        raise ValueError("has an invalid host or port")
    return URL.build(
        scheme=scheme.lower(),
        authority=(f"{where[1]}:{where[2]}" if where[2] else where[1]).lower(),
        path="/",
        encoded=True,
    )
