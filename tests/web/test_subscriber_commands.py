"""`feedhub subscriptions`, `attempts` and `replay`, against a front that answers over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.cli.client import Refused
from hub.errors import Misconfigured
from hub.model import EntryId, FeedNumber, FeedPath, Format, Kind, Seq
from hub.subscription import Attempt, Channel, EntryReceipt, Subscription, SubscriptionId, Webhook
from tests.web.fakes import NEWS

if TYPE_CHECKING:
    from tests.web.conftest import Client
    from tests.web.fakes import FakeStore

LATE = FeedPath(Kind.CATEGORY, "späte-nachrichten")
HOOK = "wh_0123456789abcdef"
CALLBACK = "https://reader.test/push[1]?key=callback-secret"
HEAD = 1795460320084001
READER = Subscription(
    SubscriptionId("Abcd_-0123456789"), Channel.WEBSUB, FeedNumber(1), CALLBACK, Seq(HEAD), Format.ATOM
)


@dataclass(frozen=True)
class Ran:
    status: int
    output: str
    error: BaseException | None

    @property
    def json(self) -> Any:
        return json.loads(self.output)


Run = Callable[..., Awaitable[Ran]]


@pytest.fixture
async def run(client: Client, fake: FakeStore) -> Run:
    """Run a command against a hub with a reader of the news and a partner with two feeds."""
    fake.add(LATE, 2)
    for path, summary in fake.summaries.items():
        fake.summaries[path] = replace(summary, seq=Seq(HEAD))
    await fake.put_webhook(Webhook(HOOK, "https://partner.test/", (NEWS, LATE), ()))
    fake.subscriptions[READER.id] = READER
    environ = {"FEEDHUB_URL": str(client.make_url("")).rstrip("/"), "FEEDHUB_ADMIN_TOKEN": "test-admin-token"}

    async def ran(*words: str) -> Ran:
        found = await asyncio.to_thread(lambda: CliRunner().invoke(app, words, env=environ))
        return Ran(found.exit_code, found.output, found.exception)

    return ran


async def test_subscriptions_are_a_table(run: Run, fake: FakeStore) -> None:
    fake.subscriptions[READER.id] = READER._replace(
        failures=2, failing_since=1_763_888_400_000, next_attempt=1_763_888_460_000
    )
    late = SubscriptionId(f"{HOOK}.2")
    fake.subscriptions[late] = fake.subscriptions[late]._replace(cursor=Seq(5))

    ran = await run("subscriptions")

    assert ran.status == 0
    head, reader, news, special = ran.output.splitlines()
    assert head.split() == ["id", "feed", "told", "state", "failures", "next", "attempt"]
    assert reader.split() == [
        *(READER.id, "category/news", "https://reader.test/push[1]?…", "(atom)"),
        *("failing", "since", "2025-11-23T09:00:00.000Z", "2", "2025-11-23T09:01:00.000Z"),
    ]
    assert news.split() == [f"{HOOK}.1", "category/news", HOOK, "told"]
    assert special.split() == [f"{HOOK}.2", "category/späte-nachrichten", HOOK, "behind"]


async def test_a_feeds_subscriptions_are_json_with_whole_callbacks(
    run: Run,
) -> None:
    ran = await run("subscriptions", "--json", "--feed", "category/news")

    assert [row["id"] for row in ran.json] == [READER.id, f"{HOOK}.1"]
    assert ran.json[0]["callback"] == CALLBACK


async def test_a_paused_webhook_is_shown_as_paused(run: Run, fake: FakeStore) -> None:
    await fake.pause(HOOK, paused=True)

    assert (await run("subscriptions")).output.count("paused") == 2


async def test_attempts_are_listed_newest_first(run: Run, fake: FakeStore) -> None:
    fake.tries[READER.id] = [
        Attempt(1_763_888_400_000, "verification", "verified", 200, 4.4),
        Attempt(1_763_888_460_000, "delivery", "timeout", None, 10_000.0, Seq(HEAD), "no [answer]"),
    ]

    ran = await run("attempts", READER.id)

    assert ran.status == 0
    assert [line.split() for line in ran.output.splitlines()[1:]] == [
        ["2025-11-23T09:01:00.000Z", "delivery", "timeout", "10000.0", str(HEAD), "no", "[answer]"],
        ["2025-11-23T09:00:00.000Z", "verification", "verified", "200", "4.4"],
    ]
    assert [row["outcome"] for row in (await run("attempts", READER.id, "--json")).json] == [
        "timeout",
        "verified",
    ]


@pytest.mark.parametrize(("acknowledged", "status"), [(True, 0), (False, 1)])
async def test_an_entrys_receipts_fail_while_somebody_has_not_acknowledged(
    run: Run,
    fake: FakeStore,
    acknowledged: bool,  # noqa: FBT001  (pytest gives it by name)
    status: int,
) -> None:
    told = EntryReceipt(NEWS, Seq(HEAD), True, READER.id, CALLBACK, True)
    fake.acknowledgements[EntryId("https://site.test/1?ä&b")] = [
        told,
        replace(told, subscription=SubscriptionId(f"{HOOK}.1"), acknowledged=acknowledged),
    ]

    ran = await run("attempts", "--entry", "https://site.test/1?ä&b")

    assert ran.status == status
    assert [line.split()[0] for line in ran.output.splitlines()[1:]] == [
        "yes",
        "yes" if acknowledged else "NO",
    ]
    assert "callback-secret" not in ran.output
    again = await run("attempts", "--entry", "https://site.test/1?ä&b", "--json")
    assert (again.status, again.json["acknowledged"]) == (status, acknowledged)


async def test_an_entry_that_nobody_is_told_of_lacks_no_receipt(run: Run, fake: FakeStore) -> None:
    fake.acknowledgements[EntryId("1")] = []

    ran = await run("attempts", "--entry", "1")

    assert (ran.status, ran.output) == (0, "Nobody is told of this entry.\n")


@pytest.mark.parametrize("words", [["attempts"], ["attempts", "a", "--entry", "b"]])
async def test_attempts_are_of_a_subscription_or_of_an_entry(run: Run, words: list[str]) -> None:
    assert isinstance((await run(*words)).error, Misconfigured)


async def test_a_webhook_is_replayed_in_all_its_feeds(run: Run, fake: FakeStore) -> None:
    ran = await run("replay", HOOK, "--since", "2025-11-23T09:00:00Z")

    assert ran.output.splitlines() == [
        f"{HOOK}.1 category/news from 1763888399999999 to {HEAD}",
        f"{HOOK}.2 category/späte-nachrichten from 1763888399999999 to {HEAD}",
    ]
    assert fake.subscriptions[READER.id].cursor == HEAD


@pytest.mark.parametrize("id_", [READER.id, f"{HOOK}.2"])
async def test_one_subscription_is_replayed_alone(run: Run, fake: FakeStore, id_: str) -> None:
    ran = await run("replay", id_, "--since", "0", "--json")

    assert (ran.json["id"], ran.json["cursor"]) == (id_, 0)
    assert [one.id for one in fake.subscriptions.values() if one.cursor == 0] == [id_]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["subscriptions", "--feed", "tag/none"], "There is no feed tag/none"),
        (["attempts", "unknown"], "There is no such subscription"),
        (["attempts", "--entry", "misspelt"], "There is no entry misspelt"),
        (["replay", "wh_unknown", "--since", "0"], "There is no such webhook"),
        (["replay", READER.id, "--since", "yesterday"], "/since: must be a date"),
    ],
)
async def test_what_the_hub_refuses_is_its_own_sentence(run: Run, words: list[str], sentence: str) -> None:
    ran = await run(*words)

    assert ran.status == 1
    assert isinstance(ran.error, Refused)
    assert sentence in str(ran.error)
