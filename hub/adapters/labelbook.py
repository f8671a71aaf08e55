"""The names that documents show, remembered until one of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.model import Label, TermRef

MOST = 20_000
"""Names remembered; then all are forgotten and those in use come back."""


class Labels(Protocol):
    """Where names come from."""

    async def labels(self, refs: Iterable[TermRef], /) -> dict[TermRef, Label]: ...


class LabelBook:
    """Labels as of one stamp. The hub raises its stamp with every change of a name, slug or picture."""

    def __init__(self, store: Labels) -> None:
        self._store = store
        self._stamp = -1
        self._labels: dict[TermRef, Label] = {}

    async def read(self, refs: Iterable[TermRef], *, stamp: int) -> dict[TermRef, Label]:
        """Give the labels of these refs, as new as `stamp` at least; a retired one is absent."""
        if stamp != self._stamp or len(self._labels) > MOST:
            self._stamp = stamp
            self._labels = {}  # a new one: a read for another stamp that is under way keeps its own
        wanted, labels = set(refs), self._labels
        if unknown := wanted - labels.keys():
            labels.update(await self._store.labels(unknown))
        return {ref: labels[ref] for ref in wanted if ref in labels}
