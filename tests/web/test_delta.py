"""`A-IM: feed`: 226 with what changed, and the plain answer wherever that could mislead."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING

import feedparser
import pytest

from hub.model import FeedNumber, Format, Seq, Version
from hub.web.delta import cursor_of, wants_feed
from tests.web.conftest import make_settings

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from tests.web.conftest import Client, Start
    from tests.web.fakes import FakeStore

FEED = FeedNumber(1)
HASH = "0123456789abcdef" * 2
URLS = {format_: f"/feeds/category/news.{format_}" for format_ in Format}


def tag(seq: int) -> str:
    return f'W/"{seq}-{HASH}"'


@pytest.fixture
def fake(fake: FakeStore) -> FakeStore:
    """A feed at 30, built there, with three entries."""
    for seq in (10, 20, 30):
        fake.put(FEED, seq, f"e{seq // 10}", title=f"Title {seq}")
    build(fake, 30)
    return fake


def build(fake: FakeStore, seq: int, *, render: int = 1, labels: int = 1) -> None:
    fake.commit(FEED, f"whole at {seq}", Version(seq, render, labels))
    for format_ in Format:
        document = fake.documents[FEED, format_]
        fake.documents[FEED, format_] = replace(document, etag=f'W/"{seq}-{"f" * 32}"')


async def ask(
    client: Client, etag: str, *, format_: Format = Format.ATOM, a_im: str = "feed"
) -> ClientResponse:
    return await client.get(URLS[format_], headers={"A-IM": a_im, "If-None-Match": etag})


@pytest.mark.parametrize("format_", list(Format))
async def test_a_reader_that_asks_gets_only_what_changed(client: Client, format_: Format) -> None:
    answer = await ask(client, tag(10), format_=format_)
    body = await answer.text()

    assert (answer.status, answer.reason) == (226, "IM Used")
    assert [title in body for title in ("Title 10", "Title 20", "Title 30")] == [False, True, True]
    assert answer.headers["IM"] == "feed"
    assert answer.headers["ETag"] == f'W/"30-{"f" * 32}"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Vary"] == "A-IM, If-None-Match, Accept-Encoding"
    assert answer.headers["Content-Type"] == format_.content_type


async def test_the_order_is_that_of_the_document(client: Client) -> None:
    entries = feedparser.parse(await (await ask(client, tag(10))).read()).entries

    assert [entry.title for entry in entries] == ["Title 30", "Title 20"]


async def test_it_is_compressed_as_any_document(client: Client) -> None:
    answer = await client.get(
        URLS[Format.RSS],
        headers={"A-IM": "feed", "If-None-Match": tag(20), "Accept-Encoding": "gzip"},
    )

    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"Title 30" in gzip.decompress(await answer.read())


async def test_head_says_the_same(client: Client) -> None:
    answer = await client.head(URLS[Format.RSS], headers={"A-IM": "feed", "If-None-Match": tag(20)})

    assert (answer.status, await answer.read()) == (226, b"")


@pytest.mark.parametrize(
    "etag",
    [
        tag(9),
        tag(31),
        tag(30),
        '"other"',
        f'W/"20-{HASH[:-1]}"',
        f'W/"20-{HASH}-gzip"',
        f'"20-{HASH}"',
        f'W/"-20-{HASH}"',
        f'W/"{"9" * 17}-{HASH}"',
    ],
    ids=[
        "too old",
        "ahead",
        "nothing to tell",
        "foreign",
        "short",
        "suffixed",
        "strong",
        "negative",
        "too long",
    ],
)
async def test_what_can_not_be_told_is_the_whole_document(client: Client, fake: FakeStore, etag: str) -> None:
    fake.logs[FEED].floor = Seq(10)

    answer = await ask(client, etag)

    assert answer.status == 200
    assert await answer.read() == b"whole at 30"
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("format_", list(Format))
async def test_that_an_entry_left_is_a_tombstone_in_atom_and_else_the_whole(
    client: Client, fake: FakeStore, format_: Format
) -> None:
    fake.take_out(FEED, 40, "e1")
    build(fake, 40)

    answer = await ask(client, tag(30), format_=format_)

    assert answer.status == (226 if format_ is Format.ATOM else 200)
    if format_ is Format.ATOM:
        assert b"deleted-entry" in await answer.read()


async def test_nothing_changed_is_304(client: Client) -> None:
    answer = await ask(client, f'W/"30-{"f" * 32}"')

    assert answer.status == 304


@pytest.mark.parametrize("stamp", ["render", "labels"])
async def test_names_and_settings_that_changed_since_are_told_by_the_whole(
    client: Client, fake: FakeStore, stamp: str
) -> None:
    build(fake, 30, **{stamp: 25})

    assert (await ask(client, tag(20))).status == 200
    assert (await ask(client, tag(25))).status == 226


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": tag(20)}, 200),
        ({"A-IM": "feed"}, 200),
        ({"A-IM": "vcdiff", "If-None-Match": tag(20)}, 200),
        ({"A-IM": "feed;q=0", "If-None-Match": tag(20)}, 200),
        ({"A-IM": "gzip, Feed ; q=0.5", "If-None-Match": tag(20)}, 226),
        ({"A-IM": "feed", "If-None-Match": f'"x", {tag(10)}, {tag(20)}'}, 226),
    ],
)
async def test_only_who_asks_gets_it(client: Client, headers: dict[str, str], status: int) -> None:
    assert (await client.get(URLS[Format.RSS], headers=headers)).status == status


async def test_it_can_be_turned_off(start: Start) -> None:
    client = await start(make_settings(delta="off"))

    assert (await ask(client, tag(20))).status == 200


async def test_the_same_difference_is_made_once(client: Client, fake: FakeStore) -> None:
    for format_ in (Format.ATOM, Format.ATOM):
        await ask(client, tag(20), format_=format_)

    assert fake.calls["snapshot"] == 1


async def test_while_redis_is_away_readers_get_what_is_in_memory(client: Client, fake: FakeStore) -> None:
    await client.get(URLS[Format.ATOM])
    fake.go_away()

    answer = await ask(client, tag(20))

    assert await answer.read() == b"whole at 30"


async def test_a_silent_redis_costs_half_a_second_at_most(
    client: Client, fake: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.delta.PATIENCE_SECONDS", 0.02)
    await client.get(URLS[Format.ATOM])
    fake.hanging = True

    assert (await ask(client, tag(20))).status == 200


def test_the_latest_of_several_documents_counts() -> None:
    assert cursor_of(f'{tag(3)}, "x", {tag(5)},{tag(4)}') == 5
    assert cursor_of("*") is None


@pytest.mark.parametrize(
    ("header", "wants"),
    [(None, False), ("", False), ("feed", True), ("FEED", True), ("feeds", False), ("feed;q=0.0", False)],
)
def test_reading_the_request(header: str | None, wants: bool) -> None:  # noqa: FBT001
    assert wants_feed(header) == wants
