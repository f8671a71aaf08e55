"""Who asks, for limits only, and how often they may: what X-Forwarded-For says is believed of trusted proxies alone."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import TYPE_CHECKING

from hub.errors import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Network

    from aiohttp import web

_SOURCES = 10_000
"""Remembered at a time: about 2 MB. Whoever asked least recently is forgotten first."""
_SITE_BITS = 64
"""One subscriber has at least so much of IPv6 to itself (RFC 6177), so addresses within count as one."""


def source_of(request: web.Request, proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """Name where a request came from: the nearest address that is no trusted proxy's (an IPv6 one by its /64)."""
    lines = request.headers.getall("X-Forwarded-For", [])
    named = [part.strip() for line in lines for part in line.split(",")]
    source: IPv4Address | IPv6Address | None = None
    for text in (request.remote or "", *reversed(named)):
        try:
            source = _unmapped(ip_address(text))
        except ValueError:  # a Unix socket's peer has no address; what else a proxy wrote can't be used
            break
        if not any(source in network for network in proxies):
            break
    if isinstance(source, IPv6Address):
        return str(ip_network((source, _SITE_BITS), strict=False))
    return str(source)


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


class Allowances:
    """A token bucket for each source: `burst` requests at once, `per_second` in the long run."""

    def __init__(self, *, burst: int, per_second: float, monotonic: Callable[[], float]) -> None:
        self._spacing = 1 / per_second
        self._patience = burst / per_second
        self._monotonic = monotonic
        self._full: OrderedDict[str, float] = OrderedDict()
        """When each source's bucket is full again."""

    def take(self, source: str) -> None:
        """Count one request. Raises TooManyRequests where there is nothing left."""
        now = self._monotonic()
        full = max(self._full.get(source, now), now) + self._spacing
        if (early := full - now - self._patience) > 1e-9:  # noqa: PLR2004  (of adding fractions)
            raise TooManyRequests("Too many requests: go on later.", retry_after=max(1, ceil(early)))
        self._full[source] = full
        self._full.move_to_end(source)
        if len(self._full) > _SOURCES:
            self._full.popitem(last=False)
