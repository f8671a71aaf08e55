"""`feedhub partners`: who has keys, from a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from hub.cli.client import client_for
from hub.cli.feeds import show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.settings import Settings

_COUNTS = ("requests", "ok", "not_modified", "refused", "failed", "bytes")


def list_partners(settings: Settings, *, as_json: bool) -> None:
    """Print partners as a table, or as one JSON array."""
    rows = list(client_for(settings).pages("/api/partners", "partners"))
    if as_json:
        _print_json(rows)
        return
    table = Table("id", "name", "opens", "edition", "keys", "last used", box=None, pad_edge=False)
    for row in rows:
        edition = f"{row['size']} {row['content']} {row['deletes']}"
        keys = " ".join(f"{key['hint']}…" for key in row["keys"])
        cells = (row["id"], row["name"], " ".join(row["feeds"]) or "all", edition, keys, _last_used(row))
        table.add_row(*map(escape, cells))
    show(table)


def show_partner(settings: Settings, partner: str, *, as_json: bool) -> None:
    """Print what a partner's keys were used for, the latest day first."""
    row = client_for(settings).get(_path(partner))
    if as_json:
        _print_json(row)
        return
    for key in row["keys"]:
        until = f", opens until {key['until']}" if key["until"] else ""
        typer.echo(f"key {key['hint']}… of {key['created']}{until}: {_said(key['last_used'])}")
    table = Table("date", "key", *_COUNTS, box=None, pad_edge=False)
    for use in row["usage"]:
        table.add_row(use["date"], escape(f"{use['key']}…"), *(str(use[name]) for name in _COUNTS))
    show(table)


def add_partner(settings: Settings, said: Mapping[str, Any], *, as_json: bool) -> None:
    """Add one, and print its id and its key."""
    _print_key(client_for(settings).post("/api/partners", said), as_json=as_json)


def rotate_key(settings: Settings, partner: str, overlap: int, *, as_json: bool) -> None:
    """Print a new key."""
    made = client_for(settings).post(f"{_path(partner)}/rotate", {"overlap_seconds": overlap})
    _print_key(made, as_json=as_json)


def revoke_partner(settings: Settings, partner: str, *, as_json: bool) -> None:
    """End a partner."""
    client_for(settings).delete(_path(partner))
    if as_json:
        _print_json({"id": partner, "revoked": True})
        return
    typer.echo(f"{partner} is revoked: its keys open nothing, and its webhooks are deleted.")


def _print_key(made: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        _print_json(made)
        return
    typer.echo(f"{made['id']} {made['name']}")
    typer.echo(f"key: {made['key']} (it is shown this once)")


def _last_used(row: Mapping[str, Any]) -> str:
    times = [key["last_used"]["at"] for key in row["keys"] if key["last_used"]]
    return max(times, default="never")


def _said(last: Mapping[str, Any] | None) -> str:
    return f"last used {last['at']}, {last['path']} {last['status']}" if last else "never used"


def _path(partner: str) -> str:
    return f"/api/partners/{quote(partner, safe='')}"


def _print_json(what: object) -> None:
    typer.echo(json.dumps(what, ensure_ascii=False, indent=2))
