"""Dates as the formats write them: UTC, whole seconds, the same in every locale and time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The date of a feed in which nothing ever happened: documents never say now."""


def rfc3339(when: datetime) -> str:
    """`2026-11-23T09:00:00Z`: Atom and JSON Feed (RFC 3339), `dcterms:modified` (W3CDTF)."""
    return when.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def rfc822(when: datetime) -> str:
    """`Mon, 23 Nov 2026 09:00:00 +0000`: RSS 2.0, with a year of four digits."""
    return format_datetime(when.astimezone(UTC))
