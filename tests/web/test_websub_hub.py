"""POST /websub and discovery: each test is named after the requirement of WebSub that it checks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import orjson
import pytest

from hub.events import Source
from hub.model import FeedNumber, FeedPath, Format, Kind, Version
from hub.remote import remote_of
from hub.subscription import Intent, SubscriptionId
from hub.web.websub import BURST
from hub.websub import subscription_id
from tests.feeds import HEAD, SITE, make_item, render
from tests.web.conftest import make_settings
from tests.web.fakes import NEWS, document, eventually

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from tests.web.conftest import Client, Start
    from tests.web.fakes import Clock, FakeBell, FakeStore

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NEWS_1 = FeedNumber(1)
TOPIC = "https://hub.test/feeds/category/news.atom"
CALLBACK = "https://reader.test/cb?k=1"
CAFE = FeedPath(Kind.CATEGORY, "café")
CAFE_TOPIC = "https://hub.test/feeds/category/caf%C3%A9.rss"


async def ask(client: Client, *more: tuple[str, str], **changes: str | None) -> ClientResponse:
    """Send a subscribe request; a change to None leaves a parameter out."""
    fields = {"mode": "subscribe", "topic": TOPIC, "callback": CALLBACK} | changes
    said = [(f"hub.{name}", value) for name, value in fields.items() if value is not None]
    return await send(client, urlencode([*said, *more]).encode())


async def send(client: Client, body: bytes, headers: dict[str, str] = FORM) -> ClientResponse:
    return await client.post("/websub", data=body, headers=headers)


async def sentence(answer: ClientResponse, status: int) -> str:
    """Check that an error is one sentence in plain text (H06), and give it."""
    text = await answer.text()
    assert answer.status == status, text
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return text.removesuffix("\n")


def only(fake: FakeStore) -> Intent:
    (intent,) = fake.requested.values()
    return intent


# ---- requests -----------------------------------------------------------------------------------------------------


async def test_h01_a_subscription_request_is_answered_202_and_kept(
    client: Client, fake: FakeStore, distribute: FakeBell
) -> None:
    answer = await ask(client)

    assert answer.status == 202
    assert only(fake) == Intent(
        id=subscription_id(NEWS_1, Format.ATOM, CALLBACK),
        mode="subscribe",
        topic=TOPIC,
        feed=NEWS_1,
        format=Format.ATOM,
        callback=CALLBACK,
        secret=b"",
        algorithm="sha256",
        lease_seconds=864_000,
        verify_token=None,
    )
    assert distribute.rings == 1


@pytest.mark.parametrize("format_", list(Format))
async def test_h01_every_document_is_a_topic(client: Client, fake: FakeStore, format_: Format) -> None:
    answer = await ask(client, topic=f"https://hub.test/feeds/category/news.{format_}")

    assert answer.status == 202
    assert only(fake).format is format_


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded; charset=UTF-8", None])
async def test_h01_the_forms_charset_is_utf8(client: Client, content_type: str | None) -> None:
    body = urlencode({"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": CALLBACK}).encode()
    headers = {"Content-Type": content_type} if content_type else {}

    answer = await client.post("/websub", data=body, headers=headers, skip_auto_headers=["Content-Type"])

    assert answer.status == 202


async def test_h02_a_secret_is_sealed_before_it_is_stored(client: Client, fake: FakeStore) -> None:
    answer = await ask(client, secret="ключ")

    assert answer.status == 202
    assert only(fake).secret == f"sealed for {only(fake).id}: ключ".encode()


async def test_h03_parameters_of_other_protocols_are_ignored_and_the_token_is_kept(
    client: Client, fake: FakeStore
) -> None:
    answer = await ask(
        client,
        ("foo", "bar"),
        ("hub.foo", "hub.bar"),
        ("hub.verify", "async"),
        ("hub.verify", "sync"),
        verify_token="token",
    )

    assert answer.status == 202
    assert only(fake).verify_token == "token"


@pytest.mark.parametrize(("secret", "status"), [("x" * 199, 202), ("x" * 200, 400), ("é" * 100, 400)])
async def test_h04_a_secret_is_shorter_than_200_bytes(client: Client, secret: str, status: int) -> None:
    assert (await ask(client, secret=secret)).status == status


@pytest.mark.parametrize(
    ("asked", "granted"),
    [(None, 864_000), ("86400", 86_400), ("2", 300), (str(10**12), 2_592_000)],
)
async def test_h05_a_lease_is_granted_within_the_settings(
    client: Client, fake: FakeStore, asked: str | None, granted: int
) -> None:
    assert (await ask(client, lease_seconds=asked)).status == 202
    assert only(fake).lease_seconds == granted


async def test_h05_the_bounds_are_the_operators(start: Start, fake: FakeStore) -> None:
    client = await start(make_settings(lease_min_seconds=2, lease_default_seconds=3, lease_max_seconds=4))

    await ask(client, callback="https://a.test/", lease_seconds="1")
    await ask(client, callback="https://b.test/")
    await ask(client, callback="https://c.test/", lease_seconds="9")

    assert sorted(intent.lease_seconds for intent in fake.requested.values()) == [2, 3, 4]


@pytest.mark.parametrize("lease", ["abc", "-5", "0", "1.5"])
async def test_h05_a_lease_that_is_no_number_is_refused_and_ignored_on_unsubscribe(
    client: Client, lease: str
) -> None:
    await sentence(await ask(client, lease_seconds=lease), 400)

    assert (await ask(client, mode="unsubscribe", lease_seconds=lease)).status == 202


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": None},
        {"topic": None},
        {"callback": None},
        {"mode": "frobnicate"},
        {"callback": "/cb"},
        {"callback": "ftp://reader.test/cb"},
        {"callback": "javascript:alert(1)"},
        {"callback": "http://reader.test/\r\nx: y"},
    ],
)
async def test_h06_errors_are_a_sentence_in_plain_text(
    client: Client, fake: FakeStore, distribute: FakeBell, changes: dict[str, str | None]
) -> None:
    said = await sentence(await ask(client, **changes), 400)

    assert said.startswith("hub.")
    assert not fake.requested
    assert not distribute.rings


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"&&==&", b"%", b"hub.mode"])
async def test_h06_a_body_that_is_nothing_is_refused(client: Client, body: bytes) -> None:
    assert await sentence(await send(client, body), 400) == "hub.mode is missing."


@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain"]
)
async def test_h06_a_body_that_is_no_form_is_refused(client: Client, content_type: str) -> None:
    said = await sentence(
        await send(client, b'{"hub.mode": "subscribe"}', {"Content-Type": content_type}), 415
    )

    assert said.startswith("Content-Type must be application/x-www-form-urlencoded")


async def test_h06_a_body_that_is_too_long_is_refused(client: Client) -> None:
    said = await sentence(await send(client, b"x" * (256 * 1024 + 1)), 413)

    assert said == "The body has more than 262144 bytes."


async def test_h06_while_nothing_can_be_stored_it_says_when_to_come_back(
    client: Client, fake: FakeStore
) -> None:
    fake.go_away()

    answer = await ask(client)

    await sentence(answer, 503)
    assert answer.headers["Retry-After"] == "2"


async def test_h07_the_answer_does_not_wait_for_the_callback(client: Client, fake: FakeStore) -> None:
    """A front has nothing to call a callback with: one that is down or slow is the workers' to find."""
    answer = await ask(client, callback="http://127.0.0.1:1/down")

    assert answer.status == 202
    assert only(fake).callback == "http://127.0.0.1:1/down"


