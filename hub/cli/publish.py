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
    refused = 0
    for batch in _batches([as_event(thing) for thing in read_things(_read(name))]):
        refused += _send(client, batch)
    return 1 if refused else 0


def read_things(text: str) -> list[Any]:
    """Read JSON: one object, an array, or one object a line. Raises BadRequest with the line that is wrong."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return [_line(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return found if isinstance(found, list) else [found]


def _line(number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"neither JSON nor one JSON object a line: line {number}: {error}") from error


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(f"{name} can't be read: {error}") from error


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
    for answer in client.publish(json.dumps(batch).encode()):
        feeds = " ".join(f"{row['feed']}@{row['seq']}" for row in answer.get("feeds", ()))
        typer.echo(f"{answer['outcome']:9} {answer.get('entry') or ''} {feeds}".rstrip())
        if answer["outcome"] == "invalid":
            refused += 1
            typer.echo(f"          {answer['problem']['detail']}", err=True)
    return refused
