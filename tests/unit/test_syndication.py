"""Feeds of others, read: our own documents come back, WordPress's RSS and Atom agree, odd ones are understood."""

from __future__ import annotations

import json
from calendar import timegm
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest

from hub.errors import BadRequest
from hub.events import EntryPublished, EntryRemoved
from hub.intake.policy import IntakePolicy
from hub.intake.syndication import ForeignFeed, read_feed
from hub.model import Attachment, Format, Image, Kind
from hub.urls import document_url
from tests.cms import FOLDER
from tests.feeds import GOLDEN, load_golden

URL = "https://other.test/blog/feed"
POLICY = IntakePolicy(now=datetime(2026, 11, 24, tzinfo=UTC), base_url="https://site.test")


def read(document: str | bytes, **said: Any) -> ForeignFeed:
    body = document.encode() if isinstance(document, str) else document
    return read_feed(body, POLICY, **({"url": URL} | said))


def entries(feed: ForeignFeed) -> list[EntryPublished]:
    return [event for event in feed.events if isinstance(event, EntryPublished)]


def only(document: str | bytes, **said: Any) -> EntryPublished:
    feed = read(document, **said)
    (event,) = entries(feed)
    assert feed.skipped == ()
    return event


def names(event: EntryPublished, kind: Kind) -> list[str | None]:
    return [term.name for term in event.terms if term.kind is kind]


def rss(items: str, channel: str = "<title>T</title><link>https://other.test/</link>", **root: str) -> str:
    namespaces = {
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "media": "http://search.yahoo.com/mrss/",
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "atom": "http://www.w3.org/2005/Atom",
    }
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in namespaces.items())
    more = " ".join(f'{name}="{value}"' for name, value in root.items())
    return f'<rss version="2.0" {declared} {more}><channel>{channel}{items}</channel></rss>'


def item(inside: str, **root: str) -> EntryPublished:
    return only(rss(f"<item><guid isPermaLink='false'>g</guid><title>t</title>{inside}</item>", **root))


def atom(entries: str, feed: str = "", **root: str) -> str:
    more = " ".join(f'{name}="{value}"' for name, value in root.items())
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {more}><title>T</title>{feed}{entries}</feed>'


def entry(inside: str, feed: str = "", **root: str) -> EntryPublished:
    return only(atom(f"<entry><id>tag:x</id><title>t</title>{inside}</entry>", feed, **root))


def json_feed(*items: dict[str, Any], **head: Any) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": items} | head)


# ---- our own documents come back ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("name", ["newsroom", "author"])
def test_what_we_rendered_is_read_as_what_it_was(name: str, form: Format) -> None:
    rendering = load_golden(name)
    feed = read((GOLDEN / f"{name}.{form}").read_bytes())

    assert feed.skipped == ()
    assert feed.masthead.generator == "Feedhub"
    assert feed.masthead.links.self == document_url(rendering.site.public_url, rendering.head.path, form)
    assert feed.masthead.links.hubs == (f"{rendering.site.public_url}/websub",)
    for event, source in zip(entries(feed), rendering.items, strict=True):
        was, now = source.entry, event.entry
        assert now.title == was.title or (not was.title and form is not Format.JSON)
        shown = was.content_html if rendering.site.full_content else ""
        assert (now.url, now.content_html) == (was.url, again(shown))
        assert now.summary == was.summary or not was.summary
        assert now.date_published == was.date_published.replace(microsecond=0)
        assert now.date_modified == was.date_modified.replace(microsecond=0)
        assert now.image == was.image
        assert [each.url for each in now.attachments] == [each.url for each in was.attachments]
        for kind, refs in ((Kind.CATEGORY, was.categories), (Kind.TAG, was.tags)):
            assert names(event, kind) == [source.labels[ref].name for ref in refs if ref in source.labels]


def again(html: str) -> str:
    """As the sanitiser writes it: a bare `>` is escaped."""
    return html.replace("]]>", "]]&gt;")


def test_an_empty_feed_of_ours_has_no_events() -> None:
    for form in Format:
        assert read((GOLDEN / f"empty.{form}").read_bytes()).events == ()


def test_tombstones_of_ours_are_removals() -> None:
    feed = read((GOLDEN / "newsroom.atom").read_bytes())
    assert [event for event in feed.events if isinstance(event, EntryRemoved)] == [
        EntryRemoved(*removal)  # type: ignore[arg-type]  # ids are strings
        for removal in (
            ("https://example.org/2026/11/withdrawn", datetime(2026, 11, 23, 11, tzinfo=UTC)),
            ("urn:feedhub:harbour:note%2017", datetime(2026, 11, 20, 11, tzinfo=UTC)),
        )
    ]


