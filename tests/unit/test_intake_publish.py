"""What good publish events become (INTERFACE "Publishing")."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.errors import Invalid, TooLarge
from hub.events import EntryPublished, EntryRemoved, FeedRemoved, FeedUpdated, PublishEvent
from hub.intake.policy import IntakePolicy
from hub.intake.publish import as_event, parse_body, read_events
from hub.model import Attachment, Entry, EntryId, Image, Kind, Term, TermRef

NOW = datetime(2026, 11, 23, 10, 0, 0, 123_456, tzinfo=UTC)
POLICY = IntakePolicy(now=NOW, base_url="https://site.test", embed_hosts=frozenset())
RECEIPT = NOW.replace(microsecond=123_000)
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def read(event: Any) -> PublishEvent:
    """Send one event; give what it became."""
    batch = read_events(json.dumps(event).encode(), POLICY)
    assert batch.single
    (element,) = batch.elements
    assert not isinstance(element, Exception)
    return element


def published(**fields: Any) -> EntryPublished:
    """Send an entry with these fields; those it needs are filled in."""
    event = read({"type": "entry.published", "entry": {"id": "1", "title": "T"} | fields})
    assert isinstance(event, EntryPublished)
    return event


def entry(**fields: Any) -> Entry:
    return published(**fields).entry


def test_every_field_of_the_interface_arrives() -> None:
    event = read(
        {
            "type": "entry.published",
            "id": "event-1",
            "entry": {
                "id": "https://example.org/2026/11/grid",
                "url": "https://example.org/2026/11/grid",
                "title": "Grid “holds” – for now",
                "summary": "The grid held.",
                "content_html": "<p>It <a href='/b'>held</a>.</p>",
                "language": "en",
                "visibility": "public",
                "date_published": "2026-11-23T09:00:00Z",
                "date_modified": "2026-11-23T10:00:00+01:00",
                "date_expires": None,
                "authors": [
                    {
                        "name": "Ada Quill",
                        "slug": "ada-quill",
                        "url": "https://example.org/ada",
                        "avatar": "https://example.org/ada.jpg",
                        "bio": "Writes.",
                    }
                ],
                "categories": [{"name": "Europe News", "slug": "europe-news", "parent": "world"}],
                "tags": ["energy", {"name": "C++", "slug": "cpp"}],
                "image": {
                    "url": "https://example.org/i.jpg",
                    "type": "image/jpeg",
                    "width": 1200,
                    "height": 800,
                    "credit": "F. Lens",
                    "description": "A pylon",
                },
                "attachments": [
                    {
                        "url": "https://example.org/a.mp3",
                        "mime_type": "audio/mpeg",
                        "size_in_bytes": 1,
                        "duration_in_seconds": 1,
                    }
                ],
            },
        }
    )

    assert event == EntryPublished(
        entry=Entry(
            id=EntryId("https://example.org/2026/11/grid"),
            url="https://example.org/2026/11/grid",
            title="Grid “holds” – for now",
            summary="The grid held.",
            content_html='<p>It <a href="https://example.org/b">held</a>.</p>',
            date_published=NINE,
            date_modified=NINE,
            language="en",
            authors=(TermRef(Kind.AUTHOR, "ada-quill"),),
            categories=(TermRef(Kind.CATEGORY, "europe-news"),),
            tags=(TermRef(Kind.TAG, "energy"), TermRef(Kind.TAG, "cpp")),
            image=Image("https://example.org/i.jpg", "image/jpeg", 1200, 800, "F. Lens", "A pylon"),
            attachments=(Attachment("https://example.org/a.mp3", "audio/mpeg", None, 1, 1),),
        ),
        terms=(
            Term(
                Kind.AUTHOR,
                "ada-quill",
                "ada-quill",
                "Ada Quill",
                "Writes.",
                "https://example.org/ada",
                "https://example.org/ada.jpg",
            ),
            Term(Kind.CATEGORY, "europe-news", "europe-news", "Europe News", parent="world"),
            Term(Kind.TAG, "energy", "energy", "energy", brief=True),
            Term(Kind.TAG, "cpp", "cpp", "C++"),
        ),
        event_id="event-1",
    )


def test_updated_means_published() -> None:
    assert read({"type": "entry.updated", "entry": {"id": "1", "title": "T"}}) == published()


def test_what_is_not_said_is_none_and_what_is_null_or_blank_is_not_said() -> None:
    names = (
        "url",
        "summary",
        "content_html",
        "language",
        "date_published",
        "date_modified",
        "date_expires",
        "image",
    )
    silent = published()

    assert silent == published(**dict.fromkeys(names)) == published(authors=None, categories=None, tags=None)
    assert silent == published(**dict.fromkeys([*names[:7]], " "))
    assert silent.entry == Entry(EntryId("1"), None, "T", "", "", RECEIPT, RECEIPT)


def test_dates_that_are_missing_are_those_that_are_known() -> None:
    modified_only = entry(date_modified="2026-11-23T09:00:00Z")
    published_only = entry(date_published="2026-11-23T09:00:00Z")

    assert (modified_only.date_published, modified_only.date_modified) == (NINE, NINE)
    assert (published_only.date_published, published_only.date_modified) == (NINE, RECEIPT)


def test_an_embargo_is_a_date_of_publication_ahead() -> None:
    held = entry(date_published="2027-01-01T00:00:00Z")

    assert (held.date_published, held.date_modified) == (datetime(2027, 1, 1, tzinfo=UTC), RECEIPT)


def test_a_clock_may_be_five_minutes_ahead_and_no_more() -> None:
    limit = NOW + timedelta(minutes=5)

    assert entry(date_modified=limit.isoformat()).date_modified == RECEIPT + timedelta(minutes=5)
    with pytest.raises(Invalid, match="/entry/date_modified: is more than 5 minutes ahead"):
        entry(date_modified=(limit + timedelta(milliseconds=1)).isoformat())


def test_damage_is_cleaned_and_meaning_is_kept() -> None:
    dirty = published(
        title=" A\x00B\ud800\n  ]]> עברית\u200f 👩\u200d👧 1234567890123456789012345678901234567 ",
        summary="x\x0b<b> &amp;\x1f\r\ny",
        content_html="<p>\x00a\ufffe &#1; ]]> 日本語\ud83d</p>",
        tags=["C\x07++"],
        image={"url": "https://site.test/i", "credit": "\x00 Photo\tby "},
    )

    assert dirty.entry.title == "AB ]]> עברית\u200f 👩\u200d👧 1234567890123456789012345678901234567"
    assert dirty.entry.summary == "x <b> &amp;\ny"
    assert dirty.entry.content_html == "<p>a  ]]&gt; 日本語</p>"
    assert dirty.terms[0].name == "C++"
    assert dirty.entry.image == Image("https://site.test/i", credit="Photo\tby")


def test_a_summary_that_is_missing_is_the_beginning_of_the_text() -> None:
    assert entry(content_html="<p>One &amp; two.</p><p>Three.</p>").summary == "One & two. Three."
    assert entry(content_html="<p>One</p>", summary="Mine").summary == "Mine"


def test_plain_text_content_is_content() -> None:
    assert entry(content_text="a < b\n\nc").content_html == "<p>a &lt; b</p><p>c</p>"
    assert entry(content_text="a", content_html="<p>b</p>").content_html == "<p>b</p>"


@pytest.mark.parametrize("visibility", ["members", "paid", "tiers"])
def test_what_readers_may_not_see_is_nowhere_in_the_event(visibility: str) -> None:
    event = published(
        visibility=visibility,
        content_html="<p>Teaser</p><!--members-only--><p>SECRET</p>",
        content_text="SECRET",
        attachments=[{"url": "https://site.test/SECRET.mp3", "mime_type": "audio/mpeg"}],
    )

    assert event.entry.content_html == "<p>Teaser</p>"
    assert event.entry.summary == "Teaser"
    assert event.entry.visibility == visibility
    assert "SECRET" not in repr(event)


def test_without_a_paywall_mark_only_the_summary_is_shown() -> None:
    event = published(visibility="paid", content_html="<p>SECRET</p>", summary="For all")

    assert (event.entry.content_html, event.entry.summary) == ("", "For all")
    assert "SECRET" not in repr(event)


def test_relative_links_lead_from_the_entry_or_from_the_site() -> None:
    html = "<a href='b'>x</a>"

    assert entry(content_html=html).content_html == '<a href="https://site.test/b">x</a>'
    assert (
        entry(content_html=html, url="https://cms.test/a/").content_html
        == '<a href="https://cms.test/a/b">x</a>'
    )


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("a", "a"), (" a b ", "a b"), (7, "7"), ("é/ü?", "é/ü?"), ("x" * 1024, "x" * 1024)],
)
def test_an_id_is_opaque(sent: str | int, kept: str) -> None:
    assert kept == entry(id=sent).id


def test_a_stable_id_is_the_ref_and_a_slug_is_normalised() -> None:
    event = published(categories=[{"id": 7, "name": "Wörld", "slug": "W%C3%B6rld!"}])

    assert event.entry.categories == (TermRef(Kind.CATEGORY, "7"),)
    assert event.terms == (Term(Kind.CATEGORY, "7", "wörld", "Wörld", explicit_id=True),)


@pytest.mark.parametrize(
    ("parent", "key"),
    [
        ("World News", "world-news"),
        ("world-news", "world-news"),
        (9, "9"),
        ("Africa", "7"),
        (7, "7"),
        ("X-1", "X-1"),
    ],
)
def test_a_parent_is_named_by_slug_or_id(parent: str | int, key: str) -> None:
    others = [{"id": 7, "name": "Africa"}, {"id": "X-1", "name": "Asia"}]
    terms = published(categories=[{"name": "Here", "parent": parent}, *others]).terms

    assert (key, 3) == (terms[0].parent, len(terms))


def test_repeated_terms_are_one_and_the_one_with_an_id_stays() -> None:
    event = published(
        tags=["Energy", "energy", {"name": "ENERGY", "slug": "energy"}, {"id": 1, "name": "x"}, "X"]
    )

    assert event.entry.tags == (TermRef(Kind.TAG, "energy"), TermRef(Kind.TAG, "1"))
    assert [term.name for term in event.terms] == ["Energy", "x"]
    assert published(tags=["X", {"id": 1, "name": "x"}]).entry.tags == (TermRef(Kind.TAG, "1"),)


def test_kinds_do_not_meet() -> None:
    event = published(tags=["a"], categories=["a"], authors=["a"])

    assert [term.kind for term in event.terms] == [Kind.AUTHOR, Kind.CATEGORY, Kind.TAG]


def test_an_item_of_a_json_feed_is_an_entry() -> None:
    event = published(
        external_url="https://site.test/x",
        banner_image="https://site.test/b.jpg",
        image="https://site.test/i.jpg",
        authors=[{"name": "Ada", "url": "https://site.test/ada", "avatar": "https://site.test/a.jpg"}],
        _feedhub={"seq": 1, "nested": [{"anything": None}]},
    )

    assert event.entry.image == Image("https://site.test/i.jpg")


def test_a_removal_needs_an_id_and_ignores_the_rest_of_the_entry() -> None:
    assert read({"type": "entry.removed", "entry": {"id": 1}}) == EntryRemoved(EntryId("1"))
    assert read(
        {
            "type": "entry.removed",
            "id": 5,
            "entry": {"id": "1", "date_modified": "2026-11-23T09:00:00Z", "title": 5},
        }
    ) == EntryRemoved(EntryId("1"), NINE, "5")


@pytest.mark.parametrize(
    ("event", "asked"),
    [
        (
            {
                "type": "category.updated",
                "category": {"slug": "Old", "new_slug": "New One", "name": " N\n1 "},
            },
            FeedUpdated(Kind.CATEGORY, "old", None, "new-one", {"name": "N 1"}),
        ),
        (
            {
                "type": "category.updated",
                "id": "e",
                "category": {"slug": "a", "id": 7, "description": "", "image": None},
            },
            FeedUpdated(Kind.CATEGORY, "a", "7", None, {"description": None, "image": None}, "e"),
        ),
        (
            {
                "type": "author.updated",
                "author": {"slug": "ada", "bio": "B", "avatar": "https://site.test/a", "url": ""},
            },
            FeedUpdated(
                Kind.AUTHOR, "ada", changes={"description": "B", "image": "https://site.test/a", "url": None}
            ),
        ),
        ({"type": "tag.updated", "tag": {"slug": "a", "new_slug": "A!"}}, FeedUpdated(Kind.TAG, "a")),
        ({"type": "tag.removed", "tag": {"slug": "a"}}, FeedRemoved(Kind.TAG, "a")),
        (
            {"type": "tag.removed", "tag": {"slug": "A", "id": 3}, "moved_to": "B C", "id": "e"},
            FeedRemoved(Kind.TAG, "a", "3", "b-c", "e"),
        ),
        (
            {"type": "author.removed", "author": {"slug": "a", "moved_to": "b"}},
            FeedRemoved(Kind.AUTHOR, "a", None, "b"),
        ),
        (
            {"type": "category.removed", "category": {"slug": "a", "moved_to": "B"}, "moved_to": "b"},
            FeedRemoved(Kind.CATEGORY, "a", None, "b"),
        ),
    ],
)
def test_feeds_are_changed_renamed_and_retired(event: dict[str, Any], asked: PublishEvent) -> None:
    assert asked == read(event)


def test_in_an_array_a_bad_event_costs_only_itself() -> None:
    good = {"type": "entry.removed", "entry": {"id": "1"}}
    huge = {
        "type": "entry.published",
        "entry": {"id": "2", "title": "\ud800", "content_html": "x" * 2_100_000},
    }
    batch = read_events(json.dumps([good, {"type": "nothing"}, 5, huge, good]).encode(), POLICY)

    assert not batch.single
    assert [type(element) for element in batch.elements] == [
        EntryRemoved,
        Invalid,
        Invalid,
        TooLarge,
        EntryRemoved,
    ]
    refused = [error for error in batch.elements if isinstance(error, Invalid)]
    assert [error.errors[0].pointer for error in refused] == ["/1/type", "/2"]


def test_an_array_may_be_empty_or_hold_a_thousand_events() -> None:
    removal = {"type": "entry.removed", "entry": {"id": "1"}}

    assert read_events(b" []", POLICY).elements == ()
    assert len(read_events(json.dumps([removal] * 1000).encode(), POLICY).elements) == 1000


def test_the_limit_of_an_event_is_its_own_size_not_that_of_the_array() -> None:
    fat = {"type": "entry.published", "entry": {"id": "1", "title": "T", "content_html": "é" * 1_000_000}}
    batch = read_events(json.dumps([fat] * 2, ensure_ascii=False).encode(), POLICY)

    assert [type(element) for element in batch.elements] == [EntryPublished] * 2


def test_json_may_be_as_deep_as_the_limit_says() -> None:
    assert parse_body(b"[" * 64 + b"]" * 64)


def test_a_byte_order_mark_is_no_error() -> None:
    assert parse_body(b"\xef\xbb\xbf{}") == {}


def test_a_bare_entry_can_be_wrapped() -> None:
    bare = {"id": "1", "title": "T"}

    assert as_event(bare) == {"type": "entry.published", "entry": bare}
    assert as_event({"type": "entry.removed"}) == {"type": "entry.removed"}
    assert as_event([bare]) == [bare]
    assert read(as_event(bare)) == published()
