"""Each recorded hook gives the events that it means; tests named `cms_NN` are of the surprise of that number.

The numbers are those of the notes on what CMSs really send; names say the rest.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hub.events import EntryPublished, EntryRemoved, FeedRemoved, FeedUpdated, PublishEvent, Source
from hub.intake.cms import read_hook
from hub.intake.hook import Hint, Hook
from hub.intake.strapi import Mapped
from hub.intake.wordpress import rest_post
from hub.model import EntryId, Kind
from tests.cms import ALL_SAMPLES, FOLDER, POLICY, Recorded, recorded

if TYPE_CHECKING:
    from hub.intake.hook import Reading

GHOST_ID = "6b048cccc05d8d49dee4dee2"
WP_ID = "http://wp.test:8081/2026/11/wpwh-one-shot-publish/"
STRAPI_ID = "r31db6rohylwx8svuc097p3a"
DESK_ID = "urn:newsml:localhost:2026-11-23T18:00:00.000000:eco-1"
MAPPED = Mapped(url="https://site.test/{slug}")


def read(hook: Recorded, mapped: Mapped = MAPPED) -> Reading:
    return read_hook(Source(hook.source), hook.hook, POLICY, mapped)


def one(hook: Recorded, mapped: Mapped = MAPPED) -> PublishEvent:
    events = read(hook, mapped)
    assert not isinstance(events, Hint), events
    (event,) = events
    return event


def entry_event(hook: Recorded, mapped: Mapped = MAPPED) -> EntryPublished:
    event = one(hook, mapped)
    assert isinstance(event, EntryPublished)
    return event


def names(event: EntryPublished, kind: Kind) -> list[str | None]:
    return [term.name for term in event.terms if term.kind is kind]


def ghost(sample: str = "2-publish.post.published", *, previous: Any = None, **changed: Any) -> Recorded:
    """A Ghost hook with some of its post's fields changed."""
    hook = recorded(f"ghost/{sample}")
    sent = hook.json
    sent["post"]["current"] |= changed
    if previous is not None:
        sent["post"]["previous"] = previous
    return hook.saying(sent)


def wordpress(sample: str, *, name: str | None = None, row: Any = None, **changed: Any) -> Recorded:
    hook = recorded(f"wordpress/wp-webhooks-plugin.{sample}")
    sent = hook.json | changed
    sent["post"] |= row or {}
    return hook.saying(sent, **({"x_wp_webhook_name": name} if name else {}))


def strapi(
    sample: str = "3-publish.entry.publish.article", *, event: str | None = None, **changed: Any
) -> Recorded:
    hook = recorded(f"strapi/{sample}")
    sent = hook.json
    sent["entry"] |= changed
    return hook.saying(sent | ({"event": event} if event else {}))


def desk(sample: str = "publish", **changed: Any) -> Recorded:
    hook = recorded(f"superdesk/{sample}")
    return hook.saying(hook.json | changed)


