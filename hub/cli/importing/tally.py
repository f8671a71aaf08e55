"""What became of an archive's pieces: counted by reason, with the first few of each. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.intake.archives.record import Piece

EXAMPLES = 3
MOST_REASONS = 100
"""Of one kind: faults may each have words of their own."""
_OTHERS = "other reasons"
_WIDTH = 60


@dataclass(slots=True)
class Reason:
    count: int = 0
    examples: list[Piece] = field(default_factory=list)


@dataclass(slots=True)
class Reasons:
    """Pieces by the words that say why."""

    by_words: dict[str, Reason] = field(default_factory=dict)

    def add(self, why: str, piece: Piece) -> None:
        words = why if why in self.by_words or len(self.by_words) < MOST_REASONS else _OTHERS
        reason = self.by_words.setdefault(words, Reason())
        reason.count += 1
        if len(reason.examples) < EXAMPLES:
            reason.examples.append(piece)

    @property
    def count(self) -> int:
        return sum(reason.count for reason in self.by_words.values())

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {
                "why": words,
                "count": reason.count,
                "examples": [{"position": each.position, "name": each.name} for each in reason.examples],
            }
            for words, reason in self._most_first()
        ]

    def lines(self) -> Iterator[str]:
        for words, reason in self._most_first():
            named = ", ".join(f"{each.position} “{_short(each.name)}”" for each in reason.examples)
            more = ", …" if reason.count > len(reason.examples) else ""
            yield f"{reason.count:8,}  {words}: {named}{more}"

    def _most_first(self) -> list[tuple[str, Reason]]:
        return sorted(self.by_words.items(), key=lambda row: -row[1].count)


@dataclass(slots=True)
class Tally:
    """The whole of one run."""

    imported: int = 0
    """New here, or other than what was here."""
    unchanged: int = 0
    newer: int = 0
    """What is here was modified later than the archive's."""
    skipped: Reasons = field(default_factory=Reasons)
    refused: Reasons = field(default_factory=Reasons)
    notes: Reasons = field(default_factory=Reasons)
    warnings: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.imported + self.unchanged + self.newer + self.skipped.count + self.refused.count

    def as_json(self) -> dict[str, Any]:
        return {
            "imported": self.imported,
            "unchanged": self.unchanged,
            "newer_here": self.newer,
            "skipped": self.skipped.as_json(),
            "refused": self.refused.as_json(),
            "notes": self.notes.as_json(),
            "warnings": self.warnings,
        }

    def lines(self) -> Iterator[str]:
        """Say it to people. Numbers before titles are places in the archive."""
        newer = f", {self.newer:,} newer here" if self.newer else ""
        yield (
            f"{self.imported:,} imported, {self.unchanged:,} unchanged{newer}, "
            f"{self.skipped.count:,} skipped, {self.refused.count:,} refused"
        )
        for name, reasons in (
            ("skipped", self.skipped),
            ("refused", self.refused),
            ("imported, but", self.notes),
        ):
            if reasons.by_words:
                yield f"{name}:"
                yield from reasons.lines()
        yield from self.warnings


def _short(name: str) -> str:
    return name if len(name) <= _WIDTH else name[: _WIDTH - 1] + "…"
