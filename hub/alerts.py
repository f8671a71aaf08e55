"""Since when a problem is there, and when `ALERT_URL` is told that it began or ended: pure, over what is kept of it.

One POST when a problem begins, one when it ends, and damping against those that come and go:

- A beginning is told once the problem is `BEGINS_MS` old: a restart of a worker is none.
- An end is told once it stayed away for `ENDS_MS`. If it is back before that, nothing is told and its `since` stays.
- Back within `REMEMBERED_MS` of a told end, it is a new problem whose end needs twice the quiet, and so on up to
  `LONGEST_MS`: a problem that flaps all day is a few alerts, not hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from hub.problems import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.problems import Problem

BEGINS_MS = 30_000
ENDS_MS = 120_000
REMEMBERED_MS = 3_600_000
LONGEST_MS = 3_600_000
UNTOLD = frozenset({"alerts-failing"})
"""Codes that ALERT_URL is not told: it would learn of its own trouble once that is over."""
FIRST_RETRY_MS, LONGEST_RETRY_MS = 10_000, 3_600_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a problem: as it was last seen, with the `since` that all places show."""

    problem: Problem
    told: bool = False
    """ALERT_URL has been told that it began, or will be: the alert is stored."""
    gone: int | None = None
    """Since when it is away."""
    ended: bool = False
    """It stayed away for long enough; from now on it is only remembered."""
    returns: int = 0
    """How often it came back soon after it had ended."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One POST. `id` is the same however often it is sent."""

    state: Literal["begun", "ended"]
    problem: Problem
    at: int

    @property
    def id(self) -> str:
        return f"{self.problem.id}:{self.problem.since}:{self.state}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be kept from now on, by the problem's id (None: nothing any more), and told."""

    changes: Mapping[str, Kept | None]
    alerts: tuple[Alert, ...]


def judge(kept: Mapping[str, Kept], present: Iterable[Problem], now: int, *, alerting: bool) -> Verdict:
    """Compare what is there with what is kept. `alerting`: there is an ALERT_URL; else nobody is told."""
    there = {problem.id: problem for problem in present}
    changes: dict[str, Kept | None] = {}
    alerts: list[Alert] = []
    for id_ in {**kept, **there}:
        before, problem = kept.get(id_), there.get(id_)
        after = begin(problem, now, before) if problem else _absent(kept[id_], now)
        if after and alerting and (state := _news(after, now)):
            alerts.append(Alert(state, after.problem, now))
            after = replace(after, told=state == "begun")
        if after != before:
            changes[id_] = after
    return Verdict(changes, tuple(sorted(alerts, key=lambda alert: (alert.problem.since or 0, alert.id))))


def begin(problem: Problem, now: int, before: Kept | None = None) -> Kept:
    """Keep a problem that is there: since it is, or since it was first seen."""
    since = now if problem.since is None else problem.since
    if before is None:
        return Kept(replace(problem, since=since))
    if before.ended:
        since = max(since, before.gone or 0)
        return Kept(replace(problem, since=since), returns=before.returns + 1)
    return replace(before, problem=replace(problem, since=before.problem.since), gone=None)


def quiet_ms(returns: int) -> int:
    """How long a problem must stay away until it has ended."""
    return min(ENDS_MS << min(returns, 20), LONGEST_MS)


def retry_ms(tries: int) -> int:
    """How long to wait after so many failed tries in a row: 10 s, 20 s, … an hour."""
    return min(FIRST_RETRY_MS << min(tries - 1, 20), LONGEST_RETRY_MS)


def alert_body(alert: Alert, hub: str, public_url: str) -> dict[str, Any]:
    """Write what is posted. `text` is for receivers that show a line and know no more (chats)."""
    problem = alert.problem
    said = problem.sentence if alert.state == "begun" else f"Over: {problem.sentence}"
    return {
        "id": alert.id,
        "hub": hub,
        "url": public_url,
        "state": alert.state,
        "at": iso(alert.at),
        "problem": problem.as_json(),
        "text": f"[{hub}] {said}" + (f" {problem.action}" if alert.state == "begun" else ""),
    }


def _absent(before: Kept, now: int) -> Kept | None:
    if before.gone is None:
        return replace(before, gone=now)
    if before.ended:
        return before if now - before.gone < quiet_ms(before.returns) + REMEMBERED_MS else None
    return replace(before, ended=True) if now - before.gone >= quiet_ms(before.returns) else before


def _news(kept: Kept, now: int) -> Literal["begun", "ended"] | None:
    if kept.problem.code in UNTOLD:
        return None
    if kept.ended:
        return "ended" if kept.told else None
    old = now - (kept.problem.since or 0) >= BEGINS_MS
    return "begun" if kept.gone is None and old and not kept.told else None
