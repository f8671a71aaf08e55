"""What an operator should know, in sentences, from the hub's condition: the one list that all places show.

`problems_of` is the list; a new kind of problem is a function in it. Whether one is told to `ALERT_URL` is
`hub.alerts`'s matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hub.events import Source
from hub.remote import LASTING_FAILURES, LOOP, Role

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from hub.condition import AlertTrouble, Condition, ForeignHost, State
    from hub.events import HookRecord
    from hub.model import FeedSummary
    from hub.reconcile import Found, Progress
    from hub.remote import Remote

QUARANTINED = 3
"""Claims in a row without a commit from which a feed is in quarantine."""
CLOCKS_APART_SECONDS = 5.0
FRESH_REFUSAL_SECONDS = 3600
"""So long a refusal is shown though later hooks were taken: a CMS has a secret per webhook, and one may be wrong."""
OLD_REFUSAL_SECONDS = 7 * 86_400
"""After so long nobody sends any more what was refused."""
UNTOLD_SECONDS = 86_400
"""So long changes that no hook told are shown, unless there are more."""
_TO_COMPARE = {
    Source.GHOST: "Set FEEDHUB_GHOST_URL and FEEDHUB_GHOST_CONTENT_KEY: then the hub looks for itself.",
    Source.WORDPRESS: "Set FEEDHUB_WORDPRESS_URL: then the hub looks for itself.",
}
FOREIGN_READS = 10
"""In a day, under one host: less is somebody trying."""
FOREIGN_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and what to do.

    `about` tells problems of one code apart: a feed, a source, a machine, a host.
    """

    code: str
    sentence: str
    action: str
    since: int | None = None
    """Milliseconds, if the condition itself says when it began; the store keeps when it was first seen."""
    about: str = ""

    @property
    def id(self) -> str:
        return f"{self.code}:{self.about}" if self.about else self.code

    def as_json(self) -> dict[str, Any]:
        since = None if self.since is None else iso(self.since)
        row = {"code": self.code, "since": since, "sentence": self.sentence, "action": self.action}
        return row | ({"about": self.about} if self.about else {})


def problems_of(condition: Condition) -> list[Problem]:
    """Name all that is wrong, the worst first; no id twice."""
    state = condition.state
    return [
        *redis_problems(condition.refusing, condition.refusals),
        *worker_problems(state),
        *telling_problems(state),
        *hook_problems(condition.hooks, state.now, compared=condition.reconciles),
        *reconcile_problems(condition.reconciles, state.now),
        *feed_problems(condition.troubled),
        *clock_problems(condition.clocks),
        *host_problems(condition.hosts, state.now),
        *remote_problems(condition.remotes),
        *alert_problems(condition.alerts),
    ]


def redis_problems(refusing: str, refusals: Sequence[str]) -> Iterator[Problem]:
    """Say that Redis stores nothing now, or how it could lose what was acknowledged."""
    if refusing:
        cure = "Free memory or disk for Redis, or make it a primary, as its log says; senders repeat what was refused."
        yield Problem("redis-refuses", f"Hooks are answered 503: {refusing.rstrip('.')}.", cure)
    if refusals:
        cure = "Change Redis's configuration as the sentence says."
        yield Problem("redis-unsafe", " ".join(f"{text.rstrip('.')}." for text in refusals), cure)


def worker_problems(state: State) -> Iterator[Problem]:
    """Nobody regenerates, or not fast enough."""
    if not _works(state, "regenerate"):
        waiting = f"; {state.late} of them wait" if state.late else ""
        cure = "Start one: feedhub worker --queue regenerate (feedhub up starts it by itself)."
        since = state.heard.get("regenerate")
        yield Problem("no-worker", f"No worker regenerates feeds{waiting}.", cure, since)
    elif state.late:
        sentence = f"{state.late} feeds should have been regenerated more than five seconds ago."
        yield Problem("feeds-late", sentence, "Start more workers, and look at their logs for errors.")