# ---- WordPress ------------------------------------------------------------------------------------------------------


def test_wordpress_rss_gives_its_posts() -> None:
    feed = read((FOLDER / "wordpress/feed-feed.xml").read_bytes(), url="http://wp.test:8081/feed/")
    assert (feed.masthead.title, feed.masthead.generator) == (
        "The Eco Chronicle",
        "https://wordpress.org/?v=6.1.9",
    )
    assert feed.masthead.links.self == "http://wp.test/feed/"
    assert feed.masthead.links.hubs == ("http://127.0.0.1:9901/hub",)
    assert (len(feed.events), feed.skipped) == (10, ())
    trams = entries(feed)[3]
    assert trams.entry.id == "http://wp.test:8081/2026/11/mayors-big-bet-on-trams-bikes-2/"
    assert trams.entry.title == "Mayor’s big bet on trams & bikes (2)"
    assert names(trams, Kind.AUTHOR) == ["Ann Lee & Co"]  # escaped twice there
    assert names(trams, Kind.CATEGORY) == ["Science & Tech", "Éire", "tag-5"]
    assert trams.entry.date_published == datetime(2026, 11, 23, 15, 15, 56, tzinfo=UTC)
    assert not trams.modified
    assert trams.entry.summary.endswith("3 > 2 & 2 < 3. ]]> CDATA trap. one two")
    assert "<form" not in entries(feed)[2].entry.content_html


def test_wordpress_atom_and_rss_agree() -> None:
    as_atom = read((FOLDER / "wordpress/feed-author-mbrennan-feed-atom.xml").read_bytes())
    as_rss = read((FOLDER / "wordpress/feed-feed.xml").read_bytes())
    told = {event.entry.id: event.entry for event in entries(as_rss)}
    both = [(event.entry, told[event.entry.id]) for event in entries(as_atom) if event.entry.id in told]
    assert len(both) >= 3
    for one, other in both:
        assert (one.url, one.title, one.content_html) == (other.url, other.title, other.content_html)
        assert (one.date_published, one.summary) == (other.date_published, other.summary)
        assert (one.authors, one.categories, one.language) == (
            other.authors,
            other.categories,
            other.language,
        )


@pytest.mark.parametrize("name", ["feed-feed.xml", "feed-author-mbrennan-feed-atom.xml"])
def test_feedparser_finds_the_same(name: str) -> None:
    body = (FOLDER / "wordpress" / name).read_bytes()
    theirs = feedparser.parse(body)["entries"]
    ours = [event.entry for event in entries(read(body))]
    assert [(e["id"], e["link"]) for e in theirs] == [(str(e.id), e.url) for e in ours]
    assert [datetime.fromtimestamp(timegm(e["published_parsed"]), UTC) for e in theirs] == [
        e.date_published for e in ours
    ]


# ---- ids and links --------------------------------------------------------------------------------------------------


def test_without_a_guid_the_link_is_the_id() -> None:
    event = only(rss("<item><title>t</title><link> /a </link></item>"))
    assert (event.entry.id, event.entry.url) == ("https://other.test/a", "https://other.test/a")


def test_a_guid_is_the_link_unless_it_says_otherwise() -> None:
    assert only(
        rss("<item><guid>https://other.test/1</guid></item>".replace("</item>", "<title>t</title></item>"))
    ).entry.url == ("https://other.test/1")
    assert item("").entry.url is None


def test_an_id_may_be_a_number_in_json() -> None:
    assert only(json_feed({"id": 17, "content_text": "x"})).entry.id == "17"


@pytest.mark.parametrize(
    ("document", "links"),
    [
        (
            rss("", '<atom:link rel="self" href="/f"/><atom:link rel="next" href="?p=2"/>'),
            ("https://other.test/f", URL + "?p=2"),
        ),
        (
            atom("", '<link rel="self" href="/f"/><link rel="next" href="?p=2"/>'),
            ("https://other.test/f", URL + "?p=2"),
        ),
        (json_feed(feed_url="/f", next_url="?p=2"), ("https://other.test/f", URL + "?p=2")),
    ],
)
def test_a_feeds_own_links_are_absolute(document: str, links: tuple[str, str]) -> None:
    told = read(document).masthead.links
    assert (told.self, told.next) == links