MEANINGS: dict[str, tuple[type[PublishEvent | Hint] | None, str]] = {
    "ghost/1-create-draft.post.added": (None, ""),
    "ghost/11-schedule.post.scheduled": (None, ""),
    "ghost/2-publish.post.edited": (EntryPublished, GHOST_ID),
    "ghost/2-publish.post.published": (EntryPublished, GHOST_ID),
    "ghost/2-publish.site.changed": (Hint, ""),
    "ghost/3-edit-title-live.post.published.edited": (EntryPublished, GHOST_ID),
    "ghost/4-edit-tags-live.post.published.edited": (EntryPublished, GHOST_ID),
    "ghost/5-edit-authors-live.post.published.edited": (EntryPublished, GHOST_ID),
    "ghost/7-unpublish.post.unpublished": (EntryRemoved, GHOST_ID),
    "ghost/9-delete-published.post.deleted": (EntryRemoved, GHOST_ID),
    "strapi/3-publish.entry.publish.article": (EntryPublished, STRAPI_ID),
    "strapi/10-publish-locale.entry.publish.article": (EntryPublished, "j2yjo7v8eel3bgtqwz1avctg:fr"),
    "strapi/6-unpublish.entry.unpublish.article": (EntryRemoved, STRAPI_ID),
    "strapi/7-delete.entry.delete.article": (EntryRemoved, STRAPI_ID),
    "strapi/8-rename.entry.update.category": (FeedUpdated, ""),
    "strapi/9-delete.entry.delete.category": (FeedRemoved, ""),
    "superdesk/kill": (EntryRemoved, DESK_ID),
    "superdesk/publish": (EntryPublished, DESK_ID),
    "wordpress/wp-webhooks-plugin.1-oneshot-publish.post_create": (EntryPublished, WP_ID),
    "wordpress/wp-webhooks-plugin.2-edit.post_update": (EntryPublished, WP_ID),
    "wordpress/wp-webhooks-plugin.3-unpublish.post_update": (EntryRemoved, WP_ID),
    "wordpress/wp-webhooks-plugin.4-trash.post_trash": (EntryRemoved, WP_ID),
    "wordpress/wp-webhooks-plugin.5-force-delete.post_delete": (EntryRemoved, WP_ID),
}


def test_every_recorded_hook_has_its_meaning_written_down() -> None:
    assert sorted(MEANINGS) == ALL_SAMPLES


@pytest.mark.parametrize("name", MEANINGS)
def test_a_recorded_hook_gives_the_event_that_it_means(name: str) -> None:
    kind, id_ = MEANINGS[name]
    reading = read(recorded(name))

    if kind is Hint:
        assert isinstance(reading, Hint)
    elif kind is None:
        assert reading == ()
    else:
        event = one(recorded(name))
        assert isinstance(event, kind)
        assert id_ == (
            event.entry.id if isinstance(event, EntryPublished) else getattr(event, "entry_id", "")
        )


# ---- whole entries -----------------------------------------------------------------------------------------


def test_a_post_of_ghost_is_an_entry_with_all_that_feeds_show() -> None:
    event = entry_event(recorded("ghost/2-publish.post.published"))
    entry = event.entry

    assert entry.id == GHOST_ID
    assert entry.url == "http://127.0.0.1:2368/live-story-part-1-2/"
    assert entry.title == "Live “story” – part 1"
    assert entry.summary == "Standfirst – “q”"
    assert "<p>3 &gt; 2 &amp; 2 &lt; 3</p>" in entry.content_html
    assert entry.date_published == datetime(2026, 11, 23, 18, 58, 22, tzinfo=UTC)
    assert entry.date_modified == datetime(2026, 11, 23, 18, 58, 22, tzinfo=UTC)
    assert names(event, Kind.AUTHOR) == ["Máire Brennan", "João Nuñez-Okafor"]
    assert names(event, Kind.TAG) == ["World", "Science & Tech"]


def test_a_post_of_wordpress_is_an_entry_with_all_that_its_hook_says() -> None:
    event = entry_event(recorded("wordpress/wp-webhooks-plugin.1-oneshot-publish.post_create"))
    entry = event.entry

    assert (entry.id, entry.url) == (WP_ID, WP_ID)
    assert entry.title == "WPWH “one-shot” – publish"
    assert entry.content_html == "<p>B</p>"
    assert entry.date_published == datetime(2026, 11, 23, 18, 55, 38, tzinfo=UTC)
    assert names(event, Kind.CATEGORY) == ["Science & Tech", "World"]
    assert [ref.id for ref in entry.categories] == ["3", "2"]


def test_a_recording_of_a_post_of_wordpress_is_an_attachment() -> None:
    meta = {"enclosure": ["https://site.test/a.mp3\n1234\naudio/mpeg\na:1:{}", "nothing", None]}
    event = entry_event(wordpress("1-oneshot-publish.post_create", post_meta=meta))

    (attachment,) = event.entry.attachments
    assert (attachment.url, attachment.mime_type, attachment.size_in_bytes) == (
        "https://site.test/a.mp3", "audio/mpeg", 1234,
    )  # fmt: skip


