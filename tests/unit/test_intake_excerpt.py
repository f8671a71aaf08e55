"""What everybody may see of an article, and the summary of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.intake.excerpt import SUMMARY_LENGTH, paragraphs, plain_text, summarize, visible_part
from hub.intake.text import shorten


@pytest.mark.parametrize(
    ("html", "visible"),
    [
        ("<p>a</p><!--members-only--><p>b</p>", "<p>a</p>"),
        ("<p>a</p><!-- MEMBERS-ONLY --><p>b</p>", "<p>a</p>"),
        ("<p>a</p><!--more--><p>b</p>", "<p>a</p>"),
        ("<p>a</p><!--more Read on--><p>b</p>", "<p>a</p>"),
        ("a<!--more-->b<!--members-only-->c", "a"),
        ("a<!--members-only-->b<!--more-->c", "a"),
        ("<!--members-only-->b", ""),
        ("<p>no mark</p>", ""),
        ("<p>a</p><!--moreover--><p>b</p>", ""),
        ("<p>a</p><!--kg-card-begin: html--><p>b</p>", ""),
        ("<p>a</p>&lt;!--members-only--&gt;<p>b</p>", ""),
        ("", ""),
    ],
)
def test_without_a_mark_nothing_is_shown_and_with_one_only_what_precedes_it(html: str, visible: str) -> None:
    assert visible == visible_part(html)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One <b>bo</b>ld.</p><p>Two.</p>", "One bold. Two."),
        ("a<br>b<hr>c", "a b c"),
        ("<ul><li>a</li><li>b</li></ul>", "a b"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("<figure><img alt='x'><figcaption>Photo: F. <b>Q</b></figcaption></figure><p>Text</p>", "Text"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>字", "漢字"),
        ("&lt;b&gt; &amp;amp; 5&nbsp;€", "<b> &amp; 5\u00a0€"),
        ("no tags", "no tags"),
        ("", ""),
    ],
)
def test_the_text_of_an_article_reads_as_it_is_read(html: str, text: str) -> None:
    assert text == plain_text(html)


def test_a_summary_is_the_first_words() -> None:
    summary = summarize("<p>" + "lorem " * 200 + "</p>")

    assert SUMMARY_LENGTH - len("lorem…") < len(summary) <= SUMMARY_LENGTH
    assert summary.endswith("lorem…")


PIECES = st.sampled_from(
    ["<p>", "</p>", "<b>", "</b>", "<figure>", "</figure>", "<br>", " ", "\n", "&amp;", "é\u0301", "字"]
)


@given(st.lists(PIECES | st.text("abc ", max_size=80), max_size=80))
def test_what_is_not_read_changes_no_summary(pieces: list[str]) -> None:
    html = "".join(pieces)

    assert summarize(html) == shorten(plain_text(html), SUMMARY_LENGTH)


def test_plain_text_becomes_paragraphs() -> None:
    assert paragraphs("a < b\nc\n\n \nd & e\r\n") == "<p>a &lt; b<br>c</p><p>d &amp; e</p>"
    assert paragraphs("  \n ") == ""
