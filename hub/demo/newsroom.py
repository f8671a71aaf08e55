"""The Gazette's stories: the files beside this module in, publish events (as `POST /publish` takes them) out.

    stories/<name>.html   an entry: its fields as one JSON object, then its HTML. The name is the end of its address
    feeds.json            what the categories, authors and tags say of themselves, as publish events
    later/                what follows soon after the first edition, in the same two forms: a correction, a removal

Dates may be written from now: `-2d3h`, `+1m`. `{pictures}` stands for where the front serves static/demo.

Every event has an id made of its text before dates are filled in. So a second start within a week changes nothing
(the hub answers `duplicate`), one after that brings the Gazette up to date under the same entry ids, and neither
the demo nor the hub has to remember when it began.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

Event = dict[str, Any]
"""A publish event as JSON, not read yet: what a CMS would send."""

SITE_URL = "https://gazette.example"
FOLLOW_UPS = ("dredger-record.html", "seal-for-mayor.json")
"""In the order of their telling."""
_FOLDER = files("hub.demo")
_DATES = ("date_published", "date_modified", "date_expires")
_FROM_NOW = re.compile(r"([+-])(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def first_edition(now: datetime, public_url: str) -> list[Event]:
    """Make all that the Gazette publishes at once. `now` is aware; `public_url` has no trailing slash.

    Entries come first: what an entry says of a category's parent counts only while nothing newer is known.
    """
    stories = sorted((_FOLDER / "stories").iterdir(), key=lambda file: file.name)
    return [event for file in [*stories, _FOLDER / "feeds.json"] for event in _events(file, now, public_url)]


def follow_up(name: str, now: datetime, public_url: str) -> list[Event]:
    """Make the events of one of `FOLLOW_UPS`."""
    return list(_events(_FOLDER / "later" / name, now, public_url))


def event_id(event: Event) -> str:
    """Name an event after its text: the same text is the same event."""
    return "demo-" + sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()[:24]


def rfc3339(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


def _events(file: Traversable, now: datetime, public_url: str) -> Iterator[Event]:
    text = file.read_text(encoding="utf-8").replace("{pictures}", f"{public_url}/static/demo")
    for event in _written(file.name, text):
        yield _dated(event, now) | {"id": event_id(event)}


def _written(name: str, text: str) -> list[Event]:
    stem, _, suffix = name.rpartition(".")
    if suffix == "json":
        events: list[Event] = json.loads(text)
        return events
    fields, end = json.JSONDecoder().raw_decode(text)
    address = f"{SITE_URL}/2026/{stem}"
    known = {"id": address, "url": address, "language": "en", "date_modified": fields["date_published"]}
    return [{"type": "entry.published", "entry": known | fields | {"content_html": text[end:].strip()}}]


def _dated(event: Event, now: datetime) -> Event:
    """Fill in the dates of an entry; other events have none."""
    if "entry" not in event:
        return event
    dates = {key: _moment(value, now) for key, value in event["entry"].items() if key in _DATES}
    return event | {"entry": event["entry"] | dates}


def _moment(text: str, now: datetime) -> str:
    """Turn `-2d3h` into a date; a full date stays."""
    match = _FROM_NOW.fullmatch(text)
    if match is None:
        return text
    sign, *parts = match.groups(default="0")
    days, hours, minutes, seconds = map(int, parts)
    distance = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return rfc3339(now + distance if sign == "+" else now - distance)
