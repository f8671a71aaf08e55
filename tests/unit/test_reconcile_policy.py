"""When a source is compared, what of it is fetched, and what may go: every case of the policy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.events import Source
from hub.model import EntryId, EntryNumber, Kind, Term
from hub.reconcile import (
    DAY_MS,
    HINT_MS,
    Asked,
    Calls,
    Cause,
    Failing,
    Found,
    Held,
    Listed,
    Listing,
    Page,
    Progress,
    Report,
    differs,
    due,
    may_remove,
    renames,
    retry_at,
    walk_to,
    wants_all,
)

NOW = 1_795_000_000_000
EVERY = 900_000
REFS = frozenset({(Kind.TAG, "1")})
LISTED = Listed("k", EntryId("a"), NOW, "public", REFS)
HELD = Held(EntryNumber(1), EntryId("a"), "ghost", False, NOW, 1, "public", REFS, None)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(None, True, id="unknown here"),
        pytest.param(HELD, False, id="the same"),
        pytest.param(replace(HELD, modified=NOW - 1), True, id="changed there"),
        pytest.param(replace(HELD, modified=NOW + 1, visibility="paid"), False, id="a hook was faster"),
        pytest.param(replace(HELD, visibility="paid"), True, id="another visibility, the same date"),
        pytest.param(replace(HELD, refs=frozenset()), True, id="other terms, the same date"),
        pytest.param(replace(HELD, removed=True), True, id="removed by this source, and listed"),
        pytest.param(replace(HELD, removed=True, source="publish"), False, id="taken down here on purpose"),
        pytest.param(
            replace(HELD, removed=True, source="publish", modified=NOW - 1),
            True,
            id="and changed there since",
        ),
        pytest.param(replace(HELD, source="import"), True, id="to be adopted"),
        pytest.param(
            replace(HELD, source="wordpress", refs=frozenset()), False, id="another CMS has it, too"
        ),
    ],
)
def test_what_differs_is_fetched(held: Held | None, *, expected: bool) -> None:
    assert differs(LISTED, held, Source.GHOST) is expected


@pytest.mark.parametrize(
    ("missing", "held", "listed", "allowed", "expected"),
    [
        (0, 0, 0, None, True),
        (0, 10, 10, None, True),
        (20, 30, 10, None, True),
        (21, 30, 9, None, False),
        (200, 10_000, 9_800, None, True),
        (201, 10_000, 9_799, None, False),
        (1, 1, 0, None, True),
        (2, 2, 0, None, False),
        (1, 1, 0, 1, True),
        (5, 10_000, 9_995, 4, False),
    ],
)
def test_so_many_may_go_at_once(
    missing: int, held: int, listed: int, allowed: int | None, *, expected: bool
) -> None:
    assert may_remove(missing, held=held, listed=listed, allowed=allowed) is expected


def rows(*ids: str) -> tuple[Listed, ...]:
    return tuple(replace(LISTED, id=EntryId(id_)) for id_ in ids)


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        pytest.param([Page(rows("a", "b"), 3), Page(rows("c"), 3)], True, id="complete"),
        pytest.param([Page((), 0)], True, id="empty"),
        pytest.param([Page(rows("a", "b"), 3)], False, id="not read to its end"),
        pytest.param([Page(rows("a", "b"), 3), Page(rows("c"), 4)], False, id="another total"),
        pytest.param([Page(rows("a", "b"), 3), Page(rows("b"), 3)], False, id="one twice"),
        pytest.param([Page(rows("a", "a"), 2)], False, id="one twice on a page"),
        pytest.param([Page(rows("a", "b", "c"), 2)], False, id="more than the total"),
    ],
)
def test_a_listing_is_complete_or_not(pages: list[Page], *, expected: bool) -> None:
    listing = Listing()
    for page in pages:
        listing.add(page)
    assert listing.complete is expected


RAN = Progress(started=NOW, gap=0, hints=3)


@pytest.mark.parametrize(
    ("progress", "calls", "expected"),
    [
        pytest.param(Progress(), Calls(), (0, Cause.CLOCK), id="never"),
        pytest.param(RAN, Calls(hints=3), (NOW + EVERY, Cause.CLOCK), id="on the clock"),
        pytest.param(RAN, Calls(hinted="x", hints=4), (NOW + HINT_MS, Cause.HINT), id="at a hint"),
        pytest.param(RAN, Calls(pinged="x", hints=3), (NOW + HINT_MS, Cause.PING), id="at a ping"),
        pytest.param(RAN, Calls(asked=Asked("1"), hints=3), (0, Cause.ASKED), id="when asked"),
        pytest.param(
            replace(RAN, hold=NOW + 60_000),
            Calls(hinted="x", hints=3),
            (NOW + 60_000, Cause.HINT),
            id="what was left for later",
        ),
        pytest.param(
            replace(RAN, hold=NOW + 60_000),
            Calls(hinted="x", hints=4),
            (NOW + HINT_MS, Cause.HINT),
            id="a new hint does not wait for that",
        ),
        pytest.param(
            replace(RAN, hold=NOW + 2 * EVERY),
            Calls(hinted="x", hints=3),
            (NOW + EVERY, Cause.HINT),
            id="nor the clock",
        ),
        pytest.param(
            replace(RAN, failing=Failing(NOW, 1, NOW + 30_000)),
            Calls(hinted="x", hints=9),
            (NOW + 30_000, Cause.HINT),
            id="after a failure",
        ),
    ],
)
def test_a_reconcile_is_due(progress: Progress, calls: Calls, expected: tuple[int, Cause]) -> None:
    assert due(progress, calls, EVERY) == expected


@pytest.mark.parametrize(
    ("progress", "calls", "gap", "explained", "expected"),
    [
        pytest.param(RAN, Calls(hints=3), 0, 0, False, id="nothing says so"),
        pytest.param(RAN, Calls(hinted="x", hints=4), 0, 1, False, id="a hint that is explained"),
        pytest.param(RAN, Calls(hinted="x", hints=4), 0, 0, True, id="a hint that is not"),
        pytest.param(RAN, Calls(hinted="x", hints=5), 0, 1, True, id="two hints and one change"),
        pytest.param(RAN, Calls(pinged="x", hints=3), 0, 0, False, id="a stranger's ping"),
        pytest.param(RAN, Calls(hints=3), -1, 0, True, id="another total than is held"),
        pytest.param(replace(RAN, gap=-5), Calls(hints=3), -5, 0, False, id="a gap that is known"),
        pytest.param(replace(RAN, gap=None), Calls(hints=3), 0, 0, True, id="never compared"),
        pytest.param(replace(RAN, hold=1), Calls(hints=3), 0, 0, True, id="left for later"),
        pytest.param(RAN, Calls(asked=Asked("1"), hints=3), 0, 0, True, id="asked for"),
    ],
)
def test_all_pages_are_wanted(
    progress: Progress, calls: Calls, gap: int, explained: int, *, expected: bool
) -> None:
    assert wants_all(progress, calls, gap=gap, explained=explained) is expected


@pytest.mark.parametrize("every", [60_000, EVERY, DAY_MS])
@pytest.mark.parametrize("total", [1, 100, 101, 5_000, 100_000, 1_000_000])
def test_the_whole_archive_is_walked_in_a_day_whatever_its_size(total: int, every: int) -> None:
    page, now, pages = 1, NOW, (total + 99) // 100
    while now <= NOW + DAY_MS:
        now += every
        page = walk_to(total, began=NOW, page=page, now=now) + 1
        if page > pages:
            break
    assert page > pages
    assert now <= NOW + DAY_MS


def test_failures_are_tried_again_less_and_less_and_not_before_the_cms_says() -> None:
    first = retry_at(None, NOW, retry_after=None)
    second = retry_at(first, NOW + 40_000, retry_after=None)
    told = retry_at(second, NOW + 100_000, retry_after=3600)

    assert (first.since, first.tries, first.again) == (NOW, 1, NOW + 30_000)
    assert (second.since, second.tries, second.again) == (NOW, 2, NOW + 100_000)
    assert told.again == NOW + 100_000 + 3_600_000
    assert retry_at(replace(told, tries=99), NOW, retry_after=None).again == NOW + 900_000


def test_progress_is_read_as_it_was_written_and_what_cant_be_read_begins_anew() -> None:
    progress = Progress(
        started=1,
        gap=-2,
        failing=Failing(1, 2, 3),
        refused=Found(1, 2, ("a", "b")),
        untold=Found(1, 1, ("c",)),
        etags={"x": 'W/"1"'},
        report=Report(cause="clock", total=3),
    )

    assert Progress.read(progress.as_json()) == progress
    assert Progress.read(None) == Progress()
    assert Progress.read(b'{"of": "another version"}') == Progress()
    assert Progress.read(b"nonsense") == Progress()


def test_terms_are_renamed_by_their_id_and_only_what_is_new_is_said() -> None:
    known = {"1": Term(Kind.TAG, "1", "world", "World", "Desk", "", "")}
    listed = [
        Term(Kind.TAG, "1", "planet", "Planet", "Desk"),
        Term(Kind.TAG, "2", "unknown", "Has no feed"),
    ]
    (event,) = renames(listed, known)

    assert (event.slug, event.id, event.new_slug, event.changes) == (
        "world",
        "1",
        "planet",
        {"name": "Planet"},
    )
    assert renames([Term(Kind.TAG, "1", "world", "World", "Desk")], known) == []
