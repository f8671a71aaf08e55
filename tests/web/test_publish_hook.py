"""POST /publish: who may, what is taken, what is answered, and that the bell rings whatever came of it."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hmac
import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from hub.errors import Conflict, HubError
from hub.events import EntryPublished, EntryRemoved, Outcome, Receipt
from hub.intake.policy import MAX_BATCH_BYTES, MAX_ENTRY_BYTES
from hub.model import ALL, EntryId, FeedPath, Kind, Seq
from hub.remote import ingest_source
from hub.subscription import SubscriptionId
from tests.web.conftest import make_settings
from tests.web.fakes import NEWS

if TYPE_CHECKING:
    from tests.web.conftest import Client, Start
    from tests.web.fakes import Clock, FakeStore

BEARER = {"Authorization": "Bearer test-publish-token"}
JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"


def event(number: int = 1, **fields: Any) -> dict[str, Any]:
    entry = {
        "id": f"https://site.test/{number}",
        "url": f"https://site.test/{number}",
        "title": f"Title {number}",
        "date_published": "2026-11-23T08:00:00Z",
    }
    return {"type": "entry.published", "entry": entry | fields}


def packed(body: Any) -> bytes:
    return json.dumps(body).encode()


async def problem(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = await answer.json(content_type=PROBLEM)
    assert found["status"] == answer.status
    return found


# ---- outcomes ----------------------------------------------------------------------------------------------


async def test_one_event_is_answered_with_its_receipt(client: Client, fake: FakeStore) -> None:
    fake.answers = [
        Receipt(
            Outcome.ACCEPTED,
            EntryId("https://site.test/1"),
            ((ALL, Seq(1795460320084000)), (NEWS, Seq(1795460320084001))),
        )
    ]

    answer = await client.post("/publish", data=packed(event()), headers=BEARER | JSON)

    assert answer.status == 202
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert await answer.json() == {
        "outcome": "accepted",
        "entry": "https://site.test/1",
        "feeds": [
            {"feed": "all", "seq": 1795460320084000},
            {"feed": "category/news", "seq": 1795460320084001},
        ],
    }
    (accepted,) = fake.accepted
    assert isinstance(accepted, EntryPublished)
    assert accepted.entry.title == "Title 1"
    assert fake.sources == {"publish"}
    assert fake.rings == 1


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_the_bell_rings_whatever_the_store_answered(
    client: Client, fake: FakeStore, outcome: Outcome
) -> None:
    """An earlier ring for the same entry may have been lost."""
    fake.answers = [Receipt(outcome, EntryId("https://site.test/1"))]

    answer = await client.post("/publish", data=packed(event()), headers=BEARER | JSON)

    assert answer.status == 202
    assert await answer.json() == {"outcome": outcome, "entry": "https://site.test/1", "feeds": []}
    assert fake.rings == 1


async def test_an_event_about_a_feed_has_no_entry(client: Client, fake: FakeStore) -> None:
    fake.answers = [Receipt(Outcome.ACCEPTED, None, ((NEWS, Seq(7)),))]
    body = {"type": "category.updated", "category": {"slug": "news", "name": "The News"}}

    answer = await client.post("/publish", data=packed(body), headers=BEARER | JSON)

    assert await answer.json() == {"outcome": "accepted", "feeds": [{"feed": "category/news", "seq": 7}]}


async def test_an_array_is_answered_element_by_element(client: Client, fake: FakeStore) -> None:
    bad = event(2, date_published="yesterday")
    removal = {"type": "entry.removed", "entry": {"id": "https://site.test/3"}}
    answers: list[Receipt | HubError] = [
        Receipt(Outcome.ACCEPTED, EntryId("https://site.test/1"), ((NEWS, Seq(7)),)),
        Receipt(Outcome.DUPLICATE, EntryId("https://site.test/3")),
    ]
    fake.answers = answers

    answer = await client.post("/publish", data=packed([event(1), bad, removal]), headers=BEARER | JSON)

    assert answer.status == 202
    first, second, third = await answer.json()
    assert first == {
        "outcome": "accepted",
        "entry": "https://site.test/1",
        "feeds": [{"feed": "category/news", "seq": 7}],
    }
    assert second["outcome"] == "invalid"
    assert second["problem"]["status"] == 422
    assert [e["pointer"] for e in second["problem"]["errors"]] == ["/1/entry/date_published"]
    assert third == {"outcome": "duplicate", "entry": "https://site.test/3", "feeds": []}
    assert [type(one) for one in fake.accepted] == [EntryPublished, EntryRemoved]
    assert fake.rings == 1


async def test_a_conflict_within_an_array_stays_in_its_place(client: Client, fake: FakeStore) -> None:
    fake.answers = [Conflict("category/b is a live feed"), Receipt(Outcome.UNCHANGED, EntryId("1"))]

    answer = await client.post("/publish", data=packed([event(1), event(2)]), headers=BEARER | JSON)

    first, second = await answer.json()
    assert first == {
        "outcome": "invalid",
        "problem": {
            "type": "urn:feedhub:problem:conflict",
            "title": "Conflict",
            "status": 409,
            "detail": "category/b is a live feed",
        },
    }
    assert second["outcome"] == "unchanged"


async def test_an_array_without_one_good_element_stores_and_rings_nothing(
    client: Client, fake: FakeStore
) -> None:
    answer = await client.post("/publish", data=packed([7, {}]), headers=BEARER | JSON)

    assert answer.status == 202
    assert [one["outcome"] for one in await answer.json()] == ["invalid", "invalid"]
    assert (fake.calls["accept"], fake.rings) == (0, 0)


async def test_an_empty_array_asks_for_nothing(client: Client) -> None:
    answer = await client.post("/publish", data=b"[]", headers=BEARER | JSON)

    assert (answer.status, await answer.json()) == (202, [])


# ---- refusals ----------------------------------------------------------------------------------------------


async def test_an_invalid_event_names_each_field(client: Client, fake: FakeStore) -> None:
    body = event(1, date_published="yesterday", url="javascript:alert(1)")

    answer = await client.post("/publish", data=packed(body), headers=BEARER | JSON)

    found = await problem(answer)
    assert answer.status == 422
    assert found["type"] == "urn:feedhub:problem:invalid"
    assert {error["pointer"] for error in found["errors"]} == {"/entry/date_published", "/entry/url"}
    assert all(error["detail"] for error in found["errors"])
    assert (fake.calls["accept"], fake.rings) == (0, 0)


async def test_a_conflict_of_a_single_event_is_409(client: Client, fake: FakeStore) -> None:
    fake.answers = [Conflict("category/b is a live feed")]

    answer = await client.post("/publish", data=packed(event()), headers=BEARER | JSON)

    assert (await problem(answer))["detail"] == "category/b is a live feed"
    assert answer.status == 409
    assert fake.rings == 1


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN", b"title=x", b"[1,]", b"[" * 100_000])
async def test_what_is_no_json_is_400(client: Client, body: bytes) -> None:
    answer = await client.post("/publish", data=body, headers=BEARER | JSON)

    assert answer.status == 400
    assert (await problem(answer))["title"] == "Bad request"


async def test_while_nothing_can_be_stored_the_answer_is_503(client: Client, fake: FakeStore) -> None:
    fake.go_away()

    answer = await client.post("/publish", data=packed(event()), headers=BEARER | JSON)

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "2"
    assert (await problem(answer))["type"] == "urn:feedhub:problem:store-unavailable"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON;charset=UTF-8",
        "application/feed+json",
    ],
)
async def test_json_may_be_called_so_in_these_ways(client: Client, content_type: str) -> None:
    answer = await client.post(
        "/publish", data=packed(event()), headers=BEARER | {"Content-Type": content_type}
    )

    assert answer.status == 202


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/octet-stream",
        "application/json; charset=latin-1",
        "image/svg+json",
        "json",
        "",
    ],
)
async def test_another_type_is_415(client: Client, content_type: str) -> None:
    answer = await client.post(
        "/publish", data=packed(event()), headers=BEARER | {"Content-Type": content_type}
    )

    assert answer.status == 415
    assert (await problem(answer))["title"] == "Unsupported media type"


async def test_without_a_type_the_answer_says_so(client: Client) -> None:
    answer = await client.post(
        "/publish", data=packed(event()), headers=BEARER, skip_auto_headers=("Content-Type",)
    )

    assert (await problem(answer))["detail"] == "Content-Type must be application/json, and is none."


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_publishing_is_posting(client: Client, method: str) -> None:
    answer = await client.request(method, "/publish", headers=BEARER)

    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


# ---- who may -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["test-publish-token", "next-publish-token"])
async def test_each_of_several_tokens_publishes(client: Client, token: str) -> None:
    answer = await client.post(
        "/publish", data=packed(event()), headers={"Authorization": f"Bearer {token}"} | JSON
    )

    assert answer.status == 202


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer test-publish-token-and-more"},
        {"Authorization": "Bearer test-admin-token"},
        {"Authorization": "Basic dGVzdC1wdWJsaXNoLXRva2Vu"},
        {"webhook-id": "msg_1", "webhook-timestamp": "1795424400"},
    ],
)
async def test_whoever_knows_no_token_is_401(
    client: Client, fake: FakeStore, headers: dict[str, str]
) -> None:
    answer = await client.post("/publish", data=packed(event()), headers=headers | JSON)

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="feedhub"'
    assert "token" in (await problem(answer))["detail"]
    assert (fake.calls["accept"], fake.rings) == (0, 0)


async def test_without_a_token_set_nobody_publishes(start: Start) -> None:
    client = await start(make_settings(publish_token=()))

    answer = await client.post("/publish", data=packed(event()), headers={"Authorization": "Bearer "} | JSON)

    assert answer.status == 401


def signed(body: bytes, clock: Clock, *, key: bytes = b"next-publish-token", late: int = 0) -> dict[str, str]:
    timestamp = str(round(clock.now().timestamp()) - late)
    digest = hmac.digest(key, b"msg_1." + timestamp.encode() + b"." + body, "sha256")
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": timestamp, "webhook-signature": signature}


async def test_a_signature_publishes(client: Client, clock: Clock, fake: FakeStore) -> None:
    body = packed(event())

    answer = await client.post("/publish", data=body, headers=signed(body, clock) | JSON)

    assert answer.status == 202
    assert fake.calls["accept"] == 1


async def test_a_signature_of_another_body_does_not(client: Client, clock: Clock, fake: FakeStore) -> None:
    answer = await client.post(
        "/publish", data=packed(event(2)), headers=signed(packed(event(1)), clock) | JSON
    )

    assert answer.status == 401
    assert fake.calls["accept"] == 0


async def test_an_old_signature_is_told_by_how_many_seconds(client: Client, clock: Clock) -> None:
    body = packed(event())

    answer = await client.post("/publish", data=body, headers=signed(body, clock, late=412) | JSON)

    assert answer.status == 401
    assert "differ by 412 seconds" in (await problem(answer))["detail"]


async def test_a_wrong_token_is_not_mended_by_a_good_signature(client: Client, clock: Clock) -> None:
    body = packed(event())
    headers = signed(body, clock) | JSON | {"Authorization": "Bearer wrong"}

    assert (await client.post("/publish", data=body, headers=headers)).status == 401


# ---- bodies ------------------------------------------------------------------------------------------------


def padded(size: int) -> BytesIO:
    body = packed(event(1, content_html="<p>x</p>"))
    return BytesIO(body + b" " * (size - len(body)))


async def test_an_event_may_have_2_mib(client: Client) -> None:
    answer = await client.post("/publish", data=padded(MAX_ENTRY_BYTES), headers=BEARER | JSON)

    assert answer.status == 202


async def test_an_event_of_more_than_2_mib_is_413(client: Client) -> None:
    answer = await client.post("/publish", data=padded(MAX_ENTRY_BYTES + 1), headers=BEARER | JSON)

    assert answer.status == 413
    assert (await problem(answer))["title"] == "Content too large"


async def test_a_length_that_is_too_much_is_refused_before_the_body_comes(client: Client) -> None:
    answer = await unfinished(client, f"Content-Length: {MAX_BATCH_BYTES + 1}", b"")

    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_does_not_say_its_length_is_counted_as_it_comes(client: Client) -> None:
    chunk = b"80000\r\n" + b" " * 0x80000 + b"\r\n"

    answer = await unfinished(client, "Transfer-Encoding: chunked", chunk * (MAX_BATCH_BYTES // 0x80000 + 1))

    assert answer.startswith(b"HTTP/1.1 413 ")


async def unfinished(client: Client, length: str, body: bytes) -> bytes:
    """Begin a request and not end it; answer the head of what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    head = "POST /publish HTTP/1.1\r\nHost: x\r\nContent-Type: application/json"
    writer.write(f"{head}\r\nAuthorization: Bearer test-publish-token\r\n{length}\r\n\r\n".encode() + body)
    try:
        async with asyncio.timeout(5):
            return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.transport.abort()


