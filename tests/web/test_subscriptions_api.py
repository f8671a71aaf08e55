"""`/api/subscriptions` and receipts: who is told, how that goes, who knows of a retraction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from hub.model import EntryId, FeedNumber, FeedPath, Format, Kind, Moved, Seq
from hub.subscription import Attempt, Channel, EntryReceipt, Lane, Subscription, SubscriptionId
from tests.web.fakes import NEWS

if TYPE_CHECKING:
    from tests.web.conftest import Client
    from tests.web.fakes import FakeBell, FakeStore

ADMIN = {"Authorization": "Bearer test-admin-token"}
LATE = FeedPath(Kind.CATEGORY, "späte-nachrichten")
CALLBACK = "https://reader.test/push?secret=callback-secret"
ENTRY = "https://site.test/1?a=ä&b"
READER = Subscription(
    id=SubscriptionId("Abcd_-0123456789"),
    channel=Channel.WEBSUB,
    feed=FeedNumber(1),
    callback=CALLBACK,
    cursor=Seq(3),
    format=Format.ATOM,
    topic="https://hub.test/feeds/category/news.atom",
    secret=b"sealed-secret",
    lease_end=1_763_888_400_000,
    lane=Lane.SLOW,
    failures=2,
)
PARTNER = Subscription(
    SubscriptionId("wh_0123456789abcdef.2"), Channel.WEBHOOK, FeedNumber(2), "wh_0123456789abcdef", Seq(9)
)


@pytest.fixture(autouse=True)
def subscribed(fake: FakeStore) -> None:
    """A reader of the news, at 3 of 7, and a partner of the late news, at 9 of 9."""
    fake.add(LATE, 2)
    fake.summaries[NEWS] = replace(fake.summaries[NEWS], seq=Seq(7))
    fake.summaries[LATE] = replace(fake.summaries[LATE], seq=Seq(9))
    fake.subscriptions = {one.id: one for one in (READER, PARTNER)}


async def get(client: Client, path: str) -> Any:
    answer = await client.get(path, headers=ADMIN)
    assert answer.status == 200, await answer.text()
    assert answer.headers["Cache-Control"] == "no-store"
    return await answer.json()


async def test_a_subscription_is_shown_with_its_callback_and_never_its_secret(client: Client) -> None:
    shown = await get(client, f"/api/subscriptions/{READER.id}")

    assert shown == {
        "id": READER.id,
        "channel": "websub",
        "feed": "category/news",
        "webhook": None,
        "partner": None,
        "callback": CALLBACK,
        "topic": "https://hub.test/feeds/category/news.atom",
        "format": "atom",
        "cursor": 3,
        "head": 7,
        "behind": True,
        "paused": False,
        "lane": "slow",
        "failures": 2,
        "failing_since": None,
        "next_attempt": None,
        "lease_end": "2025-11-23T09:00:00.000Z",
        "last_attempt": None,
    }


async def test_all_subscriptions_are_listed_in_pages(client: Client) -> None:
    first = await get(client, "/api/subscriptions?limit=1")
    rest = await get(client, f"/api/subscriptions?limit=1&cursor={first['cursor']}")

    rows = first["subscriptions"] + rest["subscriptions"]
    assert [(row["id"], row["feed"], row["behind"]) for row in rows] == [
        (READER.id, "category/news", True),
        (PARTNER.id, "category/späte-nachrichten", False),
    ]
    assert rows[1]["webhook"] == "wh_0123456789abcdef"
    assert rest["cursor"] is None


@pytest.mark.parametrize("feed", ["category/späte-nachrichten", "category/old"])
async def test_a_feeds_subscriptions_are_found_by_its_address_or_a_former_one(
    client: Client, fake: FakeStore, feed: str
) -> None:
    fake.places[FeedPath(Kind.CATEGORY, "old")] = Moved(LATE)

    page = await get(client, f"/api/subscriptions?feed={quote(feed)}")

    assert [row["id"] for row in page["subscriptions"]] == [PARTNER.id]


async def test_attempts_are_listed_newest_first(client: Client, fake: FakeStore) -> None:
    fake.tries[READER.id] = [
        Attempt(1_763_888_400_000, "verification", "verified", 200, 4.5),
        Attempt(1_763_888_460_000, "delivery", "timeout", None, 10_000.0, Seq(7), "no answer in 10 s"),
    ]

    shown = await get(client, f"/api/subscriptions/{READER.id}/attempts")

    assert shown["attempts"] == [
        {
            "at": "2025-11-23T09:01:00.000Z",
            "what": "delivery",
            "outcome": "timeout",
            "status": None,
            "ms": 10_000.0,
            "seq": 7,
            "detail": "no answer in 10 s",
        },
        {
            "at": "2025-11-23T09:00:00.000Z",
            "what": "verification",
            "outcome": "verified",
            "status": 200,
            "ms": 4.5,
            "seq": None,
            "detail": "",
        },
    ]
    assert (await get(client, f"/api/subscriptions/{READER.id}"))["last_attempt"] == shown["attempts"][0]


async def test_receipts_say_who_acknowledged_a_retraction_and_who_did_not(
    client: Client, fake: FakeStore
) -> None:
    told = EntryReceipt(
        NEWS, Seq(7), removed=True, subscription=READER.id, callback=CALLBACK, acknowledged=True
    )
    open_ = replace(told, feed=LATE, subscription=PARTNER.id, acknowledged=False)
    fake.acknowledgements[EntryId(ENTRY)] = [told, open_]

    shown = await get(client, f"/api/entries/receipts?id={quote(ENTRY, safe='')}")

    assert shown["entry"] == ENTRY
    assert shown["acknowledged"] is False
    assert shown["receipts"] == [
        {
            "feed": "category/news",
            "seq": 7,
            "removed": True,
            "subscription": READER.id,
            "callback": CALLBACK,
            "acknowledged": True,
        },
        {
            "feed": "category/späte-nachrichten",
            "seq": 7,
            "removed": True,
            "subscription": PARTNER.id,
            "callback": CALLBACK,
            "acknowledged": False,
        },
    ]


async def test_an_entry_that_nobody_is_told_of_lacks_no_receipt(client: Client, fake: FakeStore) -> None:
    fake.acknowledgements[EntryId("x")] = []

    assert await get(client, "/api/entries/receipts?id=x") == {
        "entry": "x",
        "acknowledged": True,
        "receipts": [],
    }


@pytest.mark.parametrize("id_", [READER.id, PARTNER.id])
async def test_any_subscription_is_replayed_from_a_seq_or_a_time(
    client: Client, fake: FakeStore, distribute: FakeBell, id_: SubscriptionId
) -> None:
    answer = await client.post(f"/api/subscriptions/{id_}/replay", json={"since": 0}, headers=ADMIN)

    shown = await answer.json()
    assert (answer.status, shown["cursor"], shown["behind"]) == (200, 0, True)
    assert fake.subscriptions[id_].cursor == 0
    assert distribute.rings == 1


@pytest.mark.parametrize("said", [{}, {"since": "soon"}, {"since": 0, "feeds": ["all"]}])
async def test_a_replay_from_nowhere_is_422(client: Client, fake: FakeStore, said: dict[str, object]) -> None:
    answer = await client.post(f"/api/subscriptions/{READER.id}/replay", json=said, headers=ADMIN)

    assert answer.status == 422
    assert fake.subscriptions[READER.id] == READER


async def test_an_unknown_subscription_is_not_replayed(client: Client) -> None:
    for headers, status in ((ADMIN, 404), ({}, 401)):
        answer = await client.post("/api/subscriptions/unknown/replay", json={"since": 0}, headers=headers)
        assert answer.status == status


PLACES = [
    "/api/subscriptions",
    f"/api/subscriptions/{READER.id}",
    f"/api/subscriptions/{READER.id}/attempts",
    "/api/entries/receipts?id=1",
]


@pytest.mark.parametrize("path", PLACES)
async def test_nobody_sees_subscribers_without_an_admin_token(client: Client, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer test-publish-token"}):
        assert (await client.get(path, headers=headers)).status == 401


@pytest.mark.parametrize("path", PLACES)
async def test_without_a_store_everything_is_503(client: Client, fake: FakeStore, path: str) -> None:
    fake.go_away()

    assert (await client.get(path, headers=ADMIN)).status == 503


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/subscriptions/unknown", 404),
        ("/api/subscriptions/*", 404),
        ("/api/subscriptions/unknown/attempts", 404),
        ("/api/subscriptions?feed=tag/none", 404),
        ("/api/subscriptions?feed=nonsense", 400),
        ("/api/subscriptions?limit=0", 400),
        ("/api/subscriptions?cursor=%0A", 400),
        ("/api/subscriptions?cursor=never-given", 400),
        ("/api/entries/receipts", 400),
        ("/api/entries/receipts?id=", 400),
        ("/api/entries/receipts?id=misspelt", 404),
    ],
)
async def test_what_can_not_be_asked_for_is_refused(client: Client, path: str, status: int) -> None:
    assert (await client.get(path, headers=ADMIN)).status == status


async def test_no_log_line_has_a_callbacks_query(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    for path in PLACES:
        await client.get(path, headers=ADMIN)

    assert caplog.text
    assert "callback-secret" not in caplog.text
