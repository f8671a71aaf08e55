"""What a CMS's adapter is given, and what it makes of it. Adapters are pure: bytes and headers in, events out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.events import PublishEvent


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook whose sender is known to be who it says."""

    body: bytes
    headers: Mapping[str, str]
    """Names in lower case."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Something changed, and the hook does not say what."""

    why: str


Reading = tuple["PublishEvent", ...] | Hint
"""No events: the hook is about what makes no feed (a draft, a page, a revision)."""
