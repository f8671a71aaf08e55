"""Text that every document can hold, with all that means something kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hub.intake.text import clean, is_damaged, one_line, shorten

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    "text",
    [
        "“curly” ‘quotes’ – en — em…",
        "a ]]> b <![CDATA[ c",
        "1234567890123456789012345678901234567",
        "עברית \u200fRTL\u200e \u202bembedded\u202c \u2067isolated\u2069",
        "می\u200cخواهم",
        "👩\u200d👩\u200d👧 🏳️\u200d🌈 \U0001f600",
        "日本語　中文",
        "prix\u00a0: 5\u202f€",
        "soft\u00adhyphen",
        "tab\tand\nline",
        "<b>not markup</b> &amp; not a reference",
    ],
)
def test_what_means_something_is_kept(text: str) -> None:
    assert text == clean(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b", "ab"),
        ("a\x08\x0e\x1fb", "ab"),
        ("a\x7f\x80\x9fb", "ab"),
        ("a\ud800b\udfffc", "abc"),
        ("a\ufffe\uffffb", "ab"),
        ("a\x0bb\x0cc", "a b c"),
        ("a\r\nb\rc\x85d", "a\nb\nc\nd"),
    ],
)
def test_what_no_document_can_hold_goes(text: str, kept: str) -> None:
    assert kept == clean(text)


@given(ANY_TEXT)
def test_clean_text_is_legal_in_xml_and_stays_clean(text: str) -> None:
    element = etree.Element("a")
    element.text = clean(text)

    assert (etree.fromstring(etree.tostring(element)).text or "") == clean(text)
    assert clean(text) == clean(clean(text))
    clean(text).encode()


@given(ANY_TEXT)
def test_an_undamaged_identifier_is_one_that_cleaning_leaves_alone(text: str) -> None:
    assert is_damaged(text) == (clean(text).replace("\n", "").replace("\t", "") != text)


def test_a_title_is_one_line_with_its_typography() -> None:
    assert one_line(" A\n\n title\t : \u2028 prix\u00a0: 5 ") == "A title : prix\u00a0: 5"


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("short", 5, "short"),
        ("one two three", 9, "one two…"),
        ("one two three", 8, "one two…"),
        ("one two, three", 10, "one two…"),
        ("onetwothree", 6, "onetw…"),
        ("a bcdefghijklmno", 8, "a bcdef…"),
        ("中文中文中文", 4, "中文中…"),
        ("abce\u0301f", 5, "abc…"),
        ("abc👩\u200d👧d", 6, "abc…"),
    ],
)
def test_a_cut_falls_between_words_and_never_inside_a_character(text: str, limit: int, kept: str) -> None:
    assert kept == shorten(text, limit)


@given(ANY_TEXT, st.integers(2, 50))
def test_a_cut_text_is_never_longer_than_asked(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit
