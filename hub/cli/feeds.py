"""`feedhub feeds`: every feed, from a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from hub.cli.client import client_for

if TYPE_CHECKING:
    from hub.settings import Settings


WIDE = 10_000
"""Columns, where nobody looks at them."""


def list_feeds(settings: Settings, *, as_json: bool) -> None:
    """Print the feeds as a table, or as one JSON array."""
    rows = list(client_for(settings).pages("/api/feeds", "feeds"))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("feed", "name", "entries", "seq", "address", box=None, pad_edge=False)
    for row in rows:
        state = " [red](quarantined)[/]" if row["quarantined"] else ""
        table.add_row(row["feed"] + state, row["name"], str(row["entries"]), str(row["seq"]), row["page"])
    show(table)


def show(table: Table) -> None:
    """Print a table; a pipe has no width, so nothing is cut there."""
    console = Console()
    Console(width=None if console.is_terminal else WIDE).print(table)