async def test_a_compressed_body_is_counted_as_it_unpacks(client: Client) -> None:
    bomb = gzip.compress(b" " * (MAX_BATCH_BYTES * 4))
    assert len(bomb) < 100_000

    answer = await client.post("/publish", data=bomb, headers=BEARER | JSON | {"Content-Encoding": "gzip"})

    assert answer.status == 413


async def test_a_compressed_body_is_taken(client: Client) -> None:
    body = gzip.compress(packed(event()))

    answer = await client.post("/publish", data=body, headers=BEARER | JSON | {"Content-Encoding": "gzip"})

    assert answer.status == 202


@pytest.mark.parametrize(
    "body", [b"not gzip at all", gzip.compress(b"x" * 1000)[:-12]], ids=["no gzip", "cut short"]
)
async def test_a_body_that_does_not_unpack_is_400(client: Client, body: bytes) -> None:
    answer = await client.post("/publish", data=body, headers=BEARER | JSON | {"Content-Encoding": "gzip"})

    assert answer.status == 400
    assert answer.headers["Content-Type"] == PROBLEM


async def test_a_body_that_drips_is_given_up(start: Start) -> None:
    client = await start(body_seconds=0.1)

    answer = await unfinished(client, "Content-Length: 1000", b" " * 10)

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_whoever_is_not_let_in_need_not_send_the_body(client: Client) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(b"POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\r\n")

    async with asyncio.timeout(3):
        answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()

    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_a_publisher_who_hangs_up_has_still_published(client: Client, fake: FakeStore) -> None:
    """What ACCEPT has stored must be rung for, even if nobody waits for the answer."""
    from tests.web.fakes import eventually

    accepting, go = asyncio.Event(), asyncio.Event()
    accept = fake.accept

    async def slow(events: Any, /, **said: Any) -> list[Receipt | HubError]:
        accepting.set()
        await go.wait()
        return await accept(events, **said)

    fake.accept = slow  # type: ignore[method-assign]
    body = packed(event())
    _, writer = await asyncio.open_connection("127.0.0.1", client.port)
    head = f"POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Authorization: Bearer test-publish-token\r\n\r\n".encode() + body)
    await asyncio.wait_for(accepting.wait(), 3)

    writer.transport.abort()
    await asyncio.sleep(0.02)
    go.set()

    await eventually(lambda: fake.rings == 1)