def test_archives_and_hubs_are_found() -> None:
    feed = read(
        atom(
            "",
            '<link rel="prev-archive" href="/old"/><link rel="hub" href="https://h1.test/"/>'
            '<link rel="hub" href="https://h2.test/"/><link rel="alternate" type="text/html" href="/"/>',
        )
    )
    assert feed.masthead.links.prev_archive == "https://other.test/old"
    assert feed.masthead.links.hubs == ("https://h1.test/", "https://h2.test/")
    assert feed.masthead.links.home == "https://other.test/"
    assert read(json_feed(hubs=[{"type": "WebSub", "url": "https://h1.test/"}])).masthead.links.hubs == (
        "https://h1.test/",
    )


@pytest.mark.parametrize(
    ("event", "link"),
    [
        (
            item("<link>https://other.test/a/b</link><description>&lt;a href='c'>x&lt;/a></description>"),
            "https://other.test/a/c",
        ),
        (item("<description>&lt;a href='c'>x&lt;/a></description>"), "https://other.test/c"),
        (
            item(
                "<link>https://other.test/a/b</link><description>&lt;a href='c'>x&lt;/a></description>",
                **{"xml:base": "/z/"},
            ),
            "https://other.test/z/c",
        ),
        (
            entry('<link href="/a/b"/><content type="html">&lt;a href="c">x&lt;/a></content>'),
            "https://other.test/a/c",
        ),
        (
            entry(
                '<link href="/a/b"/><content type="html" xml:base="d/">&lt;a href="c">x&lt;/a></content>',
                **{"xml:base": "/z/"},
            ),
            "https://other.test/z/d/c",
        ),
        (
            only(json_feed({"id": "1", "url": "/a/b", "content_html": "<a href='c'>x</a>"})),
            "https://other.test/a/c",
        ),
    ],
)
def test_links_lead_from_the_base_that_is_said_else_from_the_entry(event: EntryPublished, link: str) -> None:
    assert f'href="{link}"' in event.entry.content_html


# ---- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("AT&amp;T", "AT&T"),
        ("Trams &amp;amp; bikes", "Trams & bikes"),
        ("Trams &amp;#038; bikes", "Trams & bikes"),
        ("<![CDATA[3 &lt; 4 &gt; 2]]>", "3 < 4 > 2"),
        ("Bells in C++: &lt;vector&gt; &amp; co", "Bells in C++: <vector> & co"),
        ("&lt;b&gt;Bold&lt;/b&gt; move", "Bold move"),
        ("/?a=1&amp;copy=2", "/?a=1&copy=2"),
        ("  two\n\t lines ", "two lines"),
    ],
)
def test_a_title_in_rss_is_unescaped_once(written: str, title: str) -> None:
    assert only(rss(f"<item><guid>g</guid><title>{written}</title></item>")).entry.title == title


@pytest.mark.parametrize(
    ("construct", "title"),
    [
        ("<title>a &lt;b&gt; c</title>", "a <b> c"),
        ('<title type="html">a &lt;b&gt;c&lt;/b&gt; &amp;amp; d</title>', "a c & d"),
        (
            '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a <b>c</b> &amp; d</div></title>',
            "a c & d",
        ),
    ],
)
def test_a_text_construct_of_atom_is_of_the_type_it_says(construct: str, title: str) -> None:
    assert only(atom(f"<entry><id>tag:x</id>{construct}</entry>")).entry.title == title


def test_xhtml_content_becomes_html() -> None:
    event = entry(
        '<content type="xhtml"><x:div xmlns:x="http://www.w3.org/1999/xhtml"><x:p>a<x:br/>b &amp; c</x:p>'
        "<x:script>alert(1)</x:script></x:div></content>"
    )
    assert event.entry.content_html == "<div><p>a<br>b &amp; c</p></div>"


def test_plain_text_content_is_escaped() -> None:
    assert entry("<content>a &lt;b&gt;\n\nc</content>").entry.content_html == "<p>a &lt;b&gt;</p><p>c</p>"
    assert only(json_feed({"id": "1", "content_text": "a <b>"})).entry.content_html == "<p>a &lt;b&gt;</p>"


