"""Entries of a log as JSON shows them: what `since`, streams and webhooks carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hub.adapters.labelbook import LabelBook, Labels
from hub.model import Item

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.adapters.store.regeneration import Stored
    from hub.model import EntryNumber, LogSlice

CHUNK = 50
"""Rows at a time, for whoever reads many: 50 articles keep the loop for 1 ms to unpack and 2 ms to write."""


class Source(Labels, Protocol):
    """Where entries come from."""

    async def entries(self, numbers: Iterable[EntryNumber], /) -> dict[EntryNumber, Stored]: ...


class Items:
    """Reads entries with the names that they show."""

    def __init__(self, store: Source) -> None:
        self._store = store
        self._labels = LabelBook(store)

    async def of(self, log: LogSlice) -> dict[EntryNumber, Item]:
        """Read what the rows of a log tell of, as it is now.

        One that changed again meanwhile is absent, like one that is gone, if a later row surely tells it
        (`Logged.latest`). Raises StoreUnavailable.
        """
        rows = [row for row in log.rows if row.number and not row.removed]
        if not rows:
            return {}
        found = await self._store.entries(row.number for row in rows)
        refs = {ref for stored in found.values() for ref in stored.entry.refs}
        labels = await self._labels.read(refs, stamp=log.labels)
        there = [(row, found[row.number]) for row in rows if row.number in found]
        return {
            row.number: Item(row.number, stored.revision, row.seq, stored.entry, labels)
            for row, stored in there
            if stored.revision <= row.latest
        }
