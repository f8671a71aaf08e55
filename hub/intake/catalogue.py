"""What a reconcile asks a CMS, and what it makes of the answers: URLs out, bytes and headers in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.errors import HubError
    from hub.events import PublishEvent, Source
    from hub.intake.policy import IntakePolicy
    from hub.model import Kind, Term
    from hub.reconcile import Held, Page


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of a CMS's API."""

    body: bytes
    headers: Mapping[str, str]
    """By name in any case."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A page of categories, tags or authors, and how many there are in all."""

    terms: tuple[Term, ...]
    total: int


class Catalogue(Protocol):
    """One CMS's API. Every `read_…` raises BadRequest for what that API does not answer."""

    @property
    def source(self) -> Source: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """To be sent with every request; they may hold a secret, and so may the URLs."""
        ...

    @property
    def kinds(self) -> Mapping[Kind, bool]:
        """Which lists of terms there are; False: it may be closed, and is then left out."""
        ...

    def listing(self, page: int, since: int | None = None) -> str:
        """Ask for a page (from 1) of the light listing, in a lasting order; `since` (ms): the latest change first."""
        ...

    def read_listing(self, answer: Fetched) -> Page: ...

    def whole(self, keys: Sequence[str]) -> str:
        """Ask for entries whole."""
        ...

    def read_whole(self, answer: Fetched, policy: IntakePolicy) -> list[PublishEvent | HubError]:
        """Give the same events as the CMS's hooks would."""
        ...

    def present(self, held: Sequence[Held]) -> list[str]:
        """Ask which of these are still published, as light listings; there may be others in them."""
        ...

    def terms(self, kind: Kind, page: int) -> str: ...

    def read_terms(self, kind: Kind, answer: Fetched, policy: IntakePolicy) -> Terms: ...
