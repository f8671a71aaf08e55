"""Any order of events, chores, claims, crashes and late commits ends in the feeds that the entries ask for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from hub.adapters.crashpoints import CrashPoints
from hub.adapters.store import Store, connect
from hub.events import EntryPublished, EntryRemoved, FeedRemoved, FeedUpdated
from hub.model import EntryId, FeedNumber, FeedPath, Format, Kind, Live, Term
from hub.settings import Settings
from tests.entries import NOON, published
from workers.rebuild import Rebuilder

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from hub.adapters.composer import Built

SITE = Settings(public_url="https://hub.test", debounce_ms=0, feed_size=4)
IDS = [f"e{i}" for i in range(8)]
SLUGS = ["a", "b", "c", "d"]
tokens = count()
EXAMPLES = 25


def terms() -> st.SearchStrategy[list[Term]]:
    """Distinct categories of one entry, some with parents, and perhaps an author."""
    one = st.builds(
        lambda slug, name, parent: Term(
            Kind.CATEGORY, slug, slug, name=name, parent=None if parent == slug else parent
        ),
        st.sampled_from(SLUGS),
        st.sampled_from(["One", "Two", None]),
        st.sampled_from([None, None, *SLUGS]),
    )
    author = st.builds(
        lambda slug, name: Term(Kind.AUTHOR, slug, slug, name=name),
        st.sampled_from(["ada", "bo"]),
        st.sampled_from(["Ada", "Bo", "Cy"]),
    )
    return st.tuples(
        st.lists(one, max_size=3, unique_by=lambda term: term.slug), st.lists(author, max_size=1)
    ).map(lambda both: both[0] + both[1])


class Machine(RuleBasedStateMachine):
    """A hub with two workers that may die, be late or be overtaken at every step."""

    url = ""
    reuses = False
    """Rename onto addresses that another feed left, too."""
    merges = False
    retires = False

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store = Store(connect(self.url), SITE)
        self.workers = [Rebuilder(self.store, SITE.site, CrashPoints()) for _ in range(2)]
        self.pending: list[tuple[Rebuilder, Built]] = []
        self.entries: dict[str, tuple[int, set[FeedNumber]]] = {}
        """The last change of each, and the feeds that it named."""
        self.used = set(SLUGS)

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def start(self) -> None:
        self.wait(self.store.client.flushdb())
        for worker in self.workers:
            self.wait(worker.register())

    def send(self, event: Any, *, quiet: bool = False) -> str:
        (answer,) = self.wait(self.store.accept([event], source="test", quiet=quiet))
        return str(getattr(answer, "outcome", "conflict"))

    async def _meant(self, named: list[Term]) -> set[FeedNumber]:
        """The feeds that have these addresses now. Their entries stay with them when the addresses go to others."""
        client, keys = self.store.client, self.store.keys
        rows = [await client.hget(keys.slugs, f"{term.kind}/{term.slug}") for term in named]
        return {FeedNumber(int(row.lstrip(b">-"))) for row in rows}

    # ---- events ---------------------------------------------------------------------------------------------------

    @rule(
        id_=st.sampled_from(IDS),
        named=terms(),
        minute=st.integers(0, 5),
        title=st.sampled_from("xyz"),
        place=st.integers(0, 3),
        quiet=st.booleans(),
    )
    def publish(
        self, id_: str, named: list[Term], minute: int, title: str, place: int, *, quiet: bool
    ) -> None:
        event: EntryPublished = published(
            id_,
            *named,
            title=title,
            date_published=NOON - timedelta(hours=place),
            date_modified=NOON + timedelta(minutes=minute),
        )
        stale = id_ in self.entries and minute < self.entries[id_][0]
        assert (self.send(event, quiet=quiet) == "stale") == stale
        if not stale:
            self.entries[id_] = (minute, self.wait(self._meant(named)))

    @rule(id_=st.sampled_from(IDS))
    def remove(self, id_: str) -> None:
        self.send(EntryRemoved(EntryId(id_)))
        if id_ in self.entries:
            self.entries[id_] = (self.entries[id_][0], set())

    @rule(slug=st.sampled_from(SLUGS), name=st.sampled_from(["Three", "Four"]))
    def describe(self, slug: str, name: str) -> None:
        self.send(FeedUpdated(Kind.CATEGORY, slug, changes={"name": name}))

    @rule(slug=st.sampled_from(SLUGS), new=st.sampled_from([*SLUGS, "p", "q", "r"]))
    def rename(self, slug: str, new: str) -> None:
        if self.reuses or new not in self.used:
            self.used.add(new)
            self.send(FeedUpdated(Kind.CATEGORY, slug, new_slug=new))

    @rule(slug=st.sampled_from(SLUGS), into=st.sampled_from([None, *SLUGS]))
    def retire(self, slug: str, into: str | None) -> None:
        if self.merges if into else self.retires:
            self.send(FeedRemoved(Kind.CATEGORY, slug, moved_to=into))

    # ---- workers --------------------------------------------------------------------------------------------------

    @rule()
    def chore(self) -> None:
        self.wait(self.store.chore())

    @rule(which=st.integers(0, 1), limit=st.integers(1, 3), known=st.booleans())
    def build(self, which: int, limit: int, known: bool) -> None:  # noqa: FBT001
        """Claim and render; the commit comes later, or never."""
        worker = self.workers[which]
        claim = self.wait(
            self.store.claim(f"t{next(tokens)}", limit=limit, known=worker.known if known else 0)
        )
        for feed, snapshot in claim.feeds.items():
            if built := self.wait(worker.build(feed, snapshot, claim.fresh)):
                self.pending.append((worker, built))

    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        if self.pending:
            worker, built = self.pending.pop(data.draw(st.integers(0, len(self.pending) - 1)))
            self.wait(worker.commit(built))

    @rule()
    def leases_end(self) -> None:
        self.wait(self._leases_end())

    async def _leases_end(self) -> None:
        for feed in await self.store.client.zrange(self.store.keys.dirty, 0, -1):
            await self.store.client.zadd(self.store.keys.dirty, {feed: 0})

    # ---- what must hold when all is quiet --------------------------------------------------------------------------

    @rule()
    def settle(self) -> None:
        self.wait(self._settle())

    async def _settle(self) -> None:
        while await self.store.chore():
            pass
        for _ in range(200):
            await self._leases_end()
            claim = await self.store.claim(f"t{next(tokens)}", limit=8)
            if not claim.feeds:
                break
            worker = self.workers[0]
            for feed, snapshot in claim.feeds.items():
                if built := await worker.build(feed, snapshot, claim.fresh):
                    await worker.commit(built)
        assert (await self.store.owed()).wait is None, "something stays due for ever"
        await self._check_addresses()
        await self._check_windows()
        await self._check_documents()

    async def _live(self) -> dict[FeedNumber, str]:
        page = await self.store.list_feeds(kinds=list(Kind), limit=1000)
        return {feed.number: str(feed.path) for feed in page.feeds}

    async def _check_addresses(self) -> None:
        client, keys = self.store.client, self.store.keys
        live = await self._live()
        for number in range(1, int(await client.get(keys.feed_count)) + 1):
            state, kind, slug = await client.hmget(keys.of("feed", number), "state", "kind", "slug")
            if state == b"live":
                path = FeedPath(Kind(kind.decode()), slug.decode())
                assert await self.store.resolve(path) == Live(FeedNumber(number)), (number, path)
                assert live.get(FeedNumber(number)) == str(path)
            else:
                assert number not in live

    async def _check_windows(self) -> None:
        client, keys = self.store.client, self.store.keys
        live = await self._live()
        wanted: dict[FeedNumber, set[str]] = {number: set() for number in live}
        for id_, (_, named) in self.entries.items():
            entry = await client.hget(keys.ids, id_)
            if await client.hget(keys.of("entry", entry.decode()), "state") == b"live":
                for number in wanted.keys() & await self._feeds_of(named):
                    wanted[number].add(id_)
        names = {n: i.decode() for i, n in (await client.hgetall(keys.ids)).items()}
        for number, path in live.items():
            window = {names[n] for n in await client.zrange(keys.of("window", number), 0, -1)}
            gone = {names[n] for n in await client.zrange(keys.of("gone", number), 0, -1)}
            log = [
                row
                for key in ("log", "quiet")
                for row in await client.zrange(keys.of(key, number), 0, -1, withscores=True)
            ]
            assert window == wanted[number], path
            assert not window & gone, path
            assert window | gone == {names[n] for n, _ in log if n != b"0"}, path
            seq = float(await client.hget(keys.of("feed", number), "seq"))
            assert max([score for _, score in log], default=0.0) == seq, path

    async def _feeds_of(self, named: set[FeedNumber]) -> set[FeedNumber]:
        """Where an entry that named these belongs: `all`, and those with their ancestors.

        Retired ones among them collect unseen.
        """
        client, keys = self.store.client, self.store.keys
        found = {FeedNumber(int(await client.hget(keys.slugs, "all")))}
        for direct in named:
            number: bytes | None = b"%d" % direct
            while number := await self._follow(number):
                if FeedNumber(int(number)) in found:
                    break
                found.add(FeedNumber(int(number)))
                number = await client.hget(keys.of("feed", number.decode()), "parent")
        return found

    async def _follow(self, number: bytes | None) -> bytes | None:
        while number:
            state = await self.store.client.hget(self.store.keys.of("feed", number.decode()), "state")
            if state[:1] != b">":
                return number
            number = state[1:]
        return None

    async def _check_documents(self) -> None:
        """Every stored document is what a worker without any memory would render now."""
        blank = Rebuilder(self.store, SITE.site, CrashPoints())
        for number, path in (await self._live()).items():
            built = await blank.build(number, await self.store.snapshot(number), {})
            assert built is not None
            for format_ in Format:
                document = await self.store.document(number, format_)
                assert document is not None, path
                assert document.gzip == built.rendering.documents[format_].gzip, (path, format_)

    def teardown(self) -> None:
        try:
            self.wait(self._settle())
        finally:
            self.wait(self.store.close())
            self.loop.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "also", [(), ("reuses",), ("merges",), ("retires",), ("reuses", "merges", "retires")], ids=" and ".join
)
def test_every_order_ends_in_the_feeds_that_the_entries_ask_for(
    redis_url: str, also: tuple[str, ...]
) -> None:
    machine = type("Hub", (Machine,), {"url": redis_url} | dict.fromkeys(also, True))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            phases=(
                Phase.generate,
            ),  # shrinking takes minutes: a failure prints its steps, repeat it with them
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
