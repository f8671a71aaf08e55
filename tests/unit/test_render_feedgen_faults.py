"""Each known fault of feedgen 1.0.0, and that no document of ours shows it."""

from __future__ import annotations

import locale
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from hub.model import EntryId, Format, Site, Tombstone
from tests.feeds import HEAD, LABELS, NOON, PICTURE, SITE, SOUND, WHOLE, make_item, render, rendering

if TYPE_CHECKING:
    from hub.model import FeedHead, Item, Seq

NS = {
    "atom": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
}


def find(format_: Format, xpath: str, items: list[Item], head: FeedHead = HEAD, **more: Any) -> list[Any]:
    """Render, parse anew and search: what a reader finds."""
    found = etree.fromstring(render(items, head, **more)[format_]).xpath(xpath, namespaces=NS)
    assert isinstance(found, list)
    return [str(each) if isinstance(each, str) else each for each in found]


def rss(xpath: str, *items: Item, **more: Any) -> list[Any]:
    return find(Format.RSS, xpath, list(items), **more)


def atom(xpath: str, *items: Item, **more: Any) -> list[Any]:
    return find(Format.ATOM, xpath, list(items), **more)


def attributes(elements: list[Any]) -> list[dict[str, str]]:
    return [dict(element.attrib) for element in elements]


def test_fault_1_atom_entry_links_keep_rel_type_and_length() -> None:
    second = replace(SOUND, url="https://site.test/b.pdf", title=None, mime_type="application/pdf")
    links = atom("//atom:entry/atom:link", make_item(attachments=(SOUND, second)))

    assert attributes(links) == [
        {"rel": "alternate", "type": "text/html", "href": "https://site.test/1"},
        {
            "rel": "enclosure",
            "href": SOUND.url,
            "type": "audio/mpeg",
            "length": "4711",
            "title": "Listen",
        },
        {"rel": "enclosure", "href": second.url, "type": "application/pdf", "length": "4711"},
    ]


@pytest.mark.parametrize(
    ("head", "page"),
    [
        (HEAD, "https://hub.test/feeds/category/europe-news"),
        (replace(HEAD, url="https://site.test/europe"), "https://site.test/europe"),
        (WHOLE, "https://site.test"),
    ],
)
def test_fault_2_the_rss_channel_link_is_the_page(head: FeedHead, page: str) -> None:
    assert rss("/rss/channel/link/text()", make_item(), head=head) == [page]
    assert atom("/atom:feed/atom:link[@rel='alternate']/@href", make_item(), head=head) == [page]


def test_fault_3_rss_names_its_hub_and_itself() -> None:
    links = rss("/rss/channel/atom:link")

    assert attributes(links) == [
        {
            "rel": "self",
            "href": "https://hub.test/feeds/category/europe-news.rss",
            "type": "application/rss+xml",
        },
        {"rel": "hub", "href": "https://hub.test/websub"},
    ]


def test_fault_4_no_date_is_the_time_of_rendering() -> None:
    assert rss("//lastBuildDate/text()") == ["Thu, 01 Jan 1970 00:00:00 +0000"]
    assert atom("//atom:updated/text()") == ["1970-01-01T00:00:00Z"]


@pytest.mark.parametrize(
    ("head", "gone", "latest"),
    [
        (HEAD, None, "2026-11-20T12:09:30Z"),
        (replace(HEAD, updated=NOON.replace(day=21)), None, "2026-11-21T12:00:00Z"),
        (HEAD, NOON.replace(day=22), "2026-11-22T12:00:00Z"),
    ],
)
def test_fault_4_a_feed_is_as_new_as_the_newest_thing_in_it(head: FeedHead, gone: Any, latest: str) -> None:
    tombstones = [Tombstone(EntryId("x"), make_item().seq, gone)] if gone else []
    items = [make_item(9), make_item(2)]

    assert atom("/atom:feed/atom:updated/text()", *items, head=head, gone=tombstones) == [latest]


