"""Partners in memory, as the real store keeps them: what narrows or ends one does so to its webhooks, too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hub.errors import Conflict
from hub.model import FeedPath, Live, Resolution
from hub.partner import Counts, added

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from hub.partner import LastUse, Partner, Use
    from hub.subscription import Webhook


@dataclass
class FakePartnering:
    """Mixed into the fake store, over its webhooks and feeds."""

    places: dict[FeedPath, Resolution] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    known_partners: dict[str, Partner] = field(default_factory=dict)
    partners_version: int = 0
    use_tokens: set[str] = field(default_factory=set)
    counts: dict[tuple[str, date, str], Counts] = field(default_factory=dict)
    last: dict[str, dict[str, LastUse]] = field(default_factory=dict)

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

    async def add_uses(self, token: str, uses: Iterable[Use], /) -> None:
        await self._asked("add_uses")
        if token in self.use_tokens:
            return
        self.use_tokens.add(token)
        for use in uses:
            key = use.partner, use.day, use.key
            self.counts[key] = added(self.counts.get(key, Counts()), use.counts)
            self.last.setdefault(use.partner, {})[use.key] = use.last

    async def last_uses(self, ids: Sequence[str], /) -> Mapping[str, Mapping[str, LastUse]]:
        await self._asked("last_uses")
        return {id_: self.last.get(id_, {}) for id_ in ids}

    async def uses(self, id_: str, days: Sequence[date], /) -> Mapping[tuple[date, str], Counts]:
        await self._asked("uses")
        return {
            (day, hint): counts
            for (partner, day, hint), counts in self.counts.items()
            if partner == id_ and day in days
        }

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
