"""`/api/partners`, and what a partner's key does with the rest of the API."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hub.model import ALL, FeedNumber, Live, Seq
from hub.partner import MOST_KEYS
from hub.web.keyring import FRESH_SECONDS
from tests.web.test_webhooks_api import ADMIN, HEAD, LATE, URL

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from tests.web.conftest import Client, Start
    from tests.web.fakes import Clock, FakeStore

PROBLEM = "application/problem+json"
WRONG = "fhp_" + "A" * 43


@pytest.fixture(autouse=True)
def feeds(fake: FakeStore) -> None:
    """Three feeds, numbers 1 to 3, each at HEAD."""
    fake.add(LATE, 2)
    fake.add(ALL, 3)
    for path, summary in fake.summaries.items():
        fake.summaries[path] = replace(summary, seq=Seq(HEAD))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def add(client: Client, **said: Any) -> dict[str, Any]:
    answer = await client.post("/api/partners", json={"name": "Newsstand"} | said, headers=ADMIN)
    assert answer.status == 201, await answer.text()
    made: dict[str, Any] = await answer.json()
    return made


async def get(client: Client, path: str, key: str = "") -> Any:
    answer = await client.get(path, headers=bearer(key) if key else ADMIN)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def hook(client: Client, key: str = "", *, feed: str = "category/news") -> dict[str, Any]:
    answer = await client.post(
        "/api/webhooks", json={"url": URL, "feeds": [feed]}, headers=bearer(key) if key else ADMIN
    )
    assert answer.status == 201, await answer.text()
    made: dict[str, Any] = await answer.json()
    return made


async def problem(answer: ClientResponse, status: int) -> dict[str, Any]:
    assert answer.status == status, await answer.text()
    assert "no-store" in answer.headers["Cache-Control"]
    said: dict[str, Any] = await answer.json(content_type=PROBLEM)
    return said


# ---- making and changing one


async def test_a_new_partner_is_shown_with_its_key_this_once(client: Client, fake: FakeStore) -> None:
    answer = await client.post(
        "/api/partners",
        json={
            "name": "Newsstand",
            "feeds": ["category/news", "all"],
            "size": 20,
            "content": "summary",
            "deletes": "expire",
        },
        headers=ADMIN,
    )
    made = await answer.json()

    assert answer.status == 201
    assert answer.headers["Location"] == f"https://hub.test/api/partners/{made['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    key = made.pop("key")
    assert key.startswith("fhp_")
    assert made == {
        "id": made["id"],
        "name": "Newsstand",
        "feeds": ["category/news", "all"],
        "size": 20,
        "content": "summary",
        "deletes": "expire",
        "created": "2026-11-23T09:00:00.000Z",
        "keys": [
            {
                "hint": key[4:8],
                "created": "2026-11-23T09:00:00.000Z",
                "until": None,
                "last_used": None,
            }
        ],
    }
    assert await get(client, f"/api/partners/{made['id']}") == made | {"usage": []}
    assert await get(client, "/api/partners") == {"partners": [made], "cursor": None}
    assert key not in str(fake.known_partners)


async def test_what_is_not_said_is_as_the_public_documents_have_it(client: Client) -> None:
    made = await add(client)

    assert {name: made[name] for name in ("feeds", "size", "content", "deletes")} == {
        "feeds": [],
        "size": 50,
        "content": "full",
        "deletes": "tombstone",
    }


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"size": 0}, "/size"),
        ({"size": 501}, "/size"),
        ({"size": "20"}, "/size"),
        ({"content": "half"}, "/content"),
        ({"deletes": "delete"}, "/deletes"),
        ({"feeds": ["category/unknown"]}, "/feeds/0"),
        ({"feeds": ["news"]}, "/feeds/0"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_what_is_wrong_is_named(client: Client, said: dict[str, Any], pointer: str) -> None:
    answer = await client.post("/api/partners", json={"name": "Newsstand"} | said, headers=ADMIN)

    assert [error["pointer"] for error in (await problem(answer, 422))["errors"]] == [pointer]


async def test_only_what_is_said_changes(client: Client) -> None:
    made = await add(client, feeds=["category/news"], size=20, deletes="status")
    path = f"/api/partners/{made['id']}"

    answer = await client.patch(path, json={"feeds": [], "content": "summary"}, headers=ADMIN)

    del made["key"]
    assert await answer.json() == made | {"feeds": [], "content": "summary"}


async def test_partners_are_listed_page_by_page(client: Client) -> None:
    made = sorted([(await add(client))["id"] for _ in range(3)])

    first = await get(client, "/api/partners?limit=2")
    rest = await get(client, f"/api/partners?limit=2&cursor={first['cursor']}")

    assert [row["id"] for page in (first, rest) for row in page["partners"]] == made
    assert rest["cursor"] is None


async def test_an_unknown_partner_is_404(client: Client) -> None:
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/rotate"),
    ):
        answer = await client.request(method, f"/api/partners/pt_0123456789abcdef{path}", headers=ADMIN)
        await problem(answer, 404)


# ---- keys


@pytest.mark.parametrize("way", ["bearer", "basic", "query"])
async def test_a_key_is_shown_in_three_ways(client: Client, way: str) -> None:
    key = (await add(client))["key"]
    headers = {
        "bearer": bearer(key),
        "basic": {"Authorization": "Basic " + b64encode(f"anyone:{key}".encode()).decode()},
        "query": {},
    }[way]

    answer = await client.get("/api/webhooks", params={"key": key} if way == "query" else {}, headers=headers)

    assert answer.status == 200
    assert await answer.json() == {"webhooks": [], "cursor": None}


@pytest.mark.parametrize("key", [WRONG, "fhp_short"])
async def test_a_wrong_key_is_401(client: Client, key: str) -> None:
    await add(client)
    said = await client.get("/api/webhooks", headers=bearer(key))

    await problem(said, 401)
    assert said.headers["WWW-Authenticate"].startswith('Bearer realm="feedhub"')


async def test_an_admin_token_counts_in_the_header_alone(client: Client) -> None:
    await problem(await client.get("/api/webhooks", params={"key": "test-admin-token"}), 401)


async def test_after_a_rotation_both_keys_open_until_the_overlap_ends(client: Client, clock: Clock) -> None:
    made = await add(client)
    path = f"/api/partners/{made['id']}/rotate"

    answer = await client.post(path, json={"overlap_seconds": 60}, headers=ADMIN)
    turned = await answer.json()

    assert turned["key"] != made["key"]
    assert [key["until"] for key in turned["keys"]] == [None, "2026-11-23T09:01:00.000Z"]
    for key in (made["key"], turned["key"]):
        await get(client, "/api/webhooks", key)
    clock.advance(60)
    await get(client, "/api/webhooks", turned["key"])
    await problem(await client.get("/api/webhooks", headers=bearer(made["key"])), 401)


async def test_without_overlap_the_old_key_ends_at_once(client: Client) -> None:
    made = await add(client)
    await client.post(f"/api/partners/{made['id']}/rotate", json={"overlap_seconds": 0}, headers=ADMIN)

    await problem(await client.get("/api/webhooks", headers=bearer(made["key"])), 401)


async def test_not_more_than_so_many_keys_open_at_once(client: Client) -> None:
    path = f"/api/partners/{(await add(client))['id']}/rotate"
    for _ in range(MOST_KEYS - 1):
        assert (await client.post(path, headers=ADMIN)).status == 200

    await problem(await client.post(path, headers=ADMIN), 409)


async def test_a_revoked_key_is_refused_at_once_here_and_its_webhooks_are_gone(
    client: Client, fake: FakeStore
) -> None:
    made = await add(client)
    own, operators = await hook(client, made["key"]), await hook(client)

    answer = await client.delete(f"/api/partners/{made['id']}", headers=ADMIN)

    assert answer.status == 204
    await problem(await client.get("/api/webhooks", headers=bearer(made["key"])), 401)
    assert list(fake.webhooks) == [operators["id"]]
    await problem(await client.get(f"/api/webhooks/{own['id']}", headers=ADMIN), 404)


async def test_a_key_that_was_revoked_elsewhere_is_refused_a_second_later(
    client: Client, fake: FakeStore, clock: Clock
) -> None:
    made = await add(client)
    await get(client, "/api/webhooks", made["key"])
    asked = fake.calls["partners"]

    await fake.remove_partner(made["id"])
    await get(client, "/api/webhooks", made["key"])
    assert fake.calls["partners"] == asked
    clock.advance(FRESH_SECONDS + 0.01)

    await problem(await client.get("/api/webhooks", headers=bearer(made["key"])), 401)


async def test_a_key_that_was_made_elsewhere_opens_at_once(
    start: Start, client: Client, clock: Clock
) -> None:
    other = await start()
    await problem(await other.get("/api/webhooks", headers=bearer(WRONG)), 401)
    key = (await add(client))["key"]
    clock.advance(0.01)

    await get(other, "/api/webhooks", key)


async def test_a_flood_of_what_looks_like_no_key_asks_nobody(client: Client, fake: FakeStore) -> None:
    for n in range(20):
        await client.get("/feeds/category/news.rss", params={"key": f"fhp_{n}"})

    assert fake.calls["partners"] == 0


async def test_without_redis_nobody_can_say_whether_a_key_opens(
    client: Client, fake: FakeStore, clock: Clock
) -> None:
    key = (await add(client))["key"]
    await get(client, "/api/feeds", key)
    clock.advance(FRESH_SECONDS + 0.01)
    fake.go_away()

    answer = await client.get("/api/feeds", headers=bearer(key))

    await problem(answer, 503)
    assert answer.headers["Retry-After"] == "2"


# ---- what a key sees


async def test_a_key_sees_and_changes_only_its_own_webhooks(client: Client) -> None:
    mine, other = await add(client), await add(client, name="Other")
    own, foreign, operators = (
        await hook(client, mine["key"]),
        await hook(client, other["key"]),
        await hook(client),
    )

    assert own["partner"] == mine["id"]
    listed = await get(client, "/api/webhooks", mine["key"])
    assert [row["id"] for row in listed["webhooks"]] == [own["id"]]
    subscriptions = await get(client, "/api/subscriptions", mine["key"])
    assert [row["id"] for row in subscriptions["subscriptions"]] == [f"{own['id']}.1"]
    for hidden in (foreign, operators):
        path = f"/api/webhooks/{hidden['id']}"
        for method, tail in (
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("POST", "/rotate"),
            ("POST", "/replay"),
            ("POST", "/test"),
            ("POST", "/pause"),
            ("POST", "/resume"),
        ):
            await problem(await client.request(method, path + tail, headers=bearer(mine["key"])), 404)
        for tail in ("", "/attempts"):
            path = f"/api/subscriptions/{hidden['id']}.1{tail}"
            await problem(await client.get(path, headers=bearer(mine["key"])), 404)
    await client.post(f"/api/webhooks/{own['id']}/pause", headers=bearer(mine["key"]))
    assert (await get(client, f"/api/webhooks/{own['id']}"))["paused"] is True


async def test_the_operator_sees_all_and_whose_each_is(client: Client) -> None:
    made = await add(client)
    own, operators = await hook(client, made["key"]), await hook(client)

    hooks = (await get(client, "/api/webhooks"))["webhooks"]
    subscriptions = (await get(client, "/api/subscriptions"))["subscriptions"]

    whose = {own["id"]: made["id"], operators["id"]: None}
    assert {row["id"]: row["partner"] for row in hooks} == whose
    assert {row["webhook"]: row["partner"] for row in subscriptions} == whose


async def test_a_webhook_is_made_and_changed_within_the_feeds_that_a_key_opens(client: Client) -> None:
    key = (await add(client, feeds=["category/news"]))["key"]

    refused = await client.post(
        "/api/webhooks", json={"url": URL, "feeds": ["category/news", "all"]}, headers=bearer(key)
    )
    (error,) = (await problem(refused, 422))["errors"]
    assert error == {"pointer": "/feeds/1", "detail": "is not opened by this key: all"}
    own = await hook(client, key)
    refused = await client.patch(f"/api/webhooks/{own['id']}", json={"feeds": ["all"]}, headers=bearer(key))
    await problem(refused, 422)


async def test_a_partner_that_may_open_less_loses_what_it_was_told_of(client: Client) -> None:
    made = await add(client)
    news, whole = await hook(client, made["key"]), await hook(client, made["key"], feed="all")

    await client.patch(f"/api/partners/{made['id']}", json={"feeds": ["category/news"]}, headers=ADMIN)

    hooks = (await get(client, "/api/webhooks"))["webhooks"]
    assert [row["id"] for row in hooks] == [news["id"]]
    assert whole["id"] != news["id"]


async def test_feeds_are_those_that_a_key_opens_without_the_operators_troubles(client: Client) -> None:
    key = (await add(client, feeds=["category/news"]))["key"]

    (feed,) = (await get(client, "/api/feeds", key))["feeds"]

    assert feed["feed"] == "category/news"
    assert not {"failures", "quarantined", "skipped"} & feed.keys()
    assert len((await get(client, "/api/feeds"))["feeds"]) == 3
    assert len((await get(client, "/api/feeds", (await add(client))["key"]))["feeds"]) == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/status"),
        ("GET", "/api/partners"),
        ("POST", "/api/partners"),
        ("GET", "/api/entries/receipts?id=x"),
    ],
)
async def test_what_is_the_operators_is_403(client: Client, method: str, path: str) -> None:
    key = (await add(client))["key"]

    await problem(await client.request(method, path, headers=bearer(key)), 403)


async def test_a_renamed_feed_stays_open(client: Client, fake: FakeStore) -> None:
    made = await add(client, feeds=["category/news"])
    moved = replace(LATE, slug="moved")
    fake.places[moved] = Live(FeedNumber(1))
    fake.places = {path: place for path, place in fake.places.items() if str(path) != "category/news"}

    assert (await get(client, f"/api/partners/{made['id']}"))["feeds"] == ["category/moved"]