@pytest.mark.parametrize(
    "topic",
    [
        "https://elsewhere.test/feeds/category/news.atom",
        "https://hub.test.evil.test/feeds/category/news.atom",
        "https://hub.test/feeds/category/news",
        "https://hub.test/feeds/category/unknown.atom",
        "https://hub.test/feeds/category/.atom",
        "https://hub.test/feeds/tag/a/b.atom",
        "https://hub.test/feeds/%FF.atom",
        "https://hub.test/feeds/",
        "https://hub.test/",
        "https://hub.test/websub",
    ],
)
async def test_h08_a_topic_that_is_not_this_hubs_is_refused_at_once(
    client: Client, fake: FakeStore, topic: str
) -> None:
    await sentence(await ask(client, topic=topic), 404)

    assert not fake.requested


@pytest.mark.parametrize("mode", ["subscribe", "unsubscribe"])
async def test_h08_a_callback_on_the_hub_itself_would_be_a_loop(
    client: Client, fake: FakeStore, mode: str
) -> None:
    said = await sentence(await ask(client, mode=mode, callback="http://HUB.test/websub?x=1"), 400)

    assert said == "hub.callback must not lead to this hub itself."
    assert not fake.requested


async def test_h08_a_reader_may_live_beside_the_hub(start: Start) -> None:
    client = await start(make_settings(public_url="https://site.test/hub"))
    topic = "https://site.test/hub/feeds/category/news.atom"

    for callback, status in {
        "https://site.test/hub": 400,
        "https://site.test/hub/websub": 400,
        "https://site.test:443/hub/": 400,
        "https://site.test/hubris": 202,
        "https://site.test/reader/cb": 202,
        "https://site.test:8443/hub/cb": 202,
    }.items():
        assert (await ask(client, topic=topic, callback=callback)).status == status, callback


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("callback", ["http://reader.test/cb", "https://reader.test/cb"])
async def test_h09_topics_and_callbacks_are_http_or_https(start: Start, scheme: str, callback: str) -> None:
    client = await start(make_settings(public_url=f"{scheme}://hub.test"))

    answer = await ask(client, topic=f"{scheme}://hub.test/feeds/category/news.rss", callback=callback)

    assert answer.status == 202