def test_a_post_of_wordpress_rest_has_authors_tags_and_picture() -> None:
    post = json.loads((FOLDER / "wordpress" / "rest-post-embed.json").read_text())
    (event,) = rest_post(post, POLICY)  # type: ignore[misc]  # no hint
    assert isinstance(event, EntryPublished)
    entry = event.entry

    assert entry.id == post["guid"]["rendered"]
    assert names(event, Kind.AUTHOR) == ["João Nuñez-Okafor"]
    assert names(event, Kind.CATEGORY) == ["World"]
    assert names(event, Kind.TAG) == ["Éire", "tag-4"]
    assert entry.image is not None
    assert (entry.image.width, entry.image.height, entry.image.type) == (1280, 720, "image/jpeg")
    assert (entry.image.credit, entry.image.description) == ("Caption – 3 © Eco", "Alt “text” 3")


def test_a_document_of_strapi_is_an_entry_by_the_fields_of_its_settings() -> None:
    event = entry_event(recorded("strapi/3-publish.entry.publish.article"))
    entry = event.entry

    assert entry.id == STRAPI_ID
    assert entry.url == "https://site.test/strapi-story-one"
    assert (entry.title, entry.summary) == ("Strapi “story” – one", "q")
    assert entry.content_html == "<p>“b” – 1000000000000000000000000000000000000</p>"
    assert names(event, Kind.AUTHOR) == ["Máire"]
    assert names(event, Kind.CATEGORY) == ["World"]
    assert entry.date_published == datetime(2026, 11, 23, 18, 54, 4, 692000, tzinfo=UTC)


def test_an_item_of_superdesk_is_an_entry() -> None:
    event = entry_event(recorded("superdesk/publish"))
    entry = event.entry

    assert (entry.id, event.version, entry.language) == (DESK_ID, 3, "en")
    assert entry.title == "Ministers agree “historic” accord – critics unconvinced"
    assert entry.date_published == datetime(2026, 11, 23, 18, 10, tzinfo=UTC)
    assert entry.date_modified == datetime(2026, 11, 23, 18, 40, tzinfo=UTC)
    assert names(event, Kind.AUTHOR) == ["Máire Brennan"]
    assert names(event, Kind.CATEGORY) == ["International"]
    assert names(event, Kind.TAG) == ["energy resources", "climate"]
    assert entry.image is not None
    assert (entry.image.url, entry.image.width) == ("http://127.0.0.1:9901/assets/1", 1280)


# ---- Ghost -------------------------------------------------------------------------------------------------


def test_cms_01_the_hooks_of_one_publication_say_the_same() -> None:
    first, second = (
        entry_event(recorded(f"ghost/2-publish.post.{name}")) for name in ("published", "edited")
    )

    assert first == second


def test_cms_02_a_change_of_the_site_is_a_hint() -> None:
    assert isinstance(read(recorded("ghost/2-publish.site.changed")), Hint)


def test_cms_03_a_deletion_is_read_from_previous() -> None:
    event = one(recorded("ghost/9-delete-published.post.deleted"))

    assert event == EntryRemoved(EntryId(GHOST_ID), datetime(2026, 11, 23, 18, 58, 35, tzinfo=UTC))


def test_cms_03_a_deleted_draft_was_in_no_feed() -> None:
    hook = recorded("ghost/9-delete-published.post.deleted")
    sent = hook.json
    sent["post"]["previous"] |= {"status": "draft", "published_at": None}

    assert read(hook.saying(sent)) == ()


def test_cms_04_a_moved_post_is_where_its_tags_and_authors_say_now() -> None:
    moved = entry_event(recorded("ghost/4-edit-tags-live.post.published.edited"))
    handed = entry_event(recorded("ghost/5-edit-authors-live.post.published.edited"))

    assert names(moved, Kind.TAG) == ["Sport", "World"]
    assert len(handed.entry.authors) == 1
    assert [t.slug for t in handed.terms if t.kind is Kind.AUTHOR] == ["ann-lee"]


