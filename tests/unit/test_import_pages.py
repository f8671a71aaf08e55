"""A feed's further pages: followed on its own host, each once; whatever is wrong with one is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hub.cli.importing.pages import Pages
from hub.errors import HubError
from hub.intake.archives.record import Found, Refused, Skipped
from hub.intake.syndication import read_feed
from tests.cms import POLICY

if TYPE_CHECKING:
    from collections.abc import Mapping

START = "https://site.test/feed.json"


def feed(*ids: str, following: str | None = None, **more: Any) -> bytes:
    items = [
        {"id": id_, "url": f"https://site.test/{id_}", "title": id_, "content_text": "Text"} for id_ in ids
    ]
    said = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Site",
        "items": items,
        "next_url": following,
    }
    return json.dumps({key: value for key, value in (said | more).items() if value is not None}).encode()


def atom(*ids: str, links: Mapping[str, str] | None = None) -> bytes:
    entries = "".join(
        f"<entry><id>urn:{i}</id><title>{i}</title><updated>2026-11-20T09:00:00Z</updated></entry>"
        for i in ids
    )
    rels = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in (links or {}).items())
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">'
        f"<id>urn:f</id><title>F</title>{rels}{entries}"
        '<at:deleted-entry ref="urn:gone" when="2026-11-20T09:00:00Z"/></feed>'
    ).encode()


def walk(
    site: Mapping[str, bytes], start: str = START, *, url: str | None = None
) -> tuple[list[str], list[str], list[str]]:
    """Read a site's feed: (entries found, what was refused and why, URLs fetched)."""
    fetched: list[str] = []

    def fetch(page: str, host: str) -> tuple[str, bytes]:
        assert host == "site.test"
        fetched.append(page)
        if page not in site:
            raise HubError("it answers 404")
        return page, site[page]

    first = read_feed(site[start], POLICY, url=start)
    pieces = list(Pages(fetch, POLICY).pieces(first, start if url is None else url))
    assert [piece.position for piece in pieces] == list(range(1, len(pieces) + 1))
    found = [piece.name for piece in pieces if isinstance(piece, Found)]
    refused = [f"{piece.name}: {piece.why}" for piece in pieces if isinstance(piece, Refused)]
    assert {piece.why for piece in pieces if isinstance(piece, Skipped)} <= {"was removed there"}
    return found, refused, fetched


def test_pages_are_followed_to_the_last() -> None:
    site = {
        START: feed("a", "b", following="https://site.test/2"),
        "https://site.test/2": feed("c", following="/3"),
        "https://site.test/3": feed("d"),
    }

    assert walk(site) == (["a", "b", "c", "d"], [], ["https://site.test/2", "https://site.test/3"])


@pytest.mark.parametrize("rel", ["next", "prev-archive"])
def test_atoms_pages_and_archives_are_followed(rel: str) -> None:
    site = {
        "https://site.test/feed.atom": atom("a", links={rel: "https://site.test/2026-10.atom"}),
        "https://site.test/2026-10.atom": atom("b"),
    }

    found, refused, _ = walk(site, "https://site.test/feed.atom")

    assert (found, refused) == (["a", "b"], [])


@pytest.mark.parametrize("back", [START, START + "#x", "https://site.test/2", "https://site.test/2#y"])
def test_pages_in_a_circle_end(back: str) -> None:
    site = {
        START: feed("a", following="https://site.test/2"),
        "https://site.test/2": feed("b", following=back),
    }

    found, (refused,), fetched = walk(site)

    assert found == ["a", "b"]
    assert "read before" in refused
    assert fetched == ["https://site.test/2"]


@pytest.mark.parametrize(
    "away", ["https://other.test/2", "http://169.254.169.254/latest", "https://site.test.evil.test/"]
)
def test_pages_on_other_hosts_are_not_followed(away: str) -> None:
    found, (refused,), fetched = walk({START: feed("a", following=away)})

    assert (found, fetched) == (["a"], [])
    assert "not on site.test" in refused


def test_a_page_that_can_not_be_read_is_said_and_costs_no_other() -> None:
    found, refused, _ = walk({START: feed("a", following="https://site.test/2")})
    assert (found, refused) == (["a"], ["https://site.test/2: a further page can't be read: it answers 404"])

    site = {START: feed("a", following="https://site.test/2"), "https://site.test/2": b"<html>"}
    found, (refused_one,), _ = walk(site)
    assert (found, "web page" in refused_one) == (["a"], True)


def test_a_file_is_followed_where_it_says_that_it_is() -> None:
    site = {
        START: feed("a", following="https://site.test/2", feed_url=START),
        "https://site.test/2": feed("b"),
    }
    assert walk(site, url="")[0] == ["a", "b"]

    site[START] = feed("a", following="https://site.test/2")
    found, (refused,), fetched = walk(site, url="")
    assert (found, fetched) == (["a"], [])
    assert "import its URL" in refused


def test_an_item_that_is_no_entry_is_refused_by_name() -> None:
    found, refused, _ = walk({START: feed("a", items=[{"title": "No id"}, {"id": "b", "title": "B"}])})

    assert found == ["B"]
    assert len(refused) == 1
    assert refused[0].startswith("No id: has neither")
