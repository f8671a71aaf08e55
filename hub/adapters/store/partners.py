"""Partners: who has keys and what they open. Fronts and workers hold all of them, and ask whether that is still so."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson

from hub.adapters.store.database import Database, unavailable
from hub.errors import Conflict
from hub.model import FeedNumber
from hub.partner import Counts, Deletes, Edition, LastUse, Partner, PartnerKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from hub.partner import Use

KEEP_COUNTS_SECONDS = 35 * 86_400
KEEP_LAST_SECONDS = 400 * 86_400


class Partners(Database):
    """The store's side of partners. Every method raises StoreUnavailable."""

    async def put_partner(self, partner: Partner, *, was: Partner | None = None) -> None:
        """Create a partner, or change what it `was`. Raises Conflict if somebody else changed it meanwhile."""
        if not await self.run("partner", partner.id, _pack(partner), _pack(was) if was else b""):
            raise Conflict("Somebody else changed this partner at the same time: look at it, and try again.")

    async def remove_partner(self, id_: str) -> bool:
        """Revoke a partner's keys and end its webhooks. False: there is none."""
        return bool(await self.run("unpartner", id_))

    async def partners(self, known: int) -> tuple[int, tuple[Partner, ...] | None]:
        """Read all partners and the version of that; None: they are what they were at version `known`."""
        with unavailable():
            version = int(await self.client.get(self.keys.partners_version) or 0)
            if version == known:
                return version, None
            # After the version: what changes in between is read once more, and never missed.
            rows = await self.client.hgetall(self.keys.partners)
        return version, tuple(_unpack(id_.decode(), packed) for id_, packed in sorted(rows.items()))

    async def add_uses(self, token: str, uses: Iterable[Use]) -> None:
        """Add what keys were used for; the same token counts once."""
        rows = [
            {
                "partner": use.partner,
                "key": use.key,
                "day": use.day.isoformat(),
                "counts": {what: n for what, n in asdict(use.counts).items() if n},
                "at": use.last.at,
                "said": f"{use.last.status} {use.last.path}",
            }
            for use in uses
        ]
        await self.run("use", token, orjson.dumps(rows), KEEP_COUNTS_SECONDS, KEEP_LAST_SECONDS)

    async def last_uses(self, ids: Sequence[str]) -> dict[str, dict[str, LastUse]]:
        """Read by partner and key when each was last used."""
        pipe = self.client.pipeline(transaction=False)
        for id_ in ids:
            pipe.hgetall(self.keys.of("last_uses", id_))
        with unavailable():
            rows = await pipe.execute()
        return {
            id_: {hint.decode(): _last(said.decode()) for hint, said in row.items()}
            for id_, row in zip(ids, rows, strict=True)
        }

    async def uses(self, id_: str, days: Sequence[date]) -> dict[tuple[date, str], Counts]:
        """Read what a partner's keys were used for, by day and key."""
        pipe = self.client.pipeline(transaction=False)
        for day in days:
            pipe.hgetall(self.keys.of("usage", f"{id_}:{day.isoformat()}"))
        with unavailable():
            rows = await pipe.execute()
        found: dict[tuple[date, str], dict[str, int]] = {}
        for day, row in zip(days, rows, strict=True):
            for field, number in row.items():
                hint, _, what = field.decode().partition(":")
                found.setdefault((day, hint), {})[what] = int(number)
        return {key: Counts(**counts) for key, counts in found.items()}


def _last(said: str) -> LastUse:
    at, status, path = said.split(" ", 2)
    return LastUse(int(at), int(status), path)


def _pack(partner: Partner) -> bytes:
    fields = asdict(partner)
    del fields["id"]
    return orjson.dumps(fields)


def _unpack(id_: str, packed: bytes) -> Partner:
    fields: dict[str, Any] = orjson.loads(packed)
    edition = fields["edition"]
    return Partner(
        id=id_,
        name=fields["name"],
        feeds=tuple(FeedNumber(n) for n in fields["feeds"]),
        edition=Edition(edition["size"], edition["full_content"], Deletes(edition["deletes"])),
        keys=tuple(PartnerKey(**key) for key in fields["keys"]),
        created=fields["created"],
        changed=fields["changed"],
    )
