"""Feed pages for people, made of the feed's own JSON document: once per version, off the loop."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.web.codings import Coding, transcode
from hub.web.flights import SingleFlight
from hub.web.preview import read_preview
from hub.web.representation import Representation

if TYPE_CHECKING:
    from hub.model import FeedPath, Site, Version
    from hub.web.memory import Held
    from hub.web.templates import Templates

_PAGES = 500
"""Kept at a time: about 10 KB each."""
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Page:
    version: Version
    shown: Representation


class Pages:
    """The pages made so far."""

    def __init__(self, site: Site, templates: Templates) -> None:
        self._site = site
        self._templates = templates
        self._pages: OrderedDict[FeedPath, _Page] = OrderedDict()
        self._rendering: SingleFlight[tuple[FeedPath, Version], Representation] = SingleFlight()

    async def get(self, path: FeedPath, held: Held) -> Representation:
        """Give the page that shows what this JSON document says, or a later one."""
        page = self._pages.get(path)
        if page and page.version >= held.version:
            self._pages.move_to_end(path)
            return page.shown
        return await self._rendering.join((path, held.version), lambda: self._make(path, held))

    async def _make(self, path: FeedPath, held: Held) -> Representation:
        document = await held.representation.variants.get(Coding.GZIP)
        shown = await asyncio.to_thread(self._render, path, document)
        present = self._pages.get(path)
        if present and present.version > held.version:
            return present.shown
        self._pages[path] = _Page(held.version, shown)
        self._pages.move_to_end(path)
        if len(self._pages) > _PAGES:
            self._pages.popitem(last=False)
        return shown

    def _render(self, path: FeedPath, gzipped: bytes) -> Representation:
        preview = read_preview(transcode(gzipped, Coding.IDENTITY))
        name = preview.title.removesuffix(f" – {self._site.title}")  # noqa: RUF001  (as documents are titled)
        picture = preview.icon if preview.icon != self._site.icon else None
        page = self._templates.render("feed.html", path=path, feed=preview, name=name, picture=picture)
        return Representation.of(page, HTML)
