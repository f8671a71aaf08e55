"""The log's one query. Documents, `since`, A-IM, streams, webhooks and WebSub are ways to read it (DESIGN §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.adapters.store.database import Call, Database
from hub.errors import NotFound
from hub.model import EntryId, EntryNumber, FeedNumber, FeedPath, FeedState, Kind, Logged, LogSlice, Seq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROW = 6
"""Parts of one row in the script's answer."""


class Logs(Database):
    """The store's answer to every cursor."""

    async def log(
        self,
        feed: FeedNumber,
        after: int,
        *,
        limit: int,
        upto: int | None = None,
        base: int = 0,
        loud: bool = False,
    ) -> LogSlice:
        """Read what changed in a feed after a cursor, and up to the seq `upto`; `limit` rows at most.

        `loud`: only what all are told, as push channels read it. The head is past quiet changes all the same.
        0 starts with all that is held and is never a gap. Who started so and has not come to the end yet says as
        `base` what the head was then: tombstones dropped before that are no gap for it. Raises NotFound for a number
        that no feed has, and StoreUnavailable.
        """
        call = self.log_call(feed, after, limit=limit, upto=upto, base=base, loud=loud)
        return log_slice(feed, await self.call(call))

    def log_call(
        self, feed: FeedNumber, after: int, *, limit: int, upto: int | None, base: int = 0, loud: bool
    ) -> Call:
        """Give `log` as a script call, to go with others in one round trip; `log_slice` reads what it answers."""
        return Call("log", (feed, after, limit, "" if upto is None else upto, base, int(loud)))


def log_slice(feed: FeedNumber, answer: Sequence[Any]) -> LogSlice:
    """Read LOG's answer. Raises NotFound."""
    if not answer:
        raise NotFound(f"There is no feed of number {feed}.")
    state, (kind, slug), now, head, floor, labels, gap, more, parts = answer
    state = FeedState(state.decode())
    return LogSlice(
        feed=feed,
        path=FeedPath(Kind(kind.decode()), slug.decode()),
        state=state,
        head=Seq(int(head)),
        floor=Seq(int(floor)),
        rows=tuple(_rows(parts)),
        more=bool(more),
        gap=bool(gap),
        labels=int(labels),
        became=FeedNumber(int(now)) if state is FeedState.MOVED else None,
    )


def _rows(parts: Sequence[Any]) -> Iterator[Logged]:
    for start in range(0, len(parts), ROW):
        number, id_, seq, joined, gone, latest = parts[start : start + ROW]
        yield Logged(
            EntryNumber(int(number)),
            EntryId(id_.decode()),
            Seq(int(seq)),
            Seq(int(joined)),
            removed=bool(gone),
            latest=Seq(int(latest)),
        )
