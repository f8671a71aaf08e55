"""Dates of all the forms that feeds have: RFC 822 and what became of it, W3C's, asctime's, seconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from hub.intake.dates import FIRST_YEAR, whole_milliseconds

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Hours east of UTC: RFC 822's own, and what feeds have besides. What means several places is left out.
_ZONES = {
    "": 0, "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "mez": 1, "cest": 2, "mesz": 2,
    "eet": 2, "eest": 3, "msk": 3, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
    "ast": -4, "adt": -3, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip
_MAX_LENGTH = 100
_TIME = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_ZONE = (
    r"\s*(?P<zone>[A-Za-z]{0,5})\s*"
    r"(?:(?P<sign>[+\u2212-])(?P<east>[0-9]{1,2}):?(?P<east_minutes>[0-5][0-9])?)?(?:\s*\([^()]*\))?"
)
_WEEKDAY = r"(?:[A-Za-z]{2,9}\.?\s*,?\s+|[A-Za-z]{3},)?"
_MONTH = r"(?P<name>[A-Za-z]{3})[a-z]*\.?"
_FORMS = [
    re.compile(form)
    for form in (
        # Mon, 23 Nov 2026 18:27:21 +0000
        rf"{_WEEKDAY}(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?[\s-]+{_MONTH}[\s,-]+(?P<year>[0-9]{{4}}|[0-9]{{2}})(?:,?\s+{_TIME}{_ZONE})?",
        # Mon Nov 23 18:27:21 UTC 2026
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>[0-9]{{1,2}})\s+{_TIME}{_ZONE}\s+(?P<year>[0-9]{{4}})",
        # November 23, 2026 6:27 pm
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>[0-9]{{4}})(?:,?\s+(?:at\s+)?{_TIME}{_ZONE})?",
        # 2026-11-23T18:27:21.5+01:00, and less of it
        rf"(?P<year>[0-9]{{4}})(?:[-/](?P<month>[0-9]{{1,2}})(?:[-/](?P<day>[0-9]{{1,2}})(?:(?:[Tt]\s*|\s+){_TIME}{_ZONE})?)?)?",
        # 20261123T182721Z
        r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
        r"(?:[Tt ]?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?" + _ZONE + ")?",
    )
]
_SECONDS = re.compile(r"([0-9]{10})(?:[0-9]{3})?(?:\.[0-9]+)?")
_LEAP = 60
_CENTURY_ENDS = 69  # RFC 2822 §4.3 has 50; POSIX has 69, and 1950 had no feeds


def date_of(text: object) -> datetime | None:
    """Read a date, in UTC; None if it is none. Without a zone it is taken to be UTC, like all that never said one.

    A weekday is not compared: it is wrong more often than the day. Years before 1000 are the zero of some program.
    """
    if not isinstance(text, str) or len(text) > _MAX_LENGTH:
        return None
    text = " ".join(text.split())
    if seconds := _SECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(seconds[1]), UTC)
    for form in _FORMS:
        if match := form.fullmatch(text):
            try:
                return _instant({name: part for name, part in match.groupdict().items() if part})
            except (ValueError, OverflowError):
                return None
    return None


def _instant(said: dict[str, str]) -> datetime:
    second = int(said.get("second", "0"))
    local = datetime(
        _year(said["year"]),
        _MONTHS.index(said["name"].lower()) + 1 if "name" in said else int(said.get("month", "1")),
        int(said.get("day", "1")),
        tzinfo=_zone(said),
    )
    if second > _LEAP or int(said.get("minute", "0")) >= _LEAP:
        raise ValueError("is no time of the day")
    when = local + timedelta(
        hours=_hour(said),
        minutes=int(said.get("minute", "0")),
        seconds=second,
        milliseconds=int(said.get("fraction", "")[:3].ljust(3, "0")),
    )
    if when.year < FIRST_YEAR:
        raise ValueError("is the zero of some program")
    return whole_milliseconds(when)


def _year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) > 2 else year + (2000 if year < _CENTURY_ENDS else 1900)  # noqa: PLR2004


def _hour(said: dict[str, str]) -> int:
    """Give hours since midnight; 24:00 is the next one."""
    hour = int(said.get("hour", "0"))
    if half := said.get("half"):
        hour = hour % 12 + (12 if half in "Pp" else 0)
    if hour > 24:  # noqa: PLR2004
        raise ValueError("is no hour")
    return hour


def _zone(said: dict[str, str]) -> timezone:
    """Give the offset. A number beside a name counts; a name that nobody knows is UTC, as RFC 2822 §4.3 says."""
    if "sign" not in said:
        return timezone(timedelta(hours=_ZONES.get(said.get("zone", "").lower(), 0)))
    east = timedelta(hours=int(said["east"]), minutes=int(said.get("east_minutes", "0")))
    return timezone(east if said["sign"] == "+" else -east)
