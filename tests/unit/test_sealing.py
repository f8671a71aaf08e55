"""Secrets at rest: what opens, what does not, and how large a seal is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.sealing import Sealer
from hub.errors import Misconfigured, Sealed

SEALER = Sealer(["present-key"])


@given(st.binary(max_size=200), st.text(max_size=40).filter(lambda text: text.isprintable()))
def test_what_was_sealed_opens_for_its_owner(secret: bytes, owner: str) -> None:
    sealed = SEALER.seal(secret, owner)

    assert SEALER.open(sealed, owner) == secret
    assert len(sealed) == len(secret) + 32
    assert len(secret) < 4 or secret not in sealed


def test_the_same_secret_is_never_sealed_alike() -> None:
    assert SEALER.seal(b"secret", "a") != SEALER.seal(b"secret", "a")


def test_a_seal_of_another_subscription_does_not_open() -> None:
    with pytest.raises(Sealed, match="belongs to another"):
        SEALER.open(SEALER.seal(b"secret", "a"), "b")


@given(st.integers(4, 37), st.integers(1, 255))
def test_a_changed_byte_is_noticed(at: int, flip: int) -> None:
    sealed = bytearray(SEALER.seal(b"secret", "a"))
    sealed[at] ^= flip

    with pytest.raises(Sealed, match="damaged"):
        SEALER.open(bytes(sealed), "a")


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(31)])
def test_what_is_too_short_is_no_seal(sealed: bytes) -> None:
    with pytest.raises(Sealed, match="too short"):
        SEALER.open(sealed, "a")


def test_a_key_is_replaced_without_a_gap() -> None:
    old, both, new = Sealer(["former"]), Sealer(["present", "former"]), Sealer(["present"])
    sealed = old.seal(b"secret", "a")

    assert both.open(sealed, "a") == b"secret"
    assert not both.is_present(sealed)
    again = both.seal(both.open(sealed, "a"), "a")
    assert both.is_present(again)
    assert new.open(again, "a") == b"secret"
    with pytest.raises(Sealed, match="no longer lists"):
        new.open(sealed, "a")


def test_a_seal_of_today_opens_tomorrow() -> None:
    """Stored seals outlive the code: derivation and layout can't change unnoticed."""
    sealed = bytes.fromhex(
        "d372aa2a73b207d3c34c4ab32ae8eabaa274bb18cd3a459428d3e6c264899eeae3947f6255d8f6ce4cbea17490200d4d"
    )

    assert SEALER.open(sealed, "sub-1") == b"a secret of 2026"


def test_without_a_key_nothing_is_sealed() -> None:
    with pytest.raises(Misconfigured, match="FEEDHUB_SECRET_KEY is missing"):
        Sealer([])
