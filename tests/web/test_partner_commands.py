"""`feedhub partners`, against a front that answers over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.cli.client import Refused
from tests.web.test_partners_api import bearer
from tests.web.test_subscriber_commands import Ran

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.web.conftest import Client

    Run = Callable[..., Awaitable[Ran]]


@pytest.fixture
async def run(client: Client) -> Run:
    environ = {"FEEDHUB_URL": str(client.make_url("")).rstrip("/"), "FEEDHUB_ADMIN_TOKEN": "test-admin-token"}

    async def ran(*words: str) -> Ran:
        found = await asyncio.to_thread(lambda: CliRunner().invoke(app, words, env=environ))
        return Ran(found.exit_code, found.output, found.exception)

    return ran


async def status(client: Client, key: str) -> int:
    return (await client.get("/feeds/category/news.rss", headers=bearer(key))).status


async def test_a_partner_is_added_listed_rotated_and_revoked(run: Run, client: Client) -> None:
    edition = ("--feed", "category/news", "--size", "20", "--deletes", "expire")
    first, second = (await run("partners", "add", "News [stand]", *edition)).output.splitlines()
    id_, _, name = first.partition(" ")
    key = second.split()[1]
    assert (name, second) == ("News [stand]", f"key: {key} (it is shown this once)")
    assert await status(client, key) == 200

    for words in (("partners",), ("partners", "list")):
        head, row = (await run(*words)).output.splitlines()
        assert head.split() == ["id", "name", "opens", "edition", "keys", "last", "used"]
        said = f"{id_} News [stand] category/news 20 full expire {key[4:8]}… never"
        assert row.split() == said.split()

    rotated = (await run("partners", "rotate", id_, "--overlap", "0")).output
    new = rotated.splitlines()[1].split()[1]
    assert [await status(client, key), await status(client, new)] == [401, 200]

    first, head, *rows = (await run("partners", "show", id_)).output.splitlines()
    now = "2026-11-23T09:00:00.000Z"
    assert first == f"key {new[4:8]}… of {now}: last used {now}, /feeds/category/news.rss 200"
    assert head.split()[:3] == ["date", "key", "requests"]
    assert sorted(row.split()[:4] for row in rows) == sorted(
        ["2026-11-23", f"{used[4:8]}…", "1", "1"] for used in (key, new)
    )

    revoked = await run("partners", "revoke", id_)
    assert revoked.output == f"{id_} is revoked: its keys open nothing, and its webhooks are deleted.\n"
    assert await status(client, new) == 401


async def test_all_of_it_is_there_for_scripts(run: Run) -> None:
    made = (await run("partners", "add", "Newsstand", "--content", "summary", "--json")).json
    assert (made["name"], made["content"], made["feeds"]) == ("Newsstand", "summary", [])
    assert [row["id"] for row in (await run("partners", "--json")).json] == [made["id"]]
    assert (await run("partners", "show", made["id"], "--json")).json["usage"] == []
    assert (await run("partners", "rotate", made["id"], "--json")).json["key"] != made["key"]
    assert (await run("partners", "revoke", made["id"], "--json")).json == {"id": made["id"], "revoked": True}


async def test_what_the_hub_refuses_is_said_in_its_words(run: Run) -> None:
    ran = await run("partners", "add", "Newsstand", "--deletes", "sometimes")
    assert isinstance(ran.error, Refused)
    assert "/deletes" in str(ran.error)
    assert isinstance((await run("partners", "revoke", "pt_unknown")).error, Refused)
