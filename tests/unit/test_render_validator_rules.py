"""The W3C feed validator's errors and warnings that feeds like ours could earn, each as an XPath of what offends.

Every rule is also shown a document that breaks it. Names are the validator's own (feedvalidator/logging.py).
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from lxml import etree

from hub.model import FeedHead, Format, Item, Tombstone
from hub.urls import document_url
from tests import nasty
from tests.feeds import HEAD, PICTURE, SITE, SOUND, golden_names, load_golden, make_item, render

NS = {
    "atom": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "re": "http://exslt.org/regular-expressions",
}
MARKUP = r"'</?(a|b|br|div|em|i|img|p|script|span|strong)\b|&amp;[a-z]+;'"
RFC822 = r"'^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000$'"
RFC3339 = r"'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$'"
ABSOLUTE = "'^https?://[^/]'"
ALTERNATE = "not(@rel) or @rel='alternate'"
KNOWN = "title link description docs generator image url language lastBuildDate item guid category pubDate enclosure"
RSS_RULES = {
    "MissingTitle": "//channel[not(title)] | //item[not(title) and not(description)]",
    "MissingLink": "//channel[not(link)]",
    "MissingDescription": "//channel[not(description/text())]",
    "MissingAtomSelfLink": "//channel[count(atom:link[@rel='self']) != 1]",
    "SelfDoesntMatchLocation": "//atom:link[@rel='self'][@href != $location]",
    "MissingWebSubHub": "//channel[not(atom:link[@rel='hub'])]",
    "DuplicateElement": "//*[self::item or self::channel][count(title) > 1 or count(link) > 1"
    " or count(description) > 1 or count(guid) > 1 or count(pubDate) > 1 or count(enclosure) > 1"
    " or count(content:encoded) > 1 or count(dcterms:modified) > 1 or count(image) > 1]",
    "UndefinedElement": f"//*[namespace-uri()=''][ancestor::channel]"
    f"[not(contains(' {KNOWN} ', concat(' ', name(), ' ')))]",
    "MissingGuid": "//item[not(guid/text())]",
    "DuplicateIds": "//guid[. = ../preceding-sibling::item/guid]",
    "InvalidHttpGUID": f"//guid[@isPermaLink != 'false'][not(re:test(., {ABSOLUTE}))]",
    "InvalidFullLink": f"//link[not(re:test(., {ABSOLUTE}))] | //image/url[not(re:test(., {ABSOLUTE}))]",
    "InvalidRFC2822Date": f"(//pubDate | //lastBuildDate)[not(re:test(., {RFC822}))]",
    "InvalidW3CDTFDate": f"//dcterms:modified[not(re:test(., {RFC3339}))]",
    "InvalidContact": "//author[not(contains(., '@'))]",
    "ContainsHTML": f"(//item/title | //channel/title)[re:test(., {MARKUP})]",
    "ImageTitleDoesntMatch": "//image[title != ../title]",
    "ImageLinkDoesntMatch": "//image[link != ../link]",
    "MissingAttribute": "//enclosure[not(@url and @length and @type)]",
    "InvalidNonNegativeInteger": r"//enclosure[not(re:test(@length, '^\d+$'))]",
    "InvalidMIMEType": "//enclosure[not(contains(@type, '/'))]",
    "MediaGroupWithoutAlternatives": "//media:group[count(media:content) < 2]",
    "InvalidMediaContent": "//media:content[not(@url)] | //media:content[re:test(@width, '[^0-9]')]",
    "NotInANamespace": "/rss[@version != '2.0']",
}
ATOM_RULES = {
    "MissingId": "//atom:feed[count(atom:id) != 1] | //atom:entry[count(atom:id) != 1]",
    "MissingTitle": "(//atom:feed | //atom:entry)[not(atom:title/text())]",
    "InvalidUriId": r"//atom:id[not(re:test(., '^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]+$'))]",
    "DuplicateIds": "//atom:entry[atom:id = preceding-sibling::atom:entry/atom:id]",
    "MissingAuthor": "//atom:feed[not(atom:author)][not(atom:entry) or atom:entry[not(atom:author)]]",
    "MissingAtomSelfLink": "//atom:feed[count(atom:link[@rel='self']) != 1]",
    "SelfDoesntMatchLocation": "//atom:link[@rel='self'][@href != $location]",
    "MissingWebSubHub": "//atom:feed[not(atom:link[@rel='hub'])]",
    "DuplicateAtomLink": f"//atom:link[{ALTERNATE}][not(@type) and preceding-sibling::atom:link[{ALTERNATE}]"
    f"[not(@type)] or @type = preceding-sibling::atom:link[{ALTERNATE}]/@type]",
    "MissingAlternateLink": "//atom:entry[not(atom:content)][not(atom:link[@rel='alternate'])]",
    "InvalidRFC3339Date": f"(//atom:updated | //atom:published)[not(re:test(., {RFC3339}))] "
    f"| //at:deleted-entry[not(re:test(@when, {RFC3339}))]",
    "InvalidTextType": "(//atom:title | //atom:summary | //atom:content)"
    "[@type][not(contains(' text html xhtml ', concat(' ', @type, ' ')))]",
    "ContainsUndeclaredHTML": f"(//atom:title | //atom:subtitle)[not(@type)][re:test(., {MARKUP})]",
    "InvalidMIMEType": "//atom:link[@type][not(contains(@type, '/'))]",
    "MediaGroupWithoutAlternatives": "//media:group[count(media:content) < 2]",
    "TombstoneAfterEntry": "//at:deleted-entry[preceding-sibling::atom:entry]",
}
GOOD = [make_item(2, image=PICTURE, attachments=(SOUND,)), make_item(1)]


def violations(
    format_: Format, raw: bytes, head: FeedHead = HEAD, public_url: str = SITE.public_url
) -> set[str]:
    """Name the rules that a document breaks."""
    root = etree.fromstring(raw)
    rules = RSS_RULES if format_ is Format.RSS else ATOM_RULES
    location = document_url(public_url, head.path, format_)
    return {name for name, xpath in rules.items() if root.xpath(xpath, namespaces=NS, location=location)}


@pytest.mark.parametrize("name", golden_names())
@pytest.mark.parametrize("format_", [Format.RSS, Format.ATOM])
def test_golden_documents_break_no_rule(name: str, format_: Format) -> None:
    golden = load_golden(name)
    raw = golden.path(format_).read_bytes()

    assert violations(format_, raw, golden.head, golden.site.public_url) == set()


# Only what an editor wrote can break these: markup in a headline (plain text, which we must not change), an id twice.
EDITORS = {"ContainsHTML", "ContainsUndeclaredHTML", "DuplicateIds"}


@given(nasty.items(), nasty.heads, nasty.tombstones)
@settings(max_examples=25, deadline=None)
def test_no_entry_makes_a_document_break_a_rule(
    items: list[Item], head: FeedHead, gone: list[Tombstone]
) -> None:
    documents = render(items, head, gone)

    assert violations(Format.RSS, documents[Format.RSS], head) <= EDITORS
    assert violations(Format.ATOM, documents[Format.ATOM], head) <= EDITORS


RSS_BREAKS = [
    ("MissingTitle", "<title>Title 1</title>", "", "<description>Summary 1.</description>", ""),
    ("MissingLink", "<link>https://hub.test/feeds/category/europe-news</link><description>", "<description>"),
    ("MissingDescription", "<description>News from Europe</description>", "<description/>"),
    ("MissingAtomSelfLink", 'rel="self"', 'rel="related"'),
    ("SelfDoesntMatchLocation", "europe-news.rss", "other.rss"),
    ("MissingWebSubHub", 'rel="hub"', 'rel="related"'),
    ("DuplicateElement", "<item>", "<item><title>Another</title>"),
    ("UndefinedElement", "<item>", "<item><updated>2026</updated>"),
    ("MissingGuid", '<guid isPermaLink="true">https://site.test/1</guid>', ""),
    ("DuplicateIds", "https://site.test/1</guid>", "https://site.test/2</guid>"),
    ("InvalidHttpGUID", ">https://site.test/1</guid>", ">1</guid>"),
    ("InvalidFullLink", "<link>https://site.test/1<", "<link>/1<"),
    ("InvalidRFC2822Date", " +0000<", " GMT+0<"),
    ("InvalidW3CDTFDate", "Z</dcterms", ".123+00:00</dcterms"),
    ("InvalidContact", "<item>", "<item><author>Ada Quill</author>"),
    ("ContainsHTML", "<title>Title 1", "<title>&lt;b>Title&lt;/b>"),
    ("ImageTitleDoesntMatch", "<image>", "<image><title>x</title>"),
    ("ImageLinkDoesntMatch", "<image>", "<image><link>https://x.test</link>"),
    ("MissingAttribute", ' length="4711"', ""),
    ("InvalidNonNegativeInteger", ' length="4711"', ' length="None"'),
    ("InvalidMIMEType", 'type="audio/mpeg"', 'type="audio"'),
    ("MediaGroupWithoutAlternatives", "<media:content", "<media:group/><media:content"),
    ("InvalidMediaContent", 'width="1200"', 'width="1200px"'),
    ("NotInANamespace", 'version="2.0"', 'version="0.9"'),
]
ATOM_BREAKS = [
    ("MissingId", "<id>https://site.test/1</id>", ""),
    ("MissingTitle", "<title>Title 1</title>", "<title/>"),
    ("InvalidUriId", "<id>https://site.test/1<", "<id>1<"),
    ("DuplicateIds", "<id>https://site.test/1<", "<id>https://site.test/2<"),
    (
        "MissingAuthor",
        "<author><name>Ada Quill</name><uri>https://site.test/ada</uri></author>",
        "",
        "<author><name>The Test Gazette</name><uri>https://site.test</uri></author>",
        "",
    ),
    ("MissingAtomSelfLink", 'rel="self"', 'rel="related"'),
    ("SelfDoesntMatchLocation", "europe-news.atom", "other.atom"),
    ("MissingWebSubHub", 'rel="hub"', 'rel="related"'),
    ("DuplicateAtomLink", "<summary>", '<link rel="alternate" type="text/html" href="x"/><summary>'),
    (
        "MissingAlternateLink",
        '<content type="html">',
        "<x>",
        "</content>",
        "</x>",
        'rel="alternate"',
        'rel="via"',
    ),
    ("InvalidRFC3339Date", "Z</updated>", ".5+00:00</updated>"),
    ("InvalidTextType", 'type="html"', 'type="CDATA"'),
    ("ContainsUndeclaredHTML", "<title>Title 1", "<title>&lt;i>Title&lt;/i>"),
    ("InvalidMIMEType", 'type="audio/mpeg"', 'type="audio"'),
    ("MediaGroupWithoutAlternatives", "<media:content", "<media:group/><media:content"),
    ("TombstoneAfterEntry", "</feed>", '<at:deleted-entry ref="x" when="2026-01-01T00:00:00Z"/></feed>'),
]


@pytest.mark.parametrize(
    ("format_", "broken"),
    [(Format.RSS, row) for row in RSS_BREAKS] + [(Format.ATOM, row) for row in ATOM_BREAKS],
    ids=lambda value: value[0] if isinstance(value, tuple) else str(value),
)
def test_each_rule_finds_what_it_forbids(format_: Format, broken: tuple[str, ...]) -> None:
    name, *changes = broken
    text = render(GOOD)[format_].decode()
    assert violations(format_, text.encode()) == set()
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)

    assert name in violations(format_, text.encode())


def test_every_rule_has_a_document_that_breaks_it() -> None:
    assert [row[0] for row in RSS_BREAKS] == list(RSS_RULES)
    assert [row[0] for row in ATOM_BREAKS] == list(ATOM_RULES)
