"""Partners in a real Redis: what they are, and that their webhooks never outlive their rights."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from hub.adapters.partnerbook import PartnerBook
from hub.adapters.store.partners import KEEP_COUNTS_SECONDS
from hub.errors import Conflict, Forbidden
from hub.model import ALL, FeedNumber, FeedPath, Kind
from hub.partner import (
    MOST_WEBHOOKS,
    Counts,
    Deletes,
    Edition,
    LastUse,
    Partner,
    Use,
    kept_of,
    key_of,
)
from hub.subscription import SealedSecret, Webhook
from hub.webhook import subscription_id
from tests.entries import category, published

if TYPE_CHECKING:
    from hub.adapters.store import Store

WORLD, SPORT = FeedPath(Kind.CATEGORY, "world"), FeedPath(Kind.CATEGORY, "sport")
TODAY, DAY = date(2026, 11, 23), timedelta(days=1)
EDITION = Edition(20, full_content=False, deletes=Deletes.EXPIRE)
NEWSTAND = Partner("pt_one", "Newsstand", (), EDITION, (kept_of(key_of(bytes(32)), 1),), 1, 1)


@pytest.fixture
async def feeds(store: Store) -> dict[FeedPath, FeedNumber]:
    await store.accept(
        [published("https://site.test/1", category("world"), category("sport"))], source="test"
    )
    slugs = await store.client.hgetall(store.keys.slugs)
    return {FeedPath.parse(path.decode()): FeedNumber(int(number)) for path, number in slugs.items()}


def hook(name: str, *feeds: FeedPath, owner: str = NEWSTAND.id) -> Webhook:
    return Webhook(name, f"https://{name}.test/", feeds, (SealedSecret(b"sealed"),), owner=owner)


async def told(store: Store, webhook: str) -> set[FeedNumber]:
    rows, _ = await store.list_subscriptions(limit=100)
    return {row.feed for row in rows if row.callback == webhook}


async def test_a_partner_is_read_as_it_was_put(store: Store, feeds: dict[FeedPath, FeedNumber]) -> None:
    partner = replace(NEWSTAND, feeds=(feeds[WORLD], feeds[SPORT]))
    await store.put_partner(partner)

    version, found = await store.partners(-1)

    assert found == (partner,)
    assert await store.partners(version) == (version, None)


async def test_a_book_reads_only_what_changed(store: Store) -> None:
    book = PartnerBook(store)
    assert await book.read() == {}
    await store.put_partner(NEWSTAND)
    first = await book.read()
    assert first == {NEWSTAND.id: NEWSTAND}
    assert await book.read() is first

    await store.remove_partner(NEWSTAND.id)

    assert await book.read() == {}


async def test_of_two_changes_at_once_one_is_refused(store: Store) -> None:
    await store.put_partner(NEWSTAND)
    await store.put_partner(replace(NEWSTAND, name="First"), was=NEWSTAND)

    with pytest.raises(Conflict):
        await store.put_partner(replace(NEWSTAND, name="Second"), was=NEWSTAND)

    await store.put_partner(replace(NEWSTAND, name="First"), was=NEWSTAND)  # redis-py repeats what it lost
    (found,) = (await store.partners(-1))[1] or ()
    assert found.name == "First"


async def test_with_a_partner_its_webhooks_end_and_no_others(
    store: Store, feeds: dict[FeedPath, FeedNumber]
) -> None:
    await store.put_partner(NEWSTAND)
    await store.put_webhook(hook("wh_a", WORLD, ALL))
    await store.put_webhook(hook("wh_b", WORLD, owner=""))

    assert await store.remove_partner(NEWSTAND.id)

    assert await store.webhook("wh_a") is None
    assert await told(store, "wh_a") == set()
    assert await told(store, "wh_b") == {feeds[WORLD]}
    assert not await store.remove_partner(NEWSTAND.id)
    assert not await store.client.keys(store.keys.of("partner_webhooks", "*"))


async def test_a_webhook_is_not_made_for_a_partner_that_was_revoked_meanwhile(
    store: Store, feeds: dict[FeedPath, FeedNumber]
) -> None:
    with pytest.raises(Forbidden):
        await store.put_webhook(hook("wh_a", WORLD))

    assert await store.webhook("wh_a") is None


async def test_a_partner_that_may_open_less_is_told_less(
    store: Store, feeds: dict[FeedPath, FeedNumber]
) -> None:
    await store.put_partner(NEWSTAND)
    await store.put_webhook(hook("wh_both", WORLD, SPORT))
    await store.put_webhook(hook("wh_sport", SPORT))

    await store.put_partner(replace(NEWSTAND, feeds=(feeds[WORLD],)), was=NEWSTAND)

    both = await store.webhook("wh_both")
    assert both
    assert both.feeds == (WORLD,)
    assert await told(store, "wh_both") == {feeds[WORLD]}
    assert await store.webhook("wh_sport") is None
    with pytest.raises(Forbidden):
        await store.put_webhook(hook("wh_both", WORLD, SPORT), was=both)
    with pytest.raises(Forbidden):
        await store.put_webhook(hook("wh_new", SPORT))
    await store.put_webhook(replace(both, url="https://moved.test/"), was=both)


async def test_a_partner_has_so_many_webhooks_at_most(
    store: Store, feeds: dict[FeedPath, FeedNumber]
) -> None:
    await store.put_partner(NEWSTAND)
    for n in range(MOST_WEBHOOKS):
        await store.put_webhook(hook(f"wh_{n}", WORLD))
    with pytest.raises(Conflict, match="at most"):
        await store.put_webhook(hook("wh_more", WORLD))

    await store.remove_webhook("wh_0")

    await store.put_webhook(hook("wh_more", WORLD))
    assert {row.id for row in (await store.list_webhooks(owner=NEWSTAND.id))[0]} == {
        *(f"wh_{n}" for n in range(1, MOST_WEBHOOKS)),
        "wh_more",
    }


async def test_owners_are_told_of_webhooks(store: Store, feeds: dict[FeedPath, FeedNumber]) -> None:
    await store.put_partner(NEWSTAND)
    await store.put_webhook(hook("wh_a", WORLD))
    await store.put_webhook(hook("wh_b", WORLD, owner=""))

    assert await store.owners(["wh_a", "wh_b", "wh_c"]) == {"wh_a": NEWSTAND.id, "wh_b": ""}
    rows, _ = await store.list_subscriptions(owner=NEWSTAND.id)
    assert [row.id for row in rows] == [subscription_id("wh_a", feeds[WORLD])]


async def test_feeds_are_listed_among_those_of_a_partner(
    store: Store, feeds: dict[FeedPath, FeedNumber]
) -> None:
    some = [feeds[SPORT], feeds[WORLD], FeedNumber(999)]

    first = await store.list_feeds(kinds=list(Kind), limit=1, among=some)
    rest = await store.list_feeds(kinds=list(Kind), limit=1, among=some, cursor=first.cursor)

    assert [feed.path for feed in (*first.feeds, *rest.feeds)] == [SPORT, WORLD]
    assert rest.cursor is None
    assert not (await store.list_feeds(kinds=[Kind.TAG], among=some)).feeds


# ---- what keys are used for


def use(key: str = "AAAA", *, at: int = 1, day: date = TODAY, **counts: int) -> Use:
    return Use(NEWSTAND.id, key, day, Counts(**counts), LastUse(at, 200, f"/feeds/all.rss?{at}"))


async def test_uses_are_added_up_by_day_and_key_and_a_token_counts_once(store: Store) -> None:
    await store.put_partner(NEWSTAND)
    uses = [use(ok=2, bytes=2**40), use("BBBB", not_modified=1), use(day=TODAY - DAY, refused=1)]

    await store.add_uses("one", uses)
    await store.add_uses("one", uses)
    await store.add_uses("two", [use(ok=1, failed=4, bytes=2**40)])

    assert await store.uses(NEWSTAND.id, [TODAY, TODAY - DAY]) == {
        (TODAY, "AAAA"): Counts(ok=3, failed=4, bytes=2**41),
        (TODAY, "BBBB"): Counts(not_modified=1),
        (TODAY - DAY, "AAAA"): Counts(refused=1),
    }
    assert await store.uses(NEWSTAND.id, [TODAY - 2 * DAY]) == {}


async def test_the_last_use_is_the_latest_whichever_front_tells_first(store: Store) -> None:
    await store.put_partner(NEWSTAND)
    await store.add_uses("one", [use(at=1_795_460_320_084, ok=1)])
    await store.add_uses("two", [use(at=1_795_460_320_083, ok=1), use("BBBB", at=5, ok=1)])

    last = (await store.last_uses([NEWSTAND.id, "pt_none"]))[NEWSTAND.id]

    assert last == {
        "AAAA": LastUse(1_795_460_320_084, 200, "/feeds/all.rss?1795460320084"),
        "BBBB": LastUse(5, 200, "/feeds/all.rss?5"),
    }


async def test_counts_are_not_kept_for_ever_and_none_of_a_revoked_partner(store: Store) -> None:
    await store.put_partner(NEWSTAND)
    await store.add_uses("one", [use(ok=1)])
    usage = store.keys.of("usage", f"{NEWSTAND.id}:{TODAY}")
    assert 0 < await store.client.ttl(usage) <= KEEP_COUNTS_SECONDS

    await store.remove_partner(NEWSTAND.id)
    await store.add_uses("late", [use(ok=1)])

    assert await store.last_uses([NEWSTAND.id]) == {NEWSTAND.id: {}}
    assert (await store.uses(NEWSTAND.id, [TODAY]))[TODAY, "AAAA"] == Counts(ok=1)
