"""Who was told of a change and asks a front at once is shown it, however busy that front was with the one before."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hub.adapters.crashpoints import CrashPoints
from hub.adapters.store import Store, connect
from hub.model import ALL, FeedNumber, Format
from hub.web.documents import Documents
from hub.web.follower import Follower
from hub.web.frames import Frames
from hub.web.memory import Held
from hub.web.streams import Streams
from tests.entries import NOON, published
from tests.web.fakes import eventually
from workers.bases import PATCHES
from workers.rebuild import Rebuilder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hub.settings import Settings

ROUNDS = 6 * PATCHES
"""So that some commits are whole documents, which a front has to fetch."""


@pytest.fixture
async def front(store: Store, redis_url: str, settings: Settings) -> AsyncIterator[Documents]:
    """What a front remembers, on connections of its own."""
    own = Store(connect(redis_url), settings)
    documents = Documents(own)
    follower = Follower(own, documents, Streams(Frames(own, settings.site)))
    task = asyncio.create_task(follower.run())
    yield documents
    task.cancel()
    await asyncio.wait([task])
    await own.close()


async def commit_twice(store: Store, worker: Rebuilder, number: int) -> int:
    """Change an entry, commit, and again on its heels; answers the seq that a front should show from now on."""
    seq = 0
    for each in (2 * number, 2 * number + 1):
        when = NOON + timedelta(seconds=each)
        event = published(f"e{number % 5}", title=f"Change {each}", date_modified=when)
        await store.accept([event], source="test")
        feed = FeedNumber(int(await store.client.hget(store.keys.slugs, str(ALL))))
        built = await worker.build(feed, await store.snapshot(feed), {})
        assert built
        assert await worker.commit(built)
        seq = built.snapshot.seq
    return seq


async def test_a_front_shows_what_was_committed_before_it_was_asked(store: Store, front: Documents) -> None:
    worker = Rebuilder(store, store.settings.site, CrashPoints())
    await worker.register()
    await commit_twice(store, worker, 0)
    await eventually(lambda: front.following.covers(time.monotonic(), time.monotonic()))

    for number in range(1, ROUNDS):
        seq = await commit_twice(store, worker, number)

        for format_ in Format:
            found = await front.find(ALL, format_)
            assert isinstance(found, Held)
            assert found.version.seq == seq
