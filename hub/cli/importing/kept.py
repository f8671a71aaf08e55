"""What an archive's pieces refer to, between its two readings: on disk, as it may be more than memory should hold."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from pathlib import Path


class KeptOnDisk:
    """Values by kind and key, in the order of their places (`hub.intake.archives.record.Kept`)."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "kept", isolation_level=None)
        # Made anew in each run: nothing of it must outlast a crash.
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE kept (kind TEXT, key TEXT, place INTEGER, value BLOB)")
        self._database.execute("CREATE INDEX by_key ON kept (kind, key, place)")
        self._database.execute("BEGIN")

    def close(self) -> None:
        self._database.close()

    def add(self, kind: str, key: str, value: Any, /, place: int = 0) -> None:
        row = (kind, key, place, orjson.dumps(value))
        self._database.execute("INSERT INTO kept VALUES (?, ?, ?, ?)", row)

    def of(self, kind: str, key: str, /) -> list[Any]:
        rows = self._database.execute(
            "SELECT value FROM kept WHERE kind = ? AND key = ? ORDER BY place, rowid", (kind, key)
        )
        return [orjson.loads(value) for (value,) in rows]
