"""Partners' keys: how they look, what is kept of them, and which of them open when."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from hub.model import FeedNumber
from hub.partner import (
    Deletes,
    Edition,
    Partner,
    fitting,
    hint_of,
    id_of,
    is_key,
    kept_of,
    key_of,
    rotated,
    without_keys,
)

KEY, OTHER = key_of(bytes(range(32))), key_of(bytes(32))
DAY = 86_400


def test_a_key_is_known_by_its_form() -> None:
    assert KEY == "fhp_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert is_key(KEY)
    assert not any(map(is_key, ("", "fhp_", KEY[:-1], KEY + "A", KEY + "\n", "whsec_" + KEY[4:], f" {KEY}")))
    assert id_of(bytes(12)) == "pt_AAAAAAAAAAAAAAAA"


def test_a_key_of_too_few_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        key_of(bytes(16))


def test_a_key_can_not_be_had_back_from_what_is_kept() -> None:
    kept = kept_of(KEY, 5)

    assert KEY[4:] not in str(asdict(kept))
    assert (kept.hint, kept.created, kept.until) == ("AAEC", 5, None)
    assert kept.hint == hint_of(KEY)


def test_only_the_key_itself_fits_and_only_until_its_end() -> None:
    kept = rotated([kept_of(OTHER, 0)], kept_of(KEY, 1000), overlap_seconds=2)

    assert fitting(KEY, kept, 10**12) == kept[0]
    assert fitting(OTHER, kept, 2_999) == kept[1]
    assert fitting(OTHER, kept, 3_000) is None
    assert fitting(KEY[:-1] + "9", kept, 1_000) is None


def test_a_rotation_never_prolongs_an_earlier_key() -> None:
    first, second, third = (kept_of(key_of(bytes([n]) * 32), n) for n in range(3))
    short = rotated([first], second, overlap_seconds=1)

    keys = rotated(short, third, overlap_seconds=DAY)

    assert [key.until for key in keys] == [None, 2 + DAY * 1000, 1001]
    assert rotated(keys, kept_of(KEY, 500), overlap_seconds=0) == (kept_of(KEY, 500),)


def test_a_partner_without_feeds_may_open_all_and_one_with_feeds_those_alone() -> None:
    every = Partner("pt", "A", (), Edition(50, full_content=True, deletes=Deletes.NONE), (), 0, 0)
    some = Partner("pt", "A", (FeedNumber(2),), every.edition, (), 0, 0)

    assert [every.may_open(FeedNumber(n)) for n in (1, 2)] == [True, True]
    assert [some.may_open(FeedNumber(n)) for n in (1, 2)] == [False, True]


def test_no_text_that_is_logged_shows_a_key() -> None:
    assert without_keys(f"GET /feeds/all.rss?key={KEY} HTTP/1.1 {KEY}x") == (
        "GET /feeds/all.rss?key=fhp_… HTTP/1.1 fhp_…"
    )
    assert without_keys("/feeds/all.rss") == "/feeds/all.rss"
