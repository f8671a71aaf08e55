"""The headers that say how an answer may be kept, shown and shared, in one place per kind of answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import hdrs

from hub.urls import document_url, page_url, websub_url

if TYPE_CHECKING:
    from hub.model import FeedPath, Format

NO_SNIFFING: dict[str, str] = {"X-Content-Type-Options": "nosniff"}
# Whatever an article carries: nothing in a document runs (feeds.md 2d).
_DOCUMENT_POLICY = "default-src 'none'; style-src 'self'; img-src https: http: data:; sandbox"
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: http: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

READABLE_ANYWHERE: dict[str, str] = {
    hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
    hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: "ETag, IM, Last-Modified, Link, Retry-After",
}
"""CORS for what everybody may read."""

PREFLIGHT: dict[str, str] = {
    hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, HEAD, OPTIONS",
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "If-None-Match, If-Modified-Since, A-IM, Last-Event-ID",
    hdrs.ACCESS_CONTROL_MAX_AGE: "86400",
    hdrs.ALLOW: "GET, HEAD, OPTIONS",
}

PAGE_HEADERS: dict[str, str] = {
    hdrs.CACHE_CONTROL: "public, max-age=60",
    "Content-Security-Policy": _PAGE_POLICY,
    **NO_SNIFFING,
}
LIST_HEADERS: dict[str, str] = {hdrs.CACHE_CONTROL: "public, max-age=60", **NO_SNIFFING, **READABLE_ANYWHERE}
ASSET_HEADERS: dict[str, str] = {hdrs.CACHE_CONTROL: "public, max-age=31536000, immutable", **NO_SNIFFING}
"""For names that hold a hash of what they name."""
FILE_HEADERS: dict[str, str] = ASSET_HEADERS | {hdrs.CACHE_CONTROL: "public, max-age=3600"}
"""For static files under their plain names."""

PRIVATE_HEADERS: dict[str, str] = {
    hdrs.CACHE_CONTROL: "private, no-store",
    hdrs.VARY: f"{hdrs.AUTHORIZATION}, {hdrs.ACCEPT_ENCODING}",
    "Referrer-Policy": "no-referrer",
}
"""For what was asked for with a key: nobody keeps it for others, and an address with a key in it goes no further."""

SINCE_HEADERS: dict[str, str] = {
    hdrs.CACHE_CONTROL: "no-store",
    hdrs.VARY: hdrs.ACCEPT_ENCODING,
    "Content-Security-Policy": _DOCUMENT_POLICY,
    **NO_SNIFFING,
    **READABLE_ANYWHERE,
}
"""For an answer to one cursor: of use to whoever asked, now."""
STREAM_HEADERS: dict[str, str] = {
    hdrs.CONTENT_TYPE: "text/event-stream",
    hdrs.CACHE_CONTROL: "no-store",
    "X-Accel-Buffering": "no",
    **NO_SNIFFING,
    **READABLE_ANYWHERE,
}
"""nginx would keep events back until a buffer is full."""


def edition_headers(public_url: str, path: FeedPath) -> dict[str, str]:
    """Say of a partner's edition what its 200 and its 304 share. It names no hub (see Site.for_partner)."""
    return {
        **PRIVATE_HEADERS,
        hdrs.LINK: f'<{page_url(public_url, path)}>; rel="alternate"; type="text/html"',
        "Content-Security-Policy": _DOCUMENT_POLICY,
        **NO_SNIFFING,
        **READABLE_ANYWHERE,
    }


def document_headers(public_url: str, path: FeedPath, format_: Format, shared_max_age: int) -> dict[str, str]:
    """Say of a document what its 200 and its 304 share (DESIGN §8; WebSub §4 for the links)."""
    links = (
        f'<{websub_url(public_url)}>; rel="hub"',
        f'<{document_url(public_url, path, format_)}>; rel="self"',
        f'<{page_url(public_url, path)}>; rel="alternate"; type="text/html"',
    )
    return {
        hdrs.CACHE_CONTROL: f"public, max-age=300, s-maxage={shared_max_age}",
        hdrs.LINK: ", ".join(links),
        "Content-Security-Policy": _DOCUMENT_POLICY,
        **NO_SNIFFING,
        **READABLE_ANYWHERE,
    }