@pytest.mark.parametrize(
    "topic",
    [
        CAFE_TOPIC,
        "https://hub.test/feeds/category/caf%c3%a9.rss",
        "https://hub.test/feeds/category/%63af%C3%A9.rss",
        "https://hub.test/feeds/c%61tegory/caf%C3%A9.rss",
    ],
)
async def test_h10_a_topic_is_decoded_once_and_kept_as_it_was_written(
    client: Client, fake: FakeStore, topic: str
) -> None:
    fake.commit(fake.add(CAFE, 2), "first", Version(10))

    assert (await ask(client, topic=topic)).status == 202
    assert only(fake).topic == topic
    assert only(fake).feed == 2


@pytest.mark.parametrize("encoded_again", ["caf%25C3%25A9", "caf%25c3%25a9"])
async def test_h10_what_is_encoded_twice_is_another_topic(
    client: Client, fake: FakeStore, encoded_again: str
) -> None:
    fake.commit(fake.add(CAFE, 2), "first", Version(10))

    await sentence(await ask(client, topic=f"https://hub.test/feeds/category/{encoded_again}.rss"), 404)


@pytest.mark.parametrize("base", ["", "/hub"])
async def test_h11_the_hub_answers_where_documents_say_it_is(start: Start, base: str) -> None:
    client = await start(make_settings(public_url=f"https://hub.test{base}"))
    named = (await client.get(f"{base}/feeds/category/news.rss")).links["hub"]["url"]
    fields = {
        "hub.mode": "subscribe",
        "hub.topic": f"https://hub.test{base}/feeds/category/news.rss",
        "hub.callback": CALLBACK,
    }

    assert str(named) == f"https://hub.test{base}/websub"
    answer = await client.post(f"{base}/websub", data=fields, allow_redirects=False)
    assert answer.status == 202


