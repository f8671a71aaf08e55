"""Who a request comes from, for limits only: everything else here believes no header that a client could write."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from aiohttp import hdrs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Network, IPv6Network

    from aiohttp import web

_ONE_IPV6_CLIENT = 64
"""The prefix that a household or a machine gets: its addresses are one client."""


def client_of(request: web.Request, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """Name the client that a request comes from, through proxies that are `trusted`."""
    forwarded = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, []))
    return client_address(request.remote or "", forwarded, trusted)


def client_address(peer: str, forwarded: str, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """Walk back from the connection's peer while it is a trusted proxy: what it added to the list is true.

    Answers an address, for IPv6 its network; whatever is no address counts as the last one before it.
    """
    address = _parse(peer)
    if address is None:
        return "unknown"
    for hop in reversed(forwarded.split(",")):
        if not any(address in network for network in trusted):
            break
        before = _parse(hop.strip())
        if before is None:
            break
        address = before
    return _client(address)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _client(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, _ONE_IPV6_CLIENT), strict=False))
