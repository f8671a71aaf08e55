"""Which destinations outbound requests must not reach: one table of networks, one of ports, and how they are read.

Pure: the guard that asks stands at the socket (`hub.adapters.egress.client`). The networks are written out, after
IANA's registries of special-purpose addresses, because `ipaddress.is_global` says True of 64:ff9b::7f00:1,
2002:7f00:1:: and fec0::1 on Python 3.11.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "this host (RFC 1122)"),
        ("10.0.0.0/8", "private (RFC 1918)"),
        ("100.64.0.0/10", "shared behind a carrier's NAT (RFC 6598)"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "the host of an Azure machine"),
        ("169.254.0.0/16", "link-local: cloud metadata (RFC 3927)"),
        ("172.16.0.0/12", "private (RFC 1918)"),
        ("192.0.0.0/24", "IETF protocol assignments (RFC 6890)"),
        ("192.0.2.0/24", "documentation (RFC 5737)"),
        ("192.31.196.0/24", "AS112: answered by whoever is near (RFC 7535)"),
        ("192.52.193.0/24", "AMT relays: answered by whoever is near (RFC 7450)"),
        ("192.88.99.0/24", "6to4 relays (RFC 7526)"),
        ("192.168.0.0/16", "private (RFC 1918)"),
        ("192.175.48.0/24", "AS112: answered by whoever is near (RFC 7534)"),
        ("198.18.0.0/15", "benchmarks (RFC 2544)"),
        ("198.51.100.0/24", "documentation (RFC 5737)"),
        ("203.0.113.0/24", "documentation (RFC 5737)"),
        ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("240.0.0.0/4", "reserved (RFC 1112)"),
        ("::/128", "this host (RFC 4291)"),
        ("::1/128", "loopback"),
        ("::/96", "IPv4-compatible, obsolete (RFC 4291)"),
        ("::ffff:0:0:0/96", "IPv4-translated (RFC 2765)"),
        ("64:ff9b:1::/48", "translation within a site (RFC 8215)"),
        ("100::/64", "discarded (RFC 6666)"),
        ("2001::/32", "Teredo tunnels (RFC 4380)"),
        ("2001::/23", "IETF protocol assignments (RFC 2928)"),
        ("2001:db8::/32", "documentation (RFC 3849)"),
        ("2002::/16", "6to4 tunnels (RFC 7526)"),
        ("2620:4f:8000::/48", "AS112: answered by whoever is near (RFC 7534)"),
        ("3fff::/20", "documentation (RFC 9637)"),
        ("5f00::/16", "segment routing within a site (RFC 9602)"),
        ("fc00::/7", "unique local: private (RFC 4193)"),
        ("fe80::/10", "link-local (RFC 4291)"),
        ("fec0::/10", "site-local, obsolete (RFC 3879)"),
        ("ff00::/8", "multicast"),
        # Public addresses are given out of 2000::/3 alone.
        ("::/3", "not public (IANA's IPv6 address space)"),
        ("4000::/2", "not public (IANA's IPv6 address space)"),
        ("8000::/1", "not public (IANA's IPv6 address space)"),
    )
)
"""Network and reason; the first that holds an address gives the reason."""

_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_LAST_4 = (IPv6Network("::/96"), IPv6Network("::ffff:0:0:0/96"), IPv6Network("64:ff9b:1::/48"))
"""Where else the last four bytes may be an IPv4 address."""

_WEB_PORTS = {80, 443}
_FIRST_FREE_PORT = 1024
_SERVICE_PORTS = {
    1433: "SQL Server",
    1521: "Oracle",
    1723: "PPTP",
    2049: "NFS",
    2181: "ZooKeeper",
    2375: "Docker",
    2376: "Docker",
    2379: "etcd",
    2380: "etcd",
    3306: "MySQL",
    3389: "RDP",
    5060: "SIP",
    5061: "SIP",
    5432: "PostgreSQL",
    5672: "AMQP",
    5900: "VNC",
    6000: "X11",
    6379: "Redis",
    6667: "IRC",
    9042: "Cassandra",
    9092: "Kafka",
    9200: "Elasticsearch",
    10250: "Kubernetes",
    11211: "memcached",
    27017: "MongoDB",
}


def destination_refusal(host: str, port: int, allow: Sequence[Network] = ()) -> str | None:
    """Say why no connection may be made to a socket's address; None: it may.

    `host` is judged as `connect` reads it, so it must be an address in its usual form: anything else is refused.
    Any port will do on a network that the operator allowed.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return "no address in its usual form"
    if reason := refusal(address, allow):
        return reason
    return None if _holds(allow, _innermost(address)) else port_refusal(port)


def refusal(address: Address, allow: Sequence[Network] = ()) -> str | None:
    """Say why an address must not be reached; None: it may.

    An IPv4 address within an IPv6 one is judged, too: `allow` must name whichever of the two is refused.
    """
    if isinstance(address, IPv6Address):
        for inner in _inside(address):
            if reason := refusal(inner, allow):
                return f"{inner} within it is {reason}"
        if address in _MAPPED or address in _NAT64:
            return None  # only another way to write the address within
    if _holds(allow, address):
        return None
    return next((reason for network, reason in _REFUSED if address in network), None)


def port_refusal(port: int) -> str | None:
    """Say why a public host's port is none for web traffic; None: it may be one."""
    if port in _WEB_PORTS:
        return None
    if port < _FIRST_FREE_PORT:
        return f"port {port} is none of the web"
    service = _SERVICE_PORTS.get(port)
    return service and f"port {port} is {service}'s"


def _innermost(address: Address) -> Address:
    """Give the address that packets reach in the end."""
    return next(_inside(address), address) if isinstance(address, IPv6Address) else address


def _inside(address: IPv6Address) -> Iterator[IPv4Address]:
    """Give every IPv4 address that an IPv6 one carries; `::` and `::1` carry none."""
    if int(address) <= 1:
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    elif address in _NAT64 or any(address in network for network in _LAST_4):
        yield IPv4Address(address.packed[-4:])
    elif address.sixtofour:
        yield address.sixtofour
    elif address.teredo:
        yield from address.teredo  # the server and the client


def _holds(networks: Sequence[Network], address: Address) -> bool:
    return any(address in network for network in networks)
