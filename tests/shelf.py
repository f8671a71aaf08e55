"""What archives keep between two readings, in memory."""

from __future__ import annotations

from collections import defaultdict
from typing import Any


class Shelf:
    """`hub.intake.archives.record.Kept`."""

    def __init__(self) -> None:
        self._rows: defaultdict[tuple[str, str], list[tuple[int, Any]]] = defaultdict(list)

    def add(self, kind: str, key: str, value: Any, /, place: int = 0) -> None:
        self._rows[kind, key].append((place, value))

    def of(self, kind: str, key: str, /) -> list[Any]:
        return [value for _, value in sorted(self._rows[kind, key], key=lambda row: row[0])]
