"""Where a feed, its page and the WebSub hub are: every link that documents and headers show is made here.

Made of PUBLIC_URL alone, never of what a request says of itself: a wrong self link moves subscribers away
for good.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from hub.model import FeedPath, Format, Kind

_BEGINNING = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)


def kind_url(public_url: str, kind: Kind) -> str:
    """The scheme that categories and tags of a kind belong to; scheme, `/` and term make the feed's page."""
    return f"{public_url}/feeds/{kind}"


def page_url(public_url: str, path: FeedPath) -> str:
    """A feed's page for people. The slug is percent-encoded UTF-8."""
    kind = kind_url(public_url, path.kind)
    return f"{kind}/{quote(path.slug, safe='')}" if path.slug else kind


def document_url(public_url: str, path: FeedPath, format: Format) -> str:  # noqa: A002 - the domain's word
    """A feed's document in one format: its self link and its WebSub topic."""
    return f"{page_url(public_url, path)}.{format}"


def stream_url(public_url: str, path: FeedPath) -> str:
    """A feed's changes as server-sent events."""
    return f"{page_url(public_url, path)}/stream"


def websub_url(public_url: str) -> str:
    """The hub that documents and `Link` headers name (WebSub §4)."""
    return f"{public_url}/websub"


def authority(url: str) -> str:
    """Give host and port as a valid http(s) URL names them, in lower case."""
    found = _BEGINNING.match(url)
    return found[1].lower() if found else ""


def is_own(public_url: str, url: str) -> bool:
    """Tell whether a valid http(s) URL leads to this hub itself, by http or https."""
    own, other = urlsplit(public_url), urlsplit(url)
    same_path = other.path == own.path or other.path.startswith(f"{own.path}/")
    return same_path and _authority(own) == _authority(other)


def _authority(parts: SplitResult) -> tuple[str, int | None]:
    """Give host and port, the usual ports being no port."""
    port = parts.port
    return (parts.hostname or "").removesuffix("."), None if port in {80, 443} else port
