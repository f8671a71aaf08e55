"""Content codings: which one a client wants (pure), and how each is made."""

from __future__ import annotations

import gzip
from enum import StrEnum

import brotli
import zstandard

# Of a 280 KB Atom document: gzip 64 KB, br at 5 58 KB in 5 ms, zstd at 6 60 KB in 4 ms; the next steps cost half as
# much again for one percent.
_BROTLI_QUALITY = 5
_ZSTD_LEVEL = 6


class Coding(StrEnum):
    """A content coding (RFC 9110 §8.4.1); the order is ours where a client likes several alike: smallest first."""

    BR = "br"
    ZSTD = "zstd"
    GZIP = "gzip"
    IDENTITY = "identity"


_ALIASES = {"x-gzip": Coding.GZIP}


def negotiate(accept_encoding: str | None) -> Coding:
    """Choose what the client likes best (RFC 9110 §12.5.3).

    Without the header the plain text is the safe answer, and also where a client refuses all that there is: a
    document that it can read beats a 406. `*` stands for what every client reads, gzip or nothing.
    """
    if not accept_encoding:
        return Coding.IDENTITY
    liked = _weights(accept_encoding)
    anything = liked.get("*", 0.0)
    unnamed = {Coding.GZIP: anything, Coding.IDENTITY: anything}
    weights = {coding: liked.get(coding, unnamed.get(coding, 0.0)) for coding in Coding}
    best = max(weights, key=weights.__getitem__)  # the first of equals
    return best if weights[best] > 0.0 else Coding.IDENTITY


def _weights(header: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for member in header.lower().split(","):
        name, *parameters = (part.strip() for part in member.split(";"))
        if name:
            weights[_ALIASES.get(name, name)] = _weight(parameters)
    return weights


def _weight(parameters: list[str]) -> float:
    """Read `q=0.8`; a weight that can't be read is a coding that was not offered."""
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0.0 <= weight <= 1.0 else 0.0  # also false for NaN
    return 1.0


def encode(plain: bytes, coding: Coding) -> bytes:
    """Compress. Same bytes in, same bytes out."""
    match coding:
        case Coding.IDENTITY:
            return plain
        case Coding.GZIP:
            return gzip.compress(plain, mtime=0)
        case Coding.BR:
            compressed: bytes = brotli.compress(plain, quality=_BROTLI_QUALITY)
            return compressed
        case Coding.ZSTD:
            return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(plain)


def transcode(gzipped: bytes, coding: Coding) -> bytes:
    """Turn Redis's bytes into another coding's."""
    return gzipped if coding is Coding.GZIP else encode(gzip.decompress(gzipped), coding)