def test_a_description_is_the_content_where_it_has_markup_and_nothing_else_is() -> None:
    alone = item("<description>&lt;p>Long &amp;amp; rich.&lt;/p></description>")
    assert (alone.entry.content_html, alone.entry.summary) == ("<p>Long &amp; rich.</p>", "Long & rich.")
    both = item(
        "<description>Short.</description><content:encoded><![CDATA[<p>Long.</p>]]></content:encoded>"
    )
    assert (both.entry.content_html, both.entry.summary) == ("<p>Long.</p>", "Short.")
    plain = item("<description>Just words.</description>")
    assert (plain.entry.content_html, plain.entry.summary) == ("", "Just words.")


def test_markup_that_nobody_escaped_is_kept() -> None:
    event = item("<description>One <b>two</b><br/>three</description>")
    assert event.entry.content_html == "One <b>two</b><br>three"


def test_what_a_cms_cut_is_no_summary_beside_the_content() -> None:
    cut = "<description>First words [&amp;#8230;]</description>"
    assert (
        item(cut + "<content:encoded>&lt;p>All of it.&lt;/p></content:encoded>").entry.summary == "All of it."
    )
    assert item(cut).entry.summary == "First words […]"


def test_scripts_and_forms_do_not_come_in() -> None:
    event = item(
        "<description>&lt;p onclick='x()'>a&lt;script>b&lt;/script>&lt;/p>"
        "&lt;a href='javascript:x'>c&lt;/a></description>"
    )
    assert event.entry.content_html == "<p>a</p><a>c</a>"


# ---- people, categories, languages, dates ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("<author>desk@example.org (Ada Quill)</author>", ["Ada Quill"]),
        ("<author>Ada Quill &lt;desk@example.org&gt;</author>", ["Ada Quill"]),
        ("<author>Ada Quill, desk@example.org</author>", ["Ada Quill"]),
        ("<author>desk@example.org</author>", []),
        (
            "<dc:creator>Ada</dc:creator><dc:creator>Mara</dc:creator><author>a@b.org (A)</author>",
            ["Ada", "Mara"],
        ),
        ("<itunes:author>Ada</itunes:author>", ["Ada"]),
        ("<dc:creator> </dc:creator>", []),
    ],
)
def test_authors_have_names_and_no_addresses(written: str, name: list[str]) -> None:
    assert names(item(written), Kind.AUTHOR) == name


def test_an_atom_entry_is_by_its_own_author_else_its_sources_else_its_feeds() -> None:
    feed = "<author><name>The Desk</name><email>desk@example.org</email></author>"
    assert names(entry("", feed), Kind.AUTHOR) == ["The Desk"]
    assert names(entry("<source><author><name>Wire</name></author></source>", feed), Kind.AUTHOR) == ["Wire"]
    own = entry("<author><name>Ada</name><uri>/ada</uri></author>", feed)
    assert [(term.name, term.url) for term in own.terms] == [("Ada", "https://other.test/ada")]


def test_json_authors_of_both_versions() -> None:
    one = only(
        json_feed({"id": "1", "content_text": "x", "author": {"name": "Ada", "url": "https://a.test/"}})
    )
    assert [(term.name, term.url) for term in one.terms] == [("Ada", "https://a.test/")]
    inherited = only(
        json_feed({"id": "1", "content_text": "x"}, authors=[{"name": "Desk"}, {"name": "a@b.c"}])
    )
    assert names(inherited, Kind.AUTHOR) == ["Desk"]


def test_categories_are_named_and_tell_nothing_else() -> None:
    event = item(
        "<category>News</category><category> News </category><category/><dc:subject>Sea</dc:subject>"
    )
    assert [(term.name, term.brief) for term in event.terms] == [("News", True), ("Sea", True)]
    event = entry('<category term="news" label="News"/><category term="sea"/>')
    assert names(event, Kind.CATEGORY) == ["News", "sea"]
    event = only(json_feed({"id": "1", "content_text": "x", "tags": ["News", 5, "Sea"]}))
    assert names(event, Kind.TAG) == ["News", "Sea"]


def test_the_language_is_the_items_else_the_feeds() -> None:
    channel = "<title>T</title><language>de-AT</language>"
    assert only(rss("<item><guid>g</guid><title>t</title></item>", channel)).entry.language == "de-AT"
    assert item("<dc:language>fr</dc:language>").entry.language == "fr"
    assert entry("", **{"xml:lang": "es"}).entry.language == "es"
    assert only(json_feed({"id": "1", "title": "t"}, language="pt-BR")).entry.language == "pt-BR"


