"""What an operator should know, in sentences, from the hub's state. `/api/status` and `doctor` show the same list."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.events import HookRecord, Source
    from hub.model import FeedSummary

QUARANTINED = 3
"""Claims in a row without a commit from which a feed is in quarantine."""
CLOCKS_APART_SECONDS = 5.0
FRESH_REFUSAL_SECONDS = 3600
"""So long a refusal is shown though later hooks were taken: a CMS has a secret per webhook, and one may be wrong."""
OLD_REFUSAL_SECONDS = 7 * 86_400
"""After so long nobody sends any more what was refused."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, since when (ISO 8601, if known), and what to do."""

    code: str
    sentence: str
    action: str
    since: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def telling_problems(workers: Sequence[str], subscriptions: int, untold: int, failing: int) -> list[Problem]:
    """Nobody tells subscribers, not fast enough, or some of them can't be told."""
    found = []
    if subscriptions and not any(name.startswith("distribute@") for name in workers):
        sentence = f"No worker tells subscribers: {subscriptions} subscriptions get nothing."
        cure = "Start one: feedhub worker --queue distribute (feedhub up starts it by itself)."
        found.append(Problem("no-distributor", sentence, cure))
    elif untold:
        sentence = f"Subscribers of {untold} feeds should have been told more than five seconds ago."
        found.append(Problem("telling-late", sentence, "Start more workers on distribute; see their logs."))
    if failing:
        sentence = f"{failing} subscriptions failed five times in a row or more; they are only probed."
        cure = "feedhub subscriptions says which, feedhub attempts ID why; they get what they missed once they answer."
        found.append(Problem("subscribers-failing", sentence, cure))
    return found


def worker_problems(workers: Sequence[str], late: int) -> list[Problem]:
    """Nobody regenerates, or not fast enough. `workers` are named `<queue>@<host>:<pid>`."""
    if not any(name.startswith("regenerate@") for name in workers):
        return [
            Problem(
                "no-worker",
                f"No worker regenerates feeds; {late} of them wait."
                if late
                else "No worker regenerates feeds.",
                "Start one: feedhub worker --queue regenerate (feedhub up starts it by itself).",
            )
        ]
    if late:
        sentence = f"{late} feeds should have been regenerated more than five seconds ago."
        return [Problem("feeds-late", sentence, "Start more workers, and look at their logs for errors.")]
    return []


def feed_problems(feeds: Sequence[FeedSummary]) -> list[Problem]:
    """Feeds whose regeneration keeps failing, and entries that no document can show."""
    found = []
    for feed in feeds:
        if feed.failures >= QUARANTINED:
            why = f": {feed.error}" if feed.error else ", each time with its process"
            found.append(
                Problem(
                    "feed-quarantined",
                    f"Feed {feed.path} failed to regenerate {feed.failures} times{why}.",
                    "It serves its last good document and is tried again with growing delays: see the worker's log.",
                )
            )
        if feed.skipped:
            found.append(
                Problem(
                    "entries-skipped",
                    f"Feed {feed.path} leaves out entries that can't be rendered: {', '.join(feed.skipped[:5])}.",
                    "Publish them again with the cause mended; the worker's log names it.",
                )
            )
    return found


def hook_problems(records: Mapping[Source, HookRecord], now: float) -> list[Problem]:
    """Hooks that were refused, and hints that nothing acted on. `now` in seconds."""
    found = []
    for source, record in records.items():
        if record.refused and _matters(record, now):
            last = (
                f"the last one taken came at {_time(record.taken.at)}"
                if record.taken
                else "none was ever taken"
            )
            sentence = f"A hook of {source} was refused: {record.refused.why.rstrip('.')}; {last}."
            setting = f"FEEDHUB_HOOK_SECRET_{source.upper()}"
            cure = f"Correct the webhook in {source}, or {setting} (FEEDHUB_HOOK_TOKEN) here."
            found.append(Problem("hook-refused", sentence, cure, _time(record.refused.at)))
        if record.hinted:
            sentence = (
                f"A hint came from {source} that nothing acted on ({record.hints} in all): "
                f"{record.hinted.why.rstrip('.')}."
            )
            cure = "Something changed there that feeds may not show: publish it again, and compare."
            found.append(Problem("hint-waiting", sentence, cure, _time(record.hinted.at)))
    return found


def _matters(record: HookRecord, now: float) -> bool:
    if record.refused is None:
        return False
    age = now - record.refused.at / 1000
    later = record.taken is None or record.refused.at > record.taken.at
    return age < (OLD_REFUSAL_SECONDS if later else FRESH_REFUSAL_SECONDS)


def _time(milliseconds: int) -> str:
    return (
        datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    )


def clock_problems(hub_seconds: float, redis_seconds: float) -> list[Problem]:
    """Clocks that differ: embargoes and signatures are judged by them."""
    apart = abs(hub_seconds - redis_seconds)
    if apart <= CLOCKS_APART_SECONDS:
        return []
    sentence = f"The clocks of this machine and of Redis differ by {apart:.0f} s."
    return [Problem("clocks-apart", sentence, "Have both synchronised (NTP).")]


def safety_problems(refusals: Sequence[str]) -> list[Problem]:
    """Say how this Redis could lose what was acknowledged."""
    return [
        Problem("redis-unsafe", text, "Change Redis's configuration as the sentence says.")
        for text in refusals
    ]
