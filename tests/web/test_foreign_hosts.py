"""Reads of feeds under another host than PUBLIC_URL's: counted, bounded, shown, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.web.front import PARTS
from tests.web.conftest import make_settings

if TYPE_CHECKING:
    from tests.web.conftest import Client, Start

ADMIN = {"Authorization": "Bearer test-admin-token"}


async def read(client: Client, host: str, path: str = "/feeds/category/news.rss", times: int = 1) -> None:
    for _ in range(times):
        answer = await client.get(path, headers={"Host": host})
        assert "hub.test" in answer.headers.get("Link", "hub.test")


def counted(client: Client) -> dict[str, int]:
    return client.app[PARTS].hosts.taken()


async def test_a_read_under_another_host_is_answered_and_counted(client: Client) -> None:
    await read(client, "old.test", times=3)
    await read(client, "OLD.test:8080")
    await read(client, "old.test.", "/feeds/category/news")

    assert counted(client) == {"old.test": 5}
    assert counted(client) == {}


@pytest.mark.parametrize(
    "host", ["hub.test", "hub.test:443", "HUB.TEST.", "127.0.0.1:8080", "localhost", "[::1]:8080"]
)
async def test_the_own_name_and_what_only_this_machine_says_are_not_counted(
    client: Client, host: str
) -> None:
    await read(client, host)

    assert counted(client) == {}


@pytest.mark.parametrize("path", ["/", "/healthz", "/feeds/category/none.rss", "/api/status"])
async def test_only_reads_of_feeds_are_counted(client: Client, path: str) -> None:
    await client.get(path, headers={"Host": "203.0.113.7"})

    assert counted(client) == {}


@pytest.mark.parametrize("host", ["a b", "x" * 200, "<script>", "a/b", ""])
async def test_what_is_no_name_is_not_kept(client: Client, host: str) -> None:
    client.app[PARTS].hosts.count(host)

    assert counted(client) == {}


async def test_whoever_makes_names_up_fills_no_memory(client: Client) -> None:
    for number in range(1000):
        client.app[PARTS].hosts.count(f"host-{number}.test")

    assert len(counted(client)) == 20


async def test_the_sites_host_is_known_where_its_old_addresses_are_answered(start: Start) -> None:
    client = await start(make_settings(url_style="wordpress"))
    await read(client, "site.test")

    assert counted(client) == {}


async def test_status_shows_the_problem_with_its_since(client: Client) -> None:
    hosts = client.app[PARTS].hosts
    await read(client, "old.test", times=12)
    await client.app[PARTS].front.store.note_hosts(hosts.taken())
    status = await (await client.get("/api/status", headers=ADMIN)).json()

    (problem,) = status["problems"]
    assert (problem["code"], problem["since"]) == ("foreign-host", "2026-11-23T09:00:00Z")
    assert "old.test (12 since" in problem["sentence"]
