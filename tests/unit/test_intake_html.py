"""Article HTML: safe in any reader, absolute, and otherwise as it was written."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from hub.intake.html import sanitize
from hub.intake.markup import MAX_ATTRIBUTES, is_too_heavy

BASE = "https://site.test/2026/grid"
EMBED_HOSTS = frozenset({"www.youtube.com", "player.test:8443"})


def safe(html: str) -> str:
    return sanitize(html, base=BASE, embed_hosts=EMBED_HOSTS)


@pytest.mark.parametrize(
    "html",
    [
        "plain text without a tag",
        "<p>“curly” ‘quotes’ – en — em… 1234567890123456789012345678901234567</p>",
        "<p>a ]]&gt; b &amp; c &lt; d &nbsp; e</p>",
        '<p dir="rtl" lang="he">עברית \u200f \u2067x\u2069 👩\u200d👩\u200d👧 日本語</p>',
        "<h2>One</h2><p>two<br>three <em>four</em> <strong>five</strong></p><hr>",
        '<blockquote cite="https://site.test/q"><p>said</p></blockquote><p><q>so</q> <cite>Book</cite></p>',
        '<figure><img src="https://site.test/a.jpg" alt="A" width="2" height="1"><figcaption>By</figcaption></figure>',
        '<picture><source srcset="https://site.test/a.webp" type="image/webp"><img src="https://site.test/a.jpg"></picture>',
        '<table><thead><tr><th scope="col">h</th></tr></thead><tbody><tr><td colspan="2">d</td></tr></tbody></table>',
        '<ol start="3"><li>x</li></ol><ul><li>y</li></ul><dl><dt>t</dt><dd>d</dd></dl>',
        '<p>H<sub>2</sub>O x<sup>2</sup> <abbr title="World">W</abbr> <time datetime="2026-11-23">now</time></p>',
        "<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby> <del>a</del><ins>b</ins> <mark>m</mark> <s>s</s></p>",
        '<details open=""><summary>More</summary><p>x</p></details>',
        "<pre>\n\nfirst line stays empty\n  <code>x</code></pre>",
        '<audio src="https://site.test/a.mp3" controls=""></audio>',
        '<p><a href="https://site.test/a" rel="nofollow sponsored">x</a> <a href="mailto:desk@site.test">m</a></p>',
        '<p><iframe src="https://www.youtube.com/embed/1" width="560" title="T" allowfullscreen=""></iframe></p>',
    ],
)
def test_good_html_stays_as_it_is(html: str) -> None:
    assert html == safe(html)


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        # code
        ("<p>a</p><script>alert(1)</script>", "<p>a</p>"),
        ("<scr<script>ipt>alert(1)</script>", "ipt&gt;alert(1)"),
        ("<style>p{}</style>a", "a"),
        ("<p onclick='x()' style='color:red' class='c' id='i'>a</p>", "<p>a</p>"),
        ("<img src=x onerror=alert(1)>", '<img src="https://site.test/2026/x">'),
        ("<svg><script>alert(1)</script><a href='javascript:x'>t</a></svg>a", "a"),
        ("<math><mi href='javascript:x'>x</mi></math>a", "a"),
        ("<object data=x><embed src=y><p>instead</p></object>", "<p>instead</p>"),
        ("<form action=x><input name=y><button>b</button></form>", "b"),
        ("<noscript><p>n</p></noscript><template><p>t</p></template>a", "a"),
        ("<textarea><p>t</p></textarea><select><option>o</option></select>a", "a"),
        ("<base href='https://evil.test/'><meta http-equiv=refresh><link rel=x href=y>a", "a"),
        ("<!-- c --><![CDATA[ d ]]>a<?php e ?>", "a"),
        # links
        ("<a href='javascript:alert(1)'>a</a>", "<a>a</a>"),
        ("<a href=' java&#9;script&#58;alert(1)'>a</a>", "<a>a</a>"),
        ("<a href='&#1;javascript:alert(1)'>a</a>", "<a>a</a>"),
        ("<a href='data:text/html,x'>a</a>", "<a>a</a>"),
        ("<a href='https://user:password@site.test/'>a</a>", "<a>a</a>"),
        ("<a href='/b' target=_blank rel='noopener evil'>a</a>", '<a href="https://site.test/b" rel="noopener">a</a>'),
        ("<a href='b?c=1&d=é ü'>a</a>", '<a href="https://site.test/2026/b?c=1&amp;d=%C3%A9%20%C3%BC">a</a>'),
        ("<a href='#note'>a</a>", f'<a href="{BASE}#note">a</a>'),
        ("<a href='//cdn.test/b'>a</a>", '<a href="https://cdn.test/b">a</a>'),
        ("<q cite='/s'>a</q>", '<q cite="https://site.test/s">a</q>'),
        ("<q cite='javascript:s'>a</q>", "<q>a</q>"),
        # pictures and sound
        ("<img src='data:image/png;base64,AA' alt=a>b", "b"),
        ("<img src=''>b", "b"),
        ("<img alt='<iframe></iframe><img>' src=x>", '<img alt="&lt;iframe&gt;&lt;/iframe&gt;&lt;img&gt;" src="https://site.test/2026/x">'),
        (
            "<img srcset='/a.jpg 1x, javascript:b 2x,/c,w_2/d.jpg 300w,e.jpg'>",
            '<img srcset="https://site.test/a.jpg 1x, https://site.test/c,w_2/d.jpg 300w, https://site.test/2026/e.jpg">',
        ),
        ("<img srcset='javascript:a 1x'>b", "b"),
        ("<img srcset='a.jpg big'>b", "b"),
        (
            "<video src=a poster=b autoplay></video>",
            '<video src="https://site.test/2026/a" poster="https://site.test/2026/b" controls=""></video>',
        ),
        ("<video poster='javascript:b'></video>", '<video controls=""></video>'),
        # frames
        ("<iframe src='//www.youtube.com/embed/1'>old browser</iframe>", '<iframe src="https://www.youtube.com/embed/1"></iframe>'),
        ("<iframe src='https://player.test:8443/1'></iframe>", '<iframe src="https://player.test:8443/1"></iframe>'),
        ("<iframe src='http://www.youtube.com/1'></iframe>", '<a href="http://www.youtube.com/1">http://www.youtube.com/1</a>'),
        ("<iframe src='https://youtube.com/1'></iframe>", '<a href="https://youtube.com/1">https://youtube.com/1</a>'),
        ("<iframe src='https://www.youtube.com:8443/1'></iframe>", '<a href="https://www.youtube.com:8443/1">https://www.youtube.com:8443/1</a>'),
        (
            "<iframe src='https://www.youtube.com.evil.test/?a=1&b=2' title='A <b>'></iframe>",
            '<a href="https://www.youtube.com.evil.test/?a=1&amp;b=2">A &lt;b&gt;</a>',
        ),
        ("<iframe src='https://www.youtube.com@evil.test/'></iframe>a", "a"),
        ("<iframe src='javascript:alert(1)'></iframe>a", "a"),
        ("<iframe srcdoc='<script>alert(1)</script>'></iframe>a", "a"),
        ("<iframe><script>alert(1)</script></iframe>a", "a"),
        # damage
        ("a&#1;b&#xfffe;c&#0;d\x00e", "abc\ufffdde"),
        ("a&#13;b\r\nc", "a\nb\nc"),
        ("<p\x0ctitle=a>b", '<p title="a">b</p>'),
        ("<p>open <b>bold", "<p>open <b>bold</b></p>"),
        ("1 < 2 && 3 > 2", "1 &lt; 2 &amp;&amp; 3 &gt; 2"),
        # a tree that its own text does not describe
        ("<p>a<object><p>b</p></object>c</p>", "<p>a</p><p>b</p>c<p></p>"),
        ("<a href=/b><iframe src=/c></iframe></a>", '<a href="https://site.test/b"></a><a href="https://site.test/c">https://site.test/c</a>'),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_not_safe_goes_and_what_is_relative_becomes_absolute(html: str, kept: str) -> None:
    assert kept == safe(html)
    assert kept == safe(kept)


# What parsers, sanitisers and the rewriting step treat in a way of its own.
_PIECES = """<p>|</p>|<b>|</b>|<a>|</a>|<div>|</div>|<table>|<tr>|<td>|</table>|<pre>\n|</pre>|<li>|<ul>|</ul>|<object>
|</object>|<svg>|</svg>|<math>|<mtext>|<iframe>|</iframe>|<script>|</script>|<style>|</style>|<title>|<!--|-->
|<![CDATA[|]]>|<img src=x>|<img alt='<b>'>|<a href=javascript:x>|<a href=//x.test/y>|<iframe src=https://x.test/>
|<select>|<template>|<p title='"'>|&lt;script&gt;|&#1;|&amp;lt;|&nbsp;|text|\ud83d|\x00|<noscript>|<textarea>
|<ruby>|<rt>|<video>|<source>|<form onsubmit=x>|<base href=//x.test/>|<b onclick=x>"""
ANY_HTML = st.lists(st.sampled_from(_PIECES.split("|")) | st.text(max_size=5), max_size=25).map("".join)