def test_cms_05_drafts_pages_and_internal_tags_make_no_feeds() -> None:
    draft = recorded("ghost/1-create-draft.post.added")
    page = draft.saying({"page": draft.json["post"]})
    tags = names(entry_event(ghost()), Kind.TAG)

    assert read(draft) == ()
    assert read(page) == ()
    assert "#internal-wire" in json.dumps(ghost().json)
    assert tags == ["World", "Science & Tech"]


def test_cms_05_what_went_out_by_mail_alone_makes_no_feeds() -> None:
    assert read(ghost(status="sent", previous={"status": "draft"})) == ()


MEMBERS = "<p>Before.</p><!--members-only--><p>SECRET</p>"


@pytest.mark.parametrize("visibility", ["members", "paid", "tiers", "filter", None, 5])
def test_cms_06_of_a_members_post_only_what_stands_before_the_mark_is_kept(visibility: Any) -> None:
    event = entry_event(
        ghost(
            visibility=visibility,
            html=MEMBERS,
            plaintext="Before. SECRET",
            excerpt="Before. SECRET",
            custom_excerpt=None,
        )
    )

    assert event.entry.content_html == "<p>Before.</p>"
    assert event.entry.summary == "Before."
    assert event.entry.visibility != "public"
    assert "SECRET" not in repr(event)


def test_cms_06_without_a_mark_nothing_of_the_text_is_kept() -> None:
    event = entry_event(ghost(visibility="paid", html="<p>SECRET</p>", custom_excerpt=None, excerpt="SECRET"))

    assert event.entry.content_html == ""
    assert "SECRET" not in repr(event)


def test_cms_06_a_block_for_members_alone_within_a_public_post_is_left_out() -> None:
    """As Ghost 5.130 marks them: its own API takes them out, its hooks do not."""
    block = '<!--kg-gated-block:begin nonMember:{} memberSegment:"status:free" --><p>{}</p><!--kg-gated-block:end-->'
    html = f"<p>A.</p>{block.format('false', 'SECRET')}{block.format('true', 'Open.')}<p>Z.</p>"
    event = entry_event(ghost(html=html))

    assert event.entry.content_html == "<p>A.</p><p>Open.</p><p>Z.</p>"
    assert "SECRET" not in repr(event)


def test_cms_06_addresses_of_authors_and_revisions_are_dropped() -> None:
    hook = recorded("ghost/7-unpublish.post.unpublished")
    sent = hook.json
    sent["post"]["current"]["status"] = "published"
    event = entry_event(hook.saying(sent))

    assert b"@example.test" in hook.body
    assert b"post_revisions" in hook.body
    assert "@example.test" not in repr(event)
    assert "mobiledoc" not in repr(event)


def test_cms_08_a_scheduled_post_is_published_when_ghost_says_so_whatever_its_clock() -> None:
    ahead = "2026-11-23T20:00:00.000Z"
    event = entry_event(ghost(published_at=ahead, updated_at=ahead))

    assert read(recorded("ghost/11-schedule.post.scheduled")) == ()
    assert event.entry.date_published == POLICY.now
    assert (event.held, event.dated, event.modified) == (False, False, False)


def test_cms_09_a_renamed_tag_renames_its_feed_and_a_deleted_one_ends_it() -> None:
    hook = recorded("ghost/2-publish.post.published")
    tag = {"id": "6b0", "name": "New & old", "slug": "new", "description": None, "visibility": "public"}
    renamed = one(hook.saying({"tag": {"current": tag, "previous": {"slug": "old", "name": "Old"}}}))
    deleted = one(hook.saying({"tag": {"current": {}, "previous": tag}}))

    assert isinstance(renamed, FeedUpdated)
    assert (renamed.kind, renamed.slug, renamed.id, renamed.new_slug) == (Kind.TAG, "old", "6b0", "new")
    assert renamed.changes["name"] == "New & old"
    assert deleted == FeedRemoved(Kind.TAG, "new", "6b0")
    assert read(hook.saying({"tag": {"current": tag, "previous": {}}})) == ()


