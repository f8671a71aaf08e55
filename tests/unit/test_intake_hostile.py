"""Malformed and hostile bodies: each is refused with the field's path, or stored safe. Nothing else happens."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import BadRequest, HubError, Invalid, TooLarge
from hub.events import EntryPublished
from hub.intake.faults import MAX_FAULTS
from hub.intake.policy import MAX_BATCH_BYTES, MAX_ENTRY_BYTES, IntakePolicy
from hub.intake.publish import read_events
from hub.model import Entry

POLICY = IntakePolicy(
    now=datetime(2026, 11, 23, 10, tzinfo=UTC), base_url="https://site.test", embed_hosts=frozenset()
)
GOOD: dict[str, Any] = {"id": "1", "title": "T", "date_published": "2026-11-23T09:00:00Z"}


def send(body: bytes) -> EntryPublished:
    (event,) = read_events(body, POLICY).elements
    assert isinstance(event, EntryPublished)
    return event


def as_body(**fields: Any) -> bytes:
    return json.dumps({"type": "entry.published", "entry": GOOD | fields}).encode()


def pointers(body: bytes) -> list[str]:
    """Send what must be refused; give where it says that the faults are."""
    with pytest.raises(Invalid) as refusal:
        read_events(body, POLICY)
    assert refusal.value.status == 422
    assert all(fault.detail for fault in refusal.value.errors)
    json.dumps([fault.pointer + fault.detail for fault in refusal.value.errors], ensure_ascii=False).encode()
    return [fault.pointer for fault in refusal.value.errors]


NO_JSON = {
    "nothing": b"",
    "blank": b" \n",
    "cut off": b'{"type": "entry.publ',
    "text": b"hello",
    "xml": b"<?xml version='1.0'?><methodCall/>",
    "form": b"hub.mode=publish&hub.url=x",
    "two values": b"{} {}",
    "single quotes": b"{'type': 'x'}",
    "trailing comma": b'{"type": "x",}',
    "comment": b"/* */ {}",
    "raw line feed": b'{"type": "a\nb"}',
    "raw nul": b'{"type": "a\x00b"}',
    "not a number": b'{"type": NaN}',
    "infinity": b'{"type": -Infinity}',
    "latin-1": '{"type": "é"}'.encode("latin-1"),
    "utf-16": '{"type": "x"}'.encode("utf-16"),
    "surrogate bytes": b'{"type": "\xed\xa0\x80"}',
    "overlong slash": b'{"type": "\xc0\xaf"}',
    "binary": bytes(range(256)),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "a name twice": b'{"type": "entry.removed", "type": "entry.published"}',
    "a name twice, deep": b'{"type": "entry.published", "entry": {"id": "1", "id": "2"}}',
    "5,000 digits": b'{"type": ' + b"9" * 5000 + b"}",
    "101 digits": b'{"type": -' + b"9" * 100 + b"}",
    "65 levels": b"[" * 65 + b"]" * 65,
    "100,000 arrays": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "deep extension": b'{"_x": ' + b"[" * 900 + b"]" * 900 + b"}",
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_a_bad_request_that_says_why(body: bytes) -> None:
    with pytest.raises(BadRequest) as refusal:
        read_events(body, POLICY)

    assert refusal.value.status == 400
    assert str(refusal.value).startswith(("not ", "nested "))


@pytest.mark.parametrize(
    "body",
    [
        as_body(content_html="x" * MAX_ENTRY_BYTES),
        as_body(_extension="x" * MAX_ENTRY_BYTES),
        b" " * MAX_ENTRY_BYTES + b"{}",
        b"[" + b" " * MAX_BATCH_BYTES + b"]",
    ],
    ids=["content", "extension", "blanks", "batch"],
)
def test_what_is_too_large_is_refused_as_that(body: bytes) -> None:
    with pytest.raises(TooLarge) as refusal:
        read_events(body, POLICY)

    assert refusal.value.status == 413


EVENTS: dict[str, tuple[Any, list[str]]] = {
    "null": (None, [""]),
    "a number": (5, [""]),
    "a string": ("entry.published", [""]),
    "true": (True, [""]),
    "an empty object": ({}, ["/type"]),
    "a bare entry": (GOOD, ["/type"]),
    "no type": ({"entry": GOOD}, ["/type"]),
    "null type": ({"type": None, "entry": GOOD}, ["/type"]),
    "numeric type": ({"type": 1, "entry": GOOD}, ["/type"]),
    "list type": ({"type": ["entry.published"], "entry": GOOD}, ["/type"]),
    "unknown type": ({"type": "entry.publish", "entry": GOOD}, ["/type"]),
    "no entry": ({"type": "entry.published"}, ["/entry"]),
    "null entry": ({"type": "entry.published", "entry": None}, ["/entry"]),
    "entry is an id": ({"type": "entry.removed", "entry": "1"}, ["/entry"]),
    "entry is an array": ({"type": "entry.published", "entry": [GOOD]}, ["/entry"]),
    "wrong object": ({"type": "category.updated", "tag": {"slug": "a"}}, ["/category", "/tag"]),
    "unknown in event": ({"type": "entry.published", "entry": GOOD, "entries": []}, ["/entries"]),
    "event id": ({"type": "entry.published", "entry": GOOD, "id": True}, ["/id"]),
    "removal without id": ({"type": "entry.removed", "entry": {}}, ["/entry/id"]),
    "removal ahead": (
        {"type": "entry.removed", "entry": {"id": "1", "date_modified": "2027-01-01T00:00:00Z"}},
        ["/entry/date_modified"],
    ),
    "no slug": ({"type": "tag.updated", "tag": {"name": "a"}}, ["/tag/slug"]),
    "empty slug": ({"type": "tag.updated", "tag": {"slug": " "}}, ["/tag/slug"]),
    "empty name": ({"type": "tag.updated", "tag": {"slug": "a", "name": "\u0000"}}, ["/tag/name"]),
    "null name": ({"type": "tag.updated", "tag": {"slug": "a", "name": None}}, ["/tag/name"]),
    "another's word": ({"type": "author.updated", "author": {"slug": "a", "image": None}}, ["/author/image"]),
    "script as avatar": (
        {"type": "author.updated", "author": {"slug": "a", "avatar": "javascript:x"}},
        ["/author/avatar"],
    ),
    "misspelt rename": ({"type": "tag.updated", "tag": {"slug": "a", "newslug": "b"}}, ["/tag/newslug"]),
    "misspelt move": ({"type": "tag.removed", "tag": {"slug": "a", "move_to": "b"}}, ["/tag/move_to"]),
    "move onto itself": ({"type": "tag.removed", "tag": {"slug": "A"}, "moved_to": "a!"}, ["/moved_to"]),
    "inner move onto itself": ({"type": "tag.removed", "tag": {"slug": "a", "moved_to": "a"}}, ["/tag/moved_to"]),
    "two moves": ({"type": "tag.removed", "tag": {"slug": "a", "moved_to": "b"}, "moved_to": "c"}, ["/moved_to"]),
    "1,001 events": ([{}] * 1001, [""]),
}  # fmt: skip


@pytest.mark.parametrize(("event", "where"), EVENTS.values(), ids=EVENTS)
def test_a_wrong_event_is_refused_with_the_path(event: Any, where: list[str]) -> None:
    assert where == pointers(json.dumps(event).encode())


FIELDS: dict[str, tuple[dict[str, Any], list[str]]] = {
    # ids
    "no id": ({"id": None}, ["id"]),
    "empty id": ({"id": ""}, ["id"]),
    "blank id": ({"id": " \n"}, ["id"]),
    "id with nul": ({"id": "a\x00b"}, ["id"]),
    "id with line feed": ({"id": "a\nb"}, ["id"]),
    "id with surrogate": ({"id": "a\ud800"}, ["id"]),
    "id true": ({"id": True}, ["id"]),
    "id 1.5": ({"id": 1.5}, ["id"]),
    "id object": ({"id": {"$oid": "1"}}, ["id"]),
    "long id": ({"id": "x" * 1025}, ["id"]),
    # types
    "title number": ({"title": 5}, ["title"]),
    "title array": ({"title": ["T"]}, ["title"]),
    "title object": ({"title": {"rendered": "T"}}, ["title"]),
    "long title": ({"title": "x" * 2001}, ["title"]),
    "summary true": ({"summary": True}, ["summary"]),
    "long summary": ({"summary": "x" * 20_001}, ["summary"]),
    "html number": ({"content_html": 0}, ["content_html"]),
    "authors object": ({"authors": {"name": "A"}}, ["authors"]),
    "tags string": ({"tags": "a,b"}, ["tags"]),
    "tag number": ({"tags": ["a", 5]}, ["tags/1"]),
    "tag null": ({"tags": [None]}, ["tags/0"]),
    "tag array": ({"tags": [["a"]]}, ["tags/0"]),
    "image number": ({"image": 5}, ["image"]),
    "image array": ({"image": ["https://site.test/i"]}, ["image"]),
    "attachments object": ({"attachments": {}}, ["attachments"]),
    # nothing to show
    "no words": ({"title": ""}, [""]),
    "only a script": ({"title": None, "content_html": "<script>x</script>"}, [""]),
    "only hidden": ({"title": "", "content_html": "<p>x</p>", "visibility": "paid"}, [""]),
    # unknown fields
    "misspelt": ({"date_publised": "2026-11-23T09:00:00Z"}, ["date_publised"]),
    "camel case": ({"contentHtml": "x"}, ["contentHtml"]),
    "prototype": ({"__proto__x": 1, "constructor": {"prototype": 1}}, ["constructor"]),
    "slashes": ({"a/b~c": 1}, ["a~1b~0c"]),
    "empty field name": ({"": 1}, [""]),
    "surrogate field name": ({"\ud800a": 1}, ["a"]),
    "e-mail": ({"authors": [{"name": "A", "email": "a@site.test"}]}, ["authors/0/email"]),
    "deep unknown": ({"image": {"url": "https://site.test/i", "alt": "x"}}, ["image/alt"]),
    "long field name": ({"x" * 100_000: 1}, ["x" * 100]),
    # dates
    "date without offset": ({"date_published": "2026-11-23T09:00:00"}, ["date_published"]),
    "date number": ({"date_published": 1795424400}, ["date_published"]),
    "date object": ({"date_published": {"iso": "2026-11-23T09:00:00Z"}}, ["date_published"]),
    "date rfc 822": ({"date_published": "Mon, 23 Nov 2026 09:00:00 GMT"}, ["date_published"]),
    "day that is none": ({"date_published": "2026-02-30T09:00:00Z"}, ["date_published"]),
    "year 0": ({"date_published": "0000-01-01T00:00:00Z"}, ["date_published"]),
    "year 1": ({"date_published": "0001-01-01T00:00:00Z"}, ["date_published"]),
    "after year 9999": ({"date_expires": "9999-12-31T23:59:59-01:00"}, ["date_expires"]),
    "modified ahead": ({"date_modified": "2026-11-23T10:05:00.001Z"}, ["date_modified"]),
    "three dates": (
        {"date_published": "x", "date_modified": "x", "date_expires": False},
        ["date_published", "date_modified", "date_expires"],
    ),
    # visibility
    "visibility null": ({"visibility": None}, ["visibility"]),
    "visibility empty": ({"visibility": ""}, ["visibility"]),
    "visibility case": ({"visibility": "Public"}, ["visibility"]),
    "visibility unknown": ({"visibility": "secret"}, ["visibility"]),
    "visibility true": ({"visibility": True}, ["visibility"]),
    "visibility surrogate": ({"visibility": "public\ud800"}, ["visibility"]),
    # languages
    "language underscore": ({"language": "en_US"}, ["language"]),
    "language sentence": ({"language": "English, mostly"}, ["language"]),
    "language number": ({"language": 1}, ["language"]),
    # addresses
    "script as url": ({"url": "javascript:alert(1)"}, ["url"]),
    "data as url": ({"url": "data:text/html,x"}, ["url"]),
    "relative url": ({"url": "/a"}, ["url"]),
    "url without scheme": ({"url": "//site.test/a"}, ["url"]),
    "url with password": ({"url": "https://user:password@site.test/"}, ["url"]),
    "url with line feed": ({"url": "https://site.test/a\r\nSet-Cookie: x"}, ["url"]),
    "long url": ({"url": "https://site.test/" + "a" * 5000}, ["url"]),
    "image script": ({"image": {"url": "javascript:x"}}, ["image/url"]),
    "image data": ({"image": "data:image/png;base64,AA"}, ["image/url"]),
    "avatar script": ({"authors": [{"name": "A", "avatar": "vbscript:x"}]}, ["authors/0/avatar"]),
    "author file": ({"authors": [{"name": "A", "url": "file:///etc/passwd"}]}, ["authors/0/url"]),
    "attachment script": (
        {"attachments": [{"url": "javascript:x", "mime_type": "audio/mpeg"}]},
        ["attachments/0/url"],
    ),
    # media
    "no image url": ({"image": {"width": 1}}, ["image/url"]),
    "image sizes": (
        {"image": {"url": "https://site.test/i", "width": 0, "height": -1}},
        ["image/width", "image/height"],
    ),
    "image size true": ({"image": {"url": "https://site.test/i", "width": True}}, ["image/width"]),
    "image size text": ({"image": {"url": "https://site.test/i", "width": "1200"}}, ["image/width"]),
    "image size 1.5": ({"image": {"url": "https://site.test/i", "width": 1.5}}, ["image/width"]),
    "image size huge": ({"image": {"url": "https://site.test/i", "width": 10**90}}, ["image/width"]),
    "image type": ({"image": {"url": "https://site.test/i", "type": "<script>"}}, ["image/type"]),
    "no mime type": ({"attachments": [{"url": "https://site.test/a"}]}, ["attachments/0/mime_type"]),
    "mime type": (
        {"attachments": [{"url": "https://site.test/a", "mime_type": "audio"}]},
        ["attachments/0/mime_type"],
    ),
    "attachment sizes": (
        {
            "attachments": [
                {"url": "https://site.test/a", "mime_type": "a/b", "size_in_bytes": -1, "duration_in_seconds": -1},
                {"url": "https://site.test/a", "mime_type": "a/b", "size_in_bytes": 2**53, "duration_in_seconds": "1"},
                {"url": "https://site.test/a", "mime_type": "a/b", "duration_in_seconds": True},
            ]
        },
        [
            "attachments/0/size_in_bytes",
            "attachments/0/duration_in_seconds",
            "attachments/1/size_in_bytes",
            "attachments/1/duration_in_seconds",
            "attachments/2/duration_in_seconds",
        ],
    ),
    "101 attachments": (
        {"attachments": [{"url": "https://site.test/a", "mime_type": "a/b"}] * 101},
        ["attachments"],
    ),
    # terms
    "201 tags": ({"tags": [f"t{n}" for n in range(201)]}, ["tags"]),
    "100,000 wrong tags": ({"tags": [0] * 100_000}, ["tags"]),
    "tag without name": ({"tags": [{"id": 1}]}, ["tags/0"]),
    "blank tag": ({"tags": [" "]}, ["tags/0"]),
    "long tag": ({"tags": ["x" * 2001]}, ["tags/0/name"]),
    "tag with a parent": ({"tags": [{"name": "a", "parent": "b"}]}, ["tags/0/parent"]),
    "duplicate slugs": (
        {"categories": [{"id": 1, "name": "Europe"}, "x", {"id": 2, "slug": "EUROPE!"}]},
        ["categories/2"],
    ),
    "duplicate ids": ({"authors": [{"id": 1, "name": "A"}, {"id": "1", "name": "B"}]}, ["authors/1"]),
    "own parent": ({"categories": [{"name": "A", "parent": "a"}]}, ["categories/0"]),
    "own parent by id": ({"categories": ["x", {"id": 7, "name": "A", "parent": 7}]}, ["categories/1"]),
    "parent object": ({"categories": [{"name": "A", "parent": {"slug": "b"}}]}, ["categories/0/parent"]),
    # markup
    "100,000 nested tags": ({"content_html": "<div>" * 100_000}, ["content_html"]),
    "10,000 attributes": ({"content_html": "<p " + " ".join(f"a{n}" for n in range(10_000)) + ">"}, ["content_html"]),
    "markup that grows": ({"content_html": "<" * 1_100_000}, ["content_html"]),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "where"), FIELDS.values(), ids=FIELDS)
def test_a_wrong_field_is_refused_with_its_path(fields: dict[str, Any], where: list[str]) -> None:
    root = "" if where == [""] and "" not in fields else "/"

    assert [f"/entry{root}{path}" for path in where] == pointers(as_body(**fields))


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
def test_a_number_that_overflows_is_refused(number: str) -> None:
    attachment = '{"url": "https://site.test/a", "mime_type": "a/b", "duration_in_seconds": %s}' % number  # noqa: UP031
    body = '{"type": "entry.published", "entry": {"id": "1", "attachments": [%s]}}' % attachment  # noqa: UP031

    assert pointers(body.encode()) == ["/entry/attachments/0/duration_in_seconds"]


def test_every_fault_is_said_at_once_and_a_misspelt_name_is_recognised() -> None:
    with pytest.raises(Invalid) as refusal:
        read_events(
            as_body(title=5, url="/a", date_publised="x", image={"url": "x:", "widht": 1}, zzz=1), POLICY
        )

    faults = {fault.pointer: fault.detail for fault in refusal.value.errors}
    assert set(faults) == {
        "/entry/title", "/entry/url", "/entry/date_publised", "/entry/image/url", "/entry/image/widht", "/entry/zzz",
    }  # fmt: skip
    assert "did you mean date_published?" in faults["/entry/date_publised"]
    assert "did you mean width?" in faults["/entry/image/widht"]
    assert "did you mean" not in faults["/entry/zzz"]
    assert faults["/entry/title"] == "must be a string"


def test_a_body_full_of_faults_gets_a_short_answer() -> None:
    where = pointers(as_body(**{f"x{n}": 1 for n in range(5000)}))

    assert len(where) == MAX_FAULTS + 1
    assert where[-1] == ""


def test_a_fault_in_an_array_is_said_with_its_position() -> None:
    batch = read_events(b"[" + as_body() + b"," + as_body(title=5) + b"]", POLICY)

    assert isinstance(batch.elements[0], EntryPublished)
    assert isinstance(batch.elements[1], Invalid)
    assert batch.elements[1].errors[0].pointer == "/1/entry/title"


SAFE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "markup in title": ({"title": "<script>alert(1)</script>"}, {"title": "<script>alert(1)</script>"}),
    "control in title": ({"title": "a\x00\x1b[31mb\x9f"}, {"title": "a[31mb"}),
    "lone surrogates": ({"title": "a\ud83d b\udc00"}, {"title": "a b"}),
    "noncharacters": ({"title": "a\ufffe\uffffb"}, {"title": "ab"}),
    "line feeds in title": ({"title": "a\r\nSet-Cookie: x"}, {"title": "a Set-Cookie: x"}),
    "markup in summary": ({"summary": "<img src=x onerror=y>"}, {"summary": "<img src=x onerror=y>"}),
    "cdata end": ({"content_html": "a ]]> b"}, {"content_html": "a ]]&gt; b"}),
    "script": ({"content_html": "<script>x</script><p>a</p>"}, {"content_html": "<p>a</p>"}),
    "handler": ({"content_html": "<p onload=x>a</p>"}, {"content_html": "<p>a</p>"}),
    "script link": ({"content_html": "<a href='javascript:x'>a</a>"}, {"content_html": "<a>a</a>"}),
    "frame": ({"content_html": "<iframe src=https://x.test/></iframe>"}, {"content_html": '<a href="https://x.test/">https://x.test/</a>'}),
    "entity bomb": ({"content_html": "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;"}, {"content_html": "]&gt;&amp;a;"}),
    "xxe": ({"title": "<!ENTITY x SYSTEM 'file:///etc/passwd'>&x;"}, {"title": "<!ENTITY x SYSTEM 'file:///etc/passwd'>&x;"}),
    "extensions": ({"_x": {"y": ["z" * 1000] * 100}, "__proto__": 1}, {}),
    "spaces in url": ({"url": " https://site.test/a b "}, {"url": "https://site.test/a%20b"}),
    "international url": ({"url": "https://exämple.test/é"}, {"url": "https://xn--exmple-cua.test/%C3%A9"}),
    "id like a path": ({"id": "../../etc/passwd"}, {"id": "../../etc/passwd"}),
    "id like a key": ({"id": "x:log\\{}*"}, {"id": "x:log\\{}*"}),
    "far embargo": (
        {"date_published": "9999-12-31T23:59:59.999999Z"},
        {"date_published": datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)},
    ),
    "leap second": ({"date_published": "1990-12-31T23:59:60Z"}, {"date_published": datetime(1991, 1, 1, tzinfo=UTC)}),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "kept"), SAFE.values(), ids=SAFE)
def test_what_can_be_made_safe_is_stored_safe(fields: dict[str, Any], kept: dict[str, Any]) -> None:
    entry = send(as_body(**fields)).entry

    assert kept == {name: getattr(entry, name) for name in kept}


def test_slugs_of_hostile_names_are_plain() -> None:
    names = ["../x", "x:log", "a/b", "%2e%2e%2f", "{hub}", "<b>", "a\x00b", "\u202ex"]

    slugs = [term.slug for term in send(as_body(tags=names)).terms]

    assert len(slugs) == len(names)
    assert not set("".join(slugs)) & set("/.:{}<>%\x00\u202e ")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters(), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from([*Entry.__dataclass_fields__, "content_text", "external_url"])


@given(st.dictionaries(_NAMES, _JSON, max_size=6))
@settings(max_examples=150)
def test_whatever_is_sent_the_answer_is_an_event_or_an_error_of_ours(fields: dict[str, Any]) -> None:
    try:
        event = send(as_body(**fields))
    except HubError as error:
        assert error.status in {400, 422}  # noqa: PT017 - either of two outcomes
    else:
        repr(event).encode()
