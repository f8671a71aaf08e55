"""Settings that name networks."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from hub.errors import Misconfigured
from hub.settings import load_settings


@pytest.mark.parametrize("field", ["trusted_proxies", "egress_allow"])
def test_networks_are_listed_with_commas(field: str) -> None:
    environ = {f"FEEDHUB_{field.upper()}": "127.0.0.0/8, fd00::/8,10.0.0.7"}

    assert getattr(load_settings(environ), field) == (
        ip_network("127.0.0.0/8"),
        ip_network("fd00::/8"),
        ip_network("10.0.0.7/32"),
    )
    assert getattr(load_settings({}), field) == ()


@pytest.mark.parametrize("field", ["trusted_proxies", "egress_allow"])
@pytest.mark.parametrize("value", ["localhost", "127.0.0.1/8", "300.0.0.0/8", "10.0.0.0-10.0.0.9"])
def test_what_is_no_network_is_refused_by_name(field: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"FEEDHUB_{field.upper()}"):
        load_settings({f"FEEDHUB_{field.upper()}": value})