def test_cms_09_a_tag_that_becomes_internal_ends_its_feed() -> None:
    hook = recorded("ghost/2-publish.post.published")
    now = {"id": "6b0", "name": "#old", "slug": "hash-old", "visibility": "internal"}
    was = {"name": "old", "slug": "old", "visibility": "public"}

    assert one(hook.saying({"tag": {"current": now, "previous": was}})) == FeedRemoved(Kind.TAG, "old", "6b0")
    assert read(hook.saying({"tag": {"current": now, "previous": {"description": "x"}}})) == ()


def test_cms_10_an_entrys_id_is_the_guid_of_ghosts_own_rss() -> None:
    """There it is the post's id, neither its uuid nor its address."""
    post = recorded("ghost/2-publish.post.published").json["post"]["current"]

    assert entry_event(ghost(slug="other", url="http://127.0.0.1:2368/other/")).entry.id == post["id"]


def test_an_address_that_ghost_does_not_know_yet_is_none() -> None:
    assert entry_event(ghost(url="http://127.0.0.1:2368/404/")).entry.url is None


# ---- WordPress ---------------------------------------------------------------------------------------------


def test_cms_11_dates_are_the_gmt_ones() -> None:
    local = {"post_date": "2026-11-23 23:55:38", "post_modified": "2026-11-23 23:55:38"}
    event = entry_event(wordpress("1-oneshot-publish.post_create", row=local))

    assert event.entry.date_published == datetime(2026, 11, 23, 18, 55, 38, tzinfo=UTC)


def test_cms_11_a_date_of_zeros_or_without_gmt_is_the_time_of_receipt() -> None:
    zeros = {"post_date_gmt": "0000-00-00 00:00:00", "post_modified_gmt": "0000-00-00 00:00:00"}
    event = entry_event(wordpress("1-oneshot-publish.post_create", row=zeros))

    assert event.entry.date_published == POLICY.now
    assert (event.dated, event.modified) == (False, False)


@pytest.mark.parametrize("kind", ["revision", "page", "attachment", "nav_menu_item"])
def test_cms_14_revisions_and_pages_make_no_feeds(kind: str) -> None:
    assert read(wordpress("1-oneshot-publish.post_create", row={"post_type": kind})) == ()


def test_cms_14_an_unpublished_post_is_removed_by_the_id_that_it_had() -> None:
    hook = recorded("wordpress/wp-webhooks-plugin.3-unpublish.post_update")

    assert hook.json["post_permalink"] == "http://wp.test:8081/?p=51"
    assert one(hook) == EntryRemoved(EntryId(WP_ID), datetime(2026, 11, 23, 18, 55, 42, tzinfo=UTC))


@pytest.mark.parametrize("status", ["draft", "private", "future", "pending", "auto-draft"])
def test_cms_16_what_is_not_public_makes_no_feeds(status: str) -> None:
    assert read(wordpress("1-oneshot-publish.post_create", row={"post_status": status})) == ()


def test_cms_16_a_post_with_a_password_shows_that_it_exists_and_nothing_else() -> None:
    row = {"post_password": "pw", "post_content": "<p>SECRET</p><!--more-->", "post_excerpt": "SECRET"}
    event = entry_event(wordpress("1-oneshot-publish.post_create", row=row))

    assert event.entry.title
    assert "SECRET" not in repr(event)


@pytest.mark.parametrize(
    ("sent", "title"),
    [
        ("Ann &#038; Lee", "Ann & Lee"),
        ("Ann &amp; Lee", "Ann & Lee"),
        ("Ann & Lee", "Ann & Lee"),
        ("AT&amp;amp;T", "AT&amp;T"),
        ("3 &lt; 4 <em>now</em>", "3 < 4 now"),
    ],
)
def test_cms_16_names_and_titles_are_unescaped_exactly_once(sent: str, title: str) -> None:
    hook = wordpress("1-oneshot-publish.post_create", row={"post_title": sent})
    body = hook.json
    body["taxonomies"]["category"]["world"]["name"] = sent
    event = entry_event(hook.saying(body))

    assert event.entry.title == title
    assert names(event, Kind.CATEGORY)[1] == title


