"""`feedhub feeds`: every feed, from a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from hub.cli.client import client_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.cli.client import Client
    from hub.settings import Settings


WIDE = 10_000
"""Columns, where nobody looks at them."""


def list_feeds(settings: Settings, *, as_json: bool) -> None:
    """Print the feeds as a table, or as one JSON array."""
    rows = list(_all(client_for(settings)))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("feed", "name", "entries", "seq", "address", box=None, pad_edge=False)
    for row in rows:
        state = " [red](quarantined)[/]" if row["quarantined"] else ""
        table.add_row(row["feed"] + state, row["name"], str(row["entries"]), str(row["seq"]), row["page"])
    console = Console()
    # A pipe has no width: nothing is cut there.
    Console(width=None if console.is_terminal else WIDE).print(table)


def _all(client: Client) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = client.get(f"/api/feeds?limit=500&cursor={quote(cursor)}")
        yield from page["feeds"]
        if not page["cursor"]:
            return
        cursor = page["cursor"]
