"""Ids, addresses and dates as documents show them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub.model import ALL, EntryId, FeedHead, FeedPath, Format, Kind
from hub.render.dates import rfc822, rfc3339
from hub.render.ids import entry_uri, feed_uri, is_uri
from hub.urls import document_url, kind_url, page_url, websub_url
from tests.feeds import HEAD, SITE, WHOLE

HUB = "https://hub.test/path"


@pytest.mark.parametrize(
    ("entry_id", "uri"),
    [
        ("https://site.test/a?b=c&d#e", "https://site.test/a?b=c&d#e"),
        ("https://site.test/économie/電力", "https://site.test/économie/電力"),
        ("tag:site.test,2026:1", "tag:site.test,2026:1"),
        ("urn:uuid:3d0ab9ee", "urn:uuid:3d0ab9ee"),
        ("42", "urn:feedhub:gazette:42"),
        ("post 42", "urn:feedhub:gazette:post%2042"),
        ("a/b~c&d?e#f%20é", "urn:feedhub:gazette:a%2Fb%7Ec%26d%3Fe%23f%2520%C3%A9"),
        ("https://", "urn:feedhub:gazette:https:%2F%2F"),
        ("https://site.test/a b", "urn:feedhub:gazette:https:%2F%2Fsite.test%2Fa%20b"),
        ("https://site.test/100%", "urn:feedhub:gazette:https:%2F%2Fsite.test%2F100%25"),
        ("foo: bar", "urn:feedhub:gazette:foo:%20bar"),
        ("x\x00", "urn:feedhub:gazette:x%00"),
        ("https://site.test/\ud800", "urn:feedhub:gazette:https:%2F%2Fsite.test%2F%ED%A0%80"),
    ],
)
def test_an_atom_id_is_the_entry_s_uri_or_a_urn(entry_id: str, uri: str) -> None:
    assert entry_uri(SITE, EntryId(entry_id)) == uri
    assert is_uri(uri)


def test_a_feed_s_atom_id_survives_a_rename() -> None:
    renamed = replace(HEAD, path=FeedPath(Kind.CATEGORY, "eu"), name="EU")

    assert feed_uri(SITE, HEAD) == feed_uri(SITE, renamed) == "urn:feedhub:gazette:feed:category:7"


def test_a_feed_without_an_id_of_its_own_is_named_by_its_slug() -> None:
    assert feed_uri(SITE, FeedHead(FeedPath(Kind.TAG, "é"), "É")) == "urn:feedhub:gazette:feed:tag:%C3%A9"
    assert feed_uri(SITE, WHOLE) == "urn:feedhub:gazette:feed:all"


def test_no_entry_s_id_meets_a_feed_s() -> None:
    assert entry_uri(SITE, EntryId("feed:all")) != feed_uri(SITE, WHOLE)


def test_feed_addresses_are_made_of_the_public_url_alone() -> None:
    economy = FeedPath(Kind.TAG, "é/x y")

    assert page_url(HUB, ALL) == "https://hub.test/path/feeds/all"
    assert page_url(HUB, economy) == "https://hub.test/path/feeds/tag/%C3%A9%2Fx%20y"
    assert document_url(HUB, economy, Format.JSON) == page_url(HUB, economy) + ".json"
    assert kind_url(HUB, Kind.TAG) == "https://hub.test/path/feeds/tag"
    assert websub_url(HUB) == "https://hub.test/path/websub"


@pytest.mark.parametrize(
    ("when", "as_rfc3339", "as_rfc822"),
    [
        (
            datetime(2026, 1, 5, 9, 8, 7, 999_999, UTC),
            "2026-01-05T09:08:07Z",
            "Mon, 05 Jan 2026 09:08:07 +0000",
        ),
        (
            datetime(2026, 1, 5, 0, 30, tzinfo=timezone(timedelta(hours=5, minutes=45))),
            "2026-01-04T18:45:00Z",
            "Sun, 04 Jan 2026 18:45:00 +0000",
        ),
        (datetime(999, 12, 31, tzinfo=UTC), "0999-12-31T00:00:00Z", "Tue, 31 Dec 0999 00:00:00 +0000"),
    ],
)
def test_dates_are_utc_in_whole_seconds(when: datetime, as_rfc3339: str, as_rfc822: str) -> None:
    assert (rfc3339(when), rfc822(when)) == (as_rfc3339, as_rfc822)
