"""WordPress's export: which of its items are entries, and what they say; whatever the file does, an answer in words."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hub.errors import BadRequest
from hub.events import EntryPublished
from hub.intake.archives import wxr
from hub.intake.archives.publishing import as_published
from hub.intake.archives.record import EveryHost, Found, Refused, Skipped
from hub.intake.policy import IntakePolicy
from hub.intake.publish import read_event
from hub.model import EntryId, Kind
from tests.cms import FOLDER, POLICY, recorded
from tests.shelf import Shelf
from tests.unit.test_intake_cms import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SAMPLE = (FOLDER / "wordpress" / "export-all.wxr.xml").read_bytes()
PASSWORD = "http://wp.test:8081/2026/11/password-story/"

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- generator="WordPress/6.1.9" <item> -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Site</title>
<wp:base_blog_url>https://site.test</wp:base_blog_url>"""
TAIL = "</channel></rss>"
POST = {
    "title": "A title",
    "link": "https://site.test/a/",
    "guid": "https://site.test/?p=7",
    "dc:creator": "ada.quill@site.test",
    "content:encoded": "<p>Text</p>",
    "wp:post_id": "7",
    "wp:post_date_gmt": "2026-11-20 00:15:56",
    "wp:post_modified_gmt": "2026-11-21 00:15:56",
    "wp:status": "publish",
    "wp:post_type": "post",
}


def item(more: str = "", **changed: str | None) -> str:
    said = POST | {name.replace("__", ":"): value for name, value in changed.items()}
    rows = "".join(
        f"<{name}><![CDATA[{value}]]></{name}>" for name, value in said.items() if value is not None
    )
    return f"<item>{rows}{more}</item>"


def meta(key: str, value: str) -> str:
    said = f"<wp:meta_key>{key}</wp:meta_key><wp:meta_value><![CDATA[{value}]]></wp:meta_value>"
    return f"<wp:postmeta>{said}</wp:postmeta>"


def read_all(file: str | bytes, *, size: int = 1000) -> list[Found | Skipped | Refused]:
    """Read in two passes, as a command does."""
    body = file.encode() if isinstance(file, str) else file
    kept = Shelf()
    site = wxr.survey(chunked(body, size), kept, POLICY)
    return list(wxr.pieces(chunked(body, size), site, kept, POLICY))


