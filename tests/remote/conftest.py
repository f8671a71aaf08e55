"""A remotes on a real Valkey, in this process, and a server of feeds on loopback that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub.adapters.egress import Egress
from hub.adapters.store import Store, connect
from hub.model import FeedPath, Live
from hub.settings import Settings
from tests.feedserver import FeedServer
from workers.remotes import RemoteReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from hub.remote import Remote

    Open = Callable[..., Awaitable["Reader"]]


class Reader:
    """A remotes whose looks are taken by hand."""

    def __init__(self, store: Store, egress: Egress) -> None:
        self.store = store
        self.remotes = RemoteReader(store, egress, None, self._tell)
        self.told = 0

    def _tell(self) -> None:
        self.told += 1

    async def look(self) -> None:
        """Have everything read now, as if its time had come."""
        ids = await self.store.client.zrange(self.store.keys.remotes, 0, -1)
        if ids:
            await self.store.client.zadd(self.store.keys.remotes, dict.fromkeys(ids, 0))
        await self.read_due()

    async def read_due(self) -> None:
        await self.remotes.take()
        await self.remotes.finished()

    async def the(self, url: str) -> Remote:
        """How the reading of a URL stands."""
        (found,) = [remote for remote in await self.store.remotes() if remote.url == url]
        return found

    async def due_in(self, url: str) -> float:
        """Seconds until it is read again, by Redis's clock."""
        remote = await self.the(url)
        seconds, micros = await self.store.client.time()
        due = await self.store.client.zscore(self.store.keys.remotes, remote.id)
        return float(due / 1000 - seconds - micros / 1_000_000)

    async def titles(self, path: str = "all") -> list[str]:
        """Titles of the entries in a feed, newest first."""
        feed = await self.store.resolve(FeedPath.parse(path))
        if not isinstance(feed, Live):
            return []
        snapshot = await self.store.snapshot(feed.number)
        assert snapshot
        entries = await self.store.entries([place.number for place in snapshot.window])
        return [entries[place.number].entry.title for place in snapshot.window]


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as server:
        yield server


@pytest.fixture
async def open_reader(redis_url: str) -> AsyncIterator[Open]:
    """Start a hub with these settings on an empty Redis; another one on the same Redis with `keep=True`."""
    opened: list[Store] = []
    egresses: list[Egress] = []

    async def open_(*, keep: bool = False, **said: Any) -> Reader:
        plain = {"public_url": "https://hub.test", "egress_allow": "127.0.0.0/8", "debounce_ms": 0}
        store = Store(connect(redis_url), Settings.model_validate(plain | said))
        opened.append(store)
        if not keep:
            await store.client.flushall()
        await store.register("test")
        egresses.append(Egress(store.settings.egress_allow))
        reader = Reader(store, egresses[-1])
        await reader.remotes.register()
        return reader

    yield open_
    for egress in egresses:
        await egress.close()
    for store in opened:
        await store.close()
