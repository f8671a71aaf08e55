"""Cursors that partners keep: opaque, stable, and never misread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadRequest
from hub.model import FeedNumber, Seq
from hub.web.cursors import Cursor, read_cursor

SEQS = st.integers(0, 2**53 - 1).map(Seq)


@given(feed=st.integers(0, 2**32 - 1).map(FeedNumber), seq=SEQS, base=SEQS)
def test_a_cursor_reads_back_as_it_was_written(feed: FeedNumber, seq: Seq, base: Seq) -> None:
    cursor = Cursor(feed, seq, base)

    assert read_cursor(str(cursor)) == cursor
    assert str(cursor).isascii()


def test_its_text_never_changes() -> None:
    """Partners keep it for months."""
    assert str(Cursor(FeedNumber(7), Seq(1795460320084001), Seq(0))) == "AAZg9i6WQCEAAAAAAAAAAAAAAAc"


def test_zero_begins() -> None:
    assert read_cursor("0") is None


@pytest.mark.parametrize(
    "text", ["", "00", "-1", "1795460320084001", "x", "A" * 26, "A" * 28, "=" * 27, "A" * 26 + "B", "_" * 27]
)
def test_what_never_was_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        read_cursor(text)
