"""An entry as bytes and as a digest."""

from __future__ import annotations

import zlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.entrycodec import entry_digest, pack_entry, unpack_entry
from hub.model import Attachment, Entry, EntryId, Image, Kind, TermRef

_TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)
_MAYBE = st.none() | _TEXT
_SIZE = st.none() | st.integers(0, 2**53 - 1)
_DATE = (
    st.integers(-30_000_000_000_000, 253_000_000_000_000)
    .map(lambda milliseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds))
)  # fmt: skip
_REFS = st.lists(st.builds(TermRef, st.sampled_from(Kind), _TEXT), max_size=3).map(tuple)
_IMAGE = st.builds(Image, _TEXT, _MAYBE, _SIZE, _SIZE, _MAYBE, _MAYBE)
_SECONDS = st.none() | st.floats(0, 1e7)
ENTRIES = st.builds(
    Entry,
    id=_TEXT.map(EntryId),
    url=_MAYBE,
    title=_TEXT,
    summary=_TEXT,
    content_html=_TEXT,
    date_published=_DATE,
    date_modified=_DATE,
    date_expires=st.none() | _DATE,
    language=_MAYBE,
    visibility=_TEXT,
    authors=_REFS,
    categories=_REFS,
    tags=_REFS,
    image=st.none() | _IMAGE,
    attachments=st.lists(st.builds(Attachment, _TEXT, _TEXT, _MAYBE, _SIZE, _SECONDS), max_size=2).map(tuple),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WHEN = datetime(2026, 11, 23, 9, 0, 0, 123_000, tzinfo=UTC)
ENTRY = Entry(EntryId("1"), None, "T", "S", "<p>C</p>", WHEN, WHEN)
CHANGES: dict[str, Any] = {
    "id": EntryId("2"),
    "url": "https://site.test/",
    "title": "U",
    "summary": "",
    "content_html": "",
    "date_expires": WHEN,
    "language": "en",
    "visibility": "paid",
    "authors": (TermRef(Kind.AUTHOR, "a"),),
    "categories": (TermRef(Kind.CATEGORY, "a"),),
    "tags": (TermRef(Kind.TAG, "a"),),
    "image": Image("https://site.test/i.jpg"),
    "attachments": (Attachment("https://site.test/a.mp3", "audio/mpeg"),),
}


@given(ENTRIES)
def test_a_packed_entry_comes_back_equal(entry: Entry) -> None:
    back = unpack_entry(pack_entry(entry))

    assert back == entry
    assert all(type(ref.kind) is Kind for ref in back.refs)
    assert back.date_published.tzinfo is UTC


def test_an_article_takes_less_room_packed() -> None:
    html = "<p>The council voted on the tram on Tuesday, and on the bridge.</p>" * 50

    assert len(pack_entry(replace(ENTRY, content_html=html))) < len(html) // 2


@pytest.mark.parametrize("packed", [b"", b"{}", zlib.compress(b"no JSON")])
def test_what_is_no_packed_entry_is_refused(packed: bytes) -> None:
    with pytest.raises((ValueError, zlib.error)):
        unpack_entry(packed)


@given(ENTRIES, _DATE)
def test_saving_again_without_a_change_keeps_the_digest(entry: Entry, later: datetime) -> None:
    assert entry_digest(entry) == entry_digest(replace(entry, date_modified=later))


@given(ENTRIES, _DATE, _DATE)
def test_dates_written_before_an_entry_count(entry: Entry, published: datetime, modified: datetime) -> None:
    dates = " ".join(f"{(date - EPOCH) // timedelta(milliseconds=1)}" for date in (published, modified))

    back = unpack_entry(dates.encode() + b" " + pack_entry(entry))

    assert back == replace(entry, date_published=published, date_modified=modified)


DATES = {"date_published", "date_modified"}  # of the former, ACCEPT's tests say that it counts


@pytest.mark.parametrize("name", sorted({field.name for field in fields(Entry)} - DATES))
def test_every_other_change_changes_the_digest(name: str) -> None:
    assert entry_digest(ENTRY) != entry_digest(replace(ENTRY, **{name: CHANGES[name]}))
