"""A worker fetches and renders only what memory lacks, and never shows a name that has changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hub.model import EntryNumber, Format, Seq
from hub.render import RENDERER_VERSION, Renderer
from hub.render.version import renderer_version
from tests.feeds import ADA, CPP, EUROPE, HEAD, LABELS, SITE, WHOLE, make_item

if TYPE_CHECKING:
    from hub.model import Item
    from hub.render import Rendering

WINDOW = [make_item(n) for n in (3, 2, 1)]
NUMBERS = [item.number for item in WINDOW]


def warm(items: list[Item], *, labels: int = 1, memory_bytes: int = 2**20) -> Renderer:
    """A renderer that has rendered these entries."""
    renderer = Renderer(SITE, memory_bytes=memory_bytes)
    draft = renderer.draft(items, labels=labels)
    draft.supply(items)
    draft.render(HEAD)
    return renderer


def raws(rendering: Rendering) -> dict[Format, bytes]:
    return {format_: document.raw for format_, document in rendering.documents.items()}


def cold(items: list[Item]) -> dict[Format, bytes]:
    draft = Renderer(SITE).draft(items, labels=1)
    draft.supply(items)
    return raws(draft.render(HEAD))


def test_a_cold_draft_misses_everything() -> None:
    draft = Renderer(SITE).draft(WINDOW, labels=1)

    assert [place.number for place in draft.missing] == NUMBERS
    assert draft.doubtful == frozenset()


def test_remembered_entries_are_rendered_without_being_fetched() -> None:
    draft = warm(WINDOW).draft(WINDOW, labels=1)
    rendering = draft.render(HEAD)

    assert draft.missing == ()
    assert (rendering.fresh, rendering.skipped) == (0, ())
    assert raws(rendering) == cold(WINDOW)


def test_a_new_revision_is_the_only_thing_missing() -> None:
    changed = replace(make_item(2, revision=2, title="Corrected"), seq=Seq(WINDOW[1].seq + 100))
    window = [WINDOW[0], changed, WINDOW[2]]
    draft = warm(WINDOW).draft(window, labels=1)

    assert draft.missing == (changed,)

    draft.supply([changed])
    rendering = draft.render(HEAD)

    assert rendering.fresh == 1
    assert raws(rendering) == cold(window)


def test_an_entry_is_rendered_once_for_all_its_feeds() -> None:
    elsewhere = [replace(item, seq=Seq(9)) for item in WINDOW]

    assert warm(WINDOW).draft(elsewhere, labels=1).missing == ()


def test_a_snapshot_from_before_a_revision_is_not_served_with_it() -> None:
    newer = [replace(item, revision=int(item.seq)) for item in WINDOW]
    before = [replace(item, seq=Seq(item.seq - 1)) for item in WINDOW]

    assert [place.number for place in warm(newer).draft(before, labels=1).missing] == NUMBERS


def test_a_label_change_elsewhere_costs_no_entry() -> None:
    renderer = warm(WINDOW, labels=1)
    draft = renderer.draft(WINDOW, labels=2)

    assert draft.doubtful == {ADA, EUROPE, CPP}

    draft.confirm(LABELS)

    assert draft.missing == ()
    assert raws(draft.render(HEAD)) == cold(WINDOW)
    assert renderer.draft(WINDOW, labels=2).doubtful == frozenset()


def test_a_renamed_author_makes_her_entries_missing_and_no_others() -> None:
    window = [make_item(1), make_item(2, authors=())]
    renamed = LABELS | {ADA: replace(LABELS[ADA], name="Ada Penn")}
    draft = warm(window, labels=1).draft(window, labels=2)

    draft.confirm(renamed)

    assert draft.missing == (window[0],)

    draft.supply([make_item(1, labels=renamed)])

    for raw in raws(draft.render(HEAD)).values():
        assert b"Ada Penn" in raw
        assert b"Ada Quill" not in raw


def test_a_retired_tag_counts_as_a_change() -> None:
    draft = warm(WINDOW, labels=1).draft(WINDOW, labels=2)

    draft.confirm({ref: label for ref, label in LABELS.items() if ref != CPP})

    assert [place.number for place in draft.missing] == NUMBERS


def test_what_nobody_confirmed_is_missing() -> None:
    draft = warm(WINDOW, labels=1).draft(WINDOW, labels=2)

    assert [place.number for place in draft.missing] == NUMBERS


def test_labels_read_after_a_later_stamp_serve_an_earlier_one() -> None:
    assert warm(WINDOW, labels=5).draft(WINDOW, labels=4).doubtful == frozenset()


def test_an_entry_that_vanished_is_left_out_and_reported() -> None:
    draft = Renderer(SITE).draft(WINDOW, labels=1)
    draft.supply(WINDOW[:2])
    rendering = draft.render(HEAD)

    assert [(skipped.number, skipped.id) for skipped in rendering.skipped] == [(EntryNumber(1), None)]
    assert raws(rendering) == cold(WINDOW[:2])


def test_an_entry_that_can_not_be_rendered_is_reported_with_its_reason() -> None:
    bad = make_item(2, title="\x00")
    draft = Renderer(SITE).draft([WINDOW[0], bad], labels=1)
    draft.supply([WINDOW[0], bad])
    rendering = draft.render(HEAD)

    (skipped,) = rendering.skipped
    assert (skipped.number, skipped.id) == (2, "https://site.test/2")
    assert skipped.reason.startswith("ValueError: ")
    assert draft.missing == ()
    assert raws(rendering) == cold(WINDOW[:1])


def test_an_entry_with_a_bad_label_costs_itself_alone() -> None:
    bad = make_item(2, labels={ADA: replace(LABELS[ADA], name="\x00")})
    draft = Renderer(SITE).draft([*WINDOW[:1], bad], labels=1)
    draft.supply([*WINDOW[:1], bad])

    assert raws(draft.render(HEAD)) == cold(WINDOW[:1])


def test_a_draft_keeps_what_it_found_when_memory_is_full() -> None:
    renderer = warm(WINDOW, memory_bytes=20_000)
    draft = renderer.draft(WINDOW, labels=1)
    others = [make_item(n) for n in range(10, 20)]
    other = renderer.draft(others, labels=1)
    other.supply(others)

    assert len(renderer.draft(WINDOW, labels=1).missing) == len(WINDOW)
    assert raws(draft.render(HEAD)) == cold(WINDOW)


def test_memory_forgets_what_was_used_longest_ago() -> None:
    renderer = warm(WINDOW, memory_bytes=20_000)
    renderer.draft(WINDOW[2:], labels=1)
    for item in (make_item(10), make_item(11), make_item(12)):
        renderer.draft([item], labels=1).supply([item])

    assert renderer.draft(WINDOW[2:], labels=1).missing == ()
    assert renderer.draft(WINDOW[:1], labels=1).missing == (WINDOW[0],)


def test_a_memory_too_small_for_one_feed_still_renders_it() -> None:
    renderer = warm(WINDOW, memory_bytes=1)
    draft = renderer.draft(WINDOW, labels=1)
    draft.supply(WINDOW)

    assert raws(draft.render(HEAD)) == cold(WINDOW)


def test_a_changed_head_needs_no_entry() -> None:
    draft = warm(WINDOW).draft(WINDOW, labels=1)

    assert b"<title>The Test Gazette</title>" in raws(draft.render(WHOLE))[Format.RSS]
    assert draft.missing == ()


def test_the_renderer_s_version_is_the_same_at_each_start() -> None:
    assert renderer_version() == RENDERER_VERSION
    assert len(bytes.fromhex(RENDERER_VERSION)) == 16
