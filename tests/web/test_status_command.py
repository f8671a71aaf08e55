"""`feedhub status` and the problems of `doctor`, against a front that answers over HTTP."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from hub.cli import app
from hub.cli.status import ago, describe
from hub.condition import State
from hub.events import HookRecord, Noted, Source
from tests.receivers import closed_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Client
    from tests.web.fakes import FakeStore

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MS = round(NOW.timestamp() * 1000)


async def run(url: object, *words: str) -> Result:
    environ = {"FEEDHUB_URL": str(url).rstrip("/"), "FEEDHUB_ADMIN_TOKEN": "test-admin-token"}
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, words, env=environ))


async def test_all_is_well_is_said_first_and_exits_0(client: Client, fake: FakeStore) -> None:
    fake.hub_state = State(0, ("regenerate@a:1", "distribute@a:2"), 0, 0, 2, 100, 10, 9)
    fake.hooks[Source.GHOST] = HookRecord(taken=Noted(MS))
    ran = await run(client.make_url(""), "status")

    assert ran.exit_code == 0
    first, _, ghost, feeds, subscriptions, workers = ran.output.splitlines()
    assert first == "All is well."
    assert ghost.startswith("ghost          last hook ")
    assert feeds == "feeds          10 with 100 entries, 2 scheduled; 0 late, 0 to be renewed"
    assert subscriptions == "subscriptions  9, 0 failing"
    assert workers == "workers        regenerate@a:1, distribute@a:2"


async def test_a_problem_is_shown_with_since_and_what_to_do_and_exits_1(
    client: Client, fake: FakeStore
) -> None:
    fake.hub_state = replace(fake.hub_state, workers=(), heard={"regenerate": MS - 7_200_000})
    ran = await run(client.make_url(""), "status")

    assert ran.exit_code == 1
    first, sentence, since, action, *_ = ran.output.splitlines()
    assert first == "1 problem:"
    assert sentence == "✗ No worker regenerates feeds."
    assert since.startswith("  since 2026-11-23T07:00:00Z (")
    assert action.startswith("  → Start one: feedhub worker")


async def test_json_is_what_the_api_says(client: Client, fake: FakeStore) -> None:
    fake.hub_state = replace(fake.hub_state, workers=())
    ran = await run(client.make_url(""), "status", "--json")
    headers = {"Authorization": "Bearer test-admin-token"}

    assert ran.exit_code == 1
    assert json.loads(ran.output) == await (await client.get("/api/status", headers=headers)).json()


@pytest.mark.parametrize("words", [("status",), ("doctor",)])
async def test_a_hub_that_does_not_answer_is_the_problem(words: tuple[str, ...]) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    plain, told = await run(url, *words), await run(url, *words, "--json")

    assert plain.exit_code == told.exit_code == 1
    assert "is the hub running?" in plain.output
    assert "→ Start the hub" in plain.output
    (problem,) = json.loads(told.output)["problems"]
    assert (problem["code"], problem["since"]) == ("no-hub", None)


async def test_a_redis_that_is_away_is_named(client: Client, fake: FakeStore) -> None:
    fake.go_away()
    ran = await run(client.make_url(""), "status", "--json")
    fake.come_back()

    (problem,) = json.loads(ran.output)["problems"]
    assert (ran.exit_code, problem["code"]) == (1, "redis-away")


async def test_no_hub_at_all_is_the_problem_too(tmp_path: Path) -> None:
    ran = await asyncio.to_thread(
        lambda: CliRunner().invoke(app, ["status", "--data", str(tmp_path / "none")], env={"FEEDHUB_URL": ""})
    )

    assert ran.exit_code == 1
    assert "no hub runs on" in ran.output


async def test_a_wrong_token_is_the_problem_too(client: Client) -> None:
    environ = {"FEEDHUB_URL": str(client.make_url("")).rstrip("/"), "FEEDHUB_ADMIN_TOKEN": "wrong"}
    ran = await asyncio.to_thread(lambda: CliRunner().invoke(app, ["status"], env=environ))

    assert ran.exit_code == 1
    assert "FEEDHUB_ADMIN_TOKEN" in ran.output


def test_sources_say_when_they_were_heard_of_last() -> None:
    status = {
        "problems": [],
        "hooks": {"wordpress": {"taken": None, "refused": {"at": MS - 60_000, "why": ""}}},
        "reconciles": {"ghost": {"done": "2026-11-23T08:45:00Z"}, "wordpress": {"done": None}},
        **dict.fromkeys(("feeds", "entries", "scheduled", "feeds_late", "feeds_to_renew"), 0),
        **dict.fromkeys(("subscriptions", "subscriptions_failing"), 0),
        "workers": [],
    }

    assert list(describe(status, NOW))[2:4] == [
        "ghost          last hook never, last reconcile 15 minutes ago",
        "wordpress      last hook never, last refused 1 minute ago, last reconcile never",
    ]


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(0), "0 seconds ago"),
        (timedelta(seconds=1), "1 second ago"),
        (timedelta(seconds=119), "1 minute ago"),
        (timedelta(hours=3, minutes=59), "3 hours ago"),
        (timedelta(days=9), "9 days ago"),
        (timedelta(seconds=-5), "0 seconds ago"),
    ],
)
def test_how_long_ago_is_said_in_the_largest_unit(before: timedelta, said: str) -> None:
    assert ago(NOW - before, NOW) == said
