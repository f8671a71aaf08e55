"""What turns the bytes of one document into those of the next: most are there already (docs/decisions/0005).

A patch is a run of steps: copy so many bytes of the base from there on, then write these. Three little-endian 32-bit
numbers (offset, how many to copy, how many to write) and the bytes to write. The COMMIT script reads the same form.
"""

from __future__ import annotations

from itertools import accumulate
from struct import Struct
from struct import error as struct_error
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_STEP = Struct("<III")


class Piece(NamedTuple):
    """A part of a document's bytes. Equal names, equal bytes: within one process."""

    name: bytes
    block: bytes


Layout = dict[bytes, int]
"""Where each named piece of some bytes begins."""


def layout_of(pieces: Sequence[Piece]) -> Layout:
    """Say where pieces stand once they are joined."""
    ends = accumulate((len(piece.block) for piece in pieces), initial=0)
    return {piece.name: at for piece, at in zip(pieces, ends, strict=False)}


def make_patch(base: Mapping[bytes, int], pieces: Iterable[Piece]) -> bytes:
    """Say how `pieces` joined are made of bytes laid out as `base`."""
    steps: list[bytes] = []
    start = length = 0
    fresh: list[bytes] = []

    def close() -> None:
        steps.extend((_STEP.pack(start, length, sum(map(len, fresh))), *fresh))

    for name, block in pieces:
        at = base.get(name)
        if at is None:
            fresh.append(block)
            continue
        if fresh or at != start + length:
            close()
            start, length, fresh = at, 0, []
        length += len(block)
    close()
    return b"".join(steps)


def apply_patch(base: bytes, patch: bytes) -> bytes:
    """Make the next document of its base. Raises ValueError for what is no patch of it."""
    made: list[bytes] = []
    at = 0
    try:
        while at < len(patch):
            start, length, fresh = _STEP.unpack_from(patch, at)
            at += _STEP.size
            if start + length > len(base) or at + fresh > len(patch):
                raise ValueError("a patch points beyond what is there")
            made += (base[start : start + length], patch[at : at + fresh])
            at += fresh
    except struct_error as error:
        raise ValueError("a patch ends within a step") from error
    return b"".join(made)