@given(ANY_HTML)
@settings(max_examples=150)
def test_sanitising_again_changes_nothing(html: str) -> None:
    once = safe(html)

    assert once == safe(once)


@given(ANY_HTML)
@settings(max_examples=150)
def test_a_reader_finds_nothing_that_runs(html: str) -> None:
    tree = lxml_html.fragment_fromstring(safe(html) or "a", create_parent="div")

    for element in tree.iter():
        assert element.tag not in {"script", "style", "object", "svg", "math", "form", "base"}
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            if name in {"href", "src", "cite", "poster"}:
                assert value.startswith(("https://", "http://", "mailto:", "tel:"))


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000,
        "<b>" * 100_000,
        "<p><b>" * 100_000,
        "<table><tr><td>" * 50_000,
        '<i title="</i>">' * 5_000,
        "<div><!-- > </div> -->" * 5_000,
        "<p>" + "".join(f"<i title={n}>" for n in range(60)) + "</p>" + "<p>x" * 20_000,
        "<p>" + "".join(f"<i title={n}{'a' * 600}>" for n in range(5)) + "</p>" + "<p>x" * 5_000,
        "<i " + " ".join(f"a{n}" for n in range(MAX_ATTRIBUTES + 200)) + ">",
        "<img src=x>" * 150_000,
        '<a b="' * 200_000,
    ],
    ids=[
        "div",
        "b",
        "pb",
        "table",
        "quoted",
        "commented",
        "reopened",
        "grown",
        "attributes",
        "tags",
        "quotes",
    ],
)
def test_html_that_explodes_in_a_parser_is_told_in_no_time(html: str) -> None:
    began = time.perf_counter()

    assert is_too_heavy(html)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    "html",
    [
        '<div class="live"><h3>t</h3><p>some <b>text</b>, <a href="/x">link</a></p></div>' * 8_000,
        "<p>one <p>two <li>three <br> <img src=x>" * 10_000,
        "<p><b><i>sloppy</b></i></p>" * 200,
        "<div>" * 300 + "</div>" * 300,
        f"<img src='data:image/png;base64,{'A' * 500_000}'>",
        "<!--" * 100_000,
        "<" * 200_000,
        "<a " + "=" * 200_000,
        "word " * 100_000,
        "",
    ],
    ids=["live blog", "unclosed", "sloppy", "nested", "data", "comments", "lt", "equals", "words", "nothing"],
)  # fmt: skip
def test_an_article_of_any_length_is_not_too_heavy(html: str) -> None:
    assert not is_too_heavy(html)


@pytest.mark.parametrize(
    "html",
    [
        "<img srcset='" + ", " * 200_000 + "'>",
        "<img srcset='" + "a, " * 200_000 + "'>",
        "<!--more " * 100_000,
    ],
    ids=["blanks", "candidates", "marks"],
)
def test_no_input_takes_the_square_of_its_length(html: str) -> None:
    began = time.perf_counter()
    safe(html)

    assert time.perf_counter() - began < 2
