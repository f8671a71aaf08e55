"""What an import says of its pieces, and of how far it is."""

from __future__ import annotations

import pytest

from hub.cli.importing.archives import Opened
from hub.cli.importing.progress import progress_line
from hub.cli.importing.run import source_of
from hub.cli.importing.tally import MOST_REASONS, Reasons, Tally
from hub.intake.archives.record import Piece
from hub.settings import Settings


def test_reasons_come_most_frequent_first_with_the_first_few() -> None:
    reasons = Reasons()
    for position in range(1, 6):
        reasons.add("a page", Piece(position, f"P{position}"))
    reasons.add("a draft", Piece(6, "D" * 100))

    assert list(reasons.lines()) == [
        "       5  a page: 1 “P1”, 2 “P2”, 3 “P3”, …",
        f"       1  a draft: 6 “{'D' * 59}…”",
    ]


def test_faults_that_are_all_different_do_not_fill_the_memory() -> None:
    reasons = Reasons()
    for position in range(10 * MOST_REASONS):
        reasons.add(f"fault {position}", Piece(position, ""))

    assert len(reasons.by_words) == MOST_REASONS + 1
    assert reasons.count == 10 * MOST_REASONS


def test_a_tally_counts_each_piece_once() -> None:
    tally = Tally(imported=3, unchanged=2, newer=1)
    tally.skipped.add("a page", Piece(1, "x"))
    tally.notes.add("without its text", Piece(2, "y"))

    assert tally.done == 7
    assert next(tally.lines()) == "3 imported, 2 unchanged, 1 newer here, 1 skipped, 0 refused"


@pytest.mark.parametrize(
    ("done", "total", "seconds", "line"),
    [
        (2500, 10_000, 5.0, "importing: 2,500 of 10,000 items (25 %), 500/s, 0:15 left"),
        (10_000, 10_000, 20.0, "importing: 10,000 of 10,000 items (100 %), 500/s, 0:00 left"),
        (10, 100_000, 10.0, "importing: 10 of 100,000 items (0 %), 1/s, 1666:30 left"),
        (2500, None, 5.0, "importing: 2,500 items, 500/s"),
        (0, 10, 0.0, "importing: 0 items, 0/s"),
    ],
)
def test_progress_is_said_with_rate_and_time_left(
    done: int, total: int | None, seconds: float, line: str
) -> None:
    assert progress_line("importing", done, total, "items", seconds) == line


@pytest.mark.parametrize(
    ("source", "site", "configured", "answer"),
    [
        ("wordpress", "https://site.test", None, "wordpress"),
        ("wordpress", "https://site.test/en", "https://SITE.test", "wordpress"),
        ("wordpress", "https://old.test", "https://site.test", "publish"),
        ("wordpress", "", "https://site.test", "wordpress"),
        ("publish", "https://old.test", "https://site.test", "publish"),
    ],
)
def test_entries_are_the_cmss_unless_the_hub_is_compared_with_another_site(
    source: str, site: str, configured: str | None, answer: str
) -> None:
    archive = Opened("", source, site, iter(()))

    assert source_of(archive, Settings(wordpress_url=configured)) == answer