def chunked(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def one(more: str = "", header: str = "", **changed: str | None) -> EntryPublished:
    (found,) = read_all(HEAD + header + item(more, **changed) + TAIL)
    assert isinstance(found, Found), found
    return found.event


# ---- the sample ----------------------------------------------------------------------------------------------------


def test_of_the_sample_what_is_published_is_found_and_all_else_is_named() -> None:
    read = read_all(SAMPLE)

    assert [piece.position for piece in read] == list(range(1, 45))
    assert Counter(piece.why if isinstance(piece, Skipped) else type(piece).__name__ for piece in read) == {
        "Found": 34,
        "is no post: attachment": 5,
        "is not published: trash": 2,
        "is not published: draft": 1,
        "is not published: future": 1,
        "is not published: private": 1,
    }


def test_a_post_of_the_sample_has_all_that_wordpress_knows_of_it() -> None:
    found = {piece.event.entry.id: piece.event for piece in read_all(SAMPLE) if isinstance(piece, Found)}
    event = found[EntryId("http://wp.test:8081/2026/11/mayors-big-bet-on-trams-bikes/")]
    entry = event.entry

    assert entry.title == "Mayor’s big bet on trams & bikes"
    assert entry.url == entry.id
    assert entry.date_published == entry.date_modified == datetime(2026, 11, 20, 15, 15, 56, tzinfo=UTC)
    assert [(term.kind, term.id, term.slug, term.name) for term in event.terms] == [
        (Kind.AUTHOR, "4", "alee", "Ann Lee & Co"),
        (Kind.CATEGORY, "4", "economie", "Économie"),
        (Kind.CATEGORY, "3", "science-tech", "Science & Tech"),
        (Kind.TAG, "8", "eire", "Éire"),
        (Kind.TAG, "13", "tag-5", "tag-5"),
    ]
    assert entry.image is not None
    assert (entry.image.type, entry.image.width, entry.image.height) == ("image/jpeg", 1280, 720)
    assert (entry.image.credit, entry.image.description) == ("Caption – 0 © Eco", "Alt “text” 0")
    assert "wp:" not in entry.content_html
    assert 'href="https://www.youtube.com/watch?v=dQw4w9WgXcQ"' in entry.content_html


def test_a_post_with_a_password_is_its_title_alone_and_said_to_be() -> None:
    (piece,) = [p for p in read_all(SAMPLE) if isinstance(p, Found) and p.event.entry.id == PASSWORD]

    assert piece.event.entry.visibility == "members"
    assert (piece.event.entry.title, piece.event.entry.summary, piece.event.entry.content_html) == (
        "Password story", "", "",
    )  # fmt: skip
    assert "password" in piece.note


def test_a_hook_of_the_same_post_gives_the_same_entry_and_terms() -> None:
    hook = recorded("wordpress/wp-webhooks-plugin.1-oneshot-publish.post_create")
    (hooked,) = read(hook)  # type: ignore[misc]
    assert isinstance(hooked, EntryPublished)
    row, terms = hook.json["post"], hook.json["taxonomies"]["category"].values()
    author = f"<wp:author_id>{row['post_author']}</wp:author_id><wp:author_login>me</wp:author_login>"
    header = f"<wp:author>{author}</wp:author>"
    header += "".join(
        f"<wp:category><wp:term_id>{t['term_id']}</wp:term_id><wp:category_nicename>{t['slug']}</wp:category_nicename>"
        f"<wp:cat_name><![CDATA[{t['name']}]]></wp:cat_name></wp:category>"
        for t in terms
    )
    named = "".join(f'<category domain="category" nicename="{t["slug"]}">x</category>' for t in terms)
    imported = one(
        named,
        header,
        title=row["post_title"],
        guid=row["guid"],
        link=hook.json["post_permalink"],
        dc__creator="me",
        content__encoded=row["post_content"],
        wp__post_date_gmt=row["post_date_gmt"],
        wp__post_modified_gmt=row["post_modified_gmt"],
    )

    assert imported.entry == hooked.entry
    assert [(t.kind, t.id) for t in imported.terms] == [(t.kind, t.id) for t in hooked.terms]


def test_what_is_sent_to_publish_is_read_as_the_same_event() -> None:
    policy = IntakePolicy(now=POLICY.now, base_url=POLICY.base_url, embed_hosts=EveryHost())
    for piece in read_all(SAMPLE):
        if isinstance(piece, Found):
            read = read_event(as_published(piece.event), policy)
            assert isinstance(read, EntryPublished)
            assert (read.entry, read.terms) == (piece.event.entry, piece.event.terms)
            assert (read.dated, read.modified) == (piece.event.dated, piece.event.modified)


# ---- items ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["page", "revision", "nav_menu_item", "wp_global_styles", "product"])
def test_what_is_no_post_is_skipped(kind: str) -> None:
    (piece,) = read_all(HEAD + item(wp__post_type=kind) + TAIL)

    assert piece == Skipped(1, "A title", f"is no post: {kind}")


@pytest.mark.parametrize("status", ["draft", "pending", "private", "trash", "future", "auto-draft", ""])
def test_what_is_not_published_is_skipped(status: str) -> None:
    (piece,) = read_all(HEAD + item(wp__status=status) + TAIL)

    assert isinstance(piece, Skipped)
    assert piece.why.startswith("is not published")


def test_a_sticky_post_is_a_post() -> None:
    assert one("<wp:is_sticky>1</wp:is_sticky>").entry.title == "A title"


def test_an_empty_post_is_skipped_and_a_bad_one_refused_and_the_rest_goes_on() -> None:
    items = item(title="", content__encoded=" "), item(guid=""), item()

    empty, bad, good = read_all(HEAD + "".join(items) + TAIL)

    assert isinstance(empty, Skipped)
    assert isinstance(bad, Refused)
    assert bad.position == 2
    assert "/id" in bad.why
    assert isinstance(good, Found)


def test_a_picture_may_come_after_the_post_that_shows_it() -> None:
    picture = item(
        "<wp:attachment_url>https://site.test/a.webp</wp:attachment_url>",
        wp__post_type="attachment",
        wp__post_id="9",
        wp__status="inherit",
    )

    found, _ = read_all(HEAD + item(meta("_thumbnail_id", "9")) + picture + TAIL)

    assert isinstance(found, Found)
    assert found.event.entry.image
    assert (found.event.entry.image.url, found.event.entry.image.type) == (
        "https://site.test/a.webp",
        "image/webp",
    )


@pytest.mark.parametrize("number", ["10", "", "-1", "9" * 50, "x"])
def test_a_picture_that_is_not_there_is_none(number: str) -> None:
    assert one(meta("_thumbnail_id", number)).entry.image is None


def test_enclosures_are_attachments() -> None:
    enclosures = meta("enclosure", "https://site.test/a.mp3\n1234\naudio/mpeg\na:1:{}") + meta(
        "enclosure", "nothing"
    )

    (attachment,) = one(enclosures).entry.attachments

    assert (attachment.url, attachment.mime_type, attachment.size_in_bytes) == (
        "https://site.test/a.mp3", "audio/mpeg", 1234,
    )  # fmt: skip


def test_an_export_of_a_part_names_terms_and_authors_by_what_the_post_says() -> None:
    event = one(
        '<category domain="category" nicename="science-tech"><![CDATA[Science &amp; Tech]]></category>'
    )

    assert [(t.kind, t.slug, t.name, t.explicit_id) for t in event.terms] == [
        (Kind.AUTHOR, "ada-quillsite-test", "ada.quill@site.test", False),
        (Kind.CATEGORY, "science-tech", "Science & Tech", False),
    ]


def test_parents_are_named_as_addresses() -> None:
    header = """<wp:category><wp:term_id>6</wp:term_id><wp:category_nicename>football</wp:category_nicename>
    <wp:category_parent>sport</wp:category_parent><wp:cat_name>Football</wp:cat_name></wp:category>"""

    event = one('<category domain="category" nicename="football">Football</category>', header)

    (football,) = [term for term in event.terms if term.kind is Kind.CATEGORY]
    assert (football.id, football.parent) == ("6", "sport")


def test_old_posts_without_a_date_in_gmt_keep_their_own() -> None:
    event = one("<wp:post_date>2005-01-02 03:04:05</wp:post_date>", wp__post_date_gmt="0000-00-00 00:00:00",
                wp__post_modified_gmt="0000-00-00 00:00:00")  # fmt: skip

    assert event.entry.date_published == datetime(2005, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (event.dated, event.modified) == (True, False)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_older_versions_are_read(version: str) -> None:
    file = (HEAD + item() + TAIL).replace("export/1.2", f"export/{version}")

    (found,) = read_all(file)

    assert isinstance(found, Found)


# ---- hostile files -------------------------------------------------------------------------------------------------

LAUGHS = (
    """<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>"""
)
OUTSIDE = """<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>"""
DECLARED = '<?xml version="1.0" encoding="UTF-8" ?>\n'


@pytest.mark.parametrize(
    "dtd", [LAUGHS, OUTSIDE, "<!DOCTYPE rss>", "<!-- <rss> -->\n" + LAUGHS, "<?a <b?>" + LAUGHS]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("size", [7, 10**6])
def test_a_document_type_is_refused_whatever_it_declares(dtd: str, encoding: str, size: int) -> None:
    body = HEAD.replace(DECLARED, DECLARED + dtd).replace('encoding="UTF-8"', "") + item() + TAIL

    with pytest.raises(BadRequest, match="document type"):
        read_all(body.encode(encoding), size=size)


@pytest.mark.parametrize("size", [3, 1000, 10**6])
def test_how_the_bytes_come_makes_no_difference(size: int) -> None:
    assert read_all(SAMPLE, size=size) == read_all(SAMPLE, size=4096)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("Dear Sir or Madam", "is not XML: it begins with 'Dear"),
        ('{"db": []}', "is not XML"),
        (SAMPLE[: len(SAMPLE) // 2], "not well-formed, or cut off: .* line [0-9]+"),
        (SAMPLE[:-20], "not well-formed, or cut off"),
        (HEAD + "<item><title>&nothing;</title></item>" + TAIL, "line 6"),
        (HEAD + "<item></channel></rss>", "not well-formed"),
        ("<!-- " + "a" * 100_000, "is not XML"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10, "is not XML"),
    ],
)
def test_what_is_no_export_is_refused_in_words(file: str | bytes, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        read_all(file)


def test_bytes_that_are_no_text_cost_a_character_and_are_counted() -> None:
    body = (HEAD + item(title="A b\0ad\x0b t\ufffeitle") + TAIL).encode().replace(b"A b", b"A \xff\xfeb")
    kept = Shelf()
    site = wxr.survey([body], kept, POLICY)

    (found,) = wxr.pieces([body], site, kept, POLICY)

    assert site.damaged == 2
    assert isinstance(found, Found)
    assert found.event.entry.title == "A ��bad title"


def test_another_encoding_is_read_as_it_says() -> None:
    body = (HEAD.replace("UTF-8", "ISO-8859-1") + item(title="Économie") + TAIL).encode("iso-8859-1")

    (found,) = read_all(body)

    assert found.name == "Économie"


@pytest.mark.timeout(30)
def test_a_title_of_ten_megabytes_is_cut_and_the_rest_goes_on() -> None:
    long, good = read_all(HEAD + item(title="word " * 2_000_000) + item() + TAIL, size=65536)

    assert isinstance(long, Found)
    assert len(long.event.entry.title) <= 2000
    assert isinstance(good, Found)


@pytest.mark.parametrize("inside", ["word " * 4_000_000, "<x/>" * 5_000_000])
def test_an_element_without_end_is_refused_before_it_fills_the_memory(inside: str) -> None:
    with pytest.raises(BadRequest, match="longer than"):
        read_all(HEAD + "<item><title>" + inside + "</title></item>" + TAIL, size=65536)


def test_memory_does_not_grow_with_the_number_of_items() -> None:
    def peak(count: int) -> int:
        body = [HEAD.encode(), *([item().encode()] * count), TAIL.encode()]
        tracemalloc.start()
        for _ in wxr.pieces(body, wxr.Site(), Shelf(), POLICY):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(400) < peak(50) + 500_000


def test_items_are_given_before_the_file_was_read_to_its_end() -> None:
    def body() -> Iterable[bytes]:
        yield HEAD.encode()
        yield item().encode() * 3
        raise AssertionError("nobody asked for this yet")

    first = next(wxr.pieces(body(), wxr.Site(), Shelf(), POLICY))

    assert isinstance(first, Found)
