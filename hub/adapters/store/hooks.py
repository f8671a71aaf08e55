"""How each source's hooks fare: the last one taken, the last one refused, and hints that wait for a reconcile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.adapters.store.database import Database, unavailable
from hub.events import HookRecord, Noted, Source

if TYPE_CHECKING:
    from datetime import datetime

_LONGEST = 300
"""Characters of a reason that are kept."""


class Hooks(Database):
    """Notes for operators, and the hook point of a reconcile. Every method raises StoreUnavailable."""

    async def note_taken(self, source: Source, now: datetime) -> None:
        await self._note(source, "taken", now, "")

    async def note_refused(self, source: Source, now: datetime, why: str) -> None:
        await self._note(source, "refused", now, why)

    async def hint(self, source: Source, now: datetime, why: str) -> None:
        """Keep that something changed at a source, and nobody said what."""
        with unavailable():
            pipe = self.client.pipeline(transaction=False)
            pipe.hset(self.keys.hooks, f"{source}:hinted", _packed(now, why))
            pipe.hincrby(self.keys.hooks, f"{source}:hints", 1)
            await pipe.execute()

    async def ping(self, source: Source, now: datetime, why: str) -> None:
        """Keep that somebody, perhaps a stranger, says that something changed at a source."""
        await self._note(source, "pinged", now, why)

    async def hook_records(self) -> dict[Source, HookRecord]:
        with unavailable():
            found = await self.client.hgetall(self.keys.hooks)
        fields = {key.decode(): value.decode() for key, value in found.items()}
        return {
            source: HookRecord(
                taken=_noted(fields.get(f"{source}:taken")),
                refused=_noted(fields.get(f"{source}:refused")),
                hinted=_noted(fields.get(f"{source}:hinted")),
                hints=int(fields.get(f"{source}:hints", 0)),
            )
            for source in Source
        }

    async def _note(self, source: Source, what: str, now: datetime, why: str) -> None:
        with unavailable():
            await self.client.hset(self.keys.hooks, f"{source}:{what}", _packed(now, why))


def _packed(now: datetime, why: str) -> str:
    return f"{round(now.timestamp() * 1000)} {why[:_LONGEST]}"


def _noted(text: str | None) -> Noted | None:
    if text is None:
        return None
    at, _, why = text.partition(" ")
    return Noted(int(at), why)