@pytest.mark.parametrize(
    "callback",
    [
        "https://reader.test/cb?b=2&a=1&a=%2Fx%20y&e=",
        "http://READER.test:8080/a/../b//c;d?x=%zz#fragment",
        "http://[2001:db8::1]:81/?q[]=1",
    ],
)
async def test_h15_h18_h19_a_callback_is_kept_exactly_as_given(
    client: Client, fake: FakeStore, callback: str
) -> None:
    assert (await ask(client, callback=callback)).status == 202
    assert only(fake).callback == callback


async def test_h12_another_request_for_the_same_pair_takes_the_place_of_the_first(
    client: Client, fake: FakeStore
) -> None:
    await ask(client, secret="one")
    await ask(client, lease_seconds="600")

    assert (only(fake).secret, only(fake).lease_seconds) == (b"", 600)


async def test_h14_each_topic_and_callback_is_a_subscription_of_its_own(
    client: Client, fake: FakeStore
) -> None:
    for format_ in Format:
        await ask(client, topic=f"https://hub.test/feeds/category/news.{format_}")
    await ask(client, callback="https://other.test/cb")

    assert len(fake.requested) == 4


async def test_h40_a_reader_that_knows_only_sha1_gets_it(client: Client, fake: FakeStore) -> None:
    await ask(client, callback="https://feedbin.com/feeds/1/push", secret="s")

    assert only(fake).algorithm == "sha1"


# ---- unsubscribing ------------------------------------------------------------------------------------------------


def subscribed(fake: FakeStore, format_: Format = Format.ATOM) -> SubscriptionId:
    id_ = subscription_id(NEWS_1, format_, CALLBACK)
    fake.subscribed.add(id_)
    return id_


async def test_h17_unsubscribing_is_to_be_verified_too(
    client: Client, fake: FakeStore, distribute: FakeBell
) -> None:
    id_ = subscribed(fake)

    answer = await ask(client, mode="unsubscribe", verify_token="t", secret="x" * 300)

    assert answer.status == 202
    intent = fake.requested[id_]
    assert (intent.mode, intent.secret, intent.verify_token) == ("unsubscribe", b"", "t")
    assert distribute.rings == 1


async def test_h28_unsubscribing_an_unknown_pair_calls_nobody(client: Client, fake: FakeStore) -> None:
    known = await ask(client)
    unknown = await ask(client, mode="unsubscribe", callback="https://victim.test/")

    assert unknown.status == 202
    assert await unknown.text() == await known.text()
    assert [intent.callback for intent in fake.requested.values()] == [CALLBACK]


async def test_h28_unsubscribing_withdraws_a_request_that_is_still_pending(
    client: Client, fake: FakeStore
) -> None:
    await ask(client)
    await ask(client, mode="unsubscribe")

    assert not fake.requested


# ---- feeds that come and go ---------------------------------------------------------------------------------------


async def test_a_retired_feed_is_no_topic(client: Client, fake: FakeStore) -> None:
    fake.retire(NEWS)

    for mode in ("subscribe", "unsubscribe"):
        assert await sentence(await ask(client, mode=mode), 410) == "The feed category/news has ended."


async def test_a_feed_that_is_not_built_yet_is_built(client: Client, fake: FakeStore, bell: FakeBell) -> None:
    fake.add(CAFE, 2)

    answer = await ask(client, topic=CAFE_TOPIC)

    await sentence(answer, 503)
    assert answer.headers["Retry-After"] == "1"
    assert bell.rings == 1
    assert not fake.requested


async def test_t8_a_moved_feeds_old_topic_names_the_new_one(client: Client, fake: FakeStore) -> None:
    fake.move(NEWS, CAFE)

    said = await sentence(await ask(client), 410)

    assert said == (
        "This feed has moved: subscribe to https://hub.test/feeds/category/caf%C3%A9.atom instead."
    )
    assert not fake.requested


