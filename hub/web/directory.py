"""The list of all feeds, for people (`/`) and for readers (`/feeds.opml`)."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.errors import BadRequest, StoreUnavailable
from hub.model import Kind
from hub.web.flights import SingleFlight
from hub.web.pages import HTML
from hub.web.representation import Representation
from hub.web.templates import KIND_TITLES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from hub.model import FeedSummary
    from hub.web.ports import Store
    from hub.web.templates import Templates

FRESH_SECONDS = 1.0
"""How long a list is shown again without asking Redis."""
OPML = "text/x-opml; charset=utf-8"
_LISTS = 64
_FIRST = 12
"""Feeds a kind on the first page; the others are a link away."""
_PER_PAGE = 100
_PER_READ = 500
_MOST = 50_000
"""Feeds in one OPML document."""
_CURSOR_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Group:
    """Feeds of one kind, and the cursor behind which there are more."""

    kind: Kind
    feeds: tuple[FeedSummary, ...]
    cursor: str | None = None

    @property
    def title(self) -> str:
        return KIND_TITLES[self.kind]


@dataclass(frozen=True, slots=True)
class _Listed:
    made: float
    shown: Representation


class Directory:
    """Lists of feeds: made at most once a second, and shown as they were while Redis is away."""

    def __init__(
        self,
        store: Store,
        templates: Templates,
        kinds: Sequence[Kind],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._templates = templates
        self._kinds = [kind for kind in Kind if kind in kinds]
        self._monotonic = monotonic
        self._lists: OrderedDict[str, _Listed] = OrderedDict()
        self._making: SingleFlight[str, Representation] = SingleFlight()

    async def front_page(self) -> Representation:
        """Give `/`: the first feeds of each kind."""
        return await self._get("/", HTML, self._make_front_page)

    async def kind_page(self, kind: str, cursor: str | None) -> Representation:
        """Give one page of one kind's feeds. Raises BadRequest for a kind that is not served."""
        if kind not in self._kinds:
            raise BadRequest(f"kind must be one of {', '.join(self._kinds)}.")
        if cursor is not None and (len(cursor) > _CURSOR_LENGTH or not cursor.isprintable()):
            raise BadRequest("cursor must be one that a link on these pages gave.")
        return await self._get(f"{kind} {cursor}", HTML, lambda: self._make_kind_page(Kind(kind), cursor))

    async def opml(self) -> Representation:
        """Give `/feeds.opml`: every feed, to import in a reader (OPML 2.0)."""
        return await self._get("opml", OPML, self._make_opml)

    async def _get(
        self, name: str, content_type: str, make: Callable[[], Awaitable[bytes]]
    ) -> Representation:
        listed = self._lists.get(name)
        if listed and self._monotonic() - listed.made < FRESH_SECONDS:
            return listed.shown
        try:
            return await self._making.join(name, lambda: self._keep(name, content_type, make))
        except StoreUnavailable:
            if listed is None:
                raise
            return listed.shown

    async def _keep(
        self, name: str, content_type: str, make: Callable[[], Awaitable[bytes]]
    ) -> Representation:
        asked = self._monotonic()
        shown = Representation.of(await make(), content_type)
        self._lists[name] = _Listed(asked, shown)
        self._lists.move_to_end(name)
        if len(self._lists) > _LISTS:
            self._lists.popitem(last=False)
        return shown

    async def _make_front_page(self) -> bytes:
        groups = [await self._read(kind, None, _FIRST) for kind in self._kinds]
        everything = next(
            (group.feeds[0] for group in groups if group.kind is Kind.ALL and group.feeds), None
        )
        others = [group for group in groups if group.kind is not Kind.ALL and group.feeds]
        return self._templates.render("directory.html", everything=everything, groups=others)

    async def _make_kind_page(self, kind: Kind, cursor: str | None) -> bytes:
        group = await self._read(kind, cursor, _PER_PAGE)
        return self._templates.render("kind.html", group=group, first=cursor is None)

    async def _make_opml(self) -> bytes:
        groups = [Group(kind, tuple([feed async for feed in self._read_all(kind)])) for kind in self._kinds]
        return self._templates.render("feeds.opml", groups=groups)

    async def _read(self, kind: Kind, cursor: str | None, limit: int) -> Group:
        page = await self._store.list_feeds(kinds=(kind,), cursor=cursor, limit=limit)
        return Group(kind, page.feeds, page.cursor)

    async def _read_all(self, kind: Kind) -> AsyncIterator[FeedSummary]:
        cursor, count = None, 0
        while count < _MOST:
            group = await self._read(kind, cursor, _PER_READ)
            for feed in group.feeds:
                yield feed
            count += len(group.feeds)
            if (cursor := group.cursor) is None:
                return
