"""Gzip documents put together from parts that were compressed before.

A deflate stream may be cut where it was fully flushed (RFC 1951 §3.2.3, zlib's Z_FULL_FLUSH): there it
stands at a byte's edge and what follows refers to nothing before. So parts that were deflated alone, each
from an empty window, can be concatenated in any order, and one changed entry costs one entry of
compression, too. What every reader gets is one ordinary gzip member.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from struct import pack
from typing import TYPE_CHECKING

from isal.isal_zlib import crc32  # 350 KB in 9 µs; zlib takes 87, nine times a change

from hub.patches import Piece

if TYPE_CHECKING:
    from collections.abc import Iterable

LEVEL = 5
"""Of 5.7 KB of prose 9 leaves 2,349 bytes, 5 2,352, 1 2,563; in 46, 43 and 29 µs."""
_MEMBER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # RFC 1952 §2.3: no name, no time, unknown system
_LAST_BLOCK = b"\x03\x00"  # an empty one, marked final
_STORED_MAX = 0xFFFF
HASH_LENGTH = 32
"""Hexadecimal digits: 128 bits."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of documents: its bytes, and the same deflated so that they can stand anywhere, named by their hash."""

    raw: bytes
    piece: Piece

    @classmethod
    def of(cls, raw: bytes) -> Segment:
        """Compress a part."""
        # A window larger than the data finds nothing more, and clearing it costs as much as compressing.
        window = min(15, max(9, len(raw).bit_length()))
        compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -window)
        deflated = compressor.compress(raw) + compressor.flush(zlib.Z_FULL_FLUSH)
        return cls(raw, Piece(hashlib.sha256(raw).digest(), deflated))

    @property
    def size(self) -> int:
        """Bytes of memory that it holds."""
        return len(self.raw) + len(self.piece.block) + len(self.piece.name)


@dataclass(frozen=True, slots=True)
class Spliced:
    """A whole made of parts."""

    gzip: bytes
    pieces: tuple[Piece, ...]
    """What `gzip` is joined of."""
    length: int
    """Of the bytes before compression."""
    hash: str
    """Of the parts' hashes in their order: equal parts, equal hash; a part is hashed once in its life."""


def splice(parts: Iterable[Segment | bytes]) -> Spliced:
    """Concatenate parts; plain bytes (64 KB at most) go in as they are."""
    pieces, raws, names = [_piece(_MEMBER)], [], []
    for part in parts:
        if isinstance(part, Segment):
            pieces.append(part.piece)
            raws.append(part.raw)
            names.append(part.piece.name)
        else:
            pieces.append(_piece(_stored(part)))
            raws.append(part)
            names.append(part)
    crc = 0
    for raw in raws:
        crc = crc32(raw, crc)
    length = sum(map(len, raws))
    pieces.append(_piece(_LAST_BLOCK + pack("<LL", crc, length & 0xFFFFFFFF)))
    whole = b"".join([block for _, block in pieces])
    return Spliced(whole, tuple(pieces), length, hashlib.sha256(b"".join(names)).hexdigest()[:HASH_LENGTH])


def _piece(block: bytes) -> Piece:
    return Piece(block, block)


def _stored(raw: bytes) -> bytes:
    """Bytes as an uncompressed block, for the few that aren't worth a compressor (RFC 1951 §3.2.4)."""
    return pack("<BHH", 0, len(raw), len(raw) ^ _STORED_MAX) + raw
