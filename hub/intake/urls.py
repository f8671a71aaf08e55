"""URLs as documents can hold them: absolute, http or https, valid by RFC 3986 whatever the CMS typed."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import idna

if TYPE_CHECKING:
    from urllib.parse import SplitResult

MAX_URL = 4096
"""Signed addresses of image services reach 2,000; past 8,000 many clients give up."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_MAX_HOST = 253
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
# RFC 3986 §3.3 (pchar and `/`) and §3.4: what may stand as it is. `%`, too: bare ones are encoded before.
_PATH = "-._~!$&'()*+,;=:@/%"
_QUERY = _PATH + "?"
# Nothing to do: most links by far, told in a tenth of the time that taking them apart takes.
_VALID = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){1,2}"
    r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2}){0,1000})?"
)
# What browsers ignore around and inside an address (WHATWG URL, basic URL parser, steps 1 to 3).
_IGNORED_AROUND = "".join(map(chr, range(0x21)))
_IGNORED_INSIDE = re.compile("[\t\n\r]")


def http_url(text: str) -> str:
    """Give an absolute http(s) URL in valid form. Raises ValueError with a sentence.

    Spaces and letters beyond ASCII are percent-encoded, international host names are in Punycode; a path or
    query that is valid already stays as it is, since a changed byte breaks a signed address.
    """
    text = text.strip()
    if _VALID.fullmatch(text):
        return text
    if len(text) > MAX_URL:
        raise ValueError(f"must not be longer than {MAX_URL} characters")
    if _CONTROL.search(text):
        raise ValueError("must not hold control characters or lone surrogates")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is no valid URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an absolute http or https URL")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user name or password")
    url = _assembled(parts, _host(parts.hostname), port)
    if len(url) > MAX_URL:
        raise ValueError(f"must not be longer than {MAX_URL} characters once it is percent-encoded")
    return url


def resolve(link: str, base: str) -> str | None:
    """Make a link of an article absolute; None if it leads anywhere but to http and https."""
    link = _IGNORED_INSIDE.sub("", link.strip(_IGNORED_AROUND))
    if not link or _VALID.fullmatch(link):
        return link or None
    try:
        return http_url("https:" + link if link.startswith("//") else urljoin(base, link))
    except ValueError:
        return None


def contact_link(link: str) -> str | None:
    """Give a `mailto:` or `tel:` link in valid form; None for any other."""
    scheme, colon, rest = _IGNORED_INSIDE.sub("", link.strip(_IGNORED_AROUND)).partition(":")
    if not colon or scheme.lower() not in {"mailto", "tel"} or _CONTROL.search(rest) or len(rest) > MAX_URL:
        return None
    return f"{scheme.lower()}:{_quoted(rest, _QUERY)}"


def _assembled(parts: SplitResult, host: str, port: int | None) -> str:
    return urlunsplit(
        (
            parts.scheme,
            host if port is None else f"{host}:{port}",
            _quoted(parts.path, _PATH),
            _quoted(parts.query, _QUERY),
            _quoted(parts.fragment, _QUERY),
        )
    )


def _quoted(part: str, safe: str) -> str:
    return quote(_BARE_PERCENT.sub("%25", part), safe=safe)


def _host(host: str) -> str:
    """Give a host name in ASCII (IDNA 2008), or an IPv6 address in its brackets. Raises ValueError."""
    try:
        if ":" in host:
            return f"[{IPv6Address(host)}]"
        name = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except ValueError:
        raise ValueError("has an invalid host name") from None
    labels = name.removesuffix(".").split(".")
    if len(name) > _MAX_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("has an invalid host name")
    return name
