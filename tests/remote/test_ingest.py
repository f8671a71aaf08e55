"""INGEST_FEEDS: items of others' feeds become entries here, each once, and never in the name of another source."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from hub.errors import HubError
from hub.events import EntryPublished, Outcome, Receipt
from hub.model import Entry, EntryId
from hub.remote import ingest_source
from tests.entries import NOON, author, published, removed

if TYPE_CHECKING:
    from tests.feedserver import FeedServer
    from tests.remote.conftest import Open, Reader


def rss(*items: str, head: str = "", generator: str = "Elsewhere") -> bytes:
    return (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>T</title><link>https://other.test/</link><generator>{generator}</generator>{head}"
        f"{''.join(items)}</channel></rss>"
    ).encode()


def item(
    number: int,
    title: str = "",
    guid: str = "",
    more: str = "<pubDate>Fri, 20 Nov 2026 12:00:00 GMT</pubDate>",
) -> str:
    guid = guid or f"https://other.test/{number}"
    return f'<item><guid isPermaLink="false">{guid}</guid><title>{title or f"Item {number}"}</title>{more}</item>'


async def scripts_run(reader: Reader) -> int:
    """How many scripts this Redis has run."""
    stats = await reader.store.client.info("commandstats")
    return int(stats.get("cmdstat_evalsha", {}).get("calls", 0))


async def test_items_become_entries_of_their_categories(server: FeedServer, open_reader: Open) -> None:
    server.documents["/feed"] = rss(
        item(1, more="<category>World</category><dc:creator>Ada Quill</dc:creator>")
    )
    reader = await open_reader(ingest_feeds=server.at("/feed"))

    await reader.look()

    assert await reader.titles() == ["Item 1"]
    assert await reader.titles("category/world") == ["Item 1"]
    assert await reader.titles("author/ada-quill") == ["Item 1"]
    remote = await reader.the(server.at("/feed"))
    assert (remote.failures, remote.trouble, remote.notice) == (0, None, "")


async def test_atom_and_json_feeds_come_in_as_well(server: FeedServer, open_reader: Open) -> None:
    server.documents["/atom"] = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>urn:x:1</id><title>From Atom</title>'
        b"<updated>2026-11-20T12:00:00Z</updated></entry></feed>"
    )
    server.documents["/json"] = (
        b'{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": '
        b'[{"id": "urn:x:2", "title": "From JSON", "content_text": "x", "date_published": "2026-11-19T12:00:00Z"}]}'
    )
    reader = await open_reader(ingest_feeds=f"{server.at('/atom')}, {server.at('/json')}")

    await reader.look()

    assert await reader.titles() == ["From Atom", "From JSON"]


async def test_what_changed_is_updated_and_what_left_the_window_stays(
    server: FeedServer, open_reader: Open
) -> None:
    server.documents["/feed"] = rss(item(1), item(2))
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    await reader.look()

    server.documents["/feed"] = rss(item(3), item(2, title="Item 2, corrected"))
    await reader.look()

    assert sorted(await reader.titles()) == ["Item 1", "Item 2, corrected", "Item 3"]


async def test_a_tombstone_is_a_removal(server: FeedServer, open_reader: Open) -> None:
    feed = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"><title>T</title>{}</feed>'
    entry = "<entry><id>urn:x:1</id><title>One</title><updated>2026-11-20T12:00:00Z</updated></entry>"
    gone = '<at:deleted-entry ref="urn:x:{}" when="2026-11-21T12:00:00Z"/>'
    server.documents["/feed"] = feed.format(entry).encode()
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    await reader.look()

    server.documents["/feed"] = feed.format(gone.format(1) + gone.format(99)).encode()
    await reader.look()

    assert await reader.titles() == []
    # What was never here leaves no mark, by which a stranger could keep it from coming.
    assert await reader.store.client.hexists(reader.store.keys.ids, "urn:x:99") is False


async def test_an_unchanged_feed_costs_nothing_and_a_new_item_one_script(
    server: FeedServer, open_reader: Open
) -> None:
    server.documents["/feed"] = rss(*(item(n, more="") for n in range(100)))
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    await reader.look()
    assert len(await reader.titles()) == 50

    before = await scripts_run(reader)
    await reader.look()
    looked = await scripts_run(reader)
    assert looked - before == 2  # to take the remote, and to keep it
    assert server.received[-1].headers["if-none-match"]

    server.documents["/feed"] = rss(*(item(n, more="") for n in range(101)))
    await reader.look()
    assert await scripts_run(reader) - looked == 3


async def test_a_server_without_validators_is_asked_again_and_its_bytes_compared(
    server: FeedServer, open_reader: Open
) -> None:
    server.documents["/feed"] = rss(item(1))
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    await reader.look()
    store = reader.store
    remote = await reader.the(server.at("/feed"))
    await store.client.hdel(store.keys.of("remote", remote.id), "etag", "modified")

    before = await scripts_run(reader)
    await reader.look()

    assert "if-none-match" not in server.received[-1].headers
    assert await scripts_run(reader) - before == 2


async def test_a_compressed_answer_is_read(server: FeedServer, open_reader: Open) -> None:
    server.documents["/feed"] = gzip.compress(rss(item(1)))
    server.headers["content_encoding"] = "gzip"
    reader = await open_reader(ingest_feeds=server.at("/feed"))

    await reader.look()

    assert await reader.titles() == ["Item 1"]


# ---- whose an entry is ---------------------------------------------------------------------------------------------


async def accept(
    reader: Reader, *events: EntryPublished, source: str = "publish"
) -> list[Receipt | HubError]:
    return await reader.store.accept(events, source=source)


async def test_a_feed_overwrites_no_entry_of_another_source(server: FeedServer, open_reader: Open) -> None:
    server.documents["/a"] = rss(item(1), item(2))
    server.documents["/b"] = rss(item(1, title="Defaced"), item(3))
    reader = await open_reader(ingest_feeds=server.at("/a"))
    await accept(reader, published("https://other.test/2", title="Our own"), source="ghost")
    await reader.look()

    other = await open_reader(keep=True, ingest_feeds=f"{server.at('/a')},{server.at('/b')}")
    await other.look()

    assert sorted(await other.titles()) == ["Item 1", "Item 3", "Our own"]
    notice = (await other.the(server.at("/b"))).notice
    assert notice.startswith("1 items are refused: entry https://other.test/1 is of another source: feed:")
    assert "https://other.test/2 is of another source: ghost" in (await other.the(server.at("/a"))).notice


async def test_a_feed_removes_no_entry_of_another_source(open_reader: Open) -> None:
    reader = await open_reader()
    await accept(reader, published("https://site.test/1", title="Our own"))
    answers = await reader.store.accept(
        [removed("https://site.test/1")], source=ingest_source("https://b.test/")
    )
    assert isinstance(answers[0], HubError)
    assert await reader.titles() == ["Our own"]


async def test_what_its_own_source_took_away_does_not_come_back_by_a_feed(open_reader: Open) -> None:
    reader = await open_reader()
    feed = ingest_source("https://b.test/")
    await accept(reader, published("https://site.test/1"), source=feed)
    await reader.store.accept([removed("https://site.test/1")], source="publish")
    for title in ("As it was", "As it is now"):
        (answer,) = await accept(reader, published("https://site.test/1", title=title), source=feed)
        assert isinstance(answer, Receipt)
        assert answer.outcome is Outcome.UNCHANGED
    assert await reader.titles() == []


async def test_a_feed_that_says_the_same_of_anothers_entry_is_no_problem(open_reader: Open) -> None:
    reader = await open_reader()
    event = published("https://site.test/1", title="Imported")
    await accept(reader, event)
    (answer,) = await accept(reader, event, source=ingest_source("https://b.test/"))
    assert isinstance(answer, Receipt)
    assert answer.outcome is Outcome.UNCHANGED


async def test_who_said_it_first_in_a_feed_keeps_no_source_of_ours_from_saying_it(open_reader: Open) -> None:
    """Addresses can be guessed: a squatter's entry, dated later than ours will be, gives way."""
    reader = await open_reader()
    squatter = ingest_source("https://b.test/")
    later = NOON.replace(hour=13)
    await accept(
        reader, published("https://site.test/1", title="Squatted", date_modified=later), source=squatter
    )

    (answer,) = await accept(reader, published("https://site.test/1", title="Our own"), source="ghost")

    assert isinstance(answer, Receipt)
    assert answer.outcome is Outcome.ACCEPTED
    (refused,) = await accept(
        reader, published("https://site.test/1", title="Squatted again"), source=squatter
    )
    assert isinstance(refused, HubError)
    assert await reader.titles() == ["Our own"]


