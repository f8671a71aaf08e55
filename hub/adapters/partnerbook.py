"""All partners, remembered; one short read says whether they are still what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.partner import Partner


class Source(Protocol):
    """Where partners come from."""

    async def partners(self, known: int, /) -> tuple[int, tuple[Partner, ...] | None]: ...


class PartnerBook:
    """Partners by id, as of the last read."""

    def __init__(self, store: Source) -> None:
        self._store = store
        self._version = -1
        self._partners: Mapping[str, Partner] = {}

    @property
    def last(self) -> Mapping[str, Partner]:
        """As they were when somebody read last."""
        return self._partners

    async def read(self) -> Mapping[str, Partner]:
        """Give them as they are now. Raises StoreUnavailable."""
        version, partners = await self._store.partners(self._version)
        if partners is not None:
            self._version, self._partners = version, {partner.id: partner for partner in partners}
        return self._partners
