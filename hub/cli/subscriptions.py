"""`feedhub subscriptions`, `attempts` and `replay`: who is told, how that goes, and telling it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import typer
from rich.markup import escape
from rich.table import Table

from hub.cli.client import client_for
from hub.cli.feeds import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.settings import Settings


def list_subscriptions(settings: Settings, *, feed: str, as_json: bool) -> None:
    """Print subscriptions as a table, or as one JSON array."""
    query = {"feed": feed} if feed else {}
    rows = list(client_for(settings).pages("/api/subscriptions", "subscriptions", **query))
    if as_json:
        _print_json(rows)
        return
    table = Table("id", "feed", "told", "state", "failures", "next attempt", box=None, pad_edge=False)
    for row in rows:
        told = row["webhook"] or f"{_without_query(row['callback'])} ({row['format']})"
        failures = str(row["failures"] or "")
        cells = (row["id"], row["feed"] or "", told, _state(row), failures, row["next_attempt"] or "")
        table.add_row(*map(escape, cells), style="red" if row["failures"] else None)
    show(table)


def list_attempts(settings: Settings, subscription: str, *, as_json: bool) -> None:
    """Print a subscription's attempts, newest first."""
    path = f"/api/subscriptions/{quote(subscription, safe='')}/attempts"
    rows = client_for(settings).get(path)["attempts"]
    if as_json:
        _print_json(rows)
        return
    table = Table("at", "what", "outcome", "status", "ms", "seq", "detail", box=None, pad_edge=False)
    for row in rows:
        said = (row[name] for name in ("at", "what", "outcome", "status", "ms", "seq", "detail"))
        table.add_row(*(escape("" if cell is None else str(cell)) for cell in said))
    show(table)


def list_receipts(settings: Settings, entry: str, *, as_json: bool) -> int:
    """Print who acknowledged an entry's latest change; answers 1 if somebody did not yet."""
    answer = client_for(settings).get(f"/api/entries/receipts?{urlencode({'id': entry})}")
    if as_json:
        _print_json(answer)
    elif answer["receipts"]:
        _print_receipts(answer["receipts"])
    else:
        typer.echo("Nobody is told of this entry.")
    return 0 if answer["acknowledged"] else 1


def replay(settings: Settings, target: str, since: str, *, as_json: bool) -> None:
    """Have everything after a seq or a time delivered again, to a webhook or to one subscription."""
    kind = "webhooks" if target.startswith("wh_") and "." not in target else "subscriptions"
    said = {"since": int(since) if since.isascii() and since.isdigit() else since}
    answer = client_for(settings).post(f"/api/{kind}/{quote(target, safe='')}/replay", said)
    if as_json:
        _print_json(answer)
        return
    for row in answer.get("subscriptions", [answer]):
        typer.echo(f"{row['id']} {row['feed']} from {row['cursor']} to {row['head']}")


def _print_receipts(rows: Sequence[dict[str, Any]]) -> None:
    table = Table("acknowledged", "feed", "change", "seq", "subscription", "told", box=None, pad_edge=False)
    for row in rows:
        cells = (
            "yes" if row["acknowledged"] else "NO",
            row["feed"],
            "removed" if row["removed"] else "published",
            str(row["seq"]),
            row["subscription"],
            _without_query(row["callback"]),
        )
        table.add_row(*map(escape, cells), style=None if row["acknowledged"] else "red")
    show(table)


def _state(row: dict[str, Any]) -> str:
    if row["paused"]:
        return "paused"
    if row["failures"]:
        return f"failing since {row['failing_since']}"
    return "behind" if row["behind"] else "told"


def _without_query(url: str) -> str:
    """Cut off what may be a subscriber's secret: terminals are watched and their output is pasted; JSON has it all."""
    parts = urlsplit(url)
    return parts._replace(query="…" if parts.query else "", fragment="").geturl()


def _print_json(what: object) -> None:
    typer.echo(json.dumps(what, ensure_ascii=False, indent=2))