async def test_short_guids_of_two_feeds_are_two_entries(server: FeedServer, open_reader: Open) -> None:
    server.documents["/a"] = rss(item(1, title="A's", guid="17"))
    server.documents["/b"] = rss(item(1, title="B's", guid="17"))
    reader = await open_reader(ingest_feeds=f"{server.at('/a')},{server.at('/b')}")

    await reader.look()

    assert sorted(await reader.titles()) == ["A's", "B's"]


async def test_a_feed_changes_nothing_of_an_author_that_is_here(
    server: FeedServer, open_reader: Open
) -> None:
    server.documents["/feed"] = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>urn:x:1</id><title>One</title>'
        b"<updated>2026-11-23T12:00:00Z</updated><author><name>Ada Quill</name><uri>https://spam.test/</uri></author>"
        b"</entry></feed>"
    )
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    ada = author("ada-quill", name="Ada Quill", url="https://site.test/ada")
    await accept(reader, published("https://site.test/1", ada))

    await reader.look()

    assert len(await reader.titles("author/ada-quill")) == 2
    number = await reader.store.client.hget(reader.store.keys.slugs, "author/ada-quill")
    url = await reader.store.client.hget(reader.store.keys.of("feed", int(number)), "url")
    assert url == b"https://site.test/ada"