def test_fault_4_dates_have_whole_seconds_and_one_form() -> None:
    item = make_item(date_published=NOON, date_modified=NOON.replace(microsecond=999_999))

    assert atom("//atom:published/text() | //atom:updated/text()", item) == ["2026-11-20T12:00:00Z"] * 3
    assert rss("//item/pubDate/text()", item) == ["Fri, 20 Nov 2026 12:00:00 +0000"]


def test_fault_5_rss_says_when_an_entry_was_modified() -> None:
    assert rss("//item/dcterms:modified/text()", make_item(1)) == ["2026-11-20T12:01:30Z"]


def test_fault_6_author_names_without_email_reach_rss() -> None:
    assert rss("//item/dc:creator/text()", make_item()) == ["Ada Quill"]
    assert rss("//author") == []


@pytest.mark.parametrize("summary", ["A summary.", ""])
def test_fault_7_full_content_never_lands_in_the_description(summary: str) -> None:
    item = make_item(summary=summary)

    assert rss("//item/description/text()", item) == [summary] * bool(summary)
    assert rss("//item/content:encoded/text()", item) == ["<p>Content <b>1</b>.</p>"]


def test_fault_8_atom_content_is_escaped_html_and_never_cdata() -> None:
    content = atom("//atom:entry/atom:content", make_item())

    assert [(each.get("type"), each.text) for each in content] == [("html", "<p>Content <b>1</b>.</p>")]
    assert b"CDATA" not in render([make_item()])[Format.ATOM]


def test_fault_9_a_summary_never_replaces_content() -> None:
    assert atom("//atom:entry/atom:summary/text()", make_item()) == ["Summary 1."]
    assert atom("//atom:entry/atom:summary/@type", make_item()) == []


def test_fault_10_an_end_of_cdata_inside_content_survives() -> None:
    html = "<p>a ]]> b ]]]]>> c <![CDATA[ d</p>"

    assert rss("//item/content:encoded/text()", make_item(content_html=html)) == [html]


@pytest.mark.parametrize("field", ["title", "summary", "content_html"])
@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\ufffe", "\ud800"])
def test_fault_11_text_that_xml_can_not_hold_costs_one_entry(field: str, bad: str) -> None:
    fields: dict[str, Any] = {field: f"a{bad}b"}
    documents = rendering([make_item(1), make_item(2, **fields), make_item(3)])

    assert [(skipped.number, skipped.id) for skipped in documents.skipped] == [(2, "https://site.test/2")]
    for document in documents.documents.values():
        assert b"https://site.test/1" in document.raw
        assert b"https://site.test/2" not in document.raw
        assert b"https://site.test/3" in document.raw


def test_fault_11_a_feed_s_own_name_never_costs_the_feed() -> None:
    documents = render([make_item()], replace(HEAD, name="Eu\x00ro\ud800pe", description="\x1f"))

    assert all("Europe – The Test Gazette".encode() in raw for raw in documents.values())


def test_fault_12_titles_are_plain_text_escaped_once() -> None:
    item = make_item(title='AT&T: 1 < 2 &amp; "so"')

    assert rss("//item/title/text()", item) == [item.entry.title]
    assert atom("//atom:entry/atom:title/text()", item) == [item.entry.title]
    assert b"<title>AT&amp;T: 1 &lt; 2 &amp;amp; " in render([item])[Format.RSS]


def test_fault_12_a_plain_text_summary_is_html_in_an_rss_description() -> None:
    item = make_item(summary="1 < 2 & <b>")

    assert rss("//item/description/text()", item) == ["1 &lt; 2 &amp; &lt;b&gt;"]
    assert atom("//atom:entry/atom:summary/text()", item) == ["1 < 2 & <b>"]


def test_fault_13_html_that_is_no_xml_is_no_trouble() -> None:
    html = "<p>a&nbsp;b<br>c <img src=x></p>"

    assert atom("//atom:content/text()", make_item(content_html=html)) == [html]