def test_cms_16_a_guid_is_opaque_and_unescaped_as_a_reader_of_its_feed_does() -> None:
    row = {"guid": "http://wp.test/?post_type=post&#038;p=51"}

    assert (
        entry_event(wordpress("1-oneshot-publish.post_create", row=row)).entry.id
        == "http://wp.test/?post_type=post&p=51"
    )


def test_an_author_of_whom_only_the_number_is_known_is_named_by_it() -> None:
    event = entry_event(recorded("wordpress/wp-webhooks-plugin.1-oneshot-publish.post_create"))
    (author,) = [term for term in event.terms if term.kind is Kind.AUTHOR]

    assert (author.id, author.name, author.bare) == ("2", None, True)


def test_a_post_without_embedded_terms_names_them_by_number() -> None:
    post = json.loads((FOLDER / "wordpress" / "rest-post-embed.json").read_text())
    del post["_embedded"]
    (event,) = rest_post(post, POLICY)  # type: ignore[misc]  # no hint
    assert isinstance(event, EntryPublished)

    assert [ref.id for ref in event.entry.refs] == ["3", "2", "8", "12"]
    assert all(term.bare for term in event.terms)


def test_an_embedded_category_says_its_parent_by_a_link() -> None:
    post = json.loads((FOLDER / "wordpress" / "rest-post-child-category.json").read_text())
    (event,) = rest_post(post, POLICY)  # type: ignore[misc]  # no hint

    assert isinstance(event, EntryPublished)
    assert [(t.slug, t.parent) for t in event.terms if t.kind is Kind.CATEGORY] == [("europe", "2")]


def test_terms_are_in_the_order_in_which_an_entry_names_them() -> None:
    post = json.loads((FOLDER / "wordpress" / "rest-post-embed.json").read_text())
    del post["_embedded"]["wp:term"][1]  # its tags are numbers, the rest is whole
    (event,) = rest_post(post, POLICY)  # type: ignore[misc]  # no hint
    whole = [entry_event(recorded(name)) for name, (kind, _) in MEANINGS.items() if kind is EntryPublished]

    assert isinstance(event, EntryPublished)
    for each in [event, *whole]:
        assert tuple(term.ref for term in each.terms) == each.entry.refs
    assert [term.bare for term in event.terms] == [False, False, True, True]


def test_paragraphs_of_the_classic_editor_stay_apart() -> None:
    event = entry_event(
        wordpress("1-oneshot-publish.post_create", row={"post_content": "One\ntwo.\n\n<b>Three</b>."})
    )

    assert event.entry.content_html == "<p>One<br>two.</p><p><b>Three</b>.</p>"


# ---- Strapi ------------------------------------------------------------------------------------------------


def test_cms_17_the_numeric_id_changes_and_the_documents_stays() -> None:
    assert entry_event(strapi(id=99)).entry.id == STRAPI_ID


def test_cms_17_an_edited_draft_makes_no_feeds() -> None:
    assert read(strapi(event="entry.update", publishedAt=None)) == ()


def test_cms_17_an_unpublished_document_is_removed_though_it_has_a_date() -> None:
    assert recorded("strapi/6-unpublish.entry.unpublish.article").json["entry"]["publishedAt"]
    assert isinstance(one(recorded("strapi/6-unpublish.entry.unpublish.article")), EntryRemoved)


def test_cms_17_a_document_published_again_is_newer_than_its_removal() -> None:
    gone = one(recorded("strapi/6-unpublish.entry.unpublish.article"))
    assert isinstance(gone, EntryRemoved)
    again = entry_event(strapi(updatedAt="2026-11-23T18:54:07.841Z", publishedAt="2026-11-23T18:54:12.000Z"))

    assert gone.date_modified is not None
    assert again.entry.date_modified > gone.date_modified


