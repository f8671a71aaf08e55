"""`feedhub status`: is it all well? If not, what is wrong, since when, and what to do; then the hub in numbers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from hub.cli.client import Refused, client_for
from hub.errors import HubError, Misconfigured
from hub.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.settings import Settings

UNAVAILABLE = 503
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def show_status(settings: Settings, *, as_json: bool) -> int:
    """Print how the hub is; answers 1 if there is a problem, also that of a hub that does not answer."""
    try:
        status = client_for(settings).get("/api/status")
    except (HubError, Misconfigured) as error:
        status = {"problems": [unanswered(error).as_json()]}
    if as_json:
        typer.echo(json.dumps(status, ensure_ascii=False, indent=2))
    else:
        for line in describe(status, datetime.now(UTC)):
            typer.echo(line)
    return 1 if status["problems"] else 0


def unanswered(error: HubError) -> Problem:
    """The problem of a hub that can't be asked, or that can't say how it is."""
    if isinstance(error, Refused) and error.answered == UNAVAILABLE:
        cure = "See that Redis runs and answers, and its log; feeds are served from memory meanwhile."
        return Problem("redis-away", str(error), cure)
    return Problem("no-hub", str(error), "Start the hub, or point FEEDHUB_URL and FEEDHUB_ADMIN_TOKEN at it.")


def describe(status: dict[str, Any], now: datetime) -> Iterator[str]:
    """Write `/api/status` for a human at 3 a.m.: line by line, what matters first."""
    problems = status["problems"]
    if not problems:
        yield typer.style("All is well.", fg="green", bold=True)
    else:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        yield typer.style(f"{count}:", fg="red", bold=True)
    for problem in problems:
        yield from describe_problem(problem, now)
    if "feeds" in status:
        yield ""
        yield from _sources(status, now)
        yield from _numbers(status)


def describe_problem(problem: dict[str, Any], now: datetime) -> Iterator[str]:
    """Write one problem as `/api/status` has it."""
    yield typer.style(f"✗ {problem['sentence']}", fg="red")
    if problem["since"]:
        yield f"  since {problem['since']} ({ago(datetime.fromisoformat(problem['since']), now)})"
    yield f"  → {problem['action']}"


def ago(then: datetime, now: datetime) -> str:
    """Say how long ago something was, in the largest unit that counts."""
    seconds = max(0, int((now - then).total_seconds()))
    size, unit = next((each for each in _UNITS if seconds >= each[0]), (1, "second"))
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'} ago"


def _sources(status: dict[str, Any], now: datetime) -> Iterator[str]:
    reconciles = status.get("reconciles", {})
    for source in sorted({*status["hooks"], *reconciles}):
        record = status["hooks"].get(source, {})
        said = [f"last hook {_moment(record.get('taken'), now)}"]
        if record.get("refused"):
            said.append(f"last refused {_moment(record['refused'], now)}")
        if source in reconciles:
            done = reconciles[source]["done"]
            said.append(f"last reconcile {ago(datetime.fromisoformat(done), now) if done else 'never'}")
        yield f"{source:<14} {', '.join(said)}"


def _moment(noted: dict[str, Any] | None, now: datetime) -> str:
    return ago(datetime.fromtimestamp(noted["at"] / 1000, UTC), now) if noted else "never"


def _numbers(status: dict[str, Any]) -> Iterator[str]:
    feeds = f"{status['feeds']} with {status['entries']} entries"
    late, renewed = status["feeds_late"], status["feeds_to_renew"]
    yield f"{'feeds':<14} {feeds}, {status['scheduled']} scheduled; {late} late, {renewed} to be renewed"
    yield f"{'subscriptions':<14} {status['subscriptions']}, {status['subscriptions_failing']} failing"
    yield f"{'workers':<14} {', '.join(status['workers']) or 'none'}"