# ---- loops, failures, pace -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "link"),
    [
        (rss(item(1), head='<atom:link rel="hub" href="https://hub.test/websub"/>'), ""),
        (rss(item(1), head='<atom:link rel="self" href="https://hub.test/feeds/all.rss"/>'), ""),
        (rss(item(1), generator="Feedhub"), ""),
        (rss(item(1)), '<https://x.test/>; rel="self", <https://hub.test/websub>; rel="hub"'),
    ],
    ids=["hub", "self", "generator", "header"],
)
async def test_a_loop_is_refused(server: FeedServer, open_reader: Open, document: bytes, link: str) -> None:
    server.documents["/feed"] = document
    if link:
        server.headers["link"] = link
    reader = await open_reader(ingest_feeds=server.at("/feed"))

    await reader.look()

    assert await reader.titles() == []
    trouble = (await reader.the(server.at("/feed"))).trouble
    assert trouble is not None
    assert (trouble.code, trouble.lasting) == ("loop", True)


async def test_a_hub_that_is_somebody_elses_is_no_loop(server: FeedServer, open_reader: Open) -> None:
    server.documents["/feed"] = rss(
        item(1), head='<atom:link rel="hub" href="https://hub.test.example/websub"/>'
    )
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    await reader.look()
    assert await reader.titles() == ["Item 1"]


async def test_failures_are_kept_with_their_reason_and_space_out(
    server: FeedServer, open_reader: Open
) -> None:
    url = server.at("/feed")
    server.status = 500
    reader = await open_reader(ingest_feeds=url)
    waits = []
    for _ in range(4):
        await reader.look()
        waits.append(await reader.due_in(url))

    assert waits == sorted(waits)
    assert 40 < waits[0] < 70
    remote = await reader.the(url)
    assert remote.trouble is not None
    assert (remote.failures, remote.trouble.why, remote.trouble.lasting) == (
        4,
        "its server answers 500",
        False,
    )
    assert remote.since > 0

    server.status, server.documents["/feed"] = 200, rss(item(1))
    await reader.look()
    remote = await reader.the(url)
    assert (remote.failures, remote.since, remote.trouble) == (0, 0, None)


async def test_a_broken_document_changes_nothing_and_is_read_when_it_is_mended(
    server: FeedServer, open_reader: Open
) -> None:
    url = server.at("/feed")
    server.documents["/feed"] = rss(item(1))
    reader = await open_reader(ingest_feeds=url)
    await reader.look()
    server.documents["/feed"] = rss(item(2))[:-30]
    await reader.look()
    trouble = (await reader.the(url)).trouble
    assert trouble is not None
    assert "well-formed" in trouble.why
    assert await reader.titles() == ["Item 1"]
    server.documents["/feed"] = rss(item(2))
    await reader.look()
    assert sorted(await reader.titles()) == ["Item 1", "Item 2"]


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ({"cache_control": "max-age=1"}, 260, 340),
        ({"cache_control": "public, max-age=1200"}, 1070, 1330),
        ({"cache_control": "max-age=99999999"}, 3200, 4000),
        ({}, 800, 1000),
    ],
)
async def test_how_long_an_answer_may_be_kept_counts_within_bounds(
    server: FeedServer, open_reader: Open, header: dict[str, str], least: int, most: int
) -> None:
    server.documents["/feed"] = rss(item(1))
    server.headers |= header
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    await reader.look()
    assert least < await reader.due_in(server.at("/feed")) < most


