"""The Gazette's live ticker: at each tick one change, told by the tick's number alone.

Every beat has one entry with an address of its own, which its next line replaces; so the ticker never holds more
entries than there are beats, whatever time it runs. A line expires after an hour: a hub whose demo has stopped
is not left with old news.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from hub.demo.newsroom import SITE_URL, Event, event_id, rfc3339

PERIOD = 25
"""Seconds between ticks."""
_KEPT = timedelta(hours=1)
_STEPS = ("line", "line", "line", "correction", "line", "removal")
"""What happens at one tick after the other. A correction or a removal is of the line before it."""
_LINES = _STEPS.count("line")


def tick_event(tick: int) -> Event:
    """Make the publish event of a tick: tick n is n periods after 1970, so that no process need count them."""
    match _STEPS[tick % len(_STEPS)]:
        case "line":
            event = {"type": "entry.published", "entry": _line(tick)}
        case "correction":
            event = {"type": "entry.updated", "entry": _corrected(_line(tick - 1), tick)}
        case _:
            withdrawn = {"id": _line(tick - 1)["id"], "date_modified": rfc3339(_time(tick))}
            event = {"type": "entry.removed", "entry": withdrawn}
    return event | {"id": event_id(event)}


def _line(tick: int) -> dict[str, Any]:
    cycle, step = divmod(tick, len(_STEPS))
    turn, place = divmod(cycle * _LINES + _STEPS[:step].count("line"), len(_beats()))
    beat = _beats()[place]
    title, text = beat["lines"][turn % len(beat["lines"])]
    address, now = f"{SITE_URL}/live/{beat['beat']}", _time(tick)
    return {
        "id": address,
        "url": address,
        "title": f"{now:%H:%M} – {title}",  # noqa: RUF001 - an en dash is meant
        "content_html": f"<p>{text}</p>",
        "language": "en",
        "date_published": rfc3339(now),
        "date_modified": rfc3339(now),
        "date_expires": rfc3339(now + _KEPT),
        "categories": [{"name": beat["category"]}],
        "tags": ["Live"],
    }


def _corrected(line: dict[str, Any], tick: int) -> dict[str, Any]:
    note = (
        "<p><strong>Correction:</strong> an earlier version of this line was sent without its full stop.</p>"
    )
    return line | {"content_html": line["content_html"] + note, "date_modified": rfc3339(_time(tick))}


def _time(tick: int) -> datetime:
    return datetime.fromtimestamp(tick * PERIOD, UTC)


@cache
def _beats() -> list[dict[str, Any]]:
    beats: list[dict[str, Any]] = json.loads((files("hub.demo") / "ticker.json").read_text(encoding="utf-8"))
    return beats
