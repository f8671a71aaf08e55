"""The names that documents show, remembered until one of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.adapters.store import Store
    from hub.model import Label, TermRef

MOST = 20_000
"""Names remembered; then all are forgotten and those in use come back."""


class LabelBook:
    """Labels as of one stamp. The hub raises its stamp with every change of a name, slug or picture."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stamp = -1
        self._labels: dict[TermRef, Label] = {}

    async def read(self, refs: Iterable[TermRef], *, stamp: int) -> dict[TermRef, Label]:
        """Give the labels of these refs, as new as `stamp` at least; a retired one is absent."""
        if stamp != self._stamp or len(self._labels) > MOST:
            self._stamp = stamp
            self._labels.clear()
        wanted = set(refs)
        if unknown := wanted - self._labels.keys():
            self._labels |= await self._store.labels(unknown)
        return {ref: self._labels[ref] for ref in wanted if ref in self._labels}
