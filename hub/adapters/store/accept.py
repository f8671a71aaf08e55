"""Publish events in: the ACCEPT scripts' arguments, and receipts from their answers."""

from __future__ import annotations

from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import orjson

from hub.adapters.store.database import Call, Database
from hub.entrycodec import entry_digest, pack_entry
from hub.errors import Conflict, HubError
from hub.events import EntryPublished, EntryRemoved, FeedRemoved, FeedUpdated, Outcome, Receipt, Source
from hub.model import FeedPath, Seq
from hub.remote import FEED_SOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hub.events import PublishEvent
    from hub.model import EntryId, Term

_CMS = frozenset(Source)
BATCH = 50
"""Events a round trip: a script runs in about a tenth of a millisecond, and others want their turn."""


class Accepting(Database):
    """The store's write side for hooks."""

    async def accept(
        self,
        events: Sequence[PublishEvent],
        *,
        source: str,
        ring: Call | None = None,
        quiet: bool = False,
    ) -> list[Receipt | HubError]:
        """Store each event, in order, durably before this returns; then `ring`, whatever came of them.

        `quiet`: what an entry gains is seen by those who ask and told to nobody; what goes is told all the same.
        Safe to repeat. Raises StoreUnavailable.
        """
        answers: list[Receipt | HubError] = []
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            calls = [self._call(event, source, quiet=quiet) for event in batch]
            rows = await self.calls([*calls, ring] if ring else calls)
            answers += [_receipt(row, event) for row, event in zip(rows, batch, strict=False)]
        self.crash.reach("after_accept")
        return answers

    def _call(self, event: PublishEvent, source: str, *, quiet: bool = False) -> Call:
        token = token_hex(12)
        head: dict[str, Any] = {"source": source, "event": event.event_id}
        if source in _CMS:
            head["cms"] = True
        if source.startswith(FEED_SOURCE):
            head["guest"] = True
        match event:
            case EntryPublished(entry):
                body = head | {
                    "id": entry.id,
                    "pub": _ms(entry.date_published),
                    "mod": _ms(entry.date_modified),
                    "exp": _ms(entry.date_expires),
                    "digest": entry_digest(entry),
                    "terms": [_term(term) for term in event.terms],
                    "dated": event.dated,
                    "orders": event.modified,
                    "now": None if event.held else True,
                    "version": event.version,
                    "quiet": quiet or None,
                    "told": sha256(repr(event.terms).encode()).hexdigest()[:16],
                }
                return Call("accept", (token, _json(body), pack_entry(entry), *self.pace))
            case EntryRemoved(entry_id):
                body = head | {"id": entry_id, "mod": _ms(event.date_modified), "removed": True}
                body["version"] = event.version
                return Call("accept", (token, _json(body), b"", *self.pace))
            case FeedUpdated() | FeedRemoved():
                return Call("feed_event", (token, _json(head | _feed_event(event)), *self.pace))


def _feed_event(event: FeedUpdated | FeedRemoved) -> dict[str, Any]:
    body: dict[str, Any] = {"k": event.kind, "slug": event.slug, "id": event.id}
    if isinstance(event, FeedRemoved):
        return body | {"removed": True, "moved_to": event.moved_to}
    said = {("desc" if key == "description" else key): value or "" for key, value in event.changes.items()}
    return body | {"new_slug": event.new_slug, "said": said}


def _term(term: Term) -> dict[str, Any]:
    return {
        "k": term.kind,
        "id": term.id,
        "slug": term.slug,
        "name": term.name,
        "desc": term.description,
        "url": term.url,
        "image": term.image,
        "parent": term.parent,
        "x": term.explicit_id or None,
        "brief": term.brief or None,
        "bare": term.bare or None,
    }


def _json(body: dict[str, Any]) -> bytes:
    """Encode without what is None: Lua tells absent from null."""
    said = {key: value for key, value in body.items() if value is not None}
    if "terms" in said:
        said["terms"] = [{k: v for k, v in term.items() if v is not None} for term in said["terms"]]
    return orjson.dumps(said)


def _ms(date: datetime | None) -> int | None:
    return None if date is None else round(date.timestamp() * 1000)


def _receipt(row: Sequence[bytes], event: PublishEvent) -> Receipt | HubError:
    outcome, *rest = (part.decode() for part in row)
    if outcome == "conflict":
        return Conflict(rest[0])
    touched = (text.rsplit(" ", 1) for text in rest)
    return Receipt(
        Outcome(outcome),
        _entry_id(event),
        tuple((FeedPath.parse(path), Seq(int(seq))) for path, seq in touched),
    )


def _entry_id(event: PublishEvent) -> EntryId | None:
    match event:
        case EntryPublished(entry):
            return entry.id
        case EntryRemoved(entry_id):
            return entry_id
        case _:
            return None
