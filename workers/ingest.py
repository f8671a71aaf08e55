"""One ingest feed's document, taken in: its new and changed items become entries here."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from hub import ingest
from hub.errors import HubError
from hub.intake.policy import IntakePolicy
from hub.intake.syndication import read_feed
from hub.remote import Trouble, ingest_source, settled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hub.adapters.queue import Bell
    from hub.adapters.store import Store
    from hub.events import EntryPublished, EntryRemoved, Receipt
    from hub.intake.syndication import ForeignFeed, Skipped
    from hub.remote import Fetched, Remote

log = logging.getLogger("workers.ingest")

_SHOWN, _MOST = 3, 1000
"""Items that a notice names, and its characters."""


class Ingest:
    """Takes documents in. `bell`: of those who regenerate."""

    def __init__(self, store: Store, bell: Bell | None) -> None:
        self._store = store
        self._bell = bell

    async def take(self, remote: Remote, fetched: Fetched, now: datetime) -> Remote | Trouble:
        """Accept what of a document is new, and give the remote as it stands then. Raises StoreUnavailable.

        Items that are no longer in it are no removals: a feed is a window. Tombstones are.
        """
        settings = self._store.settings
        policy = IntakePolicy(
            now=now,
            base_url=remote.url,
            embed_hosts=frozenset(host.lower() for host in settings.embed_hosts),
        )
        try:
            feed = await asyncio.to_thread(
                read_feed, fetched.body, policy, url=remote.url, media_type=fetched.content_type
            )
        except HubError as error:
            cure = "Open it in a browser: what is there must be RSS, Atom or JSON Feed. It is tried again."
            return Trouble(str(error), cure, lasting=True)
        if trouble := ingest.loop(feed.masthead, fetched.link, settings.site.public_url):
            return trouble
        return await self._accept(remote, fetched, feed, now)

    async def _accept(self, remote: Remote, fetched: Fetched, feed: ForeignFeed, now: datetime) -> Remote:
        told = ingest.told(feed.events, remote.url)
        fresh = ingest.fresh(told, remote.digests)
        ring = self._bell.call() if self._bell and fresh else None
        answers = await self._store.accept(
            [event for _, event in fresh], source=ingest_source(remote.url), ring=ring
        )
        refused = {
            digest: (event, answer)
            for (digest, event), answer in zip(fresh, answers, strict=True)
            if isinstance(answer, HubError)
        }
        _log(remote, answers, feed.skipped)
        # What was refused is asked again when the document changes: whose entry it is may be another's by then.
        kept = b"".join(digest for digest, _ in told if digest not in refused)
        notice = _notice(feed.skipped, list(refused.values()))
        after = settled(remote, fetched, round(now.timestamp() * 1000))
        return replace(after, digests=kept, notice=notice, ttl=feed.masthead.ttl or 0)


def _log(remote: Remote, answers: Sequence[Receipt | HubError], skipped: Sequence[Skipped]) -> None:
    outcomes = ["refused" if isinstance(each, HubError) else str(each.outcome) for each in answers]
    counts = " ".join(f"{outcome}={outcomes.count(outcome)}" for outcome in sorted(set(outcomes)))
    log.info("ingest feed=%s items=%d skipped=%d %s", remote.shown, len(answers), len(skipped), counts)


def _notice(
    skipped: Sequence[Skipped], refused: Sequence[tuple[EntryPublished | EntryRemoved, HubError]]
) -> str:
    parts = []
    if skipped:
        examples = "; ".join(f"{each.item} ({each.why})" for each in skipped[:_SHOWN])
        parts.append(f"{len(skipped)} items can't be entries: {examples}")
    if refused:
        examples = "; ".join(str(error) for _, error in refused[:_SHOWN])
        parts.append(f"{len(refused)} items are refused: {examples}")
    return ". ".join(parts)[:_MOST]
