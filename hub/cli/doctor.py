"""`feedhub doctor`: what is wrong, a sentence and what to do for each, and a round trip that proves the rest."""

from __future__ import annotations

import json
import os
import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from hub.cli.client import Client, Refused, client_for
from hub.cli.status import describe_problem, unanswered
from hub.errors import HubError, Misconfigured
from hub.problems import Problem
from hub.settings import load_settings, unknown_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROUND_TRIP_SECONDS = 10.0
POLL_SECONDS = 0.02
PROBE = "feedhub-doctor"
"""The probe's slug: a feed of its own, gone (410) after the examination, so that no reader sees it in theirs."""


def examine(data: Path | None, *, as_json: bool) -> int:
    """Print every problem; answers 1 if there is one."""
    found: list[dict[str, Any]] = []
    for problem in _look(data, quiet=as_json):
        found.append(problem)
        if not as_json:
            typer.echo("\n".join(describe_problem(problem, datetime.now(UTC))))
    if as_json:
        typer.echo(json.dumps({"problems": found}, ensure_ascii=False, indent=2))
    elif not found:
        typer.secho("All is well.", fg="green")
    return 1 if found else 0


def _look(data: Path | None, *, quiet: bool) -> Iterator[dict[str, Any]]:
    def fine(sentence: str) -> None:
        if not quiet:
            typer.secho(f"✓ {sentence}", fg="green")

    for sentence in unknown_settings(os.environ):
        yield Problem("setting-unknown", sentence, "Correct its name, or unset it.").as_json()
    try:
        settings = load_settings(os.environ, data_dir=data)
        client = client_for(settings)
    except Misconfigured as error:
        for sentence in error.problems:
            yield Problem("settings", sentence, "Correct it and run the doctor again.").as_json()
        return
    fine("The settings can be read.")
    try:
        status = client.get("/api/status")
    except HubError as error:
        yield unanswered(error).as_json()
        return
    fine(f"The hub answers at {client.url}: {status['feeds']} feeds, {status['entries']} entries.")
    yield from status["problems"]
    if not status["problems"]:
        fine("Redis keeps what is acknowledged; workers are at work; clocks agree; no feed is in trouble.")
    yield from _round_trip(client, status, fine)


def _round_trip(
    client: Client, status: dict[str, Any], fine: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Change a feed made for this, and wait until the front serves the change."""
    kind = next((kind for kind in ("tag", "category", "author") if kind in status["feed_kinds"]), None)
    if kind is None:
        return
    mark = secrets.token_hex(8)
    about = {"author": "bio"}.get(kind, "description")
    started = time.monotonic()
    try:
        client.publish(json.dumps({"type": f"{kind}.updated", kind: {"slug": PROBE, about: mark}}).encode())
        served = _served(client, f"/feeds/{kind}/{PROBE}.json", mark)
        client.publish(json.dumps({"type": f"{kind}.removed", kind: {"slug": PROBE}}).encode())
    except Refused as error:
        sentence = f"A publish hook is not taken: {error}"
        yield Problem("no-round-trip", sentence, "See the front's log.").as_json()
        return
    if served:
        fine(
            f"A publish hook was served as a new document after {(time.monotonic() - started) * 1000:.0f} ms."
        )
        return
    yield Problem(
        "no-round-trip",
        f"A publish hook was accepted, but no new document was served within {ROUND_TRIP_SECONDS:.0f} s.",
        "See the logs of the workers on queue regenerate, then of the front.",
    ).as_json()


def _served(client: Client, path: str, mark: str) -> bool:
    deadline = time.monotonic() + ROUND_TRIP_SECONDS
    while time.monotonic() < deadline:
        try:
            if mark.encode() in client.ask("GET", path)[1]:
                return True
        except Refused:  # 410 or 503 until it is committed
            pass
        time.sleep(POLL_SECONDS)
    return False
