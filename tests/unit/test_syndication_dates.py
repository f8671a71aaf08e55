"""Dates of all the forms that feeds have mean the instants that their writers meant."""

from __future__ import annotations

from calendar import timegm
from datetime import UTC, datetime

import feedparser
import pytest

from hub.intake.syndication.dates import date_of

EVENING = datetime(2026, 11, 23, 18, 27, 21, tzinfo=UTC)
MINUTE = EVENING.replace(second=0)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)

FORMS = [
    ("Mon, 23 Nov 2026 18:27:21 +0000", EVENING),
    ("Mon, 23 Nov 2026 18:27:21 GMT", EVENING),
    ("Mon, 23 Nov 2026 13:27:21 EST", EVENING),
    ("Mon, 23 Nov 2026 19:27:21 +0100", EVENING),
    ("Mon, 23 Nov 2026 18:27 Z", MINUTE),
    ("23 Nov 2026 18:27:21 UT", EVENING),
    ("23 Nov 26 18:27:21 GMT", EVENING),
    ("Tue, 23 Nov 2026 18:27:21 GMT", EVENING),
    ("Mon,23 Nov 2026 18:27:21 GMT", EVENING),
    ("Monday, 23 November 2026 18:27:21 +00:00", EVENING),
    ("Mon, 23-Nov-2026 18:27:21 GMT", EVENING),
    ("  Mon,\n 23 Nov 2026\t18:27:21   GMT ", EVENING),
    ("Mon, 23 Nov 2026 18:27:21 GMT+0000", EVENING),
    ("Mon, 23 Nov 2026 18:27:21 +0000 (UTC)", EVENING),
    ("Mon, 23 Nov 2026", MIDNIGHT),
    ("Mon Nov 23 18:27:21 2026", EVENING),
    ("Mon Nov 23 18:27:21 UTC 2026", EVENING),
    ("November 23, 2026 6:27:21 PM", EVENING),
    ("Nov. 23, 2026", MIDNIGHT),
    ("2026-11-23T18:27:21Z", EVENING),
    ("2026-11-23t18:27:21z", EVENING),
    ("2026-11-23T19:27:21+01:00", EVENING),
    ("2026-11-23T19:27:21+0100", EVENING),
    ("2026-11-23 18:27:21", EVENING),
    ("2026-11-23 18:27:21 UTC", EVENING),
    ("2026-11-23T18:27:21.5Z", EVENING.replace(microsecond=500_000)),
    ("2026-11-23T18:27:21.123456789Z", EVENING.replace(microsecond=123_000)),
    ("2026-11-23T18:27Z", MINUTE),
    ("2026-11-22T24:00:00Z", MIDNIGHT),
    ("2026-11-23", MIDNIGHT),
    ("2026/11/23", MIDNIGHT),
    ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
    ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
    ("20261123T182721Z", EVENING),
    ("20261123", MIDNIGHT),
    ("1795458441", EVENING),
    ("1795458441000", EVENING),
]

NO_DATES = [
    "",
    "yesterday",
    "Mon, 32 Nov 2026 18:27:21 GMT",
    "Mon, 23 Foo 2026 18:27:21 GMT",
    "2026-13-01",
    "2026-02-30T00:00:00Z",
    "2026-11-23T25:00:00Z",
    "2026-11-23T18:61:00Z",
    "0001-01-01T00:00:00Z",
    "0000-00-00 00:00:00",
    "Mon, 30 Nov -0001 00:00:00 +0000",
    "9999-12-31T23:59:60-23:00",
    "1" * 99,
    "Mon, " * 100_000,
    None,
    5,
]


@pytest.mark.parametrize(("text", "instant"), FORMS)
def test_a_date_of_any_form_is_its_instant(text: str, instant: datetime) -> None:
    assert date_of(text) == instant


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_says_nothing(text: object) -> None:
    assert date_of(text) is None


@pytest.mark.parametrize(("text", "instant"), FORMS[:6] + FORMS[19:22])
def test_feedparser_reads_the_common_forms_alike(text: str, instant: datetime) -> None:
    parsed = feedparser.datetimes._parse_date(text)
    assert datetime.fromtimestamp(timegm(parsed), UTC) == instant
