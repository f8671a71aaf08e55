"""URLs that documents can hold."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.intake.urls import MAX_URL, contact_link, http_url, resolve

BASE = "https://site.test/2026/grid?x=1"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("https://site.test", "https://site.test"),
        ("http://wp.test:8081/2026/11/one/", "http://wp.test:8081/2026/11/one/"),
        ("  https://site.test/a \n", "https://site.test/a"),
        ("HTTPS://Site.TEST/Path", "https://site.test/Path"),
        ("https://my_cdn.site.test/a", "https://my_cdn.site.test/a"),
        ("http://127.0.0.1/a", "http://127.0.0.1/a"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ("https://exämple.test/", "https://xn--exmple-cua.test/"),
        ("https://Ｅxämple。test/", "https://xn--exmple-cua.test/"),
        ("https://straße.test/", "https://xn--strae-oqa.test/"),
        ("https://例え.test/パス", "https://xn--r8jz45g.test/%E3%83%91%E3%82%B9"),
        ("https://site.test/a b/é.html", "https://site.test/a%20b/%C3%A9.html"),
        ("https://site.test/?q=ü&a[]=1", "https://site.test/?q=%C3%BC&a%5B%5D=1"),
        ("https://site.test/#a#b", "https://site.test/#a%23b"),
        ("https://site.test/100%", "https://site.test/100%25"),
        ("https://site.test/%e2%82%ac%2F", "https://site.test/%e2%82%ac%2F"),
        ("https://site.test/a\\b", "https://site.test/a%5Cb"),
        ('https://site.test/"<>^`{|}', "https://site.test/%22%3C%3E%5E%60%7B%7C%7D"),
        (
            "https://site.test/w_300,h_200/~x;p=1!$&'()*+=:@",
            "https://site.test/w_300,h_200/~x;p=1!$&'()*+=:@",
        ),
        ("https://site.test/?sig=a+b/c%3D==&x=~", "https://site.test/?sig=a+b/c%3D==&x=~"),
    ],
)
def test_an_address_is_made_a_valid_uri_and_a_valid_one_stays(sent: str, kept: str) -> None:
    assert kept == http_url(sent)
    assert kept == http_url(kept)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "site.test/a",
        "/a",
        "//site.test/a",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https://site.test",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://site.test/a",
        "mailto:desk@site.test",
        "urn:uuid:1",
        "https://",
        "https:///a",
        "https:site.test",
        "https://:443/a",
        "https://user@site.test/",
        "https://user:password@site.test/",
        "https://site.test\\@evil.test/",
        "https://site.test:port/",
        "https://site.test:70000/",
        "https://site .test/",
        "https://site..test/",
        "https://-site.test/",
        "https://" + "a" * 64 + ".test/",
        "https://" + "a." * 127 + "test/",
        "https://si%74e.test/",
        "https://[::1/",
        "https://[zz]/",
        "https://site.test/a\tb",
        "https://site.test/a\nb",
        "https://site.test/\x00",
        "https://site.test/\x85a",
        "https://site.test/\ud800",
        "https://site.test/" + "a" * MAX_URL,
        "https://site.test/" + "é" * (MAX_URL // 4),
    ],
)
def test_what_is_no_web_address_is_refused(sent: str) -> None:
    with pytest.raises(ValueError, match=r"must|valid"):
        http_url(sent)


@given(st.text(max_size=60))
def test_whatever_follows_the_host_becomes_ascii_once_and_for_all(path: str) -> None:
    try:
        url = http_url("https://site.test/" + path)
    except ValueError:
        return

    assert url.isascii()
    assert url.isprintable()
    assert " " not in url
    assert urlsplit(url).hostname == "site.test"
    assert url == http_url(url)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("/a", "https://site.test/a"),
        ("a b", "https://site.test/2026/a%20b"),
        ("../a", "https://site.test/a"),
        ("?y", "https://site.test/2026/grid?y"),
        ("#note", "https://site.test/2026/grid?x=1#note"),
        ("//cdn.test/a", "https://cdn.test/a"),
        ("http://cdn.test/a", "http://cdn.test/a"),
        (" \x01https://cdn.test/a\x00 ", "https://cdn.test/a"),
        ("htt\nps://cdn.test/a", "https://cdn.test/a"),
        ("", None),
        (" ", None),
        ("javascript:alert(1)", None),
        (" java\tscript:alert(1)", None),
        ("\x01javascript:alert(1)", None),
        ("data:image/png;base64,AA", None),
        ("vbscript:x", None),
        ("blob:https://site.test/1", None),
        ("https://user:password@cdn.test/", None),
        ("//user@cdn.test/", None),
        ("https://[/", None),
    ],
)
def test_a_link_leads_where_a_browser_would_go_or_nowhere(link: str, url: str | None) -> None:
    assert url == resolve(link, BASE)


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("mailto:desk@site.test?subject=a b", "mailto:desk@site.test?subject=a%20b"),
        (" MailTo:desk@site.test", "mailto:desk@site.test"),
        ("tel:+49-30-1", "tel:+49-30-1"),
        ("sms:+49", None),
        ("mailto", None),
        ("javascript:mailto:x", None),
        ("https://site.test/mailto:x", None),
    ],
)
def test_only_mail_and_telephone_are_other_links(link: str, kept: str | None) -> None:
    assert kept == contact_link(link)
