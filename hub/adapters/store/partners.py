"""Partners: who has keys and what they open. Fronts and workers hold all of them, and ask whether that is still so."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson

from hub.adapters.store.database import Database, unavailable
from hub.errors import Conflict
from hub.model import FeedNumber
from hub.partner import Deletes, Edition, Partner, PartnerKey


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
