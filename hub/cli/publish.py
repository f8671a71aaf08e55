"""`feedhub publish`: events or bare entries, from a file or standard input, sent in order."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hub.cli.client import Client, client_for
from hub.errors import BadRequest, HubError
from hub.intake.publish import as_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.settings import Settings

MOST_EVENTS = 500
MOST_BYTES = 8 * 1024 * 1024
"""A request's size: half of what the hub takes."""


def publish_file(settings: Settings, name: str) -> int:
    """Send everything in the file; print a line for each event. Answers 1 if the hub refused one."""
    client = client_for(settings)
    events = [as_event(thing) for thing in read_things(_read(name))]
    if not events:
        raise HubError(f"{name} holds no events")
    refused = sum(_send(client, batch) for batch in _batches(events))
    return 1 if refused else 0


def read_things(text: str) -> list[Any]:
    """Read JSON: one object, an array, or one object a line. Raises BadRequest with the line that is wrong."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2 or not _is_object(lines[0][1]):  # noqa: PLR2004  (one line is no list of lines)
            raise BadRequest(f"not JSON: {error}") from error
        return [_line(number, line) for number, line in lines]
    return found if isinstance(found, list) else [found]


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _line(number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRequest(
            f"not one JSON object a line: line {number}: {getattr(error, 'msg', error)}"
        ) from error


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(f"{name} can't be read: {getattr(error, 'strerror', None) or error}") from error


def _batches(events: list[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    size = 0
    for event in events:
        length = len(json.dumps(event))
        if batch and (len(batch) == MOST_EVENTS or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += length
    if batch:
        yield batch


def _send(client: Client, batch: list[Any]) -> int:
    """Send one request of events; answers how many were refused."""
    refused = 0
    for event, answer in zip(batch, client.publish(json.dumps(batch).encode()), strict=True):
        feeds = " ".join(f"{row['feed']}@{row['seq']}" for row in answer.get("feeds", ()))
        if answer["outcome"] == "invalid":
            refused += 1
            feeds = answer["problem"]["detail"]
        typer.echo(f"{answer['outcome']:9} {answer.get('entry') or _name_of(event)} {feeds}".rstrip())
    return refused


def _name_of(event: Any) -> str:
    """Tell an event from its neighbours: its entry's id or its feed's slug, as far as it has one."""
    if not isinstance(event, dict):
        return "-"
    inner = [value for value in event.values() if isinstance(value, dict)]
    return next(
        (str(found) for value in inner for found in (value.get("id"), value.get("slug")) if found), "-"
    )
