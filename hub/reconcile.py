"""Comparing a CMS's listing with what is held: what to fetch, what may be removed, and when to look. Pure.

A hook that is lost is lost for ever at a real CMS, so the hub looks for itself (docs/decisions/0006-reconcile.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.model import EntryId, EntryNumber, Kind


@dataclass(frozen=True, slots=True)
class Held:
    """What the hub has of an entry, as far as a light listing can tell a difference."""

    number: EntryNumber
    id: EntryId
    source: str
    removed: bool
    modified: int
    """Milliseconds."""
    revision: int
    """When it changed here last, by the hub's own clock (microseconds)."""
    visibility: str
    refs: frozenset[tuple[Kind, str]]
    url: str | None