def test_a_date_that_is_ahead_or_unreadable_was_not_said() -> None:
    for written in ("Mon, 23 Nov 2099 00:00:00 GMT", "soon"):
        event = item(f"<pubDate>{written}</pubDate>")
        assert (event.entry.date_published, event.dated, event.held) == (POLICY.now, False, False)


def test_names_in_other_case_and_prefixes_that_nobody_declared_are_understood() -> None:
    event = only(
        "<rss><channel><item><GUID>g</GUID><Title>t</Title><pubdate>2026-11-01</pubdate>"
        "<dc:creator>Ada</dc:creator></item></channel></rss>"
    )
    assert event.entry.date_published == datetime(2026, 11, 1, tzinfo=UTC)
    assert names(event, Kind.AUTHOR) == ["Ada"]


def test_rss_1_in_rdf() -> None:
    event = only(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://other.test/"><title>T</title>'
        "<link>https://other.test/</link></channel>"
        '<item rdf:about="urn:x:1"><title>t</title><link>/1</link><dc:date>2026-11-01T00:00Z</dc:date></item></rdf:RDF>'
    )
    assert (event.entry.id, event.entry.url) == ("urn:x:1", "https://other.test/1")
    assert event.entry.date_published == datetime(2026, 11, 1, tzinfo=UTC)


# ---- pictures and attachments ---------------------------------------------------------------------------------------


def test_a_media_picture_has_its_credit() -> None:
    event = item(
        '<media:content url="/p.jpg" medium="image" type="image/jpeg" width="1200" height="800">'
        "<media:credit>C. Lens</media:credit><media:description>A grid</media:description></media:content>"
        '<media:content url="/q.jpg" medium="image"/>'
    )
    assert event.entry.image == Image(
        "https://other.test/p.jpg", "image/jpeg", 1200, 800, "C. Lens", "A grid"
    )
    assert event.entry.attachments == ()


@pytest.mark.parametrize(
    "written",
    [
        '<media:thumbnail url="/p.jpg"/>',
        '<media:group><media:content url="/p.jpg" medium="image"/></media:group>',
        '<media:content url="/f.mp4" type="video/mp4"><media:thumbnail url="/p.jpg"/></media:content>',
        '<itunes:image href="/p.jpg"/>',
        '<enclosure url="/p.jpg" type="image/jpeg" length="0"/>',
    ],
)
def test_a_picture_is_found_wherever_it_is_said(written: str) -> None:
    image = item(written).entry.image
    assert image is not None
    assert image.url == "https://other.test/p.jpg"


def test_an_enclosure_is_an_attachment() -> None:
    event = item(
        '<enclosure url="/a.mp3" type="audio/mpeg" length="4711"/><itunes:duration>1:02:03</itunes:duration>'
    )
    assert event.entry.attachments == (
        Attachment("https://other.test/a.mp3", "audio/mpeg", None, 4711, 3723),
    )
    event = item('<enclosure url="/a.mp3?x=1" length=""/>')
    assert event.entry.attachments == (Attachment("https://other.test/a.mp3?x=1", "audio/mpeg"),)
    event = entry('<link rel="enclosure" href="/a.pdf" title="Paper" length="5"/>')
    assert event.entry.attachments == (Attachment("https://other.test/a.pdf", "application/pdf", "Paper", 5),)


def test_one_medium_said_twice_is_one_attachment() -> None:
    event = item(
        '<enclosure url="/a.mp3" type="audio/mpeg" length="4711"/>'
        '<media:content url="/a.mp3" fileSize="4711" duration="60"/>'
    )
    assert len(event.entry.attachments) == 1


def test_a_film_of_youtubes_has_its_description() -> None:
    event = entry(
        '<media:group xmlns:media="http://search.yahoo.com/mrss/"><media:description>About it.</media:description>'
        '<media:thumbnail url="https://i.test/p.jpg"/></media:group>'
    )
    assert event.entry.summary == "About it."
    assert event.entry.image == Image("https://i.test/p.jpg")


# ---- one bad item, and bad documents --------------------------------------------------------------------------------


def test_one_bad_item_costs_no_other() -> None:
    feed = read(
        rss(
            "<item><title>no id</title></item><item><guid>empty</guid></item>"
            "<item><guid>a</guid><title>A</title></item><item><guid>a</guid><title>again</title></item>"
            f"<item><guid>heavy</guid><description>{'&lt;b>' * 5000}</description></item>"
            "<item><guid>b</guid><title>B</title></item>"
        )
    )
    assert [event.entry.title for event in entries(feed)] == ["A", "B"]
    assert [(each.item, each.why.split(":")[0]) for each in feed.skipped] == [
        ("no id", "has neither an id nor a link"),
        ("empty", "/"),
        ("a", "has the id of an item before it"),
        ("heavy", "/content_html"),
    ]


