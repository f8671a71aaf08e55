"""Commits that say only the difference: Redis keeps the whole, and fronts follow without fetching."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from hub.adapters.crashpoints import CrashPoints
from hub.adapters.store.regeneration import Commit, Patch
from hub.model import ALL, FeedNumber, Format
from hub.web.documents import Documents
from hub.web.memory import Held
from tests.entries import NOON, published
from workers.bases import PATCHES
from workers.rebuild import Rebuilder

if TYPE_CHECKING:
    from hub.adapters.composer import Built
    from hub.adapters.store import Store
    from hub.model import Changes, Document

BODY = "<p>Some content that is long enough for a document to be worth a patch.</p>"
tokens = count()


class Counting:
    """The store as a front's source, counting the documents that are fetched."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self._store, name)


@pytest.fixture
async def worker(store: Store) -> Rebuilder:
    return await new_worker(store)


async def new_worker(store: Store) -> Rebuilder:
    worker = Rebuilder(store, store.settings.site, CrashPoints())
    await worker.register()
    return worker


async def publish(store: Store, number: int, title: str) -> None:
    """Change one of some entries: the hub-wide feed shows it."""
    n = next(tokens)
    when = NOON + timedelta(seconds=n)
    event = published(f"e{number}", title=title, content_html=f"{BODY}{number}", date_modified=when)
    await store.accept([event], source="test")


async def build(store: Store, worker: Rebuilder) -> Built:
    (feed,) = (await store.client.zrange(store.keys.directory, 0, -1))[:1]
    number = FeedNumber(int(await store.client.hget(store.keys.slugs, feed)))
    built = await worker.build(number, await store.snapshot(number), {})
    assert built
    return built


async def regenerate(store: Store, worker: Rebuilder) -> Built:
    built = await build(store, worker)
    assert await worker.commit(built)
    return built


async def kept(store: Store, built: Built, format_: Format = Format.ATOM) -> Document:
    document = await store.document(built.snapshot.number, format_)
    assert document
    return document


async def rows(store: Store, after: str) -> Changes:
    return await store.changes(after, block_ms=1)


async def begin(store: Store, worker: Rebuilder) -> str:
    """Commit a feed of twenty entries; answers where the change stream stands then."""
    for number in range(20):
        await publish(store, number, "First")
    await regenerate(store, worker)
    return (await store.changes(None, block_ms=1)).last_id


async def follow(store: Store, documents: Documents, after: str) -> None:
    await documents.follow((await rows(store, after)).rows)


async def test_a_patched_commit_leaves_the_whole_in_redis(store: Store, worker: Rebuilder) -> None:
    last = await begin(store, worker)

    for number in (3, 30, 4):
        await publish(store, number, "Second")
        built = await regenerate(store, worker)

        for format_, document in built.rendering.documents.items():
            assert (await kept(store, built, format_)).gzip == document.gzip
    assert all(len(row.patches) == len(Format) for row in (await rows(store, last)).rows)


async def test_a_long_row_of_patches_ends_in_a_whole_document(store: Store, worker: Rebuilder) -> None:
    await begin(store, worker)
    rows_of_patches = []

    for number in range(2 * PATCHES + 3):
        await publish(store, number % 20, f"Change {number}")
        built = await regenerate(store, worker)

        document = await kept(store, built)
        assert document.gzip == built.rendering.documents[Format.ATOM].gzip
        fields = await store.client.hgetall(store.keys.document(built.snapshot.number, Format.ATOM))
        rows_of_patches.append(int(fields[b"patches"]))
        assert sum(name.startswith(b"patch") for name in fields) == rows_of_patches[-1] + 1
    assert max(rows_of_patches) <= PATCHES
    assert 0 in rows_of_patches[1:], "a whole document began a new row"