async def test_t8_who_subscribed_before_a_move_may_unsubscribe_by_the_old_topic(
    client: Client, fake: FakeStore
) -> None:
    id_ = subscribed(fake)
    fake.move(NEWS, CAFE)

    assert (await ask(client, mode="unsubscribe")).status == 202
    assert fake.requested[id_].topic == TOPIC


async def test_t8_the_old_address_leads_to_one_with_its_own_self_and_hub(
    client: Client, fake: FakeStore
) -> None:
    fake.move(NEWS, CAFE)

    answer = await client.get("/feeds/category/news.rss", allow_redirects=False)
    new = await client.get("/feeds/category/caf%C3%A9.rss")

    assert (answer.status, answer.headers["Location"]) == (301, CAFE_TOPIC)
    assert links(new) == {"hub": ["https://hub.test/websub"], "self": [CAFE_TOPIC]}


# ---- limits -------------------------------------------------------------------------------------------------------


async def test_one_source_may_not_ask_without_end(start: Start, clock: Clock) -> None:
    client = await start(make_settings(trusted_proxies="127.0.0.0/8"))
    body = urlencode({"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": CALLBACK}).encode()

    async def ask_as(source: str) -> ClientResponse:
        return await send(client, body, FORM | {"X-Forwarded-For": source})

    for _ in range(BURST):
        assert (await ask_as("198.51.100.7")).status == 202
    refused = await ask_as("198.51.100.7")

    await sentence(refused, 429)
    assert int(refused.headers["Retry-After"]) == 1
    assert (await ask_as("198.51.100.8")).status == 202
    clock.advance(1)
    assert (await ask_as("198.51.100.7")).status == 202


async def test_one_callback_host_may_not_be_asked_without_end(client: Client, fake: FakeStore) -> None:
    fake.pending_per_host = 1
    await ask(client, callback="https://victim.test/1")

    answer = await ask(client, callback="https://victim.test/2")

    await sentence(answer, 429)
    assert answer.headers["Retry-After"] == "60"
    assert (await ask(client, callback="https://victim.test/1")).status == 202


# ---- publish pings ------------------------------------------------------------------------------------------------


async def ping(client: Client, *fields: tuple[str, str]) -> ClientResponse:
    return await send(client, urlencode([("hub.mode", "publish"), *fields]).encode())


@pytest.mark.parametrize(
    "fields",
    [
        [("hub.url", TOPIC)],
        [("hub.topic", TOPIC)],
        [("hub.url", TOPIC), ("hub.topic", TOPIC)],
        [("hub.url", TOPIC), ("hub.url", CAFE_TOPIC), ("hub.url", "https://hub.test/feeds/all.rss")],
        [("hub.url", "https://site.test:8081/feed/")],
        [("hub.url", "no url at all"), ("foo", "bar")],
    ],
)
async def test_h42_h43_h44_a_ping_is_answered_204_whatever_it_names(
    client: Client, fields: list[tuple[str, str]]
) -> None:
    answer = await ping(client, *fields)

    assert answer.status == 204
    assert await answer.read() == b""


async def test_h45_h46_a_strangers_ping_causes_no_work(
    client: Client, fake: FakeStore, bell: FakeBell, distribute: FakeBell
) -> None:
    """CMS hooks say what changed in these feeds: there is nothing to fetch, and nobody to tell anew."""
    before = {name: count for name, count in fake.calls.items() if name != "changes"}

    for topic in (TOPIC, "https://elsewhere.test/feed", "https://hub.test/feeds/tag/none.rss"):
        assert (await ping(client, ("hub.url", topic))).status == 204

    assert {name: count for name, count in fake.calls.items() if name != "changes"} == before
    assert not bell.rings
    assert not distribute.rings


async def test_h46_a_ping_is_answered_while_redis_is_away(client: Client, fake: FakeStore) -> None:
    fake.go_away()

    assert (await ping(client, ("hub.url", TOPIC))).status == 204