def test_documents_of_other_types_and_other_events_of_strapi_are_nothing() -> None:
    hook = strapi()

    assert read(hook.saying(hook.json | {"model": "global"})) == ()
    assert read(hook.saying({"event": "media.create", "media": {}})) == ()


def test_a_category_of_strapi_that_is_renamed_or_deleted_is_followed_by_its_id() -> None:
    renamed, deleted = (
        one(recorded(f"strapi/{name}"))
        for name in ("8-rename.entry.update.category", "9-delete.entry.delete.category")
    )

    id_ = "ud5icgc1akm80afwh9ur8tpf:en"
    assert renamed == FeedUpdated(Kind.CATEGORY, "globe", id_, "globe", {"name": "Globe"})
    assert deleted == FeedRemoved(Kind.CATEGORY, "globe", id_)


def test_a_locale_of_a_category_of_strapi_is_a_category_of_its_own() -> None:
    event = entry_event(recorded("strapi/10-publish-locale.entry.publish.article"))

    assert [(t.id, t.slug) for t in event.terms] == [("ud5icgc1akm80afwh9ur8tpf:fr", "monde")]


@pytest.mark.parametrize(
    ("model", "kind"),
    [("category", Kind.CATEGORY), ("tag", Kind.TAG), ("writer", Kind.AUTHOR), ("menu", None)],
)
def test_whose_feeds_a_type_of_strapi_is_about_is_said_by_the_fields(model: str, kind: Kind | None) -> None:
    hook = recorded("strapi/8-rename.entry.update.category")
    mapped = Mapped(fields={"authors": "writers"})

    events = read(hook.saying(hook.json | {"model": model}), mapped)

    assert not isinstance(events, Hint)
    assert [event.kind for event in events if isinstance(event, FeedUpdated)] == [kind] * bool(kind)


def test_a_draft_of_a_category_of_strapi_and_a_new_one_are_nothing() -> None:
    hook = recorded("strapi/8-rename.entry.update.category")
    draft = hook.json["entry"] | {"publishedAt": None}

    assert read(hook.saying(hook.json | {"entry": draft})) == ()
    assert read(hook.saying(hook.json | {"event": "entry.create"})) == ()


def test_publishing_a_document_of_strapi_again_does_not_date_it_anew() -> None:
    assert not entry_event(strapi()).dated
    assert entry_event(strapi(firstPublishedAt="2020-01-01T00:00:00Z")).dated


def test_fields_of_strapi_are_mapped_by_settings() -> None:
    mapped = Mapped(
        frozenset({"story"}), None, {"title": "seo.head", "content": "blocks", "categories": "desk|desks"}
    )
    blocks = [
        {"type": "heading", "level": 2, "children": [{"type": "text", "text": "A & B"}]},
        {"type": "paragraph", "children": [{"type": "text", "text": "x", "bold": True}]},
        {
            "type": "list",
            "format": "ordered",
            "children": [{"type": "list-item", "children": [{"text": "1"}]}],
        },
    ]
    hook = strapi(seo={"head": "Head"}, blocks=blocks, desks=[{"name": "Sport", "documentId": "d1"}])
    event = entry_event(hook.saying(hook.json | {"model": "story"}), mapped)

    assert event.entry.title == "Head"
    assert event.entry.content_html == "<h2>A &amp; B</h2><p><strong>x</strong></p><ol><li>1</li></ol>"
    assert names(event, Kind.CATEGORY) == ["Sport"]
    assert event.entry.url is None


def test_two_locales_of_a_document_are_two_entries() -> None:
    assert entry_event(strapi(locale="ga")).entry.id == f"{STRAPI_ID}:ga"


# ---- Superdesk ---------------------------------------------------------------------------------------------


