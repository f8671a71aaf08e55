"""What a front keeps in memory, and how far it may believe it."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model import Document, DocumentPatch, FeedNumber, Format, Version
from hub.patches import Piece, make_patch
from hub.web.codings import Coding
from hub.web.following import SILENCE_SECONDS, Following
from hub.web.memory import Key, Memory

MODIFIED = datetime(2026, 11, 20, tzinfo=UTC)


def make(number: int, seq: int, *, size: int = 10, etag: str = "", **stamps: int) -> Document:
    return Document(
        feed=FeedNumber(number),
        format=Format.RSS,
        version=Version(seq, **stamps),
        etag=etag or f'W/"{seq}"',
        last_modified=MODIFIED,
        gzip=bytes(size),
    )


def key(number: int) -> Key:
    return Key(FeedNumber(number), Format.RSS)


versions = st.builds(Version, st.integers(1, 3), st.integers(0, 2), st.integers(0, 2))


@given(st.lists(versions, min_size=1))
def test_a_document_never_goes_back(order: list[Version]) -> None:
    memory = Memory(1000)

    held = [memory.keep(make(1, v.seq, render=v.render, labels=v.labels)).version for v in order]

    assert all(earlier <= later for earlier, later in pairwise(held))
    assert held[-1] == max(order)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 60)), min_size=1))
def test_memory_is_bounded_and_counts_what_it_holds(puts: list[tuple[int, int]]) -> None:
    memory = Memory(100)

    for seq, (number, size) in enumerate(puts, 1):
        memory.keep(make(number, seq, size=size))

    held = [memory.peek(key(number)) for number in range(1, 7)]
    assert memory.size == sum(one.representation.variants.size for one in held if one)
    assert memory.size <= 100
    assert memory.peek(key(puts[-1][0])) is not None


def test_the_least_recently_asked_for_goes_first() -> None:
    memory = Memory(25)
    memory.keep(make(1, 1))
    memory.keep(make(2, 2))
    memory.get(key(1))

    memory.keep(make(3, 3))

    assert memory.numbers == {1, 3}


def test_one_document_larger_than_memory_is_kept_while_it_is_the_last() -> None:
    memory = Memory(5)

    memory.keep(make(1, 1))

    assert key(1) in memory


async def test_derived_codings_count() -> None:
    memory = Memory(100_000)
    text = b"text " * 1000
    stored = Document(FeedNumber(1), Format.RSS, Version(1), 'W/"1"', MODIFIED, gzip.compress(text))
    held = memory.keep(stored)

    assert await held.representation.variants.get(Coding.IDENTITY) == text

    assert memory.size == len(stored.gzip) + len(text)


async def test_a_coding_derived_for_a_document_that_is_gone_counts_no_more() -> None:
    memory = Memory(100_000)
    text = gzip.compress(b"text " * 1000)
    gone = memory.keep(Document(FeedNumber(1), Format.RSS, Version(1), 'W/"1"', MODIFIED, text))
    memory.keep(make(1, 2))

    await gone.representation.variants.get(Coding.IDENTITY)

    assert memory.size == 10


async def test_equal_bytes_of_a_later_version_keep_their_codings() -> None:
    memory = Memory(100_000)
    stored = gzip.compress(b"text")
    first = Document(FeedNumber(1), Format.RSS, Version(1), 'W/"same"', MODIFIED, stored)
    second = Document(FeedNumber(1), Format.RSS, Version(2), 'W/"same"', MODIFIED, stored)
    derived = await memory.keep(first).representation.variants.get(Coding.BR)

    held = memory.keep(second)

    assert held.version == Version(2)
    assert await held.representation.variants.get(Coding.BR) is derived


@pytest.mark.parametrize(
    ("moment", "now", "expected"),
    [
        (10.0, 10.0, True),
        (11.0, 12.0, True),
        (9.9, 10.0, False),  # read before the stream was followed
        (11.0, 10.0 + SILENCE_SECONDS, False),  # nothing heard for too long
    ],
)
def test_what_was_read_while_following_is_covered(moment: float, now: float, *, expected: bool) -> None:
    following = Following()
    following.began(10.0)

    assert following.covers(moment, now) is expected


def test_nothing_is_covered_before_the_beginning_or_after_the_loss() -> None:
    following = Following()
    assert not following.covers(1.0, 1.0)

    following.began(1.0)
    assert following.lost()
    assert not following.lost()
    assert not following.covers(2.0, 2.0)


@pytest.mark.parametrize(
    ("base", "maker", "taken"), [('W/"1"', "a", True), ('W/"0"', "a", False), ('W/"1"', "b", False)]
)
def test_a_patch_is_applied_to_the_very_bytes_that_it_was_made_for(
    base: str,
    maker: str,
    taken: bool,  # noqa: FBT001  (a column of the table)
) -> None:
    memory = Memory(1000)
    memory.keep(replace(make(1, 1), maker="a"))
    patch = make_patch({}, [Piece(b"", b"new")])

    number, version = FeedNumber(1), Version(2)
    change = DocumentPatch(number, Format.RSS, version, maker, base, 'W/"2"', MODIFIED, patch)

    assert memory.patch(change) is taken
    held = memory.peek(key(1))
    assert held is not None
    assert held.representation.variants.gzip == (b"new" if taken else bytes(10))
    assert memory.patch(replace(change, version=Version(1), base="?")), "that is behind what is held: no need"
