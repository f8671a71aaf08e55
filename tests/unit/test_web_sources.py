"""Who is counted, and how much each may ask."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from hub.errors import TooManyRequests
from hub.web.sources import Allowances, source_of
from tests.web.fakes import Clock

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


class Transport:
    """A connection from `peer`."""

    def __init__(self, peer: object) -> None:
        self._peer = peer

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._peer if name == "peername" else default


def source(peer: object, *forwarded: str) -> str:
    headers = CIMultiDict(("X-Forwarded-For", line) for line in forwarded)
    request = make_mocked_request("POST", "/websub", headers=headers, transport=Transport(peer))
    return source_of(request, PROXIES)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.7",), "192.0.2.1"),  # no proxy of ours: anybody can write a header
        ("10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9, 198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9", "198.51.100.7, 10.0.0.2"), "198.51.100.7"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("unknown",), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.9, unknown, 10.0.0.2",), "10.0.0.2"),
        ("fd00::1", ("2001:db8:1:2:3:4:5:6",), "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", ("::ffff:198.51.100.7",), "198.51.100.7"),
        ("2001:db8::1", (), "2001:db8::/64"),
    ],
)
def test_the_source_is_the_nearest_address_that_is_no_proxy(
    peer: str, forwarded: tuple[str, ...], expected: str
) -> None:
    assert source((peer, 4711), *forwarded) == expected


def test_a_unix_sockets_peers_are_one_source() -> None:
    assert source("") == source(None) == "None"


def test_a_burst_is_taken_and_then_the_pace_counts() -> None:
    clock = Clock()
    allowances = Allowances(burst=3, per_second=2, monotonic=clock.monotonic)
    for _ in range(3):
        allowances.take("a")

    with pytest.raises(TooManyRequests) as refused:
        allowances.take("a")
    assert refused.value.retry_after == 1
    allowances.take("b")

    clock.advance(0.5)
    allowances.take("a")
    with pytest.raises(TooManyRequests):
        allowances.take("a")

    clock.advance(60)
    for _ in range(3):
        allowances.take("a")
    with pytest.raises(TooManyRequests):
        allowances.take("a")


def test_retry_after_is_when_there_is_one_again() -> None:
    clock = Clock()
    allowances = Allowances(burst=1, per_second=0.1, monotonic=clock.monotonic)
    allowances.take("a")

    with pytest.raises(TooManyRequests) as refused:
        allowances.take("a")

    clock.advance(refused.value.retry_after)
    allowances.take("a")


def test_only_so_many_sources_are_remembered() -> None:
    allowances = Allowances(burst=1, per_second=1, monotonic=Clock().monotonic)
    allowances.take("first")
    for number in range(10_000):
        allowances.take(str(number))

    allowances.take("first")  # forgotten
    with pytest.raises(TooManyRequests):
        allowances.take("9999")