def test_fault_15_entries_keep_the_order_of_the_window() -> None:
    items = [make_item(n) for n in (3, 1, 2)]
    urls = ["https://site.test/3", "https://site.test/1", "https://site.test/2"]

    assert rss("//item/link/text()", *items) == urls
    assert atom("//atom:entry/atom:id/text()", *items) == urls


@pytest.mark.parametrize(
    ("entry_id", "url", "permalink"),
    [
        ("https://site.test/1", "https://site.test/1", "true"),
        ("https://site.test/1", "https://site.test/other", "false"),
        ("https://site.test/1", None, "false"),
        ("tag:site.test,2026:1", "tag:site.test,2026:1", "false"),
        ("42", "https://site.test/1", "false"),
    ],
)
def test_fault_16_only_the_entry_s_own_address_is_a_permalink(
    entry_id: str, url: str | None, permalink: str
) -> None:
    guid = rss("//item/guid", make_item(id=EntryId(entry_id), url=url))

    assert [(each.text, each.get("isPermaLink")) for each in guid] == [(entry_id, permalink)]


@pytest.mark.parametrize("find_in", [rss, atom])
def test_fault_17_media_is_never_grouped_and_keeps_credit_and_size(find_in: Any) -> None:
    item = make_item(image=PICTURE)

    assert find_in("//media:group", item) == []
    assert attributes(find_in("//media:content", item)) == [
        {"url": PICTURE.url, "medium": "image", "type": "image/jpeg", "width": "1200", "height": "800"}
    ]
    assert find_in("//media:content/media:credit/text()", item) == ["C. Lens"]
    assert find_in("//media:content/media:description[@type='plain']/text()", item) == ["A “grid” at dusk"]


def test_fault_17_rss_has_one_enclosure_and_shows_the_other_attachments_as_media() -> None:
    film = replace(SOUND, url="https://site.test/b.mp4", mime_type="video/mp4")
    item = make_item(attachments=(SOUND, film))

    assert rss("//item/enclosure/@url", item) == [SOUND.url]
    assert attributes(rss("//media:content", item)) == [
        {"url": film.url, "type": "video/mp4", "medium": "video", "fileSize": "4711", "duration": "61"}
    ]


def test_fault_18_an_unknown_enclosure_length_is_zero() -> None:
    enclosure = rss("//item/enclosure", make_item(attachments=(replace(SOUND, size_in_bytes=None),)))

    assert attributes(enclosure) == [{"url": SOUND.url, "length": "0", "type": "audio/mpeg"}]


def test_fault_18_nothing_of_the_syndication_module_is_written() -> None:
    assert b"syndication" not in render([make_item()])[Format.RSS]


def test_fault_19_dates_never_touch_the_process_s_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("setlocale was called")

    monkeypatch.setattr(locale, "setlocale", refuse)

    assert rendering([make_item()]).skipped == ()


def test_fault_20_every_atom_element_is_in_a_namespace() -> None:
    item = make_item(image=PICTURE, attachments=(SOUND,))

    assert atom("//*[namespace-uri()='']", item) == []
    assert len(atom("/atom:feed/atom:entry/atom:link", item)) == 2


def test_fault_23_categories_have_label_term_and_scheme() -> None:
    assert [(each.get("domain"), each.text) for each in rss("//item/category", make_item())] == [
        ("https://hub.test/feeds/category", "Europe News"),
        ("https://hub.test/feeds/tag", "C++"),
    ]
    assert attributes(atom("//atom:entry/atom:category", make_item())) == [
        {"term": "europe-news", "scheme": "https://hub.test/feeds/category", "label": "Europe News"},
        {"term": "cpp", "scheme": "https://hub.test/feeds/tag", "label": "C++"},
    ]


# ---- what feedgen has no words for -------------------------------------------------------------------------


