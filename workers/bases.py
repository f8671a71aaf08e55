"""What this worker committed last of each feed, so that the next commit need only say the difference."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.adapters.store.regeneration import Patch
from hub.patches import layout_of, make_patch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.model import FeedNumber
    from hub.patches import Layout
    from hub.render.segments import Spliced

FEEDS = 512
"""Kept of as many: some 30 KB each."""
PATCHES = 16
"""In a row; then a whole document is sent again, so that readers have few to apply."""


@dataclass(frozen=True, slots=True)
class Base:
    """A document that was committed: its hash and layout, and how much of it was patches."""

    hash: str
    layout: Layout
    patches: int = 0
    patched_bytes: int = 0


class Bases:
    """The last documents by feed and format. The bytes themselves are Redis's."""

    def __init__(self) -> None:
        self._kept: OrderedDict[FeedNumber, dict[str, Base]] = OrderedDict()

    def patches(self, feed: FeedNumber, documents: Mapping[str, Spliced]) -> dict[str, Patch]:
        """Say how documents are made of the last ones, while all patches together are shorter than half of them."""
        found = {}
        for format_, base in self._kept.get(feed, {}).items():
            document = documents[format_]
            patch = make_patch(base.layout, document.pieces)
            if base.patches < PATCHES and base.patched_bytes + len(patch) < document.size // 2:
                found[format_] = Patch(base.hash, patch)
        return found

    def keep(
        self,
        feed: FeedNumber,
        documents: Mapping[str, Spliced],
        patches: Mapping[str, Patch],
    ) -> None:
        """Remember what was committed, and which of it as patches."""
        before = self._kept.pop(feed, {})
        self._kept[feed] = {
            format_: _after(before.get(format_), document, patches.get(format_))
            for format_, document in documents.items()
        }
        if len(self._kept) > FEEDS:
            self._kept.popitem(last=False)


def _after(before: Base | None, document: Spliced, patch: Patch | None) -> Base:
    layout = layout_of(document.pieces)
    if before is None or patch is None:
        return Base(document.hash, layout)
    if before.hash == document.hash:  # nothing was written
        return before
    return Base(document.hash, layout, before.patches + 1, before.patched_bytes + len(patch.patch))
