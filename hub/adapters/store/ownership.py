"""Whose entries are: what a reconcile compares a CMS's listing with. Nothing of another source is ever looked at."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from hub.adapters.store.database import Database, unavailable
from hub.entrycodec import unpack_entry
from hub.model import EntryId, EntryNumber
from hub.reconcile import Held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.events import Source

_FIELDS = ("id", "source", "state", "mod", "rev", "data")
CHUNK = 500
"""Entries read in one round trip."""


class Ownership(Database):
    """Which entries are a source's own. Every method raises StoreUnavailable."""

    async def owned_count(self, source: Source) -> int:
        """Count the entries of a source that are shown, or will be when their time comes."""
        with unavailable():
            return int(await self.client.bitcount(self.keys.of("owned", source)))

    async def owned(self, source: Source) -> frozenset[EntryNumber]:
        """Give their numbers."""
        with unavailable():
            bits = await self.client.get(self.keys.of("owned", source)) or b""
        return frozenset(
            EntryNumber(8 * at + bit)
            for at, byte in enumerate(bits)
            if byte
            for bit in range(8)
            if byte & (128 >> bit)
        )

    async def last_stamp(self) -> int:
        """Give the latest revision of any entry so far."""
        with unavailable():
            return int(await self.client.get(self.keys.clock) or 0)

    async def held(self, ids: Sequence[EntryId]) -> dict[EntryId, Held]:
        """Read what is held under these ids, whoever's it is; a removed entry counts, an unknown one does not."""
        if not ids:
            return {}
        with unavailable():
            numbers = await self.client.hmget(self.keys.ids, ids)
        return {held.id: held for held in await self.held_numbers([int(n) for n in numbers if n is not None])}

    async def held_numbers(self, numbers: Sequence[int]) -> list[Held]:
        """Read what is held under these numbers."""
        found: list[Held] = []
        for start in range(0, len(numbers), CHUNK):
            chunk = numbers[start : start + CHUNK]
            pipe = self.client.pipeline(transaction=False)
            for number in chunk:
                pipe.hmget(self.keys.of("entry", number), *_FIELDS)
            with unavailable():
                rows = await pipe.execute()
            found += [
                _held(number, row) for number, row in zip(chunk, rows, strict=True) if row[0] is not None
            ]
        return found


def _held(number: int, row: Sequence[bytes]) -> Held:
    id_, source, state, mod, rev, data = row
    try:
        entry = unpack_entry(data) if data else None
    except (ValueError, zlib.error):  # it can't be shown either: whatever the CMS says is better
        entry = None
    return Held(
        number=EntryNumber(number),
        id=EntryId(id_.decode()),
        source=source.decode(),
        removed=state == b"removed",
        modified=int(mod),
        revision=int(rev),
        visibility=entry.visibility if entry else "",
        refs=frozenset((ref.kind, ref.id) for ref in entry.refs) if entry else frozenset(),
        url=entry.url if entry else None,
    )
