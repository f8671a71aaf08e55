"""When 304 is right, as a table, and which Last-Modified is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.web.conditional import Preconditions, Validators, is_not_modified, shown_date

ETAG = 'W/"1795460320084001-0f3a"'
MODIFIED = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
HAVE = Validators(ETAG, MODIFIED)

SAME = "Fri, 20 Nov 2026 12:00:00 GMT"
LATER = "Sat, 21 Nov 2026 12:00:00 GMT"
EARLIER = "Fri, 20 Nov 2026 11:59:59 GMT"
FUTURE = "Mon, 23 Nov 2026 09:00:01 GMT"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (ETAG, True),
        ('"1795460320084001-0f3a"', True),
        ('w/"1795460320084001-0f3a"', True),
        ("1795460320084001-0f3a", True),
        ("W/1795460320084001-0f3a", False),
        ('W/"1795460320084001-0f3a-gzip"', True),
        ('"1795460320084001-0f3a--gzip"', True),
        ('W/"1795460320084001-0f3a;gzip"', True),
        ('W/"1795460320084001-0f3a-br"', True),
        ('W/"1795460320084001-0f3a-zstd"', True),
        ("1795460320084001-0f3a-gzip", True),
        (f'"other", {ETAG}, "another"', True),
        (f'"other",{ETAG}', True),
        ('"with, a comma", "1795460320084001-0f3a"', True),
        ("*", True),
        (" * ", True),
        ('"other"', False),
        ('"1795460320084001"', False),
        ('"1795460320084001-0f3a-other"', False),
        ('""', False),
        ("", False),
        (",,,", False),
        ('"unbalanced', False),
        ("\x00", False),
    ],
)
def test_if_none_match_compares_weakly_and_forgives_what_proxies_do(header: str, *, expected: bool) -> None:
    assert is_not_modified(Preconditions(if_none_match=header), HAVE, NOW) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (SAME, True),
        (LATER, True),
        (EARLIER, False),
        (FUTURE, False),
        ("Friday, 20-Nov-26 12:00:00 GMT", True),  # RFC 850, obsolete, still to be read
        ("Fri Nov 20 12:00:00 2026", True),  # asctime, likewise
        ("Fri, 20 Nov 2026 13:00:00 +0100", True),
        ("yesterday", False),
        ("0", False),
        ("", False),
        ("Fri, 99 Nov 2026 12:00:00 GMT", False),
        ("Fri, 20 Nov 99999999 12:00:00 GMT", False),
        ("Fri, 20 Nov 2026 12:00:00 +99999999999999999999", False),
        ("Fri, 20 Nov 2026 99999999999999999999:00:00 GMT", False),
    ],
)
def test_if_modified_since_counts_only_as_a_date_that_has_been(header: str, *, expected: bool) -> None:
    assert is_not_modified(Preconditions(if_modified_since=header), HAVE, NOW) is expected


@pytest.mark.parametrize(
    ("match", "since", "expected"),
    [
        ('"other"', LATER, False),
        (ETAG, EARLIER, True),
        ("", LATER, False),
        (None, None, False),
    ],
)
def test_if_none_match_alone_decides_when_it_is_there(
    match: str | None, since: str | None, *, expected: bool
) -> None:
    assert is_not_modified(Preconditions(match, since), HAVE, NOW) is expected


def test_what_has_no_date_is_never_answered_by_date() -> None:
    assert not is_not_modified(Preconditions(if_modified_since=LATER), Validators(ETAG), NOW)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(days=3), MODIFIED),
        (timedelta(seconds=2), MODIFIED),
        (timedelta(seconds=1.9), MODIFIED - timedelta(seconds=1)),
        (timedelta(0), MODIFIED - timedelta(seconds=1)),
        (timedelta(seconds=-5), MODIFIED - timedelta(seconds=6)),
    ],
)
def test_a_second_that_may_still_change_is_not_shown(age: timedelta, expected: datetime) -> None:
    assert shown_date(MODIFIED, MODIFIED + age) == expected


def test_two_documents_of_one_second_are_told_apart_by_date() -> None:
    """A client that got the first one in that second asks by date later, and must get the second one."""
    seen = shown_date(MODIFIED, MODIFIED + timedelta(milliseconds=200))
    asked = Preconditions(if_modified_since=seen.strftime("%a, %d %b %Y %H:%M:%S GMT"))

    assert not is_not_modified(asked, Validators('W/"second"', MODIFIED), NOW)
