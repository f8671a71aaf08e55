"""Dates as RFC 3339 §5.6 writes them, to aware UTC datetimes of whole milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

# The RFC lets `T` and `Z` be lower case, and a space stand for `T`. Nothing else: a date without an offset
# means another instant to everybody who reads it.
_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-5][0-9]))?"
)
_LEAP = 60
FIRST_YEAR = 1000
"""Earlier ones are the zero of some program, not a date; RSS needs four digits for a year, too."""
_SHAPE = "must be a date with a time and an offset, such as 2026-11-23T09:00:00Z (RFC 3339)"


def parse_date(text: str) -> datetime:
    """Read a date; parts of a millisecond are cut off. Raises ValueError with a sentence."""
    match = _RFC3339.fullmatch(text.strip())
    if match is None:
        raise ValueError(_SHAPE)
    *digits, fraction, zulu, sign, hours, minutes = match.groups()
    if not zulu and not sign:
        raise ValueError("has no offset: say which time zone, such as 2026-11-23T09:00:00Z or …+01:00")
    try:
        when = _local([int(part) for part in digits], fraction or "") - _offset(sign, hours, minutes)
    except (ValueError, OverflowError):
        raise ValueError("is no day and time of the calendar") from None
    if int(digits[5]) == _LEAP and (when.hour, when.minute, when.second) != (0, 0, 0):
        raise ValueError("has a leap second where none can be: they end a day in UTC")
    if when.year < FIRST_YEAR:
        raise ValueError(f"must not be before the year {FIRST_YEAR}")
    return when


def whole_milliseconds(when: datetime) -> datetime:
    """Give the same instant in UTC without the parts that no store and no document keeps."""
    utc = when.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _local(digits: list[int], fraction: str) -> datetime:
    """Read the date before its offset. A leap second is the second after `:59` (RFC 3339 §5.7)."""
    *rest, second = digits
    year, month, day, hour, minute = rest
    leap = second == _LEAP
    milliseconds = int(fraction[:3].ljust(3, "0"))
    when = datetime(year, month, day, hour, minute, 59 if leap else second, milliseconds * 1000, UTC)
    return when + timedelta(seconds=1) if leap else when


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> timedelta:
    if sign is None or hours is None or minutes is None:
        return timedelta(0)
    east = timedelta(hours=int(hours), minutes=int(minutes))
    timezone(east)  # refuses a day and more
    return east if sign == "+" else -east
