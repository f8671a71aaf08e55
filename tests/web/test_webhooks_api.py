"""`/api/webhooks`: what partners' receivers are made of, and everything that can be done to one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from standardwebhooks import Webhook as Official

from hub.adapters.egress import Answer, Failure, FailureKind
from hub.model import ALL, FeedPath, Kind, Seq
from hub.subscription import Attempt, Lane, SealedSecret, SubscriptionId
from tests.web.conftest import make_settings
from tests.web.fakes import NEWS, FakeStore

if TYPE_CHECKING:
    from tests.web.conftest import Client, Start
    from tests.web.fakes import Clock, FakeBell
    from tests.web.subscribers import FakeEgress

ADMIN = {"Authorization": "Bearer test-admin-token"}
URL = "https://partner.test/hook?key=callback-secret"
LATE = FeedPath(Kind.CATEGORY, "späte-nachrichten")
HEAD = 1795460320084001
UNKNOWN = "/api/webhooks/wh_0123456789abcdef"


@pytest.fixture(autouse=True)
def feeds(fake: FakeStore) -> None:
    """Three feeds, numbers 1 to 3, each at HEAD."""
    fake.add(LATE, 2)
    fake.add(ALL, 3)
    for path, summary in fake.summaries.items():
        fake.summaries[path] = replace(summary, seq=Seq(HEAD))


async def create(client: Client, **said: Any) -> dict[str, Any]:
    body = {"url": URL, "feeds": ["category/news"], "description": "Partner"} | said
    answer = await client.post("/api/webhooks", json=body, headers=ADMIN)
    assert answer.status == 201, await answer.text()
    made: dict[str, Any] = await answer.json()
    return made


async def act(client: Client, made: dict[str, Any], what: str, **said: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/webhooks/{made['id']}/{what}", json=said, headers=ADMIN)
    assert answer.status == 200, await answer.text()
    shown: dict[str, Any] = await answer.json()
    return shown


async def faults(client: Client, path: str, said: Any, *, method: str = "POST") -> dict[str, str]:
    """What a 422 says, by pointer."""
    answer = await client.request(method, path, json=said, headers=ADMIN)
    assert answer.status == 422, await answer.text()
    return {error["pointer"]: error["detail"] for error in (await answer.json(content_type=None))["errors"]}


# ---- making one


async def test_a_new_webhook_is_shown_whole_with_its_secret_and_the_guide(
    client: Client, fake: FakeStore
) -> None:
    answer = await client.post(
        "/api/webhooks",
        json={"url": URL, "feeds": ["category/news", "all"], "description": "Partner"},
        headers=ADMIN,
    )
    made = await answer.json()

    assert answer.status == 201
    assert answer.headers["Location"] == f"https://hub.test/api/webhooks/{made['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert made["id"].startswith("wh_")
    assert len(made["id"]) == 19
    assert made["secret"].startswith("whsec_")
    assert made["guide"] == "https://hub.test/static/receive.md"
    assert {name: made[name] for name in ("url", "feeds", "description", "paused", "created")} == {
        "url": URL,
        "feeds": ["category/news", "all"],
        "description": "Partner",
        "paused": False,
        "created": "2026-11-23T09:00:00.000Z",
    }
    assert made["subscriptions"][0] == {
        "id": f"{made['id']}.1",
        "channel": "webhook",
        "feed": "category/news",
        "webhook": made["id"],
        "partner": None,
        "callback": None,
        "topic": None,
        "format": None,
        "cursor": HEAD,
        "head": HEAD,
        "behind": False,
        "paused": False,
        "lane": "fast",
        "failures": 0,
        "failing_since": None,
        "next_attempt": None,
        "lease_end": None,
        "last_attempt": None,
    }
    assert [row["feed"] for row in made["subscriptions"]] == ["category/news", "all"]
    assert list(fake.webhooks) == [made["id"]]


async def test_the_guide_that_is_linked_is_served(client: Client) -> None:
    made = await create(client)

    answer = await client.get(made["guide"].removeprefix("https://hub.test"))

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (await answer.text()).startswith("# Receiving webhooks")


async def test_a_secret_is_shown_once_and_sealed_before_the_store_sees_it(
    client: Client, fake: FakeStore
) -> None:
    made = await create(client)

    again = await client.get(f"/api/webhooks/{made['id']}", headers=ADMIN)
    listed = await client.get("/api/webhooks", headers=ADMIN)

    (stored,) = fake.webhooks[made["id"]].secrets
    assert stored.sealed == f"sealed for {made['id']}: {made['secret']}".encode()
    for answer in (again, listed):
        text = await answer.text()
        assert "whsec_" not in text
        assert "sealed" not in text


async def test_two_webhooks_have_their_own_ids_and_secrets(client: Client) -> None:
    one, other = await create(client), await create(client)

    assert one["id"] != other["id"]
    assert one["secret"] != other["secret"]


async def test_feeds_are_found_however_they_are_spelt_and_each_counts_once(client: Client) -> None:
    made = await create(client, feeds=["category/Sp%C3%A4te Nachrichten", "category/späte-nachrichten"])

    assert made["feeds"] == ["category/späte-nachrichten"]


async def test_everything_that_is_wrong_is_said_at_once(client: Client) -> None:
    said = {"url": "ftp://x", "feeds": [5, "category", "authors/x"], "descripton": ""}

    assert await faults(client, "/api/webhooks", said) == {
        "/url": "must be an absolute http or https URL",
        "/feeds/0": "must be a string such as category/europe-news",
        "/feeds/1": "is no feed: use all, or <kind>/<slug> such as category/europe-news",
        "/feeds/2": "is no feed: use all, or <kind>/<slug> such as category/europe-news",
        "/descripton": "is no field here (did you mean description?); extensions begin with '_'",
    }


@pytest.mark.parametrize(
    ("said", "pointer", "detail"),
    [
        ({"feeds": ["all"]}, "/url", "is missing"),
        ({"url": URL}, "/feeds", "is missing"),
        ({"url": URL, "feeds": []}, "/feeds", "must name at least one feed"),
        ({"url": URL, "feeds": None}, "/feeds", "must name at least one feed"),
        ({"url": URL, "feeds": "all"}, "/feeds", "must be an array"),
        ({"url": URL, "feeds": ["all"] * 101}, "/feeds", "must hold at most 100 elements"),
        ({"url": URL, "feeds": ["all/x"]}, "/feeds/0", "is no feed: use all"),
        ({"url": URL, "feeds": [{"kind": "all", "slug": ""}]}, "/feeds/0", "must be a string"),
        ({"url": URL, "feeds": ["all", "tag/none"]}, "/feeds/1", "is no feed of this hub: tag/none"),
        ({"url": "https://u:p@x.test/", "feeds": ["all"]}, "/url", "must not hold a user name or password"),
        ({"url": "https://x.test/#a", "feeds": ["all"]}, "/url", "must have no fragment"),
        ({"url": 5, "feeds": ["all"]}, "/url", "must be a string"),
        ({"url": "https://x.test/" + "a" * 5000, "feeds": ["all"]}, "/url", "must not be longer"),
        ({"url": URL, "feeds": ["all"], "description": "x" * 501}, "/description", "must not be longer"),
        ([], "", "must be an object"),
    ],
)
async def test_a_body_that_breaks_a_rule_is_422_and_makes_nothing(
    client: Client, fake: FakeStore, said: Any, pointer: str, detail: str
) -> None:
    found = await faults(client, "/api/webhooks", said)

    assert list(found) == [pointer]
    assert found[pointer].startswith(detail)
    assert not fake.webhooks


async def test_a_feed_that_moved_or_retired_is_refused_with_what_it_is_now(
    client: Client, fake: FakeStore
) -> None:
    fake.move(NEWS, FeedPath(Kind.CATEGORY, "world"))
    fake.retire(LATE)

    found = await faults(
        client, "/api/webhooks", {"url": URL, "feeds": ["category/news", "category/späte-nachrichten"]}
    )

    assert found == {
        "/feeds/0": "has moved: it is category/world now",
        "/feeds/1": "is retired: category/späte-nachrichten",
    }


async def test_a_feed_of_a_kind_that_this_hub_does_not_serve_is_unknown(start: Start) -> None:
    client = await start(make_settings(feed_kinds=("author",)))

    found = await faults(client, "/api/webhooks", {"url": URL, "feeds": ["category/news"]})

    assert found == {"/feeds/0": "is no feed of this hub: category/news"}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b'"' + b"x" * 70_000 + b'"', "application/json", 413),
    ],
)
async def test_what_is_no_json_of_a_bearable_size_is_refused(
    client: Client, body: bytes, kind: str, status: int
) -> None:
    answer = await client.post("/api/webhooks", data=body, headers=ADMIN | {"Content-Type": kind})

    assert answer.status == status


# ---- who may


PLACES = [
    ("GET", "/api/webhooks"),
    ("POST", "/api/webhooks"),
    ("GET", UNKNOWN),
    ("PATCH", UNKNOWN),
    ("DELETE", UNKNOWN),
    *(("POST", f"{UNKNOWN}/{what}") for what in ("rotate", "replay", "test", "pause", "resume")),
]


@pytest.mark.parametrize(("method", "path"), PLACES)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer test-publish-token"}])
async def test_nobody_sees_or_changes_a_webhook_without_an_admin_token(
    client: Client, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = await client.request(method, path, headers=headers)

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="feedhub"'


@pytest.mark.parametrize(("method", "path"), PLACES[2:])
@pytest.mark.parametrize("id_", ["wh_0123456789abcdef", "nonsense", "wh_*", "%2F"])
async def test_an_unknown_webhook_is_404(client: Client, method: str, path: str, id_: str) -> None:
    path = path.replace("wh_0123456789abcdef", id_)

    assert (await client.request(method, path, headers=ADMIN)).status == 404


@pytest.mark.parametrize(("method", "path"), PLACES)
async def test_without_a_store_everything_is_503(
    client: Client, fake: FakeStore, method: str, path: str
) -> None:
    fake.go_away()

    answer = await client.request(
        method, path, json={"url": URL, "feeds": ["all"]} if method == "POST" else None, headers=ADMIN
    )

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "2"


# ---- looking


async def test_a_list_is_paged(client: Client) -> None:
    made = sorted([(await create(client))["id"] for _ in range(3)])

    first = await (await client.get("/api/webhooks?limit=2", headers=ADMIN)).json()
    rest = await (await client.get(f"/api/webhooks?cursor={first['cursor']}", headers=ADMIN)).json()

    assert [row["id"] for row in first["webhooks"] + rest["webhooks"]] == made
    assert rest["cursor"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1001", "limit=" + "9" * 5000, "cursor=a%20b"])
async def test_a_page_that_can_not_be_is_400(client: Client, query: str) -> None:
    assert (await client.get(f"/api/webhooks?{query}", headers=ADMIN)).status == 400


async def test_what_each_feed_is_at_is_shown(client: Client, fake: FakeStore) -> None:
    made = await create(client)
    id_ = SubscriptionId(f"{made['id']}.1")
    fake.subscriptions[id_] = fake.subscriptions[id_]._replace(
        cursor=Seq(HEAD - 5),
        lane=Lane.SLOW,
        failures=3,
        failing_since=1_763_888_400_000,
        next_attempt=1_763_888_460_500,
    )
    fake.tries[id_] = [
        Attempt(1, "delivery", "delivered", 204, 3.0, Seq(1)),
        Attempt(1_763_888_400_000, "delivery", "500", 500, 20.5, Seq(HEAD), "try later"),
    ]

    shown = await (await client.get(f"/api/webhooks/{made['id']}", headers=ADMIN)).json()

    (row,) = shown["subscriptions"]
    assert row["behind"] is True
    assert (row["lane"], row["failures"]) == ("slow", 3)
    assert row["failing_since"] == "2025-11-23T09:00:00.000Z"
    assert row["next_attempt"] == "2025-11-23T09:01:00.500Z"
    assert row["last_attempt"] == {
        "at": "2025-11-23T09:00:00.000Z",
        "what": "delivery",
        "outcome": "500",
        "status": 500,
        "ms": 20.5,
        "seq": HEAD,
        "detail": "try later",
    }


async def test_a_feed_that_was_renamed_later_is_shown_under_its_new_address(
    client: Client, fake: FakeStore
) -> None:
    made = await create(client)
    fake.move(NEWS, FeedPath(Kind.CATEGORY, "world"))

    shown = await (await client.get(f"/api/webhooks/{made['id']}", headers=ADMIN)).json()

    assert shown["feeds"] == [row["feed"] for row in shown["subscriptions"]] == ["category/world"]


async def test_a_feed_that_retired_later_is_owed_nothing(client: Client, fake: FakeStore) -> None:
    made = await create(client)
    fake.retire(NEWS)

    shown = await (await client.get(f"/api/webhooks/{made['id']}", headers=ADMIN)).json()

    assert shown["subscriptions"] == []


async def test_a_webhook_whose_feed_retired_can_still_be_changed_tested_and_given_a_new_secret(
    client: Client, fake: FakeStore, egress: FakeEgress
) -> None:
    made = await create(client, feeds=["category/news", "all"])
    fake.retire(NEWS)

    assert (await act(client, made, "rotate"))["feeds"] == ["category/news", "all"]
    assert (await act(client, made, "pause"))["paused"] is True
    assert (await act(client, made, "test"))["delivered"] is True


async def test_a_webhook_that_no_feed_is_left_of_can_be_tested(client: Client, fake: FakeStore) -> None:
    made = await create(client)
    fake.retire(NEWS)

    assert (await act(client, made, "rotate"))["feeds"] == ["category/news"], "its end may still be owed"
    assert (await act(client, made, "test"))["delivered"] is True


# ---- changing


async def test_only_what_is_said_changes(client: Client, fake: FakeStore, distribute: FakeBell) -> None:
    made = await create(client)
    stored = fake.webhooks[made["id"]]

    answer = await client.patch(
        f"/api/webhooks/{made['id']}", json={"url": "https://other.test/"}, headers=ADMIN
    )

    assert answer.status == 200
    assert fake.webhooks[made["id"]] == replace(stored, url="https://other.test/")
    assert distribute.rings == 1


async def test_a_mended_address_is_tried_at_once(client: Client, fake: FakeStore) -> None:
    made = await create(client)
    id_ = SubscriptionId(f"{made['id']}.1")
    fake.subscriptions[id_] = fake.subscriptions[id_]._replace(cursor=Seq(5), failures=9)

    await client.patch(f"/api/webhooks/{made['id']}", json={"description": "still broken"}, headers=ADMIN)
    await client.patch(f"/api/webhooks/{(await create(client))['id']}", json={"url": URL}, headers=ADMIN)
    assert fake.subscriptions[id_].failures == 9
    assert fake.calls["replay"] == 0

    await client.patch(f"/api/webhooks/{made['id']}", json={"url": "https://mended.test/"}, headers=ADMIN)
    assert (fake.subscriptions[id_].failures, fake.subscriptions[id_].cursor) == (0, 5)


async def test_a_changed_list_of_feeds_keeps_the_cursors_of_those_that_stay(
    client: Client, fake: FakeStore
) -> None:
    made = await create(client, feeds=["category/news", "all"])
    id_ = SubscriptionId(f"{made['id']}.1")
    fake.subscriptions[id_] = fake.subscriptions[id_]._replace(cursor=Seq(5))

    answer = await client.patch(
        f"/api/webhooks/{made['id']}",
        json={"feeds": ["category/news", "category/späte-nachrichten"], "description": None},
        headers=ADMIN,
    )

    shown = await answer.json()
    assert [(row["feed"], row["cursor"]) for row in shown["subscriptions"]] == [
        ("category/news", 5),
        ("category/späte-nachrichten", HEAD),
    ]
    assert shown["description"] == ""


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"url": "x"}, "/url"),
        ({"url": None}, "/url"),
        ({"feeds": []}, "/feeds"),
        ({"feeds": ["tag/none"]}, "/feeds/0"),
        ({"secret": "whsec_mine"}, "/secret"),
        ({"paused": True}, "/paused"),
    ],
)
async def test_a_change_that_breaks_a_rule_changes_nothing(
    client: Client, fake: FakeStore, said: dict[str, Any], pointer: str
) -> None:
    made = await create(client)
    before = fake.webhooks[made["id"]]

    assert list(await faults(client, f"/api/webhooks/{made['id']}", said, method="PATCH")) == [pointer]
    assert fake.webhooks[made["id"]] == before


async def test_a_deleted_webhook_is_gone_with_its_subscriptions(client: Client, fake: FakeStore) -> None:
    made = await create(client)

    answer = await client.delete(f"/api/webhooks/{made['id']}", headers=ADMIN)

    assert (answer.status, await answer.read()) == (204, b"")
    assert not fake.subscriptions
    assert (await client.delete(f"/api/webhooks/{made['id']}", headers=ADMIN)).status == 404


async def test_a_paused_webhook_rests_until_it_is_resumed(
    client: Client, fake: FakeStore, distribute: FakeBell
) -> None:
    made = await create(client)

    paused = await act(client, made, "pause")
    assert (paused["paused"], paused["subscriptions"][0]["paused"], distribute.rings) == (True, True, 0)

    resumed = await act(client, made, "resume")
    assert (resumed["paused"], resumed["subscriptions"][0]["paused"], distribute.rings) == (False, False, 1)


# ---- secrets


async def test_a_replaced_secret_signs_for_a_day(client: Client, fake: FakeStore, clock: Clock) -> None:
    made = await create(client)
    old = fake.webhooks[made["id"]].secrets[0].sealed

    rotated = await act(client, made, "rotate")

    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    assert rotated["secrets"] == [{"signs_until": None}, {"signs_until": "2026-11-24T09:00:00.000Z"}]
    day_later = int(clock.now().timestamp() * 1000) + 86_400_000
    assert fake.webhooks[made["id"]].secrets[1] == SealedSecret(old, day_later)


async def test_an_overlap_of_nothing_ends_the_old_secret_at_once(client: Client) -> None:
    made = await create(client)

    assert (await act(client, made, "rotate", overlap_seconds=0))["secrets"] == [{"signs_until": None}]


@pytest.mark.parametrize("seconds", [-1, 604_801, "60", 1.5, True])
async def test_an_overlap_is_a_week_at_most(client: Client, seconds: object) -> None:
    made = await create(client)

    found = await faults(client, f"/api/webhooks/{made['id']}/rotate", {"overlap_seconds": seconds})

    assert list(found) == ["/overlap_seconds"]


async def test_no_more_than_ten_secrets_sign_at_once(client: Client, fake: FakeStore) -> None:
    made = await create(client)
    for _ in range(9):
        await act(client, made, "rotate")
    before = fake.webhooks[made["id"]]

    answer = await client.post(f"/api/webhooks/{made['id']}/rotate", headers=ADMIN)

    assert answer.status == 409
    assert fake.webhooks[made["id"]] == before
    assert len((await act(client, made, "rotate", overlap_seconds=0))["secrets"]) == 1


# ---- replay


@pytest.mark.parametrize(
    ("since", "cursor"),
    [
        (0, 0),
        (1_763_888_400_000_000, 1_763_888_400_000_000),
        ("2025-11-23T09:00:00Z", 1_763_888_399_999_999),
        ("2025-11-23T10:00:00+01:00", 1_763_888_399_999_999),
        ("1960-01-01T00:00:00Z", 0),
    ],
)
async def test_a_replay_sets_the_cursor_to_a_seq_or_before_a_time(
    client: Client, distribute: FakeBell, since: object, cursor: int
) -> None:
    made = await create(client)

    shown = await act(client, made, "replay", since=since)

    assert shown["subscriptions"][0]["cursor"] == cursor
    assert shown["subscriptions"][0]["behind"] is True
    assert distribute.rings == 1


async def test_a_replay_from_after_a_feeds_last_change_is_no_gap(
    client: Client, fake: FakeStore, clock: Clock
) -> None:
    made = await create(client)
    fake.summaries[NEWS] = replace(fake.summaries[NEWS], seq=Seq(1_700_000_000_000_000))

    shown = await act(client, made, "replay", since=clock.now().isoformat())

    assert shown["subscriptions"][0]["cursor"] == 1_700_000_000_000_000


async def test_a_replay_may_be_of_some_feeds(client: Client) -> None:
    made = await create(client, feeds=["category/news", "all"])

    shown = await act(client, made, "replay", since=0, feeds=["all"])

    assert [(row["feed"], row["cursor"]) for row in shown["subscriptions"]] == [
        ("category/news", HEAD),
        ("all", 0),
    ]


@pytest.mark.parametrize(
    ("said", "pointer", "detail"),
    [
        ({}, "/since", "is missing"),
        ({"since": None}, "/since", "must be a whole number"),
        ({"since": -1}, "/since", "must be at least 0"),
        ({"since": True}, "/since", "must be a whole number"),
        ({"since": 1.5}, "/since", "must be a whole number"),
        ({"since": 1_763_888_400}, "/since", "is no seq: those are microseconds"),
        ({"since": "yesterday"}, "/since", "must be a date with a time"),
        ({"since": "2025-11-23T09:00:00"}, "/since", "has no offset"),
        ({"since": "2027-01-01T00:00:00Z"}, "/since", "must not be ahead"),
        ({"since": 10**30}, "/since", "must not be ahead"),
        ({"since": 0, "feeds": ["all"]}, "/feeds/0", "is no feed of this webhook"),
        ({"since": 0, "feeds": []}, "/feeds", "must name at least one feed"),
    ],
)
async def test_a_replay_from_nowhere_is_refused(
    client: Client, fake: FakeStore, said: dict[str, Any], pointer: str, detail: str
) -> None:
    made = await create(client)

    found = await faults(client, f"/api/webhooks/{made['id']}/replay", said)

    assert list(found) == [pointer]
    assert found[pointer].startswith(detail)
    assert fake.calls["replay"] == 0


# ---- a test


async def test_a_test_is_one_signed_delivery_and_no_attempt(
    client: Client, fake: FakeStore, egress: FakeEgress, clock: Clock
) -> None:
    made = await create(client, feeds=["category/späte-nachrichten"])

    shown = await act(client, made, "test")

    (sent,) = egress.sent
    assert shown == {
        "webhook-id": "test:1795424400000000",
        "delivered": True,
        "status": 204,
        "ms": 12.5,
        "error": None,
    }
    assert sent.url == URL
    assert sent.headers["webhook-id"] == "test:1795424400000000"
    assert sent.headers["Content-Type"] == "application/json"
    said = orjson.loads(sent.body)
    assert (said["type"], said["feed"], said["seq"]) == ("webhook.test", "category/späte-nachrichten", 0)
    # The library refuses what the test's clock calls now; its signature does not depend on ours.
    expected = Official(made["secret"]).sign("test:1795424400000000", clock.now(), sent.body.decode())
    assert sent.headers["webhook-signature"] == expected
    assert not fake.tries


async def test_a_test_during_a_rotation_is_signed_with_both_secrets(
    client: Client, egress: FakeEgress, clock: Clock
) -> None:
    made = await create(client)
    rotated = await act(client, made, "rotate", overlap_seconds=60)

    await act(client, made, "test")
    clock.advance(61)
    await act(client, made, "test")

    during, after = egress.sent
    when = clock.now()
    assert during.headers["webhook-signature"].count("v1,") == 2
    expected = Official(rotated["secret"]).sign(after.headers["webhook-id"], when, after.body.decode())
    assert after.headers["webhook-signature"] == expected


@pytest.mark.parametrize("status", [301, 401, 410, 500])
async def test_a_test_says_what_the_receiver_answered(
    client: Client, egress: FakeEgress, status: int
) -> None:
    made = await create(client)
    egress.came = Answer(status, b"no", None, 7.0)

    shown = await act(client, made, "test")

    assert (shown["delivered"], shown["status"], shown["ms"]) == (False, status, 7.0)
    assert shown["error"].startswith("only an answer from 200 to 299")


async def test_a_test_says_why_there_was_no_answer(client: Client, egress: FakeEgress) -> None:
    made = await create(client)
    egress.came = Failure(FailureKind.FORBIDDEN, "10.0.0.1 is not a public address", 0.4)

    shown = await act(client, made, "test")

    assert (shown["delivered"], shown["status"]) == (False, None)
    assert shown["error"] == "forbidden: 10.0.0.1 is not a public address"


async def test_no_log_line_has_a_secret_or_a_callbacks_query(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    made = await create(client)
    rotated = await act(client, made, "rotate")
    await act(client, made, "test")
    await client.delete(f"/api/webhooks/{made['id']}", headers=ADMIN)

    assert made["id"] in caplog.text
    for secret in ("callback-secret", made["secret"], rotated["secret"], "v1,"):
        assert secret not in caplog.text
