"""What an operator is told about subscribers, row by row."""

from __future__ import annotations

import pytest

from hub.problems import telling_problems

BOTH = ("regenerate@a:1", "distribute@a:2")


@pytest.mark.parametrize(
    ("workers", "subscriptions", "untold", "failing", "codes"),
    [
        (BOTH, 0, 0, 0, []),
        (BOTH, 9, 0, 0, []),
        (BOTH[:1], 0, 0, 0, []),
        (BOTH[:1], 9, 0, 0, ["no-distributor"]),
        (BOTH[:1], 9, 3, 0, ["no-distributor"]),
        (BOTH, 9, 3, 0, ["telling-late"]),
        (BOTH, 9, 0, 2, ["subscribers-failing"]),
        (BOTH, 9, 3, 2, ["telling-late", "subscribers-failing"]),
    ],
)
def test_troubles_with_telling_are_named(
    workers: tuple[str, ...], subscriptions: int, untold: int, failing: int, codes: list[str]
) -> None:
    found = telling_problems(workers, subscriptions, untold, failing)

    assert [each.code for each in found] == codes
    assert all(each.sentence.endswith(".") and each.action.endswith(".") for each in found)
