"""What an archive holds, one piece after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from hub.events import EntryPublished


@dataclass(frozen=True, slots=True)
class Piece:
    """Where something stands in its archive (from 1), and what people call it: its title, else its id."""

    position: int
    name: str


@dataclass(frozen=True, slots=True)
class Found(Piece):
    """An entry. `note`: what is worth telling of it, though it is imported."""

    event: EntryPublished
    note: str = ""


@dataclass(frozen=True, slots=True)
class Skipped(Piece):
    """No entry, and rightly so: a draft, a page. `why` is the same for all of a kind."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused(Piece):
    """What should have been an entry and can't be one; `why` says what is wrong with it."""

    why: str


class Kept(Protocol):
    """Where what pieces refer to is kept between two readings: values of JSON by kind and key."""

    def add(self, kind: str, key: str, value: Any, /, place: int = 0) -> None: ...

    def of(self, kind: str, key: str, /) -> list[Any]:
        """Give the values, by their places."""
        ...


class EveryHost(frozenset[str]):
    """Every host's frames stay for now: which of them do for good is for the hub to say."""

    def __contains__(self, _: object) -> bool:
        return True
