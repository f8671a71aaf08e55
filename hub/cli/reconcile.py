"""`feedhub reconcile`: have a worker compare with the CMS now, wait for it, and say what it found."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import typer

from hub.cli.client import client_for

if TYPE_CHECKING:
    from hub.cli.client import Client
    from hub.settings import Settings

POLL_SECONDS = 0.2
BEGIN_SECONDS = 60.0
"""So long without any sign of a worker, and there is none."""


def reconcile(settings: Settings, allow_removals: int | None, *, as_json: bool) -> int:
    """Print what each CMS's comparison found; answers 1 if one failed, or refused to remove."""
    client = client_for(settings)
    said = {} if allow_removals is None else {"allow_removals": allow_removals}
    asked = client.post("/api/reconcile", said)
    reports = {source: _await(client, source, asked["id"]) for source in asked["sources"]}
    if as_json:
        typer.echo(json.dumps({"sources": reports}, ensure_ascii=False, indent=2))
    else:
        for source, report in reports.items():
            _print(source, report)
    return (
        0
        if all(report and not report["failure"] and not report["refused"] for report in reports.values())
        else 1
    )


def _await(client: Client, source: str, id_: str) -> dict[str, Any] | None:
    """Wait for the report that answers; None: nobody reconciles here."""
    deadline = time.monotonic() + BEGIN_SECONDS
    while True:
        found = client.get("/api/reconcile")["sources"][source]
        if found["last"] and found["last"]["asked"] == id_:
            report: dict[str, Any] = found["last"]
            return report
        if found["running"]:
            deadline = time.monotonic() + BEGIN_SECONDS
        if time.monotonic() > deadline:
            return None
        time.sleep(POLL_SECONDS)


def _print(source: str, report: dict[str, Any] | None) -> None:
    if report is None:
        typer.secho(f"✗ {source}: no worker took it up within {BEGIN_SECONDS:.0f} s.", fg="red")
        typer.echo("  → Start one: feedhub worker --queue regenerate (feedhub up starts it by itself).")
        return
    if report["failure"]:
        typer.secho(f"✗ {report['failure']}", fg="red")
        typer.echo(f"  → {report['action']}")
    there = "" if report["total"] is None else f"{report['total']} published there, "
    typer.echo(
        f"{source}: {there}{report['compared']} compared; {report['changed']} changed, {report['removed']} removed, "
        f"{report['renamed']} categories, tags or authors changed."
    )
    if report["invalid"]:
        typer.secho(f"  {report['invalid']} could not be taken: see the worker's log.", fg="yellow")
    if report["refused"]:
        typer.secho(f"✗ {source} does not list {report['refused']} entries that are held here.", fg="red")
        typer.echo(f"  → If that is right: feedhub reconcile --allow-removals {report['refused']}")