def telling_problems(state: State) -> Iterator[Problem]:
    """Nobody tells subscribers, not fast enough, or some of them can't be told."""
    if state.subscriptions and not _works(state, "distribute"):
        sentence = f"No worker tells subscribers: {state.subscriptions} subscriptions get nothing."
        cure = "Start one: feedhub worker --queue distribute (feedhub up starts it by itself)."
        yield Problem("no-distributor", sentence, cure, state.heard.get("distribute"))
    elif state.untold:
        sentence = f"Subscribers of {state.untold} feeds should have been told more than five seconds ago."
        yield Problem("telling-late", sentence, "Start more workers on distribute; see their logs.")
    if state.failing:
        sentence = f"{state.failing} subscriptions failed five times in a row or more; they are only probed."
        cure = "feedhub subscriptions says which, feedhub attempts ID why; they get what they missed once they answer."
        yield Problem("subscribers-failing", sentence, cure)


def hook_problems(
    records: Mapping[Source, HookRecord], now: int, *, compared: Container[Source] = ()
) -> Iterator[Problem]:
    """Hooks that were refused, and hints of a source that is not `compared`, so that nothing acts on them."""
    for source, record in records.items():
        if record.refused and _matters(record, now):
            taken = (
                f"the last one taken came at {iso(record.taken.at)}"
                if record.taken
                else "none was ever taken"
            )
            why = record.refused.why.rstrip(".")
            sentence = f"Hooks of {source} are refused, the last at {iso(record.refused.at)}: {why}; {taken}."
            setting = f"FEEDHUB_HOOK_SECRET_{source.upper()}"
            cure = f"Correct the webhook in {source}, or {setting} (FEEDHUB_HOOK_TOKEN) here."
            yield Problem("hook-refused", sentence, cure, record.refused.at, source)
        if record.hinted and source not in compared:
            sentence = (
                f"A hint came from {source} that nothing acted on ({record.hints} in all): "
                f"{record.hinted.why.rstrip('.')}."
            )
            cure = _TO_COMPARE.get(
                source, "Something changed there that feeds may not show: publish it again."
            )
            yield Problem("hint-waiting", sentence, cure, record.hinted.at, source)


def reconcile_problems(reconciles: Mapping[Source, Progress], now: int) -> Iterator[Problem]:
    """CMSs that can't be compared with, removals that were refused, and changes that no hook had told."""
    for source, progress in reconciles.items():
        if progress.failing and progress.report:
            done = (
                f"the last one that succeeded was at {iso(progress.done)}"
                if progress.done
                else "none succeeded yet"
            )
            sentence = f"The comparison with {source} fails: {progress.report.failure.rstrip('.')}; {done}."
            action = progress.report.action
            yield Problem("reconcile-failing", sentence, action, progress.failing.since, source)
        if refused := progress.refused:
            sentence = (
                f"{source} does not list {refused.count} entries that are held here, too many to remove unasked: "
                f"{_some(refused)}."
            )
            cure = f"If they are gone for good: feedhub reconcile --allow-removals {refused.count}. Else mend {source}."
            yield Problem("removals-refused", sentence, cure, refused.at, source)
        if (untold := progress.untold) and now - untold.at < UNTOLD_SECONDS * 1000:
            sentence = (
                f"A comparison with {source} at {iso(untold.at)} found {untold.count} changes that no hook had told: "
                f"{_some(untold)}."
            )
            cure = (
                f"Hooks are lost: see that {source} can reach this hub, and that its webhooks are all there."
            )
            yield Problem("hooks-lost", sentence, cure, untold.at, source)


