"""Quiet changes in a real Redis: in the log for who asks, and stepped over by who is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

from hub.adapters.items import Items
from hub.events import Receipt
from hub.model import EntryId, FeedNumber, FeedPath, Format, Kind, Live, Standing
from hub.subscription import Attempt, Intent, Lane, SubscriptionId, Webhook
from tests.entries import NOON, author, category, published, removed

if TYPE_CHECKING:
    from hub.adapters.store import Store
    from hub.adapters.store.distribution import Claimed
    from hub.events import PublishEvent
    from hub.model import LogSlice, Seq

WORLD = FeedPath(Kind.CATEGORY, "world")
SPORT = FeedPath(Kind.CATEGORY, "sport")


async def send(store: Store, *events: PublishEvent, quiet: bool = False) -> list[Seq]:
    """Publish, and build; answers the seq that each event drew (0: none)."""
    receipts = await store.accept(events, source="test", quiet=quiet)
    while await store.chore():
        pass
    await build(store)
    assert all(isinstance(each, Receipt) for each in receipts)
    return [each.feeds[0][1] if each.feeds else 0 for each in receipts]  # type: ignore[union-attr,misc]


async def build(store: Store) -> None:
    while (claim := await store.claim(uuid4().hex, limit=9)).feeds:
        for snapshot in claim.feeds.values():
            assert snapshot
            await store.commit(snapshot, 1, {}, ())


async def number(store: Store, path: FeedPath = WORLD) -> FeedNumber:
    feed = await store.resolve(path)
    assert isinstance(feed, Live)
    return feed.number


async def log(
    store: Store, after: int = 0, *, loud: bool = False, path: FeedPath = WORLD, limit: int = 100
) -> LogSlice:
    return await store.log(await number(store, path), after, limit=limit, loud=loud)


def ids(slice_: LogSlice) -> list[str]:
    return [f"-{row.id}" if row.removed else str(row.id) for row in slice_.rows if row.number]


async def shown(store: Store, slice_: LogSlice) -> list[str]:
    """Titles, as `since` and deliveries show them."""
    items = await Items(store).of(slice_)
    there = [(row, items[row.number]) for row in slice_.rows if row.number in items]
    return [item.entry.title for row, item in there if item.seq == row.seq]


async def claimed(store: Store) -> list[Claimed]:
    found, _ = await store.claim_subscribers(uuid4().hex, Lane.FAST, limit=9)
    return found


async def hook(store: Store, path: FeedPath = WORLD) -> None:
    await store.put_webhook(Webhook("wh_1", "https://partner.test/", (path,), ()))


world = category("world")


async def test_a_quiet_change_is_in_the_log_for_who_asks_and_not_for_who_is_told(store: Store) -> None:
    await send(store, published("a", world))
    await send(store, published("b", world), quiet=True)
    await send(store, published("c", world))

    assert ids(await log(store)) == ["a", "b", "c"]
    assert ids(await log(store, loud=True)) == ["a", "c"]


async def test_both_end_at_the_same_head(store: Store) -> None:
    await send(store, published("a", world))
    (seq,) = await send(store, published("b", world), quiet=True)

    assert (await log(store)).head == (await log(store, loud=True)).head == seq


async def test_pages_of_both_kinds_come_in_order_and_whole(store: Store) -> None:
    for n in range(12):
        await send(store, published(f"e{n}", world), quiet=n % 3 != 0)
    found: list[str] = []
    cursor, more = 0, True
    while more:
        part = await log(store, cursor, limit=2)
        assert len(part.rows) <= 2
        found += ids(part)
        cursor, more = part.rows[-1].seq, part.more

    assert found == [f"e{n}" for n in range(12)]


async def test_a_quiet_change_shows_in_the_window(store: Store) -> None:
    (seq,) = await send(store, published("a", world), quiet=True)

    snapshot = await store.snapshot(await number(store))
    assert snapshot
    assert [place.seq for place in snapshot.window] == [seq]


async def test_nobody_is_behind_for_a_quiet_change(store: Store) -> None:
    await send(store, published("a", world))
    await hook(store)

    await send(store, published("b", world), quiet=True)

    assert await claimed(store) == []
    assert (await store.owed()).tell_wait is None


async def test_a_loud_change_after_quiet_ones_is_owed_alone(store: Store) -> None:
    await send(store, published("a", world))
    await hook(store)
    await send(store, published("b", world), quiet=True)
    await send(store, published("c", world))
    (seq,) = await send(store, published("d", world), quiet=True)

    (claim,) = await claimed(store)

    assert claim.upto == seq, "the cursor will be past the quiet ones"
    assert ids(await log(store, claim.subscription.cursor, loud=True)) == ["c"]


async def test_what_is_owed_stays_owed_when_it_changes_quietly(store: Store) -> None:
    await send(store, published("a", world))
    await hook(store)
    (told,) = await send(store, published("b", world))
    await send(store, published("b", world, title="Changed quietly"), quiet=True)

    (claim,) = await claimed(store)
    part = await log(store, claim.subscription.cursor, loud=True)

    assert [row.seq for row in part.rows] == [told]
    assert await shown(store, part) == ["Changed quietly"], "as it is now"
    assert await shown(store, await log(store)) == ["Title of a", "Changed quietly"], "once to who asks"


async def test_the_first_loud_change_of_an_imported_entry_is_told_as_new(store: Store) -> None:
    await send(store, published("a", world))
    await hook(store)
    await send(store, published("b", world), quiet=True)
    await send(store, published("b", world, title="Corrected"))

    (claim,) = await claimed(store)
    (row,) = (await log(store, claim.subscription.cursor, loud=True)).rows

    assert row.id == "b"
    assert row.joined > claim.subscription.cursor


async def test_what_is_taken_away_is_always_told(store: Store) -> None:
    await send(store, published("a", world), published("b", world))
    await hook(store)

    await send(store, removed("a"), quiet=True)
    await send(store, published("b", world, date_published=NOON.replace(year=2999)), quiet=True)

    (claim,) = await claimed(store)
    assert ids(await log(store, claim.subscription.cursor, loud=True)) == ["-a", "-b"]


async def test_what_leaves_a_feed_quietly_is_told_there_if_its_coming_was(store: Store) -> None:
    await send(store, published("a", world))
    await send(store, published("b", world), quiet=True)
    await hook(store)

    await send(store, published("a", category("sport")), published("b", category("sport")), quiet=True)

    (claim,) = await claimed(store)
    assert ids(await log(store, claim.subscription.cursor, loud=True)) == ["-a"]
    assert ids(await log(store, claim.subscription.cursor)) == ["-a", "-b"]
    assert ids(await log(store, loud=True, path=SPORT)) == []


async def test_a_removal_of_what_came_quietly_is_told(store: Store) -> None:
    await send(store, published("a", world))
    await hook(store)
    await send(store, published("b", world), quiet=True)

    await send(store, removed("b"))

    (claim,) = await claimed(store)
    assert ids(await log(store, claim.subscription.cursor, loud=True)) == ["-b"]
    assert ids(await log(store)) == ["a", "-b"], "once"


async def test_what_a_quiet_entry_says_of_its_author_is_quiet_too(store: Store) -> None:
    ada = FeedPath(Kind.AUTHOR, "ada")
    await send(store, published("a", author("ada")))
    await hook(store, ada)

    await send(
        store,
        published("b", author("ada", description="A bio"), date_modified=NOON.replace(hour=13)),
        quiet=True,
    )

    assert await claimed(store) == []
    rows = (await log(store, path=ada)).rows
    assert [int(row.number) for row in rows if not row.number] == [0], "who asks sees it"


async def test_a_parent_that_a_quiet_entry_names_gets_the_others_quietly(store: Store) -> None:
    await send(store, published("a", category("football")), published("s", category("sport")))
    await hook(store, SPORT)

    under = category("football", parent="sport")
    await send(store, published("b", under, date_modified=NOON.replace(hour=13)), quiet=True)

    assert sorted(ids(await log(store, path=SPORT))) == ["a", "b", "s"]
    assert ids(await log(store, path=SPORT, loud=True)) == ["s"]
    assert await claimed(store) == []


async def test_an_embargo_that_ends_is_told_also_where_it_was_set_quietly(store: Store) -> None:
    await send(store, published("a", world))
    await hook(store)
    now = (await store.state()).now
    soon = NOON.fromtimestamp(now / 1000 + 0.05, NOON.tzinfo)
    await send(store, published("b", world, date_published=soon), quiet=True)

    while not await store.turn():
        await asyncio.sleep(0.01)
    await build(store)

    (claim,) = await claimed(store)
    assert ids(await log(store, claim.subscription.cursor, loud=True)) == ["b"]


async def test_a_subscription_is_not_behind_for_what_it_is_not_told(store: Store) -> None:
    (seq,) = await send(store, published("a", world))
    await send(store, published("b", world), quiet=True)
    feed = await number(store)

    assert await store.standings([feed]) == {feed: Standing(WORLD, seq)}


async def test_the_end_of_a_feed_is_told_after_quiet_changes(store: Store) -> None:
    from hub.events import FeedRemoved

    await send(store, published("a", world))
    await hook(store)
    await send(store, published("b", world), quiet=True)

    await send(store, FeedRemoved(Kind.CATEGORY, "world"))

    (claim,) = await claimed(store)
    assert claim.upto > claim.subscription.cursor


async def test_tombstones_of_what_left_quietly_are_swept(store: Store) -> None:
    await send(store, published("a", world), quiet=True)
    await send(store, published("a", category("sport")), quiet=True)
    assert ids(await log(store)) == ["-a"]
    gone = store.keys.of("gone", await number(store))
    (member,) = await store.client.zrange(gone, 0, -1)
    await store.client.zadd(gone, {member: 1})

    await store.sweep("")

    assert ids(await log(store)) == []


async def test_what_left_and_came_back_quietly_is_new_when_it_is_told_again(store: Store) -> None:
    await send(store, published("a", world))
    await send(store, removed("a"))
    (known,) = await send(store, published("a", world), quiet=True)

    await send(store, published("a", world, title="Told"))

    (row,) = (await log(store, known, loud=True)).rows
    assert row.joined > known, "who was told that it left is told that it is published"


async def test_everybody_who_is_told_by_push_is_counted(store: Store) -> None:
    await send(store, published("a", world))
    assert await store.count_subscriptions() == 0
    await hook(store)
    asked = Intent(
        id=SubscriptionId("s"),
        mode="subscribe",
        topic="https://hub.test/feeds/category/world.atom",
        feed=await number(store),
        format=Format.ATOM,
        callback="https://reader.test/",
        secret=b"",
        algorithm="sha256",
        lease_seconds=600,
        verify_token=None,
    )
    await store.request(asked)
    ((intent, token, _),) = await store.intents(1)
    verified = Attempt(1, "verification", "verified", 200, 1.0)
    await store.verified(intent, token, "verified", verified, lease_end=2**42)

    assert await store.count_subscriptions() == 2


async def test_a_source_stays_with_a_quiet_entry(store: Store) -> None:
    await store.accept([published("a", world)], source="wordpress", quiet=True)

    entry = (await store.client.hget(store.keys.ids, EntryId("a"))).decode()
    assert await store.client.hget(store.keys.of("entry", entry), "source") == b"wordpress"