def test_tombstones_stand_before_entries_in_atom(first_seq: Seq) -> None:
    gone = [
        Tombstone(EntryId("https://site.test/9"), first_seq, NOON),
        Tombstone(EntryId("a b"), first_seq, NOON),
    ]
    children = atom("/atom:feed/*", make_item(), gone=gone)
    names = [etree.QName(child).localname for child in children]

    assert names[-3:] == ["deleted-entry", "deleted-entry", "entry"]
    assert attributes(atom("//at:deleted-entry", make_item(), gone=gone)) == [
        {"ref": "https://site.test/9", "when": "2026-11-20T12:00:00Z"},
        {"ref": "urn:feedhub:gazette:a%20b", "when": "2026-11-20T12:00:00Z"},
    ]


@pytest.fixture
def first_seq() -> Seq:
    return make_item().seq


def test_the_generator_has_no_version() -> None:
    assert rss("//generator/text()") == ["Feedhub"]
    assert [(each.text, dict(each.attrib)) for each in atom("//atom:generator")] == [("Feedhub", {})]


def test_an_image_says_what_the_channel_says() -> None:
    (image,) = rss("/rss/channel/image")

    assert [(child.tag, child.text) for child in image] == [
        ("url", "https://site.test/icon.png"),
        ("title", "Europe News – The Test Gazette"),
        ("link", "https://hub.test/feeds/category/europe-news"),
    ]


def test_a_site_without_an_icon_has_no_image() -> None:
    assert rss("//image", site=replace(SITE, icon=None)) == []
    assert atom("//atom:icon | //atom:logo", site=replace(SITE, icon=None)) == []


@pytest.mark.parametrize("path", ["/rss/channel/description/text()"])
def test_a_channel_always_has_a_description(path: str) -> None:
    assert rss(path, head=replace(HEAD, description="")) == ["Europe News – The Test Gazette"]
    assert rss(path, head=WHOLE) == ["All that's tested."]


def test_an_entry_without_an_author_is_the_publication_s() -> None:
    assert atom("/atom:feed/atom:author/atom:name/text()") == ["The Test Gazette"]
    assert atom("//atom:entry/atom:author", make_item(authors=())) == []


def test_a_retired_term_is_not_named_any_more() -> None:
    retired = {ref: replace(label, live=False) for ref, label in LABELS.items()}

    for labels in (retired, {}):
        documents = render([make_item(labels=labels)], HEAD)
        assert all(b"Ada Quill" not in raw and b"C++" not in raw for raw in documents.values())


def test_summary_mode_shows_no_content() -> None:
    short: Site = replace(SITE, full_content=False)

    assert all(b"Content" not in raw for raw in render([make_item()], site=short).values())
    assert atom("//atom:entry/atom:content", make_item(), site=short) == []
    assert atom("//atom:entry/atom:content/text()", make_item(url=None), site=short) == ["Summary 1."]


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"title": " "}, "Summary 1."),
        ({"title": "", "summary": "word " * 40}, ("word " * 16).rstrip() + "…"),
        ({"title": "", "summary": ""}, "https://site.test/1"),
        ({"title": "", "summary": "", "url": None}, "https://site.test/1"),
    ],
)
def test_an_entry_without_a_title_gets_one_in_xml(fields: dict[str, Any], title: str) -> None:
    assert rss("//item/title/text()", make_item(**fields)) == [title]
    assert atom("//atom:entry/atom:title/text()", make_item(**fields)) == [title]


def test_an_entry_in_another_language_says_so() -> None:
    assert rss("//item/dc:language/text()", make_item(language="fr")) == ["fr"]
    assert atom("//atom:entry/@xml:lang", make_item(language="fr")) == ["fr"]
    assert atom("//atom:entry/@xml:lang", make_item(language="en")) == []
    assert atom("//atom:entry/@xml:lang", make_item(language="fr / de")) == []
