"""Pictures of an export between its two readings: on disk, since there may be more than memory should hold."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Self

import orjson

if TYPE_CHECKING:
    from pathlib import Path


class StoredPictures:
    """An image's fields by the number of its attachment (`hub.intake.archives.wxr.Pictures`)."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "pictures", isolation_level=None)
        # Made anew in each run: nothing of it must outlast a crash.
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE pictures (number INTEGER PRIMARY KEY, image BLOB)")
        self._database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def __setitem__(self, number: int, image: dict[str, Any]) -> None:
        self._database.execute("INSERT OR REPLACE INTO pictures VALUES (?, ?)", (number, orjson.dumps(image)))

    def get(self, number: int) -> dict[str, Any] | None:
        row = self._database.execute("SELECT image FROM pictures WHERE number = ?", (number,)).fetchone()
        return orjson.loads(row[0]) if row else None
