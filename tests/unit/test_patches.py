"""A document's bytes as they are made of those before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.patches import Piece, apply_patch, layout_of, make_patch

_PIECES = st.lists(st.binary(min_size=1, max_size=4).map(lambda block: Piece(block, block * 3)), max_size=12)


def joined(pieces: list[Piece]) -> bytes:
    return b"".join(block for _, block in pieces)


@given(_PIECES, _PIECES)
def test_a_patched_base_is_the_whole(old: list[Piece], new: list[Piece]) -> None:
    assert apply_patch(joined(old), make_patch(layout_of(old), new)) == joined(new)


def test_a_patch_holds_what_is_new_alone() -> None:
    old = [Piece(b"%d" % n, b"%d" % n * 1000) for n in range(50)]
    new = [Piece(b"new", b"new"), *old[:20], *old[21:-1]]

    patch = make_patch(layout_of(old), new)

    assert apply_patch(joined(old), patch) == joined(new)
    assert len(patch) == 3 + 3 * 12


@pytest.mark.parametrize(
    "patch",
    [
        pytest.param(b"\x00" * 11, id="half a step"),
        pytest.param(b"\x00" * 8 + b"\x05\x00\x00\x00abcd", id="fewer new bytes than it says"),
        pytest.param(b"\x02\x00\x00\x00\x03\x00\x00\x00" + b"\x00" * 4, id="beyond the end of the base"),
    ],
)
def test_what_is_no_patch_of_the_base_is_refused(patch: bytes) -> None:
    with pytest.raises(ValueError, match="a patch"):
        apply_patch(b"base", patch)
