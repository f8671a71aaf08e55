"""Which destinations are out of bounds, row by row, and the laws of the table."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.egress.networks import Network, destination_refusal, port_refusal, refusal

LOOPBACK = (ip_network("127.0.0.0/8"),)

REFUSED = [
    ("0.0.0.0", "this host"),  # noqa: S104 - connects to loopback on Linux
    ("0.1.2.3", "this host"),
    ("10.0.0.1", "private"),
    ("10.255.255.255", "private"),
    ("100.64.0.1", "carrier"),
    ("100.100.100.200", "carrier"),  # Alibaba's metadata
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("168.63.129.16", "Azure"),
    ("169.254.169.254", "metadata"),
    ("169.254.170.2", "metadata"),  # ECS credentials
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.8", "IETF"),
    ("192.0.0.192", "IETF"),  # Oracle's metadata
    ("192.0.2.1", "documentation"),
    ("192.31.196.1", "AS112"),
    ("192.52.193.1", "AMT"),
    ("192.88.99.1", "6to4"),  # is_global: True
    ("192.168.1.1", "private"),
    ("192.175.48.1", "AS112"),
    ("198.18.0.1", "benchmarks"),
    ("198.19.255.255", "benchmarks"),
    ("198.51.100.1", "documentation"),
    ("203.0.113.1", "documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "this host"),
    ("::1", "loopback"),
    ("::127.0.0.1", "loopback"),
    ("::8.8.8.8", "IPv4-compatible"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:7f00:1", "loopback"),
    ("::ffff:10.1.2.3", "private"),
    ("::ffff:169.254.169.254", "metadata"),
    ("::ffff:0.0.0.0", "this host"),
    ("::ffff:0:127.0.0.1", "loopback"),
    ("::ffff:0:8.8.8.8", "IPv4-translated"),
    ("64:ff9b::7f00:1", "loopback"),  # is_global: True
    ("64:ff9b::10.0.0.1", "private"),
    ("64:ff9b::a9fe:a9fe", "metadata"),
    ("64:ff9b:1::7f00:1", "loopback"),
    ("64:ff9b:1::808:808", "translation"),
    ("100::1", "discarded"),
    ("100:0:0:1::1", "not public"),
    ("2001:0:4136:e378:8000:63bf:80ff:fffe", "loopback"),  # Teredo, the client's address in its complement
    ("2001:0:7f00:1::1", "loopback"),  # Teredo, by its server
    ("2001:0:808:808:0:0:f7f7:f7f7", "Teredo"),
    ("2001:2::1", "IETF"),
    ("2001:20::1", "IETF"),
    ("2001:db8::1", "documentation"),
    ("2002:7f00:1::", "loopback"),  # is_global: True
    ("2002:a9fe:a9fe::1", "metadata"),
    ("2002:808:808::1", "6to4"),
    ("2620:4f:8000::1", "AS112"),
    ("3fff::1", "documentation"),
    ("4000::1", "not public"),
    ("5f00::1", "segment"),  # is_global: True
    ("8000::1", "not public"),
    ("fc00::1", "unique local"),
    ("fd00:ec2::254", "unique local"),  # AWS metadata
    ("fe80::1", "link-local"),
    ("fe80::1%1", "link-local"),
    ("fec0::1", "site-local"),  # is_global: True
    ("ff02::1", "multicast"),
    ("200::1", "not public"),
]

REACHED = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.15",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2600::1",
    "2a00:1450:4001::1",
    "3ffe:ffff::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]

ODD = [
    ("0x7f.1", "hexadecimal"),
    ("0x7f000001", "hexadecimal, one number"),
    ("2130706433", "one number"),
    ("127.1", "short"),
    ("0177.0.0.1", "octal"),
    ("127.0.0.01", "a zero in front"),
    ("127.0.0.1.", "a dot behind"),
    ("１２７.0.0.1", "full-width digits"),
    ("١٢٧.0.0.1", "Arabic digits"),
    ("[::1]", "brackets"),
    ("localhost", "a name: the socket would look it up anew"),
    ("example.org", "a name"),
    ("", "nothing"),
    ("8.8.8.8 ", "a space"),
    ("8.8.8.8\x00", "a zero byte"),
]

PORTS = [
    (80, None),
    (443, None),
    (1024, None),
    (8080, None),
    (8443, None),
    (65535, None),
    (0, "none of the web"),
    (21, "none of the web"),
    (22, "none of the web"),
    (25, "none of the web"),
    (53, "none of the web"),
    (445, "none of the web"),
    (587, "none of the web"),
    (1023, "none of the web"),
    (2375, "Docker"),
    (3306, "MySQL"),
    (5432, "PostgreSQL"),
    (6379, "Redis"),
    (9200, "Elasticsearch"),
    (10250, "Kubernetes"),
    (11211, "memcached"),
    (27017, "MongoDB"),
]


@pytest.mark.parametrize(("address", "why"), REFUSED)
def test_an_address_that_is_not_public_is_refused_with_a_reason(address: str, why: str) -> None:
    assert why in (refusal(ip_address(address)) or "reached")
    assert why in (destination_refusal(address, 443) or "reached")


@pytest.mark.parametrize("address", REACHED)
def test_a_public_address_is_reached_up_to_the_edges_of_each_network(address: str) -> None:
    assert destination_refusal(address, 443) is None


@pytest.mark.parametrize(("host", "_what"), ODD)
def test_what_is_no_address_in_its_usual_form_never_gets_to_a_socket(host: str, _what: str) -> None:
    everything = (ip_network("0.0.0.0/0"), ip_network("::/0"))

    assert destination_refusal(host, 443, everything) == "no address in its usual form"


@pytest.mark.parametrize(("port", "why"), PORTS)
def test_a_port_of_another_service_is_refused_on_public_hosts_alone(port: int, why: str | None) -> None:
    said = destination_refusal("8.8.8.8", port)

    assert said == port_refusal(port)
    assert (why is None) == (said is None)
    assert why is None or why in str(said)
    assert destination_refusal("127.0.0.1", port, LOOPBACK) is None
    assert destination_refusal("::ffff:127.0.0.1", port, LOOPBACK) is None


@pytest.mark.parametrize(
    ("allow", "address", "reached"),
    [
        ("127.0.0.0/8", "127.0.0.1", True),
        ("127.0.0.0/8", "::ffff:127.0.0.1", True),
        ("127.0.0.0/8", "64:ff9b::127.0.0.1", True),
        ("127.0.0.0/8", "::127.0.0.1", False),
        ("127.0.0.0/8", "2002:7f00:1::", False),
        ("127.0.0.0/8", "::1", False),
        ("127.0.0.0/8", "10.0.0.1", False),
        ("127.0.0.1/32", "127.0.0.2", False),
        ("::/0", "::1", True),
        ("::/0", "::ffff:127.0.0.1", False),
        ("::/0", "2002:7f00:1::", False),
        ("::/0", "2002:808:808::1", True),
        ("0.0.0.0/0", "::1", False),
        ("64:ff9b:1::/48", "64:ff9b:1::808:808", True),
        ("64:ff9b:1::/48", "64:ff9b:1::7f00:1", False),
        ("fd00::/8", "fd00::1", True),
    ],
)
def test_the_operator_allows_exactly_what_is_named(allow: str, address: str, *, reached: bool) -> None:
    assert reached == (refusal(ip_address(address), (ip_network(allow),)) is None)


@given(st.ip_addresses(v=4))
def test_hiding_an_address_in_another_never_helps(inner: IPv4Address) -> None:
    number = int(inner)
    hidden = [
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address(number),
        IPv6Address((0x2002 << 112) | (number << 80)),
        IPv6Address((0x20010000 << 96) | (number << 64)),
        IPv6Address((0x20010000 << 96) | (0x08080808 << 64) | (number ^ 0xFFFFFFFF)),
    ]

    if refusal(inner) is not None:
        assert all(refusal(address) is not None for address in hidden)


@given(st.ip_addresses(v=6))
def test_nothing_outside_the_public_space_is_reached(address: IPv6Address) -> None:
    carries_ipv4 = address.ipv4_mapped or address in ip_network("64:ff9b::/96")

    if address not in ip_network("2000::/3") and not carries_ipv4:
        assert refusal(address) is not None


@given(st.ip_addresses(), st.sampled_from(["127.0.0.0/8", "10.0.0.0/8", "fd00::/8", "::/0"]))
def test_allowing_a_network_refuses_nothing_that_was_reached(
    address: IPv4Address | IPv6Address, allow: str
) -> None:
    networks: tuple[Network, ...] = (ip_network(allow),)

    if refusal(address) is None:
        assert refusal(address, networks) is None