async def test_workers_that_take_turns_do_not_build_on_each_other(store: Store, worker: Rebuilder) -> None:
    other = await new_worker(store)
    last = await begin(store, worker)

    for turn, each in enumerate((other, worker, other, worker, worker)):
        await publish(store, turn, f"By turn {turn}")
        built = await regenerate(store, each)

        assert (await kept(store, built)).gzip == built.rendering.documents[Format.ATOM].gzip
    patches = [len(row.patches) for row in (await rows(store, last)).rows]
    assert patches == [0, 0, 0, 0, 3], "only the last found its own before it"


@pytest.mark.parametrize("wrong", ["base", "maker"])
async def test_a_patch_for_another_document_is_refused_and_changes_nothing(
    store: Store, worker: Rebuilder, wrong: str
) -> None:
    await begin(store, worker)
    before = await build(store, worker)
    await publish(store, 1, "Second")
    built = await build(store, worker)
    present = await kept(store, built)
    patch = Patch("?" if wrong == "base" else before.rendering.documents[Format.ATOM].hash, b"")

    documents = {str(f): document for f, document in built.rendering.documents.items()}
    taken = await store.commit(
        built.snapshot,
        1,
        documents,
        [],
        maker="?" if wrong == "maker" else present.maker,
        patches={"atom": patch},
    )

    assert taken is Commit.ELSEWHERE
    assert await kept(store, built) == present
    assert await worker.commit(built)


async def test_an_overtaken_patch_changes_nothing(store: Store, worker: Rebuilder) -> None:
    await begin(store, worker)
    await publish(store, 1, "Second")
    late = await build(store, worker)
    await publish(store, 1, "Third")
    built = await regenerate(store, await new_worker(store))

    assert await worker.commit(late) is Commit.OVERTAKEN
    assert (await kept(store, built)).gzip == built.rendering.documents[Format.ATOM].gzip


async def test_a_front_that_holds_the_base_fetches_nothing(store: Store, worker: Rebuilder) -> None:
    last, source = await begin(store, worker), Counting(store)
    documents = Documents(source)
    await documents.find(ALL, Format.ATOM)
    await publish(store, 2, "Second")
    await publish(store, 50, "New")
    built = await regenerate(store, worker)

    await follow(store, documents, last)

    held = await documents.find(ALL, Format.ATOM)
    assert isinstance(held, Held)
    assert held.representation.variants.gzip == (await kept(store, built)).gzip
    assert held.representation.validators.etag == (await kept(store, built)).etag
    assert source.calls["document"] == 1


@pytest.mark.parametrize("missed", [1, 2])
async def test_a_front_that_missed_rows_fetches(store: Store, worker: Rebuilder, missed: int) -> None:
    last, source = await begin(store, worker), Counting(store)
    documents = Documents(source)
    await documents.find(ALL, Format.ATOM)
    for turn in range(missed):
        await publish(store, turn, "Missed")
        await regenerate(store, worker)
    last = (await store.changes(None, block_ms=1)).last_id
    await publish(store, 5, "Seen")
    built = await regenerate(store, worker)

    await follow(store, documents, last)
    await follow(store, documents, "0-0")  # rows that are read again take nothing back

    held = await documents.find(ALL, Format.ATOM)
    assert isinstance(held, Held)
    assert held.representation.variants.gzip == (await kept(store, built)).gzip
    assert source.calls["document"] == 2


async def test_rows_that_would_be_large_carry_no_patch(store: Store, worker: Rebuilder) -> None:
    last = await begin(store, worker)
    for number in range(40, 60):
        event = published(
            f"e{number}", content_html="".join(f"<p>{n * number * 7919}</p>" for n in range(2000))
        )
        await store.accept([event], source="test")
    await regenerate(store, worker)
    last = (await store.changes(None, block_ms=1)).last_id
    event = published("e40", title="B", content_html="".join(f"<p>{n * 7919}</p>" for n in range(3000)))
    await store.accept([event], source="test")

    built = await regenerate(store, worker)

    (row,) = (await rows(store, last)).rows
    assert sum(len(patch.patch) for patch in row.patches) <= 16384
    assert len(row.patches) < len(Format)
    assert (await kept(store, built)).gzip == built.rendering.documents[Format.ATOM].gzip
