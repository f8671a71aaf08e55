"""What CMSs say in their own way: versions, dates that are ahead, numbers, and how their hooks fare."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hub.events import FeedRemoved, FeedUpdated, HookRecord, Noted, Outcome, PublishEvent, Source
from hub.model import FeedPath, Kind, Live, Retired, Term, TermRef
from tests.accepting import HOUR, paths, send, window
from tests.entries import NOON, category, published, removed, tag

if TYPE_CHECKING:
    from hub.adapters.store import Store


async def test_versions_decide_where_a_cms_numbers_them(store: Store) -> None:
    def version(number: int, title: str, when: datetime = NOON) -> PublishEvent:
        return replace(published("a", title=title, date_modified=when), version=number)

    receipts = await send(
        store,
        version(3, "first"),
        version(4, "later, by an older clock", NOON - HOUR),
        version(4, "again", NOON + HOUR),
        version(3, "late", NOON + HOUR),
        removed("a", version=5),
        version(4, "after its end", NOON + HOUR),
    )

    assert [receipt.outcome for receipt in receipts] == [
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
        Outcome.STALE,
        Outcome.STALE,
        Outcome.ACCEPTED,
        Outcome.STALE,
    ]


async def test_equal_content_of_a_later_version_moves_the_mark(store: Store) -> None:
    event = published("a")
    receipts = await send(store, *(replace(event, version=number) for number in (1, 7, 6)))

    assert [r.outcome for r in receipts] == [Outcome.ACCEPTED, Outcome.UNCHANGED, Outcome.STALE]


async def test_what_a_cms_has_published_is_live_though_its_date_is_ahead(store: Store) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=4)
    held, live = published("a", date_published=soon), published("b", date_published=soon)
    receipts = await send(store, held, replace(live, held=False))

    assert [receipt.outcome for receipt in receipts] == [Outcome.SCHEDULED, Outcome.ACCEPTED]
    assert await window(store, "all") == ["b"]


async def test_an_author_known_by_a_number_alone_is_the_one_that_has_it_and_makes_no_feed(
    store: Store,
) -> None:
    ann = Term(Kind.AUTHOR, "2", "ann", "Ann", explicit_id=True)
    known, unknown = (Term(Kind.AUTHOR, number, "", explicit_id=True, bare=True) for number in ("2", "9"))
    receipts = await send(
        store, published("a", ann), published("b", known), published("c", unknown, tag("energy"))
    )

    assert [paths(receipt) for receipt in receipts] == [
        ["all", "author/ann"],
        ["all", "author/ann"],
        ["all", "tag/energy"],
    ]
    assert await window(store, "author/ann") == ["b", "a"]
    assert await labels_in_all(store, "b") == ["Ann"]
    assert await labels_in_all(store, "c") == ["Energy"]
    (again,) = await send(store, published("c", replace(ann, id="9", slug="joe", name="Joe"), tag("energy")))
    assert paths(again) == ["all", "author/joe", "tag/energy"]
    assert await labels_in_all(store, "c") == ["Joe", "Energy"]


async def labels_in_all(store: Store, id_: str) -> list[str]:
    """Names that documents show of an entry, in order."""
    feed = await store.resolve(FeedPath.parse("all"))
    assert isinstance(feed, Live)
    snapshot = await store.snapshot(feed.number)
    assert snapshot is not None
    entries = await store.entries([place.number for place in snapshot.window])
    (entry,) = [stored.entry for stored in entries.values() if stored.entry.id == id_]
    labels = await store.labels(entry.refs)
    return [labels[ref].name for ref in entry.refs if ref in labels]


async def test_how_hooks_fare_is_kept_by_source(store: Store) -> None:
    assert await store.hook_records() == dict.fromkeys(Source, HookRecord())
    await store.note_taken(Source.GHOST, NOON)
    await store.note_refused(Source.WORDPRESS, NOON, "no signature: why not")
    for _ in range(2):
        await store.hint(Source.GHOST, NOON + HOUR, "site.changed")
    records = await store.hook_records()

    at = round(NOON.timestamp() * 1000)
    assert records[Source.GHOST] == HookRecord(
        taken=Noted(at), hinted=Noted(at + 3_600_000, "site.changed"), hints=2
    )
    assert records[Source.WORDPRESS] == HookRecord(refused=Noted(at, "no signature: why not"))


async def test_a_terms_own_number_leads_to_its_feed_wherever_that_is_now(store: Store) -> None:
    await send(store, published("https://site.test/1", category("news", id="3")))
    number = TermRef(Kind.CATEGORY, "3")

    assert await store.place_of(number) == FeedPath(Kind.CATEGORY, "news")
    assert await store.place_of(TermRef(Kind.TAG, "3")) is None
    await send(store, FeedUpdated(Kind.CATEGORY, "news", "3", "world-news"))
    assert await store.place_of(number) == FeedPath(Kind.CATEGORY, "world-news")
    await send(store, FeedRemoved(Kind.CATEGORY, "world-news", "3"))
    gone = await store.place_of(number)
    assert gone is not None
    assert await store.resolve(gone) == Retired()
