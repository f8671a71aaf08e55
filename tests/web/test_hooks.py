"""POST /hooks/<cms>: who may, what is answered, what is kept for the operator, and that no token is ever logged."""

from __future__ import annotations

import asyncio
import json
import logging
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from yarl import URL

from hub.errors import Conflict
from hub.events import EntryPublished, EntryRemoved, FeedUpdated, Source
from hub.intake.policy import MAX_BATCH_BYTES
from hub.web.logs import shown_path
from tests.cms import ALL_SAMPLES, SECRET, recorded
from tests.web.conftest import make_settings

if TYPE_CHECKING:
    from datetime import datetime

    from hub.settings import Settings
    from tests.cms import Recorded
    from tests.web.conftest import Client, Start
    from tests.web.fakes import Clock, FakeStore

TOKEN = "the/hook token-1"
IN_URL = "the%2Fhook%20token-1"
ADMIN = {"Authorization": "Bearer test-admin-token"}


def with_secrets(**said: object) -> Settings:
    plain: dict[str, object] = {
        "hook_secret_ghost": ("next", SECRET),
        "hook_secret_wordpress": (SECRET,),
        "hook_secret_strapi": ("eco-shared-token",),
        "hook_secret_superdesk": (SECRET,),
        "hook_token": (TOKEN,),
    }
    return make_settings(**(plain | said))


@pytest.fixture
def settings() -> Settings:
    return with_secrets()


@pytest.fixture
def now_ms(clock: Clock) -> int:
    return round(clock.time.timestamp() * 1000)


def fresh(name: str, clock: Clock) -> Recorded:
    return recorded(name).signed(milliseconds=round(clock.time.timestamp() * 1000))


async def post(client: Client, hook: Recorded, path: str = "") -> Any:
    return await client.post(path or f"/hooks/{hook.source}", data=BytesIO(hook.body), headers=hook.to_send())


async def problems_of(client: Client) -> dict[str, str]:
    status = await (await client.get("/api/status", headers=ADMIN)).json()
    return {row["code"]: row["sentence"] for row in status["problems"]}


@pytest.mark.parametrize("name", ALL_SAMPLES)
async def test_every_recorded_hook_is_taken(client: Client, fake: FakeStore, clock: Clock, name: str) -> None:
    answer = await post(client, fresh(name, clock))

    assert answer.status == 202
    assert fake.hooks[Source(name.partition("/")[0])].taken is not None
    assert fake.sources <= {name.partition("/")[0]}


async def test_the_answer_says_what_became_of_it(client: Client, fake: FakeStore, clock: Clock) -> None:
    answer = await post(client, fresh("ghost/2-publish.post.published", clock))

    (outcome,) = (await answer.json())["outcomes"]
    assert outcome["outcome"] == "accepted"
    assert outcome["entry"] == "6b048cccc05d8d49dee4dee2"
    assert fake.rings == 1
    assert isinstance(fake.accepted[0], EntryPublished)


# ---- who is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", list(Source))
async def test_without_a_secret_nothing_is_taken(start: Start, fake: FakeStore, source: Source) -> None:
    client = await start(make_settings())
    answer = await client.post(f"/hooks/{source}", data=b"{}")
    token = await client.post(f"/hooks/{source}/x", data=b"{}")

    assert (answer.status, token.status) == (401, 401)
    assert f"FEEDHUB_HOOK_SECRET_{source.upper()}" in (await answer.json(content_type=None))["detail"]
    assert fake.accepted == []
    assert fake.hooks[source].refused is not None


@pytest.mark.parametrize(
    "name",
    ["ghost/2-publish.post.published", "wordpress/wp-webhooks-plugin.2-edit.post_update", "superdesk/kill"],
)
async def test_a_wrong_or_missing_signature_is_refused_with_a_sentence(
    client: Client, fake: FakeStore, clock: Clock, name: str
) -> None:
    hook = fresh(name, clock)
    unsigned = {key: value for key, value in hook.to_send().items() if "signature" not in key}

    wrong = await post(client, hook.signed("wrong", milliseconds=round(clock.time.timestamp() * 1000)))
    missing = await client.post(f"/hooks/{hook.source}", data=hook.body, headers=unsigned)

    assert (wrong.status, missing.status) == (401, 401)
    assert "matches no secret" in (await wrong.json(content_type=None))["detail"]
    assert "is missing" in (await missing.json(content_type=None))["detail"]
    assert fake.accepted == []


