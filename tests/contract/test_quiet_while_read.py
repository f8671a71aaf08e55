"""A quiet change while somebody reads what is to be told: no later row tells of it, so nothing may wait for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import feedparser
import orjson
import pytest

from hub.model import Format
from hub.web.frames import Frames
from tests.contract.test_store_quiet import number, send
from tests.entries import category, published
from workers.contents import Content, Contents

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hub.adapters.store import Store

world = category("world")
A, B = "https://site.test/a", "https://site.test/b"


class Between:
    """A store where something happens after the log was read, and before its entries are."""

    def __init__(self, store: Store, event: Callable[[], Awaitable[Any]]) -> None:
        self._store = store
        self._event: Callable[[], Awaitable[Any]] | None = event

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def _happen(self) -> None:
        event, self._event = self._event, None
        if event:
            await event()

    async def log(self, *args: Any, **options: Any) -> Any:
        found = await self._store.log(*args, **options)
        await self._happen()
        return found

    async def changed(self, *args: Any) -> Any:
        part, _, _ = await self._store.changed(*args)
        await self._happen()
        return part, *(await self._store.changed(*args))[1:]

    async def entries(self, numbers: Any) -> Any:
        numbers = list(numbers)
        if numbers:
            await self._happen()
        return await self._store.entries(numbers)


async def changed_quietly(store: Store) -> None:
    await store.accept([published(A, world, title="Changed quietly")], source="test", quiet=True)


async def test_a_webhook_is_told_all_the_same(store: Store) -> None:
    (before,) = await send(store, published(B, world))
    (told,) = await send(store, published(A, world))
    between = Between(store, lambda: changed_quietly(store))

    bodies = await Contents(cast("Store", between)).bodies(
        await number(store), before, told, known=before, full_content=True
    )

    assert [orjson.loads(body.body)["entry"]["title"] for body in bodies] == ["Changed quietly"]


async def test_a_stream_is_told_all_the_same(store: Store) -> None:
    (before,) = await send(store, published(B, world))
    await send(store, published(A, world))
    between = Between(store, lambda: changed_quietly(store))

    batch = await Frames(between, store.settings.site).read(await number(store), before, known=before)

    assert [frame.data.splitlines()[1] for frame in batch.frames] == [b"event: entry.published"]


@pytest.mark.parametrize("format_", [Format.ATOM, Format.RSS])
async def test_a_diff_holds_it(store: Store, format_: Format) -> None:
    (before,) = await send(store, published("https://site.test/0", world))
    await send(store, published(B, world))
    (told,) = await send(store, published(A, world))
    between = Between(store, lambda: changed_quietly(store))

    content = await Contents(cast("Store", between)).topic(await number(store), format_, before, told)

    assert isinstance(content, Content)
    assert {e.title for e in feedparser.parse(content.body).entries} == {"Changed quietly", f"Title of {B}"}