async def test_a_feed_path_is_written_as_text(client: Client, fake: FakeStore) -> None:
    fake.answers = [Receipt(Outcome.ACCEPTED, EntryId("1"), ((FeedPath(Kind.TAG, "灯台"), Seq(1)),))]

    answer = await client.post("/publish", data=packed(event()), headers=BEARER | JSON)

    assert (await answer.json())["feeds"] == [{"feed": "tag/灯台", "seq": 1}]


# ---- quietly, and for a CMS ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "quiet"), [("", False), ("?quiet=0", False), ("?quiet=1", True), ("?quiet=anyway", True)]
)
async def test_changes_are_quiet_when_that_is_asked_for(
    client: Client, fake: FakeStore, query: str, *, quiet: bool
) -> None:
    answer = await client.post(f"/publish{query}", data=packed([event()]), headers=BEARER | JSON)

    assert answer.status == 202
    assert fake.quiet == [quiet]


async def test_entries_are_those_of_the_cms_that_is_named(client: Client, fake: FakeStore) -> None:
    answer = await client.post("/publish?source=wordpress", data=packed(event()), headers=BEARER | JSON)

    assert answer.status == 202
    assert fake.sources == {"wordpress"}


async def test_an_import_may_speak_for_an_ingest_feed_and_for_no_other(start: Start, fake: FakeStore) -> None:
    hub = await start(make_settings(ingest_feeds="https://desk.test/feed"))
    for url, status in (("https://desk.test/feed", 202), ("https://else.test/feed", 400)):
        query = f"/publish?source={ingest_source(url)}"
        assert (await hub.post(query, data=packed(event()), headers=BEARER | JSON)).status == status
    assert fake.sources == {ingest_source("https://desk.test/feed")}


