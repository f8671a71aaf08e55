"""What intake must be told, and how much it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MAX_ENTRY_BYTES = 2 * 1024 * 1024
"""One event, as JSON."""
MAX_CONTENT = 2 * MAX_ENTRY_BYTES
"""Characters of sanitised HTML: tags that were left open are written out, which multiplies them."""
MAX_BATCH_BYTES = 16 * 1024 * 1024
"""A whole body: a front may stop reading here."""
MAX_EVENTS = 1000
MAX_DIGITS = 100
"""Of a whole number; reading one takes the square of its length."""
MAX_DEPTH = 64
"""Of JSON within JSON. An event needs 5; the rest is for extensions (`_name`) that are not read."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far `date_modified` may be ahead: a clock that is wrong by more would make later changes stale."""


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """The time of receipt (aware), where relative links lead when an entry has no URL, whose iframes stay."""

    now: datetime
    base_url: str
    embed_hosts: frozenset[str] = frozenset()
    """Host names in lower case, compared as a whole; `host:port` for another port than 443."""
