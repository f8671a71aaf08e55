"""A reconciler on a real Valkey, in this process, with a fake CMS beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hub.adapters.cms import catalogues
from hub.adapters.egress import Egress
from hub.adapters.queue import REGENERATE, Bell, open_queue
from hub.events import Source
from hub.reconcile import Asked, Progress, Report
from hub.settings import Settings
from tests.fakeghost import KEY, FakeGhost
from workers.reconciler import Reconciler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from hub.adapters.store import Store


@pytest.fixture
def ghost() -> Iterator[FakeGhost]:
    with FakeGhost() as ghost:
        yield ghost


@pytest.fixture
def settings(ghost: FakeGhost) -> Settings:
    return Settings.model_validate(
        {
            "public_url": "https://hub.test",
            "site_url": "https://site.test",
            "debounce_ms": 0,
            "egress_allow": "127.0.0.0/8",
            "ghost_url": ghost.url,
            "ghost_content_key": KEY,
        }
    )


class Side:
    """The worker side of one source: every stroke is one reconcile that somebody called for."""

    def __init__(self, store: Store, reconciler: Reconciler, source: Source) -> None:
        self.store = store
        self.reconciler = reconciler
        self.source = source
        self._asked = 0

    async def ask(self, allow_removals: int | None = None) -> Report:
        """Reconcile everything, as `feedhub reconcile` has it done."""
        self._asked += 1
        await self.store.ask_reconcile(self.source, Asked(str(self._asked), allow_removals))
        assert await self.reconciler.stroke()
        return await self.report()

    async def hint(self, times: int = 1) -> Report:
        """Reconcile for a hint, as if the last one had been a while ago."""
        for _ in range(times):
            await self.store.hint(self.source, datetime.now(UTC), "site.changed")
        return await self.stroke()

    async def ping(self) -> Report:
        await self.store.ping(self.source, datetime.now(UTC), "weblogUpdates.ping")
        return await self.stroke()

    async def stroke(self) -> Report:
        """Reconcile because it is time to."""
        await self.let_time_pass()
        assert await self.reconciler.stroke()
        return await self.report()

    async def let_time_pass(self) -> None:
        """Have all that Redis says of the last reconcile be a day older."""
        progress, _ = await self.store.called(self.source)
        older: dict[str, Any] = {
            name: max(0, getattr(progress, name) - 86_400_000)
            for name in ("started", "whole_at", "hold", "done", "walk_began")
        }
        failing = progress.failing and type(progress.failing)(
            progress.failing.since, progress.failing.tries, 0
        )
        await self.put(Progress(**{**_fields(progress), **older, "failing": failing}))

    async def put(self, progress: Progress) -> None:
        await self.store.client.hset(self.store.keys.reconciles, self.source, progress.as_json())

    async def progress(self) -> Progress:
        return (await self.store.called(self.source))[0]

    async def report(self) -> Report:
        report = (await self.progress()).report
        assert report
        return report

    async def live(self) -> set[str]:
        """Ids of the entries in `all`."""
        shown = set()
        for number in await self.store.client.zrange(self.store.keys.of("window", 1), 0, -1):
            shown.add((await self.store.client.hget(self.store.keys.of("entry", int(number)), "id")).decode())
        return shown

    async def entry(self, id_: str) -> Any:
        number = int(await self.store.client.hget(self.store.keys.ids, id_))
        return (await self.store.entries([number]))[number].entry  # type: ignore[list-item,index]  # a number is one


def _fields(progress: Progress) -> dict[str, Any]:
    return {name: getattr(progress, name) for name in Progress.__dataclass_fields__}


@pytest.fixture
async def sides(store: Store, redis_url: str) -> AsyncIterator[dict[Source, Side]]:
    bell = Bell(store, open_queue(redis_url, store.settings.name, REGENERATE))
    async with Egress(store.settings.egress_allow, per_host=1) as egress:
        yield {
            each.source: Side(store, Reconciler(store, egress, bell, each), each.source)
            for each in catalogues(store.settings)
        }
    bell.close()


@pytest.fixture
def side(sides: dict[Source, Side]) -> Side:
    """Ghost's."""
    return sides[Source.GHOST]
