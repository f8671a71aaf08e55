"""How far each source's reconciles have come, what calls for the next one, and who runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from hub.adapters.store.database import Database, unavailable
from hub.events import Source
from hub.model import Term
from hub.reconcile import Asked, Calls, Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model import Kind

_CALLS = ("asked", "hinted", "pinged", "hints")
_TERM_FIELDS = ("state", "slug", "name", "desc", "url", "image")


class Reconciles(Database):
    """Every method raises StoreUnavailable."""

    async def lease(self, source: Source, token: str, ms: int) -> bool:
        """Take or renew the right to reconcile a source; 0 ms gives it back. False: another has it."""
        return bool(await self.run("lease", source, token, ms))

    async def called(self, source: Source) -> tuple[Progress, Calls]:
        """Read how far it is, and what calls for more, in one round trip."""
        pipe = self.client.pipeline(transaction=False)
        pipe.hget(self.keys.reconciles, source)
        pipe.hmget(self.keys.hooks, [f"{source}:{name}" for name in _CALLS])
        with unavailable():
            progress, (asked, hinted, pinged, hints) = await pipe.execute()
        return Progress.read(progress), Calls(
            Asked(**orjson.loads(asked)) if asked else None,
            (hinted or b"").decode(),
            (pinged or b"").decode(),
            int(hints or 0),
        )

    async def reconciled(
        self, source: Source, token: str, progress: Progress, answered: Calls | None = None
    ) -> bool:
        """Keep how far it is, and take down the calls that it answers. False: the lease is another's by now."""
        done: list[str | bytes] = []
        if answered and answered.asked:
            done += [f"{source}:asked", orjson.dumps(answered.asked)]
        if answered and answered.hinted:
            done += [f"{source}:hinted", answered.hinted]
        if answered and answered.pinged:
            done += [f"{source}:pinged", answered.pinged]
        return bool(await self.run("reconciled", source, token, progress.as_json(), *done))

    async def ask_reconcile(self, source: Source, asked: Asked) -> None:
        """Have a source reconciled as soon as a worker is free to; a later request replaces one that waits."""
        with unavailable():
            await self.client.hset(self.keys.hooks, f"{source}:asked", orjson.dumps(asked))

    async def reconciles(self) -> dict[Source, Progress]:
        """Read how far all are."""
        with unavailable():
            found = await self.client.hgetall(self.keys.reconciles)
        return {Source(source.decode()): Progress.read(text) for source, text in found.items()}

    async def reconciling(self) -> frozenset[Source]:
        """Say which are compared at this moment."""
        sources = list(Source)
        with unavailable():
            holders = await self.client.mget([self.keys.of("reconciling", source) for source in sources])
        return frozenset(source for source, holder in zip(sources, holders, strict=True) if holder)

    async def known_terms(self, kind: Kind, ids: Sequence[str]) -> dict[str, Term]:
        """Read what is held of categories, authors or tags by their CMS's ids; only those whose feed is live."""
        if not ids:
            return {}
        with unavailable():
            numbers = await self.client.hmget(self.keys.terms, [f"{kind}/{id_}" for id_ in ids])
            known = {id_: int(n) for id_, n in zip(ids, numbers, strict=True) if n is not None}
            pipe = self.client.pipeline(transaction=False)
            for number in known.values():
                pipe.hmget(self.keys.of("feed", number), *_TERM_FIELDS)
            rows = await pipe.execute() if known else []
        return {
            id_: _term(kind, id_, said)
            for id_, (state, *said) in zip(known, rows, strict=True)
            if state == b"live"
        }


def _term(kind: Kind, id_: str, said: Sequence[bytes | None]) -> Term:
    slug, name, description, url, image = ((value or b"").decode() for value in said)
    return Term(kind, id_, slug, name, description, url, image)