@pytest.mark.parametrize("more", [b"", b"&hub.url=", b"&hub.url=%FF", b"&hub.topic=%C3"])
async def test_h46_a_ping_that_can_not_be_read_is_the_senders_error(client: Client, more: bytes) -> None:
    await sentence(await send(client, b"hub.mode=publish" + more), 400)


# ---- topics and feeds of other servers ----------------------------------------------------------------------------

ELSEWHERE = "https://blog.test/world/feed/"


@pytest.fixture
async def open_hub(start: Start) -> Client:
    """A hub that serves topics of another server, and ingests a feed."""
    return await start(
        make_settings(
            origins="https://blog.test/world/, https://wp.test", ingest_feeds="https://desk.test/feed"
        )
    )


async def test_a_topic_under_an_origin_is_accepted_at_once(
    open_hub: Client, fake: FakeStore, distribute: FakeBell
) -> None:
    answer = await ask(open_hub, topic=ELSEWHERE)

    assert answer.status == 202
    intent = only(fake)
    assert (intent.topic, intent.feed, intent.format) == (ELSEWHERE, FeedNumber(900), None)
    assert fake.origins == {ELSEWHERE: (FeedNumber(900), ELSEWHERE)}
    assert distribute.rings


@pytest.mark.parametrize(
    "topic",
    [
        "https://blog.test/worldly/feed/",
        "https://blog.test/",
        "https://blog.test.evil.test/world/feed/",
        "https://evil.test/?https://blog.test/world/feed/",
        "http://blog.test/world/feed/",
        "https://blog.test:8443/world/feed/",
        "https://blog.test/world/../private",
        "https://blog.test/world/%2e%2E/private",
        "https://blog.test/world/..%2Fprivate",
        "https://blog.test/world/..%5cprivate",
        "https://wp.test#x",
    ],
)
async def test_h08_a_topic_under_no_origin_is_refused(open_hub: Client, fake: FakeStore, topic: str) -> None:
    await sentence(await ask(open_hub, topic=topic), 404)
    assert not fake.origins


async def test_a_topic_with_a_user_name_is_refused(open_hub: Client, fake: FakeStore) -> None:
    await sentence(await ask(open_hub, topic="https://u:p@blog.test/world/feed/"), 400)
    assert not fake.origins


async def test_spellings_of_one_host_are_one_topic(open_hub: Client, fake: FakeStore) -> None:
    for topic in ("https://BLOG.test:443/world/feed/", ELSEWHERE):
        assert (await ask(open_hub, topic=topic)).status == 202
    assert list(fake.origins) == [ELSEWHERE]


async def test_this_hubs_own_feeds_stay_its_own_under_any_origin(start: Start, fake: FakeStore) -> None:
    hub = await start(make_settings(origins="https://hub.test"))
    assert (await ask(hub)).status == 202
    assert only(fake).format is Format.ATOM
    await sentence(await ask(hub, topic="https://hub.test/feeds/category/none.atom"), 404)
    assert not fake.origins


async def test_to_unsubscribe_makes_no_topic(open_hub: Client, fake: FakeStore) -> None:
    await sentence(await ask(open_hub, mode="unsubscribe", topic=ELSEWHERE), 404)
    await ask(open_hub, topic=ELSEWHERE)
    assert (await ask(open_hub, mode="unsubscribe", topic=ELSEWHERE)).status == 202