async def test_an_old_signature_says_how_far_the_clocks_are_apart(
    client: Client, fake: FakeStore, clock: Clock
) -> None:
    hook = fresh("ghost/2-publish.post.published", clock)
    clock.advance(3600)
    answer = await post(client, hook)

    assert answer.status == 401
    assert "differ by 3600 seconds" in (await answer.json(content_type=None))["detail"]
    assert fake.accepted == []


async def test_strapi_is_known_by_its_header(client: Client, fake: FakeStore) -> None:
    hook = recorded("strapi/3-publish.entry.publish.article")
    other = hook.to_send() | {"authorization": "Bearer other"}

    assert (await client.post("/hooks/strapi", data=hook.body, headers=other)).status == 401
    assert fake.accepted == []
    assert (await post(client, hook)).status == 202


async def test_another_cms_is_not_found(client: Client) -> None:
    assert (await client.post("/hooks/joomla", data=b"{}")).status == 404
    assert (await client.get("/hooks/ghost")).status == 405


# ---- a token in the address ---------------------------------------------------------------------------------


async def test_a_sender_that_cant_sign_has_a_token_in_its_address(client: Client, fake: FakeStore) -> None:
    hook = recorded("ghost/2-publish.post.published")
    taken = await client.post(f"/hooks/ghost/{IN_URL}", data=hook.body)
    refused = await client.post("/hooks/ghost/other", data=hook.body)

    assert (taken.status, refused.status) == (202, 401)
    assert len(fake.accepted) == 1


