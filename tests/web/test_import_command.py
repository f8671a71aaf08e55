"""`feedhub import` against a front that answers over HTTP: what it sends, how, and what it says of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.cli.client import Client as Hub
from hub.cli.importing.sender import Sender, Stopped
from hub.cli.importing.tally import Tally
from hub.errors import HubError
from hub.events import EntryPublished, Outcome, Receipt
from hub.intake.archives.record import Found
from hub.model import EntryId
from hub.subscription import SubscriptionId
from tests.cms import FOLDER
from tests.entries import published
from tests.unit.test_ghost_export import export as ghost_export
from tests.unit.test_wxr import HEAD, TAIL, item

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Client
    from tests.web.fakes import FakeStore


@dataclass(frozen=True)
class Ran:
    status: int
    output: str
    error: BaseException | None


Run = Callable[..., Awaitable[Ran]]


@pytest.fixture
async def run(client: Client, tmp_path: Path) -> Run:
    environ = {
        "FEEDHUB_URL": str(client.make_url("")).rstrip("/"),
        "FEEDHUB_PUBLISH_TOKEN": "test-publish-token",
    }

    async def ran(body: str | bytes, *words: str, **settings: str) -> Ran:
        file = tmp_path / "archive"
        file.write_bytes(body.encode() if isinstance(body, str) else body)
        env = environ | {f"FEEDHUB_{key.upper()}": value for key, value in settings.items()}
        found = await asyncio.to_thread(
            lambda: CliRunner().invoke(app, ["import", str(file), *words], env=env)
        )
        return Ran(found.exit_code, found.output, found.exception)

    return ran


def export(*items: str) -> str:
    return HEAD + "".join(items) + TAIL


def posts(count: int) -> str:
    return export(*(item(guid=f"https://site.test/?p={n}", title=f"Post {n}") for n in range(count)))


def ids(fake: FakeStore) -> list[str]:
    return [event.entry.id for event in fake.accepted if isinstance(event, EntryPublished)]


async def test_posts_go_in_order_and_in_batches_quietly_and_as_wordpresss(run: Run, fake: FakeStore) -> None:
    ran = await run(posts(450))

    assert ran.status == 0, ran
    assert ids(fake) == [f"https://site.test/?p={n}" for n in range(450)]
    assert fake.quiet == [True, True, True]
    assert fake.sources == {"wordpress"}
    assert "450 imported, 0 unchanged, 0 skipped, 0 refused" in ran.output


async def test_what_was_skipped_and_refused_is_said_with_why_and_the_first_few(
    run: Run, fake: FakeStore
) -> None:
    pages = [item(wp__post_type="page", title=f"Page {n}") for n in range(5)]

    ran = await run(
        export(*pages, item(guid=""), item(title="Good"), item(wp__status="draft", title="Not yet"))
    )

    assert ran.status == 1
    assert ids(fake) == ["https://site.test/?p=7"]
    assert "1 imported, 0 unchanged, 6 skipped, 1 refused" in ran.output
    assert "5  is no post: page: 1 “Page 0”, 2 “Page 1”, 3 “Page 2”, …" in ran.output
    assert "1  is not published: draft: 8 “Not yet”" in ran.output
    assert "refused:\n       1  /id: must have 1 to 1024 characters: 6 “A title”" in ran.output


async def test_the_summary_is_json_for_scripts(run: Run, fake: FakeStore) -> None:
    fake.answers = [
        Receipt(Outcome.UNCHANGED, EntryId("a")),
        Receipt(Outcome.STALE, EntryId("b")),
        HubError("no"),
    ]

    ran = await run(posts(3), "--json")

    assert ran.status == 1
    told = json.loads(ran.output)
    assert (told["imported"], told["unchanged"], told["newer_here"]) == (0, 1, 1)
    (refused,) = told["refused"]
    assert (refused["count"], refused["examples"]) == (1, [{"position": 3, "name": "Post 2"}])


async def test_while_somebody_is_told_by_push_nothing_is_sent_until_it_is_said_how(
    run: Run, fake: FakeStore
) -> None:
    fake.subscriptions[SubscriptionId("s")] = None  # type: ignore[assignment]  # only counted

    refused = await run("anything: it is not even read")

    assert refused.status == 1
    assert "1 subscription is told" in str(refused.error)
    assert "--quiet-anyway" in str(refused.error)
    assert fake.accepted == []
    assert (await run(posts(1), "--quiet-anyway")).status == 0
    assert (await run(posts(1), "--notify")).status == 0
    assert fake.quiet == [True, False]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"PK\x03\x04 and so on", "a ZIP archive: unpack it"),
        (b"\x1f\x8b and so on", "compressed by gzip"),
        (b"", "neither"),
        (b"Dear Sir", "it begins with 'Dear Sir'"),
        (posts(3)[:-60].encode(), "cut off"),
        (posts(3).replace("<rss", "<!DOCTYPE rss><rss").encode(), "document type"),
    ],
)
async def test_of_what_can_not_be_read_to_its_end_nothing_is_imported(
    run: Run, fake: FakeStore, body: bytes, words: str
) -> None:
    ran = await run(body)

    assert ran.status == 1
    assert "nothing of it was" in str(ran.error)
    assert words in str(ran.error)
    assert fake.accepted == []


async def test_a_hub_that_refuses_is_heard_before_anything_is_read(run: Run) -> None:
    ran = await run(posts(1), publish_token="another-test-token")

    assert ran.status == 1
    assert "FEEDHUB_PUBLISH_TOKEN" in str(ran.error)


async def test_another_wordpress_than_the_hub_is_compared_with_is_not_that_ones(
    run: Run, fake: FakeStore
) -> None:
    ran = await run(posts(1), wordpress_url="https://other.test")
    assert fake.sources == {"publish"}
    assert "another site than https://site.test" in ran.output
    await run(posts(1), wordpress_url="https://site.test/blog")
    assert fake.sources == {"publish", "wordpress"}


async def test_a_ghost_export_needs_its_sites_address(run: Run, fake: FakeStore) -> None:
    refused = await run(ghost_export())
    assert "--base-url" in str(refused.error)

    named = await run(ghost_export(), "--base-url", "https://ghost.test/")
    assert named.status == 0, named
    set_ = await run(ghost_export(), ghost_url="https://ghost.test")
    assert set_.status == 0, set_

    assert fake.sources == {"ghost"}
    first, second = [event.entry for event in fake.accepted if isinstance(event, EntryPublished)]
    assert first == second
    assert first.url == "https://ghost.test/a-title/"


async def test_a_feed_is_imported_as_what_is_published(run: Run, fake: FakeStore) -> None:
    ran = await run((FOLDER / "wordpress" / "feed-feed.xml").read_bytes())

    assert ran.status == 0, ran
    assert "feed “The Eco Chronicle”" in ran.output
    assert "10 imported" in ran.output
    assert fake.sources == {"publish"}
    assert ids(fake)[0] == "http://wp.test:8081/2026/11/websub-live-story/"


async def test_what_looks_like_a_feed_and_is_none_is_refused_in_words(run: Run) -> None:
    assert "web page" in str((await run("<!DOCTYPE html><html></html>")).error)
    assert "nothing of it was" in str((await run("{}")).error)


async def test_a_base_url_is_a_url(run: Run) -> None:
    assert "--base-url" in str((await run(ghost_export(), "--base-url", "ghost.test")).error)


# ---- the sender ----------------------------------------------------------------------------------------------------


def found(number: int, **fields: Any) -> Found:
    return Found(number, f"Post {number}", published(f"https://site.test/{number}", **fields))


async def test_while_the_hub_can_not_store_it_is_tried_again(client: Client, fake: FakeStore) -> None:
    waits: list[float] = []
    hub = Hub(str(client.make_url("")).rstrip("/"), "test-publish-token", "")

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            fake.away = False

    def send() -> Tally:
        tally = Tally()
        with Sender(hub, {"quiet": "1"}, tally, wait=wait) as sender:
            sender.send(found(1))
        return tally

    fake.away = True
    tally = await asyncio.to_thread(send)

    assert (tally.imported, len(waits)) == (1, 2)


async def test_a_hub_that_stays_away_ends_the_import_in_words(client: Client, fake: FakeStore) -> None:
    hub = Hub(str(client.make_url("")).rstrip("/"), "test-publish-token", "")
    fake.away = True

    def send() -> None:
        with Sender(hub, {}, Tally(), wait=lambda _: None) as sender:
            sender.send(found(1))

    with pytest.raises(Stopped, match="start the same import again"):
        await asyncio.to_thread(send)


def test_an_entry_that_is_too_large_is_refused_here() -> None:
    tally = Tally()
    sender = Sender(Hub("http://127.0.0.1:1", "", ""), {}, tally)

    sender.send(found(1, content_html="x" * 2_100_000))

    assert tally.refused.count == 1