@pytest.mark.parametrize(
    ("url", "named"),
    [
        (ELSEWHERE, f"origin/{ELSEWHERE}"),
        ("https://blog.test:443/world/feed", f"origin/{ELSEWHERE}"),
        ("http://wp.test:8081/feed/", "origin/https://wp.test/feed/"),
        ("https://desk.test/feed", remote_of("https://desk.test/feed")),
        ("http://desk.test/feed/", remote_of("https://desk.test/feed")),
    ],
)
async def test_h42_a_ping_has_what_it_names_looked_at(
    open_hub: Client, fake: FakeStore, distribute: FakeBell, url: str, named: str
) -> None:
    for name in ("hub.url", "hub.topic"):
        fake.pings.clear()
        assert (await ping(open_hub, (name, url))).status == 204
        assert named in fake.pings
    assert distribute.rings


async def test_h43_a_ping_may_name_many(open_hub: Client, fake: FakeStore) -> None:
    urls = [f"https://wp.test/category/{n}/feed/" for n in range(3)]
    assert (await ping(open_hub, *(("hub.url", url) for url in [*urls, urls[0], TOPIC]))).status == 204
    assert {f"origin/{url}" for url in urls} <= set(fake.pings)
    assert len(fake.pings) == len(set(fake.pings))
    assert not any("hub.test" in each for each in fake.pings)
    assert fake.calls["pinged"] == 1


async def test_a_ping_of_a_cmss_feed_has_that_compared(start: Start, fake: FakeStore) -> None:
    hub = await start(make_settings(wordpress_url="https://wp.test/blog"))
    await eventually(lambda: bool(fake.pings))  # a front that starts has it compared
    fake.pings.clear()
    for url in (
        "https://wp.test/shop/",
        "http://wp.test:8081/blog/category/world/feed/",
        "https://hub.test/feeds/all.rss",
    ):
        assert (await ping(hub, ("hub.url", url))).status == 204
    assert fake.pings == [Source.WORDPRESS]


async def test_h45_a_ping_that_names_nothing_known_asks_redis_nothing(
    open_hub: Client, fake: FakeStore
) -> None:
    assert (await ping(open_hub, ("hub.url", "https://elsewhere.test/feed"))).status == 204
    assert not fake.calls["pinged"]


async def test_h45_one_source_may_ping_only_so_often(open_hub: Client) -> None:
    statuses = {(await ping(open_hub, ("hub.url", ELSEWHERE))).status for _ in range(BURST + 1)}
    assert statuses == {204, 429}


# ---- for people ---------------------------------------------------------------------------------------------------


async def test_a_person_learns_what_this_address_is(client: Client) -> None:
    answer = await client.get("/websub")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "WebSub hub of The Test Gazette" in await answer.text()


# ---- discovery ----------------------------------------------------------------------------------------------------


def links(answer: Any) -> dict[str, list[str]]:
    """All rel=hub and rel=self of all Link lines."""
    found = [
        (rel, url)
        for line in answer.headers.getall("Link", [])
        for url, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', line)
    ]
    return {rel: [url for known, url in found if known == rel] for rel in ("hub", "self")}


@pytest.fixture
def rendered(fake: FakeStore) -> dict[Format, bytes]:
    """Documents as the renderer makes them."""
    bodies = render([make_item()])
    number = fake.add(HEAD.path, 3)
    for format_, body in bodies.items():
        fake.documents[number, format_] = document(number, format_, body, Version(10))
    return bodies


def links_in(format_: Format, body: bytes) -> dict[str, list[str]]:
    """The same, as the document itself says."""
    if format_ is Format.JSON:
        feed = orjson.loads(body)
        return {"hub": [hub["url"] for hub in feed["hubs"]], "self": [feed["feed_url"]]}
    root = ET.fromstring(body)  # noqa: S314  (our own)
    head = root if format_ is Format.ATOM else root[0]
    found = [
        (link.get("rel"), link.get("href", "")) for link in head.findall("{http://www.w3.org/2005/Atom}link")
    ]
    return {rel: [url for known, url in found if known == rel] for rel in ("hub", "self")}