@pytest.mark.parametrize(
    "path",
    [
        f"/hooks/ghost/{IN_URL}",
        f"/hooks/ghost/{IN_URL}/",
        f"/hooks/joomla/{IN_URL}",
        f"/%68ooks/ghost/{IN_URL}",
        f"/hooks/gho%73t/{IN_URL}",
        f"//hooks//ghost//{IN_URL}",
        f"/Hooks/ghost/{IN_URL}/more",
        f"/hook/ghost/{IN_URL}",
        f"/hooks%2Fghost%2F{IN_URL}",
        f"/hooks/{IN_URL}",
        f"/hooks/{IN_URL}/ghost",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_token_reaches_no_log(
    client: Client, fake: FakeStore, caplog: pytest.LogCaptureFixture, path: str, method: str
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.away = True
    await client.session.request(method, URL(f"{client.make_url('')}{path}", encoded=True))

    ours = [record.getMessage() for record in caplog.records if record.name.startswith("hub")]
    assert any("request method=" in line for line in ours)
    assert not any("token-1" in line or "token\\x201" in line for line in ours)


def test_other_paths_are_logged_as_they_are() -> None:
    for path in (
        "/hooks/ghost",
        "/hooks/ping",
        "/hooks/superdesk/",
        "/feeds/tag/hooks.rss",
        "/feeds/tag/a%2Fb.rss",
        "/publish",
    ):
        assert shown_path(path) == path


# ---- hints --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"post": 5}'])
async def test_an_authentic_body_that_is_not_understood_is_a_hint(
    client: Client, fake: FakeStore, body: bytes
) -> None:
    answer = await client.post(f"/hooks/ghost/{IN_URL}", data=body)

    assert answer.status == 202
    assert len((await answer.json())["hints"]) == 1
    assert fake.hooks[Source.GHOST].hints == 1
    assert fake.accepted == []


async def test_an_authentic_body_that_is_too_large_is_a_hint(
    client: Client, fake: FakeStore, now_ms: int
) -> None:
    hook = recorded("ghost/2-publish.post.published")
    large = type(hook)(hook.source, hook.headers, b" " * (MAX_BATCH_BYTES + 1))

    signed = await post(client, large.signed(milliseconds=now_ms))
    forged = await post(client, large.signed("other", milliseconds=now_ms))

    assert (signed.status, forged.status) == (202, 401)
    assert fake.hooks[Source.GHOST].hints == 1
    assert fake.accepted == []


async def test_what_the_store_cant_do_is_a_hint(client: Client, fake: FakeStore, now_ms: int) -> None:
    fake.answers = [Conflict("slug: it is another's")]
    tag = {"id": "1", "name": "b", "slug": "b", "visibility": "public"}
    hook = recorded("ghost/2-publish.post.published")
    body = json.dumps({"tag": {"current": tag, "previous": {"slug": "a"}}}).encode()
    answer = await post(client, type(hook)(hook.source, hook.headers, body).signed(milliseconds=now_ms))

    assert answer.status == 202
    assert isinstance(fake.accepted[0], FeedUpdated)
    assert fake.hooks[Source.GHOST].hints == 1


async def test_while_nothing_can_be_stored_a_hook_and_a_hint_are_told_to_come_again(
    client: Client, fake: FakeStore, clock: Clock
) -> None:
    fake.away = True
    for name in ("ghost/2-publish.post.published", "ghost/2-publish.site.changed"):
        answer = await post(client, fresh(name, clock))

        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0


async def test_a_refusal_that_cant_be_noted_is_a_refusal(client: Client, fake: FakeStore) -> None:
    fake.away = True

    assert (await client.post("/hooks/ghost", data=b"{}")).status == 401


async def test_a_silent_store_delays_no_refusal(client: Client, fake: FakeStore) -> None:
    fake.hanging = True
    async with asyncio.timeout(1):
        assert (await client.post("/hooks/ghost", data=b"{}")).status == 401


async def test_whoever_acts_on_hints_is_told(start: Start, settings: Settings, fake: FakeStore) -> None:
    told: list[tuple[Source, str]] = []

    class Reconcile:
        async def hint(self, source: Source, now: datetime, why: str, /) -> None:
            told.append((source, why))

    client = await start(settings, hints=Reconcile())
    await client.post(f"/hooks/ghost/{IN_URL}", data=b"{}")

    assert [source for source, _ in told] == [Source.GHOST]
    assert fake.calls["hint"] == 0


async def test_what_makes_no_feed_is_taken_and_stores_nothing(
    client: Client, fake: FakeStore, clock: Clock
) -> None:
    answer = await post(client, fresh("ghost/1-create-draft.post.added", clock))

    assert await answer.json() == {"outcomes": [], "hints": []}
    assert fake.accepted == []


async def test_cms_07_nothing_is_ever_answered_410(client: Client, fake: FakeStore, clock: Clock) -> None:
    """Ghost deletes its webhook for that, and repeats nothing for anything else."""
    removal = fresh("ghost/9-delete-published.post.deleted", clock)
    paths = ["/hooks/ghost", "/hooks/ghost/gone", "/hooks/ghost", "/hooks/none", "/hooks/ghost/a/b"]
    answers = [await post(client, removal, path) for path in paths]

    assert isinstance(fake.accepted[0], EntryRemoved)
    assert [answer.status for answer in answers] == [202, 401, 202, 404, 404]


# ---- what the operator sees ---------------------------------------------------------------------------------


async def test_status_says_why_a_hook_was_refused_for_a_while(
    client: Client, clock: Clock, now_ms: int
) -> None:
    await post(client, recorded("ghost/2-publish.post.published").signed("wrong", milliseconds=now_ms))
    refused = await problems_of(client)
    await post(client, fresh("ghost/2-publish.post.published", clock))
    clock.advance(3700)

    assert "x-ghost-signature matches no secret" in refused["hook-refused"]
    assert "hook-refused" not in await problems_of(client)


async def test_status_says_that_a_hint_waits_and_when_hooks_came(
    client: Client, clock: Clock, now_ms: int
) -> None:
    await post(client, fresh("ghost/2-publish.site.changed", clock))
    status = await (await client.get("/api/status", headers=ADMIN)).json()

    assert "that nothing acted on" in (await problems_of(client))["hint-waiting"]
    assert status["hooks"]["ghost"]["taken"]["at"] == now_ms
    assert status["hooks"]["ghost"]["hints"] == 1


async def test_a_flood_of_refusals_is_noted_a_few_times(client: Client, fake: FakeStore) -> None:
    for _ in range(50):
        assert (await client.post("/hooks/ghost", data=b"{}")).status == 401

    assert fake.calls["note_refused"] <= 5
