"""A feed's items, as its format says them, to publish events: one bad item never costs the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.errors import HubError
from hub.intake.foreign import published, removed
from hub.intake.syndication.record import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hub.events import EntryPublished, EntryRemoved
    from hub.intake.policy import IntakePolicy

MAX_ITEMS = 10_000
"""Of one document."""
_MAX_SHOWN = 200
"""Characters of an item's id."""


@dataclass(frozen=True, slots=True)
class Said:
    """An item: the fields of an entry's body as far as they were said, and where its relative links lead from."""

    fields: dict[str, Any]
    base: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A tombstone (RFC 6721)."""

    id: str | None
    when: datetime | None


def events_of(
    items: Iterable[Said | Deleted], policy: IntakePolicy
) -> tuple[tuple[EntryPublished | EntryRemoved, ...], tuple[Skipped, ...]]:
    """Make the events, and tell which items were skipped. Of two items with one id the first counts."""
    events: list[EntryPublished | EntryRemoved] = []
    skipped: list[Skipped] = []
    met: set[tuple[type, str]] = set()
    for position, item in enumerate(items, 1):
        if position > MAX_ITEMS:
            skipped.append(Skipped(f"item {position} and all after it", f"only {MAX_ITEMS} are read"))
            break
        try:
            event, its_id = _event(item, policy, met)
        except HubError as error:
            skipped.append(Skipped(_name(item, position), str(error)))
        else:
            met.add((type(item), its_id))
            events.append(event)
    return tuple(events), tuple(skipped)


class _NoEntry(HubError):
    """An item lacks what makes it one."""


def _event(
    item: Said | Deleted, policy: IntakePolicy, met: set[tuple[type, str]]
) -> tuple[EntryPublished | EntryRemoved, str]:
    said_id = item.id if isinstance(item, Deleted) else item.fields.get("id")
    if not said_id:
        raise _NoEntry("has neither an id nor a link")
    if (type(item), str(said_id)) in met:
        raise _NoEntry("has the id of an item before it")
    if isinstance(item, Deleted):
        return removed(said_id, item.when, policy), str(said_id)
    return published(item.fields, policy, base=item.base), str(said_id)


def _name(item: Said | Deleted, position: int) -> str:
    said = item.id if isinstance(item, Deleted) else item.fields.get("id") or item.fields.get("title")
    return str(said)[:_MAX_SHOWN] if said else f"item {position}"
