"""What is read of the hub's state to judge how it is: what `hub.problems` and `hub.alerts` decide on. Times in ms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.events import HookRecord, Source
    from hub.model import FeedSummary
    from hub.reconcile import Progress
    from hub.remote import Remote


@dataclass(frozen=True, slots=True)
class State:
    """The hub in numbers."""

    now: int
    """Redis's clock."""
    workers: tuple[str, ...]
    """`<queue>@<host>:<pid>` of each worker process heard of in the last seconds."""
    late: int
    """Feeds that should have been regenerated seconds ago."""
    stale: int
    """Feeds to be renewed for new settings or names, when nothing else is due."""
    scheduled: int
    entries: int
    feeds: int
    subscriptions: int = 0
    untold: int = 0
    """Feeds whose subscribers should have been told seconds ago."""
    failing: int = 0
    """Subscriptions on probation."""
    heard: Mapping[str, int] = field(default_factory=dict)
    """When a worker of a queue was last heard of, also of those that are gone."""


@dataclass(frozen=True, slots=True)
class ForeignHost:
    """Reads of feeds under a host that is not PUBLIC_URL's."""

    reads: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class AlertTrouble:
    """`ALERT_URL` does not take what it is told."""

    since: int
    why: str
    tries: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Condition:
    """All that is judged. A part that a store can't say is empty."""

    state: State
    refusing: str = ""
    """Why nothing can be stored now."""
    refusals: tuple[str, ...] = ()
    """Ways in which this Redis could lose what was acknowledged, a sentence each."""
    hooks: Mapping[Source, HookRecord] = field(default_factory=dict)
    troubled: tuple[FeedSummary, ...] = ()
    clocks: Mapping[str, int] = field(default_factory=dict)
    """How far each machine's clock was ahead of Redis's a moment ago."""
    hosts: Mapping[str, ForeignHost] = field(default_factory=dict)
    alerts: AlertTrouble | None = None
    remotes: tuple[Remote, ...] = ()
    """URLs of others that can't be read, or not wholly."""
    reconciles: Mapping[Source, Progress] = field(default_factory=dict)
    """Of each CMS that is configured to be compared with."""
