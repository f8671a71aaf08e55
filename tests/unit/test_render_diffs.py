"""What of a feed a cursor has not seen, and which formats can say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from hub.model import EntryId, EntryNumber, Format, Seq, Tombstone
from hub.render.diffs import Changed, changed_since, whole


@dataclass(frozen=True)
class At:
    number: EntryNumber
    seq: Seq


@dataclass(frozen=True)
class Feed:
    seq: Seq
    floor: Seq
    window: tuple[At, ...]
    tombstones: tuple[Tombstone, ...]


def at(seq: int) -> At:
    return At(EntryNumber(seq), Seq(seq))


def gone(seq: int) -> Tombstone:
    return Tombstone(EntryId(f"e{seq}"), Seq(seq), datetime(2026, 1, 1, tzinfo=UTC))


FEED = Feed(Seq(50), Seq(20), (at(50), at(30), at(40)), (gone(45), gone(25)))


@pytest.mark.parametrize(
    ("cursor", "window", "tombstones"),
    [
        (0, [50, 30, 40], [45, 25]),
        (20, [50, 30, 40], [45, 25]),
        (30, [50, 40], [45]),
        (44, [50], [45]),
        (45, [50], []),
        (50, [], []),
    ],
)
def test_only_what_came_after_the_cursor_in_the_order_of_the_document(
    cursor: int, window: list[int], tombstones: list[int]
) -> None:
    changed = changed_since(FEED, cursor)

    assert changed is not None
    assert [place.seq for place in changed.window] == window
    assert [tombstone.seq for tombstone in changed.tombstones] == tombstones


@pytest.mark.parametrize("cursor", [1, 19, 51, 10**16])
def test_a_cursor_below_the_floor_or_ahead_is_a_gap(cursor: int) -> None:
    assert changed_since(FEED, cursor) is None


@pytest.mark.parametrize(
    ("changed", "formats"),
    [
        (Changed((), ()), set()),
        (Changed((at(1),), ()), set(Format)),
        (Changed((at(1),), (gone(2),)), {Format.ATOM}),
        (Changed((), (gone(2),)), {Format.ATOM}),
    ],
)
def test_only_atom_can_say_that_an_entry_left(changed: Changed, formats: set[Format]) -> None:
    assert {format_ for format_ in Format if changed.fits(format_)} == formats


def test_a_whole_feed_is_all_of_it() -> None:
    assert whole(FEED) == Changed(FEED.window, FEED.tombstones)
