"""Every Redis key of a hub, made in this one place; the Lua scripts get the same table as their prelude.

All keys carry one hash tag, `{<NAME>}:`, so scripts stay legal on a clustered Redis and many hubs share one server.
Keys hold numbers, never URLs or slugs: a slug `x:log` must not meet another key.
"""

from __future__ import annotations

from dataclasses import dataclass

_PLAIN = {
    "schema": "number of this layout: older is migrated, newer refused",
    "clock": "the last stamp drawn (microseconds)",
    "entry_count": "the last entry number given",
    "feed_count": "the last feed number given",
    "ids": "hash: entry id → entry number",
    "slugs": "hash: <kind>/<slug> → n (live), >n (moved to n), -n (retired)",
    "terms": "hash: <kind>/<id> → feed number",
    "directory": "zset, lexical: <kind>/<slug> of every live feed",
    "dirty": "zset: feeds to rebuild, by due time (ms); a claimed one by its lease's end",
    "stale": "zset: feeds to rebuild when nothing is dirty (settings, renderer or a name changed), by time",
    "scheduled": "zset: entries by their next change of state (ms): embargo end, expiry",
    "telling": "zset: feeds with somebody left to tell, by due time (ms)",
    "out": "hash: subscription → its cursor while it is claimed, retrying or paused",
    "leases": "zset: every subscription by the end of its lease (ms; a webhook's: +inf)",
    "verifying": "zset: WebSub requests whose intent is to be verified, by next try (ms)",
    "webhooks": "zset, lexical: every webhook's id",
    "partners": "hash: partner id → the partner (JSON)",
    "partners_version": "the stamp of the last change of any partner",
    "seen": "zset: <source>:<event id> by time (ms), for 7 days",
    "changes": "stream: (feed, seq, moved), followed by the fronts",
    "alive": "zset: worker processes by the time (ms) they were last heard of",
    "troubled": "set: feeds in quarantine, or with entries that can't be rendered",
    "chores": "hash: <what>:<feed> → scan cursor of a walk through that feed's window",
    "render": "the hub-wide number of the present settings and renderer",
    "render_of": "the hash that number stands for",
    "remotes": "zset: URLs of others that are read here, by the next time (ms); one being read: by its lease's end",
    "hooks": "hash: <source>:taken|refused|hinted|pinged → ms and why, <source>:hints → how many, <source>:asked",
    "reconciles": "hash: source → how far its reconciles have come (JSON)",
    "clocks": "hash: machine → <ms its clock was ahead> <ms when it said so>",
    "hosts": "hash: host that is not PUBLIC_URL's → <reads of feeds> <ms of the first> <ms of the last>",
    "kept": "hash: a problem's id → since when it is there, and whether ALERT_URL was told (JSON)",
    "watch": "the token of the worker that watches for problems, for some seconds",
    "alerts": "list: alerts that ALERT_URL is to be told, the oldest first (JSON)",
    "alerting": "hash: since, why, tries of ALERT_URL's failing",
    "alerts_wait": "there while ALERT_URL is not to be tried",
    "labels": "the stamp of the last change of a name, slug or picture that other feeds show",
}
_NUMBERED = {
    "owned": ("owned:", ""),  # bitmap by source: numbers of the entries that are its own and not removed
    "reconciling": ("reconciling:", ""),  # string by source: who reconciles it, for as long as its lease
    "entry": ("entry:", ""),
    "feed": ("feed:", ""),
    "window": ("feed:", ":window"),
    "log": ("feed:", ":log"),
    "quiet": ("feed:", ":quiet"),
    "gone": ("feed:", ":gone"),
    "reply": ("reply:", ""),
    "claim": ("claim:", ""),
    "pending": ("pending:", ""),
    "cursors": ("feed:", ":cursors"),
    "sub": ("sub:", ""),
    "due": ("due:", ""),
    "attempts": ("attempts:", ""),
    "intent": ("intent:", ""),
    "remote": ("remote:", ""),
    "pending_host": ("pending_host:", ""),
    "webhook": ("webhook:", ""),
    "partner_webhooks": ("partner:", ":webhooks"),
    "last_uses": ("partner:", ":uses"),
    "usage": ("usage:", ""),
}


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of the hub called `name`."""

    name: str

    @property
    def prefix(self) -> str:
        return "{%s}:" % self.name  # noqa: UP031  (braces that stay braces)

    def __getattr__(self, key: str) -> str:
        """One key that exists once, e.g. `keys.dirty`."""
        if key not in _PLAIN:
            raise AttributeError(key)
        return self.prefix + key

    def of(self, key: str, number: int | str) -> str:
        """One key of many, e.g. `keys.of("feed", 7)`."""
        head, tail = _NUMBERED[key]
        return f"{self.prefix}{head}{number}{tail}"

    def document(self, feed: int, format_: str) -> str:
        return f"{self.prefix}feed:{feed}:doc:{format_}"

    @property
    def rq_prefix(self) -> str:
        """`RQ_KEY_PREFIX`: RQ's own keys live beside ours."""
        return self.prefix + "rq"

    def lua(self) -> str:
        """Give the scripts the same keys: `key.dirty`, `key.feed(7)`, `key.document(7, 'rss')`."""
        p = self.prefix
        rows = [f"{name} = '{p}{name}'" for name in _PLAIN]
        rows += [
            f"{name} = function(n) return '{p}{head}' .. n .. '{tail}' end"
            for name, (head, tail) in _NUMBERED.items()
        ]
        rows.append(f"document = function(n, f) return '{p}feed:' .. n .. ':doc:' .. f end")
        return "local key = {\n  " + ",\n  ".join(rows) + "\n}\n"
