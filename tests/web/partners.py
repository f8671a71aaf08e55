"""Partners in memory, as the real store keeps them: what narrows or ends one does so to its webhooks, too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hub.errors import Conflict
from hub.model import FeedPath, Live, Resolution

if TYPE_CHECKING:
    from hub.partner import Partner
    from hub.subscription import Webhook


@dataclass
class FakePartnering:
    """Mixed into the fake store, over its webhooks and feeds."""

    places: dict[FeedPath, Resolution] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    known_partners: dict[str, Partner] = field(default_factory=dict)
    partners_version: int = 0

    async def partners(self, known: int, /) -> tuple[int, tuple[Partner, ...] | None]:
        await self._asked("partners")
        if known == self.partners_version:
            return known, None
        return self.partners_version, tuple(self.known_partners.values())

    async def put_partner(self, partner: Partner, /, *, was: Partner | None = None) -> None:
        await self._asked("put_partner")
        if self.known_partners.get(partner.id) != was:
            raise Conflict("changed meanwhile")
        self.known_partners[partner.id] = partner
        self.partners_version += 1
        for id_, hook in list(self.webhooks.items()):
            if hook.owner == partner.id:
                self._narrow(id_, hook, partner)

    async def remove_partner(self, id_: str, /) -> bool:
        await self._asked("remove_partner")
        self.partners_version += 1
        for hook in [hook for hook in self.webhooks.values() if hook.owner == id_]:
            self._drop(hook.id)
        return self.known_partners.pop(id_, None) is not None

    def _narrow(self, id_: str, hook: Webhook, partner: Partner) -> None:
        places = {path: self.places.get(path) for path in hook.feeds}
        kept = [path for path, at in places.items() if isinstance(at, Live) and partner.may_open(at.number)]
        if kept:
            self._put(replace(hook, feeds=tuple(kept)))
        else:
            self._drop(id_)

    def _drop(self, id_: str) -> bool:
        raise NotImplementedError

    def _put(self, webhook: Webhook) -> None:
        raise NotImplementedError

    async def _asked(self, method: str) -> None:
        raise NotImplementedError
