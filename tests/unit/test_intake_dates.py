"""RFC 3339, as strict as it is written, in UTC and whole milliseconds."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.intake.dates import FIRST_YEAR, parse_date, whole_milliseconds


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # the parts are positional ints


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-11-23T09:00:00Z", utc(2026, 11, 23, 9)),
        ("2026-11-23t09:00:00z", utc(2026, 11, 23, 9)),
        ("2026-11-23 09:00:00Z", utc(2026, 11, 23, 9)),
        (" 2026-11-23T09:00:00Z\n", utc(2026, 11, 23, 9)),
        ("2026-11-23T09:00:00+00:00", utc(2026, 11, 23, 9)),
        ("2026-11-23T09:00:00-00:00", utc(2026, 11, 23, 9)),
        ("2026-11-23T14:30:00+05:30", utc(2026, 11, 23, 9)),
        ("2026-11-22T23:00:00-10:00", utc(2026, 11, 23, 9)),
        ("2026-11-23T09:00:00.1Z", utc(2026, 11, 23, 9, 0, 0, 100_000)),
        ("2026-11-23T09:00:00.123999999Z", utc(2026, 11, 23, 9, 0, 0, 123_000)),
        ("2024-02-29T00:00:00Z", utc(2024, 2, 29)),
        # RFC 3339 §5.8's own leap seconds
        ("1990-12-31T23:59:60Z", utc(1991, 1, 1)),
        ("1990-12-31T15:59:60-08:00", utc(1991, 1, 1)),
        ("1000-01-01T00:00:00Z", utc(1000, 1, 1)),
        ("9999-12-31T23:59:59.999Z", utc(9999, 12, 31, 23, 59, 59, 999_000)),
    ],
)
def test_a_date_is_read_to_the_millisecond_in_utc(text: str, when: datetime) -> None:
    assert when == parse_date(text)
    assert parse_date(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-11-23T09:00:00", "no offset"),
        ("2026-11-23 09:00:00", "no offset"),
        ("2026-11-23T09:00:00.000", "no offset"),
        ("2026-11-23", "RFC 3339"),
        ("2026-11-23T09:00Z", "RFC 3339"),
        ("2026-11-23T09Z", "RFC 3339"),
        ("20261123T090000Z", "RFC 3339"),
        ("2026-W48-1T09:00:00Z", "RFC 3339"),
        ("2026-11-23T09:00:00+0100", "RFC 3339"),
        ("2026-11-23T09:00:00+01", "RFC 3339"),
        ("2026-11-23T09:00:00 Z", "RFC 3339"),
        ("2026-11-23T09:00:00,5Z", "RFC 3339"),
        ("2026-11-23T09:00:00.Z", "RFC 3339"),
        ("2026-11-23T09:00:00+01:60", "RFC 3339"),
        ("Mon, 23 Nov 2026 09:00:00 GMT", "RFC 3339"),
        ("1795424400", "RFC 3339"),
        ("٢٠٢٦-11-23T09:00:00Z", "RFC 3339"),
        ("+2026-11-23T09:00:00Z", "RFC 3339"),
        ("12026-11-23T09:00:00Z", "RFC 3339"),
        ("now", "RFC 3339"),
        ("", "RFC 3339"),
        ("2026-02-29T09:00:00Z", "calendar"),
        ("2026-13-01T09:00:00Z", "calendar"),
        ("2026-00-01T09:00:00Z", "calendar"),
        ("2026-11-31T09:00:00Z", "calendar"),
        ("2026-11-23T24:00:00Z", "calendar"),
        ("2026-11-23T09:60:00Z", "calendar"),
        ("2026-11-23T09:00:61Z", "calendar"),
        ("2026-11-23T09:00:00+24:00", "calendar"),
        ("0000-01-01T00:00:00Z", "calendar"),
        ("0001-01-01T00:00:00+01:00", "calendar"),
        ("9999-12-31T23:59:59-00:01", "calendar"),
        ("0001-01-01T00:00:00Z", "1000"),
        ("0999-12-31T23:59:59Z", "1000"),
        ("2026-11-23T09:00:60Z", "leap second"),
        ("2016-12-31T23:59:60+01:00", "leap second"),
    ],
)
def test_what_is_no_date_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_date(text)


_OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


_EARLIEST = datetime(FIRST_YEAR + 1, 1, 1)  # noqa: DTZ001 - hypothesis wants bounds without a zone


@given(st.datetimes(_EARLIEST, timezones=_OFFSETS).filter(lambda when: when.year < MAXYEAR))
def test_every_aware_date_is_read_back_as_the_same_millisecond(when: datetime) -> None:
    assert whole_milliseconds(when) == parse_date(when.isoformat())
