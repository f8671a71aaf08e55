"""`feedhub demo`, which `feedhub up --demo` starts: a newsroom that publishes all day, through the front door.

It keeps nothing. What it has told, the hub knows by the events' ids; which change is next, the clock says. So it
may be killed and started again at any moment.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from hub.cli.client import Refused
from hub.demo.newsroom import FOLLOW_UPS, first_edition, follow_up
from hub.demo.ticker import PERIOD, tick_event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hub.demo.newsroom import Event

log = logging.getLogger("hub.demo")

RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0)
"""Before the first, second, … repetition; the last one goes on: a hub that starts again takes seconds."""


class Publisher(Protocol):
    """The one thing that a newsroom asks of a hub."""

    def publish(self, body: bytes) -> Any:
        """Send publish events. Raises Refused, also when nobody answers."""
        ...


def run_demo(
    hub: Publisher,
    public_url: str,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> NoReturn:
    """Publish the first edition, then one change every `PERIOD` seconds, until a signal ends the process."""

    def now() -> datetime:
        return datetime.fromtimestamp(int(clock()), UTC)

    _send(hub, first_edition(now(), public_url), sleep)
    coming = list(FOLLOW_UPS)
    while True:
        tick = int(clock() // PERIOD) + 1
        sleep(max(0.0, tick * PERIOD - clock()))
        events = follow_up(coming.pop(0), now(), public_url) if coming else [tick_event(tick)]
        _send(hub, events, sleep)


def _send(hub: Publisher, events: Sequence[Event], sleep: Callable[[float], None]) -> None:
    """Publish until the hub has taken it: a repeated event is a `duplicate` there, and harmless."""
    body = json.dumps(events).encode()
    for delay in chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1])):
        try:
            answers = hub.publish(body)
        except Refused as error:
            log.warning("not published, again in %.0f s: %s", delay, error)
            sleep(delay)
            continue
        _report(events, answers)
        return


def _report(events: Sequence[Event], answers: Sequence[dict[str, Any]]) -> None:
    """Log one line for what was taken, and one for each event that was not."""
    outcomes = Counter(answer["outcome"] for answer in answers)
    counted = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    log.info("published %s: %s", _described(events), counted)
    for answer in answers:
        if answer["outcome"] == "invalid":
            log.warning("refused: %s", answer["problem"]["detail"])


def _described(events: Sequence[Event]) -> str:
    if len(events) > 1:
        return f"{len(events)} events"
    event = events[0]
    return f"{event['type']} {event['entry']['id']}"
