"""What this worker committed last of each feed, so that the next commit need only say the difference."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from hub.adapters.store.regeneration import Patch
from hub.patches import layout_of, make_patch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.model import FeedNumber
    from hub.patches import Layout
    from hub.render.renderer import RenderedDocument

FEEDS = 512
"""Kept of as many: some 30 KB each."""


class Bases:
    """Hash and layout of the last documents, by feed and format. The bytes themselves are Redis's."""

    def __init__(self) -> None:
        self._kept: OrderedDict[FeedNumber, dict[str, tuple[str, Layout]]] = OrderedDict()

    def patches(self, feed: FeedNumber, documents: Mapping[str, RenderedDocument]) -> dict[str, Patch]:
        """Say how documents are made of the last ones, where that is shorter than half of them."""
        found = {}
        for format_, (base, layout) in self._kept.get(feed, {}).items():
            document = documents[format_]
            patch = make_patch(layout, document.pieces)
            if len(patch) < len(document.gzip) // 2:
                found[format_] = Patch(base, patch)
        return found

    def keep(self, feed: FeedNumber, documents: Mapping[str, RenderedDocument]) -> None:
        self._kept[feed] = {
            f: (document.hash, layout_of(document.pieces)) for f, document in documents.items()
        }
        self._kept.move_to_end(feed)
        if len(self._kept) > FEEDS:
            self._kept.popitem(last=False)