def feed_problems(feeds: Sequence[FeedSummary]) -> Iterator[Problem]:
    """Feeds whose regeneration keeps failing, and entries that no document can show."""
    for feed in feeds:
        about = str(feed.path)
        if feed.failures >= QUARANTINED:
            why = f": {feed.error}" if feed.error else ", each time with its process"
            sentence = f"Feed {about} failed to regenerate {feed.failures} times{why}."
            cure = "It serves its last good document and is tried again with growing delays: see the worker's log."
            yield Problem("feed-quarantined", sentence, cure, about=about)
        if feed.skipped:
            listed = ", ".join(feed.skipped[:5])
            sentence = f"Feed {about} leaves out entries that can't be rendered: {listed}."
            cure = "Publish them again with the cause mended; the worker's log names it."
            yield Problem("entries-skipped", sentence, cure, about=about)


def clock_problems(clocks: Mapping[str, int]) -> Iterator[Problem]:
    """Clocks that differ: embargoes and signatures are judged by them."""
    for machine, ahead in sorted(clocks.items()):
        if abs(ahead) > CLOCKS_APART_SECONDS * 1000:
            sentence = f"The clocks of {machine} and of Redis differ by {abs(ahead) / 1000:.0f} s."
            yield Problem("clocks-apart", sentence, "Have both synchronised (NTP).", about=machine)


def host_problems(hosts: Mapping[str, ForeignHost], now: int) -> Iterator[Problem]:
    """Readers that come to other hosts than PUBLIC_URL's: one problem, as anybody can write anything as a Host."""
    found = {
        host: seen
        for host, seen in hosts.items()
        if seen.reads >= FOREIGN_READS and now - seen.last < FOREIGN_SECONDS * 1000
    }
    if found:
        listed = ", ".join(
            f"{host} ({seen.reads} since {iso(seen.first)})" for host, seen in sorted(found.items())
        )
        cure = (
            "Redirect these hosts to PUBLIC_URL, or have the proxy pass PUBLIC_URL's Host; "
            "answers and links are right all the same."
        )
        since = min(seen.first for seen in found.values())
        yield Problem(
            "foreign-host", f"Feeds are read under hosts that are not PUBLIC_URL's: {listed}.", cure, since
        )


def remote_problems(remotes: Sequence[Remote]) -> Iterator[Problem]:
    """Say which feeds and topics of others can't be read. What may pass by itself is said when it goes on."""
    for remote in remotes:
        trouble, about = remote.trouble, remote.shown
        what = "Ingest feed" if remote.role is Role.INGEST else "The topic"
        if trouble and (trouble.lasting or remote.failures >= LASTING_FAILURES):
            sentence = f"{what} {about} is not taken ({remote.failures} times in a row): {trouble.why}."
            code = f"{remote.role}-{'loop' if trouble.code == LOOP else 'failing'}"
            yield Problem(code, sentence, trouble.action, remote.since, about)
        if remote.notice:
            cure = "Have the feed mended; who published an entry first keeps it, under whatever id it came."
            yield Problem("ingest-items", f"{what} {about}: {remote.notice}.", cure, about=about)


def alert_problems(trouble: AlertTrouble | None) -> Iterator[Problem]:
    """Nobody hears of problems by ALERT_URL."""
    if trouble:
        sentence = f"ALERT_URL does not take alerts: {trouble.why}; {trouble.waiting} wait after {trouble.tries} tries."
        cure = "Correct FEEDHUB_ALERT_URL or its receiver (EGRESS_ALLOW for a private address); they are sent then."
        yield Problem("alerts-failing", sentence, cure, trouble.since)


def iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _some(found: Found) -> str:
    return ", ".join(found.examples) + (", …" if found.count > len(found.examples) else "")


def _works(state: State, queue: str) -> bool:
    return any(name.startswith(f"{queue}@") for name in state.workers)


def _matters(record: HookRecord, now: int) -> bool:
    if record.refused is None:
        return False
    age = (now - record.refused.at) / 1000
    later = record.taken is None or record.refused.at > record.taken.at
    return age < (OLD_REFUSAL_SECONDS if later else FRESH_REFUSAL_SECONDS)
