"""Which content coding a client gets, as a table; and that each coding holds the same text."""

from __future__ import annotations

import asyncio
import gzip
from random import Random

import brotli
import pytest
import zstandard

from hub.web.codings import Coding, encode, negotiate, transcode
from hub.web.variants import Variants

TEXT = "Ärger im Hafen — 港の灯台 ".encode() * 200


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("deflate", "identity"),
        ("compress, deflate", "identity"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.9", "gzip"),
        ("br;q=0.1, gzip;q=0.2, zstd;q=0.3", "zstd"),
        ("gzip ; q=0.5 , br ; q=0.6", "br"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0, br;q=0.000", "identity"),
        ("*", "gzip"),
        ("*;q=0.1", "gzip"),
        ("gzip;q=0, *", "identity"),
        ("br;q=0.5, *;q=0.4", "br"),
        ("br;q=0.5, *;q=1", "gzip"),
        ("identity", "identity"),
        ("identity;q=0.5, gzip;q=0.1", "identity"),
        ("identity;q=0.1, gzip;q=0.5", "gzip"),
        ("identity;q=0", "identity"),
        ("identity;q=0, *;q=0", "identity"),
        ("gzip;q=many", "identity"),
        ("gzip;q=nan", "identity"),
        ("gzip;q=-1", "identity"),
        ("gzip;q=7", "identity"),
        ("gzip;level=9", "gzip"),
        (";;;,,,", "identity"),
        ("\x00\xff", "identity"),
    ],
)
def test_a_client_gets_what_it_likes_best(header: str | None, expected: str) -> None:
    assert negotiate(header) == expected


@pytest.mark.parametrize("coding", list(Coding))
def test_every_coding_holds_the_same_text(coding: Coding) -> None:
    decode = {
        Coding.IDENTITY: bytes,
        Coding.GZIP: gzip.decompress,
        Coding.BR: brotli.decompress,
        Coding.ZSTD: zstandard.ZstdDecompressor().decompress,
    }[coding]

    assert decode(transcode(gzip.compress(TEXT), coding)) == TEXT
    assert decode(encode(TEXT, coding)) == TEXT


@pytest.mark.parametrize("coding", list(Coding))
def test_the_same_text_gives_the_same_bytes(coding: Coding) -> None:
    assert encode(TEXT, coding) == encode(bytes(TEXT), coding)


def test_gzip_goes_out_as_it_came() -> None:
    stored = gzip.compress(TEXT, mtime=0)

    assert transcode(stored, Coding.GZIP) is stored


async def test_a_coding_is_derived_once_however_many_ask_for_it() -> None:
    text = Random(1).randbytes(20_000)  # long enough to be derived off the loop
    variants = Variants(gzip.compress(text))

    first, *others = await asyncio.gather(*(variants.get(Coding.BR) for _ in range(5)))

    assert brotli.decompress(first) == text
    assert all(other is first for other in others)
    assert await variants.get(Coding.BR) is first
