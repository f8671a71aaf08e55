"""A feed and its further pages (RFC 5005, JSON Feed's `next_url`): each read once, all of one host."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

from hub.errors import HubError
from hub.events import EntryPublished
from hub.intake.archives.record import Found, Refused, Skipped
from hub.intake.syndication import read_feed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hub.intake.policy import IntakePolicy
    from hub.intake.syndication import ForeignFeed

MOST_PAGES = 10_000
_MAX_NAME = 200


def host_of(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


@dataclass(slots=True)
class Pages:
    """One walk. `fetch` gets a URL and the host that it must not leave; it answers where that led, and the bytes."""

    fetch: Callable[[str, str], tuple[str, bytes]]
    policy: IntakePolicy
    _waiting: deque[str] = field(default_factory=deque)
    _met: set[str] = field(default_factory=set)
    _position: int = 0

    def pieces(self, first: ForeignFeed, url: str) -> Iterator[Found | Skipped | Refused]:
        """Give what the first document and those that it leads to hold. `url`: where it was found; '' for a file."""
        host = host_of(url or first.masthead.links.self or "")
        self._met.update(urldefrag(each)[0] for each in (url, first.masthead.links.self) if each)
        yield from self._of(first)
        yield from self._note_links(first, host)
        while self._waiting:
            page = self._waiting.popleft()
            try:
                place, body = self.fetch(page, host)
                feed = read_feed(body, self.policy, url=place)
            except HubError as error:
                yield self._refused(page, f"a further page can't be read: {error}")
                continue
            self._met.add(urldefrag(place)[0])
            yield from self._of(feed)
            yield from self._note_links(feed, host)

    def _of(self, feed: ForeignFeed) -> Iterator[Found | Skipped | Refused]:
        for event in feed.events:
            self._position += 1
            if isinstance(event, EntryPublished):
                name = event.entry.title or event.entry.id
                yield Found(self._position, name[:_MAX_NAME], event)
            else:
                yield Skipped(self._position, str(event.entry_id)[:_MAX_NAME], "was removed there")
        for skipped in feed.skipped:
            yield self._refused(skipped.item, skipped.why)

    def _note_links(self, feed: ForeignFeed, host: str) -> Iterator[Refused]:
        for link in filter(None, (feed.masthead.links.next, feed.masthead.links.prev_archive)):
            url = urldefrag(link)[0]
            if url in self._met:
                if url not in self._waiting:
                    yield self._refused(
                        url, "a further page is one that was read before: it is not read again"
                    )
            elif not host:
                yield self._refused(
                    url, "has further pages, and does not say where it is itself: import its URL"
                )
            elif host_of(url) != host:
                yield self._refused(url, f"a further page is not on {host}: it is not followed")
            elif len(self._met) >= MOST_PAGES:
                yield self._refused(url, f"only {MOST_PAGES} pages are read")
            else:
                self._met.add(url)
                self._waiting.append(url)

    def _refused(self, name: str, why: str) -> Refused:
        self._position += 1
        return Refused(self._position, name[:_MAX_NAME], why)