async def test_the_feeds_own_ttl_counts_where_its_server_says_nothing(
    server: FeedServer, open_reader: Open
) -> None:
    server.documents["/feed"] = rss(item(1), head="<ttl>30</ttl>")
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    await reader.look()
    assert 1600 < await reader.due_in(server.at("/feed")) < 2000


async def test_retry_after_is_respected(server: FeedServer, open_reader: Open) -> None:
    server.status = 429
    server.headers["retry_after"] = "7200"
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    await reader.look()
    assert 7100 < await reader.due_in(server.at("/feed")) < 7300


async def test_addresses_out_of_bounds_are_never_asked(server: FeedServer, open_reader: Open) -> None:
    server.documents["/feed"] = rss(item(1))
    reader = await open_reader(ingest_feeds=server.at("/feed"), egress_allow="")
    await reader.look()
    assert server.received == []
    trouble = (await reader.the(server.at("/feed"))).trouble
    assert trouble is not None
    assert "out of bounds" in trouble.why
    assert "FEEDHUB_EGRESS_ALLOW" in trouble.action


async def test_a_document_that_is_too_large_is_not_taken(server: FeedServer, open_reader: Open) -> None:
    server.documents["/feed"] = rss(item(1), "<!--" + "x" * 16 * 1024 * 1024 + "-->")
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    await reader.look()
    trouble = (await reader.the(server.at("/feed"))).trouble
    assert trouble is not None
    assert trouble.code == "too-large"


async def test_one_worker_reads_a_feed_at_a_time(server: FeedServer, open_reader: Open) -> None:
    server.documents["/feed"] = rss(item(1))
    one = await open_reader(ingest_feeds=server.at("/feed"))
    other = await open_reader(keep=True, ingest_feeds=server.at("/feed"))
    await one.remotes.take()
    await other.remotes.take()
    await one.remotes.finished()
    await other.remotes.finished()
    assert len(server.received) == 1


async def test_a_feed_that_is_no_longer_listed_is_read_no_more(server: FeedServer, open_reader: Open) -> None:
    server.documents["/a"] = server.documents["/b"] = rss(item(1))
    reader = await open_reader(ingest_feeds=f"{server.at('/a')},{server.at('/b')}")
    await reader.look()
    await open_reader(keep=True, ingest_feeds=server.at("/b"))
    assert [remote.url for remote in await reader.store.remotes()] == [server.at("/b")]
    assert (await reader.the(server.at("/b"))).hash


async def test_bad_items_are_skipped_and_named(server: FeedServer, open_reader: Open) -> None:
    server.documents["/feed"] = rss("<item><title>No id</title></item>", item(1))
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    await reader.look()
    assert await reader.titles() == ["Item 1"]
    assert (await reader.the(server.at("/feed"))).notice == (
        "1 items can't be entries: No id (has neither an id nor a link)"
    )


async def test_an_undated_item_keeps_the_date_of_its_first_receipt(
    server: FeedServer, open_reader: Open
) -> None:
    server.documents["/feed"] = rss(item(1, more=""))
    reader = await open_reader(ingest_feeds=server.at("/feed"))
    await reader.look()
    first = await entry_of(reader, "https://other.test/1")
    server.documents["/feed"] = rss(item(1, title="Corrected", more=""))
    await reader.look()
    then = await entry_of(reader, "https://other.test/1")
    assert (then.title, then.date_published) == ("Corrected", first.date_published)


async def entry_of(reader: Reader, id_: str) -> Entry:
    number = int(await reader.store.client.hget(reader.store.keys.ids, EntryId(id_)))
    return (await reader.store.entries([number]))[number].entry  # type: ignore[list-item, index]