@pytest.mark.usefixtures("rendered")
@pytest.mark.parametrize("format_", list(Format))
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_t1_t2_link_names_the_hub_and_exactly_one_self(
    client: Client, method: str, format_: Format
) -> None:
    address = f"/feeds/category/europe-news.{format_}"
    first = await client.request(method, address)
    cached = await client.request(method, address)
    unchanged = await client.request(method, address, headers={"If-None-Match": first.headers["ETag"]})

    assert [first.status, cached.status, unchanged.status] == [200, 200, 304]
    for answer in (first, cached, unchanged):
        assert links(answer) == {"hub": ["https://hub.test/websub"], "self": [f"https://hub.test{address}"]}


@pytest.mark.parametrize("format_", list(Format))
async def test_t3_t4_every_document_says_the_same_as_its_header(
    client: Client, rendered: dict[Format, bytes], format_: Format
) -> None:
    answer = await client.get(f"/feeds/category/europe-news.{format_}")

    body = await answer.read()
    assert body == rendered[format_]
    assert links_in(format_, body) == links(answer)
    assert links(answer)["hub"] == [f"{SITE.public_url}/websub"]


@pytest.mark.parametrize("path", ["/feeds/category/news", "/"])
async def test_t3_pages_lead_to_topics_and_are_none(client: Client, fake: FakeStore, path: str) -> None:
    """A page that named a hub would have it asked for the page. Its documents are one `rel=alternate` away."""
    fake.commit(fake.add(FeedPath(Kind.ALL), 9), "all", Version(10))

    answer = await client.get(path)
    page = await answer.text()

    assert links(answer) == {"hub": [], "self": []}
    assert not re.search(r'rel="(hub|self)"', page)
    for alternate in re.findall(r'<link rel="alternate" type="[^"]+" title="[^"]+" href="([^"]+)"', page):
        assert (await ask(client, topic=alternate)).status == 202
    assert page.count('rel="alternate"') == len(Format)


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/feed+json"},
        {"Accept": "text/html"},
        {"Accept-Language": "de"},
        {"Accept": "*/*"},
    ],
)
async def test_t5_a_self_has_one_representation(client: Client, headers: dict[str, str]) -> None:
    answer = await client.get("/feeds/category/news.atom", headers=headers)

    assert answer.headers["Content-Type"] == Format.ATOM.content_type
    assert links(answer)["self"] == [TOPIC]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/feeds/category/news.atom?utm_source=x", {}),
        ("/feeds/category/news.atom/", {}),
        ("/feeds/Category/NEWS.Atom", {}),
        ("/feeds/category/%6Eews.atom", {}),
        ("/feeds/category/news.atom", {"Host": "evil.test", "X-Forwarded-Host": "evil.test"}),
        (
            "/feeds/category/news.atom",
            {"X-Forwarded-Proto": "http", "Forwarded": "proto=http;host=evil.test"},
        ),
    ],
)
async def test_t6_every_spelling_advertises_the_one_self(
    client: Client, path: str, headers: dict[str, str]
) -> None:
    answer = await client.get(path, headers=headers, allow_redirects=False)
    if answer.status == 301:
        assert answer.headers["Location"] == TOPIC
    else:
        assert links(answer)["self"] == [TOPIC]
        assert (await ask(client, topic=links(answer)["self"][0])).status == 202


@pytest.mark.parametrize(
    "topic",
    [
        "https://hub.test/feeds/category/news.atom?utm_source=x",
        "https://hub.test/feeds/category/news.atom#top",
        "https://hub.test/feeds/category/news.atom/",
        "https://hub.test/feeds/category/NEWS.atom",
        "https://hub.test/feeds/category/news.ATOM",
        "http://hub.test/feeds/category/news.atom",
        "https://hub.test:443/feeds/category/news.atom",
        "https://HUB.test/feeds/category/news.atom",
    ],
)
async def test_t6_only_the_self_is_a_topic(client: Client, fake: FakeStore, topic: str) -> None:
    await sentence(await ask(client, topic=topic), 404)

    assert not fake.requested