def test_cms_18_a_correction_and_a_kill_are_later_by_their_version() -> None:
    first, corrected, killed = (
        entry_event(desk()),
        entry_event(desk(version="4", ednote="Corrects the figure")),
        one(recorded("superdesk/kill")),
    )

    assert isinstance(killed, EntryRemoved)
    assert [first.version, corrected.version, killed.version] == [3, 4, 5]
    assert first.entry.id == corrected.entry.id == killed.entry_id


def test_cms_18_an_embargo_holds_and_what_cant_be_read_of_it_publishes_nothing() -> None:
    held = entry_event(desk(embargoed="2026-11-23T20:00:00+0000"))

    assert held.held
    assert held.entry.date_published == datetime(2026, 11, 23, 20, tzinfo=UTC)
    assert isinstance(read(desk(embargoed="tomorrow")), Hint)
    assert isinstance(read(desk(embargoed="2026-11-23T20:00:00")), Hint)


@pytest.mark.parametrize("status", ["canceled", "withheld"])
def test_cms_18_a_kill_is_a_removal(status: str) -> None:
    assert isinstance(one(desk(pubstatus=status)), EntryRemoved)


def test_pictures_and_packages_are_no_entries() -> None:
    assert read(desk(type="picture")) == ()
    assert read(desk(type="composite")) == ()


# ---- whatever comes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", list(Source))
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"5", b"\xff", b"<xml/>", b'{"a": 1}', b"[" * 1000])
def test_a_body_that_is_not_understood_is_a_hint(source: Source, body: bytes) -> None:
    assert isinstance(read_hook(source, Hook(body, {}), POLICY, MAPPED), Hint)


def scrambled(value: Any, into: Any) -> list[Any]:
    """A hook with each of its values in turn replaced."""
    if not isinstance(value, dict | list):
        return [into]
    found: list[Any] = [into]
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        for other in scrambled(each, into):
            copy: Any = dict(value) if isinstance(value, dict) else list(value)
            copy[key] = other
            found.append(copy)
    return found


@pytest.mark.parametrize("into", [None, True, 5, "x\x00\ud800", "", [], {}, [None], {"a": 1}], ids=repr)
@pytest.mark.parametrize(
    "name",
    [
        "ghost/9-delete-published.post.deleted",
        "wordpress/wp-webhooks-plugin.2-edit.post_update",
        "strapi/3-publish.entry.publish.article",
        "superdesk/publish",
    ],
)
def test_any_value_may_be_anything_and_nothing_breaks(name: str, into: Any) -> None:
    hook = recorded(name)
    for sent in scrambled(hook.json, into):
        read(replace(hook, body=json.dumps(sent).encode()))


@pytest.mark.parametrize("into", [None, 5, "x\x00", [], {}], ids=repr)
def test_any_value_of_a_post_of_ghost_may_be_anything(into: Any) -> None:
    sent = recorded("ghost/2-publish.post.published").json
    current = {**sent["post"]["current"], "post_revisions": []}
    hook = recorded("ghost/2-publish.post.published")
    for other in scrambled(current, into):
        body = json.dumps({"post": {"current": other, "previous": {}}}).encode()
        read(replace(hook, body=body))


def test_what_breaks_a_rule_is_left_out_and_the_entry_stays() -> None:
    tags = [
        {"id": "1", "name": "A", "slug": "a", "url": "javascript:x"},
        {"id": "2", "name": "a", "slug": "A"},
        {},
    ]
    event = entry_event(
        ghost(title="x" * 5000, feature_image="not a url", tags=tags, feature_image_caption="c" * 50_000)
    )

    assert len(event.entry.title) <= 2000
    assert event.entry.image is None
    assert [(t.id, t.url) for t in event.terms if t.kind is Kind.TAG] == [("1", None)]


def test_a_clock_that_is_a_little_ahead_is_believed_about_order() -> None:
    soon = (POLICY.now + timedelta(seconds=30)).isoformat().replace("+00:00", "Z")
    event = entry_event(ghost(updated_at=soon, published_at=soon))

    assert event.modified
    assert event.held is False