def test_json_items_of_other_types_are_forgiven_or_skipped() -> None:
    feed = read(
        json_feed(
            {
                "id": "1",
                "title": 5,
                "content_text": "x",
                "authors": "Ada",
                "tags": "x",
                "attachments": {"url": 1},
            },
            {"id": ["x"], "content_text": "x"},
            {"id": "2", "content_html": 5},
        )
    )
    assert [str(event.entry.id) for event in entries(feed)] == ["1"]
    assert [each.item for each in feed.skipped] == ["item 2", "2"]


@pytest.mark.parametrize(
    ("body", "said", "title"),
    [
        (
            '<?xml version="1.0" encoding="utf-8"?>'
            + rss("<item><guid>g</guid><title>caf\xe9</title></item>"),
            "latin-1",
            "café",
        ),
        (rss("<item><guid>g</guid><title>привет</title></item>"), "windows-1251", "привет"),
        (
            '<?xml version="1.0" encoding="utf-16"?>' + rss("<item><guid>g</guid><title>電力</title></item>"),
            "utf-16",
            "電力",
        ),
    ],
)
def test_bytes_in_another_encoding_than_they_say(body: str, said: str, title: str) -> None:
    assert only(body.encode(said), media_type=f"text/xml; charset={said}").entry.title == title


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("a&nbsp;b", "a\u00a0b"),
        ("AT&T and <![CDATA[R&D &nbsp;]]>", "AT&T and R&D"),
        ("bell \x07 and &#7;.", "bell and ."),
        ("&unknown; thing", "&unknown; thing"),
    ],
)
def test_what_xml_does_not_know_is_mended(written: str, title: str) -> None:
    mended = only("\n<?xml version='1.0'?>" + rss(f"<item><guid>g</guid><title>{written}</title></item>"))
    assert mended.entry.title == title


HOSTILE = {
    "no feed: it is empty": b" \n ",
    "it is a web page": b"<!DOCTYPE html><html><head><title>Maintenance</title>",
    "root element is <svg": b"<svg/>",
    "RSS without a channel": b"<rss/>",
    "Opening and ending tag mismatch": b"<rss><channel><item></channel></rss>",
    "no well-formed XML": rss("<item><guid>g</guid><title>cut o").encode()[: -len("</channel></rss>")],
    "declares entities": b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel>&x;</channel></rss>',
    "version is not JSON Feed's": b'{"items": []}',
    "not JSON": b'{"version": ',
    "depth": b"<rss><channel>" + b"<a>" * 5000,
    "nested deeper": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("why", HOSTILE)
def test_what_is_no_feed_is_a_clear_error(why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        read(HOSTILE[why])


def test_a_billion_laughs_are_refused() -> None:
    bomb = b"<!DOCTYPE x [<!ENTITY a0 'ha'>" + b"".join(
        b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)
    )
    with pytest.raises(BadRequest, match="entities"):
        read(bomb + b"]><rss><channel><title>&a11;</title></channel></rss>")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "document",
    [
        rss("<item>" + "<category>c</category>" * 200_000 + "<guid>g</guid><title>t</title></item>"),
        rss("<item><guid>g</guid><title>" + "&lt;a " * 200_000 + "</title></item>"),
        rss("<item><guid>g</guid><title>t</title><author>" + "a" * 500_000 + "</author></item>"),
        rss("<item><guid>g</guid><title>t</title>" + '<media:content url="/a"/>' * 100_000 + "</item>"),
        rss("<item><guid>g</guid><title>t</title><pubDate>" + "Mon, " * 100_000 + "</pubDate></item>"),
        rss("<item/>" * 300_000),
        rss("<item><title>" + "<![CDATA[" * 100_000 + "</title></item>"),
        "<rss>" + "&" * 1_000_000,
        "<rss><!--" + "<!--" * 300_000,
    ],
    ids=["categories", "open-tags", "author", "media", "date", "items", "cdata", "ampersands", "comments"],
)
def test_no_document_takes_more_than_its_length_is_worth(document: str) -> None:
    """The time-out is what fails: anything quadratic here takes minutes."""
    with suppress(BadRequest):
        read(document)
