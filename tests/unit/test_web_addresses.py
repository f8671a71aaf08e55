"""Whose request it is: what a trusted proxy added is believed, what a client wrote is not."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from hub.web.addresses import client_address

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),  # a client's own words
        ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.9", "198.51.100.9"),  # it may have written the first one itself
        ("10.0.0.1", "203.0.113.5,198.51.100.9 , 10.2.2.2", "198.51.100.9"),
        ("10.0.0.1", "10.3.3.3", "10.3.3.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.9:1234", "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("fd00::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "", "fe80::/64"),
        ("", "198.51.100.9", "unknown"),
    ],
)
def test_the_client_is_the_last_address_that_somebody_trusted_vouches_for(
    peer: str, forwarded: str, client: str
) -> None:
    assert client_address(peer, forwarded, TRUSTED) == client


def test_without_trusted_proxies_only_the_peer_counts() -> None:
    assert client_address("10.0.0.1", "198.51.100.9", ()) == "10.0.0.1"