@pytest.mark.parametrize("query", ["quiet=yes", "quiet=2", "source=drupal", "source=", "source=test%0A"])
async def test_another_manner_is_refused(client: Client, fake: FakeStore, query: str) -> None:
    answer = await client.post(f"/publish?{query}", data=packed(event()), headers=BEARER | JSON)

    assert answer.status == 400
    assert "must be one of" in (await problem(answer))["detail"]
    assert fake.accepted == []


async def test_quiet_changes_are_refused_while_somebody_is_told_by_push(
    client: Client, fake: FakeStore
) -> None:
    fake.subscriptions[SubscriptionId("s")] = None  # type: ignore[assignment]  # only counted

    refused = await client.post("/publish?quiet=1", data=packed([]), headers=BEARER | JSON)

    assert refused.status == 409
    assert "quiet=anyway" in (await problem(refused))["detail"]
    for query in ("", "?quiet=anyway"):
        answer = await client.post(f"/publish{query}", data=packed([event()]), headers=BEARER | JSON)
        assert answer.status == 202


async def test_who_has_no_token_learns_nothing_of_subscriptions(client: Client, fake: FakeStore) -> None:
    fake.subscriptions[SubscriptionId("s")] = None  # type: ignore[assignment]  # only counted

    answer = await client.post("/publish?quiet=1", data=packed([]), headers=JSON)

    assert answer.status == 401
