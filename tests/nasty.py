"""Hypothesis strategies for entries and feeds as bad as intake lets through: any text that XML can hold."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from hub.model import (
    Attachment,
    Entry,
    EntryId,
    EntryNumber,
    FeedHead,
    FeedPath,
    Image,
    Item,
    Kind,
    Label,
    Seq,
    TermRef,
    Tombstone,
)

PIECES = (
    *(
        "]]>",
        "<![CDATA[",
        "&",
        "&amp;",
        "&nbsp;",
        "<b>",
        "</item>",
        "</channel></rss>",
        "</feed>",
        '"',
        "'",
        "<!--",
    ),
    *(
        "שלום עולם",
        "電力",
        "⚡👩🏽‍🚀",
        "“curly”",
        "en – dash",
        "1234567890123456789012345678901234567",
        "\t",
        "\n",
        "\r\n",
    ),
    *(
        "]}",
        "0}}",
        '"_feedhub":{"seq":',
        "\\",
        "\u2028",
        "\u00a0",
        "\ufffd",
        "𝔘",
        "<updated>1970",
        "%",
        "?>",
        "x" * 3000,
    ),
)
xml_text = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=12)
texts = st.lists(st.sampled_from(PIECES) | xml_text, max_size=5).map("".join)
dates = st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
urls = texts.map(lambda text: "https://site.test/" + "".join(text.split()))
terms = st.sampled_from(
    [TermRef(kind, id_) for kind in (Kind.AUTHOR, Kind.CATEGORY, Kind.TAG) for id_ in ("a", "b", "ü é")]
)
images = st.builds(
    Image,
    urls,
    st.none() | st.sampled_from(["image/png", "nonsense"]),
    st.none() | st.integers(0, 9000),
    st.none() | st.integers(0, 9000),
    st.none() | texts,
    st.none() | texts,
)
attachments = st.builds(
    Attachment,
    urls,
    st.sampled_from(["audio/mpeg", "video/mp4; codecs=x", "application/pdf", "sound"]),
    st.none() | texts,
    st.none() | st.integers(0, 2**40),
    st.none() | st.floats(0, 10**6),
)


@st.composite
def labels(draw: st.DrawFn) -> dict[TermRef, Label]:
    """Labels of some terms; the others have retired."""
    refs = draw(st.lists(terms, unique=True))
    return {
        ref: Label(
            ref.kind, f"slug-{ref.id}", draw(texts) or "?", draw(st.none() | urls), draw(st.none() | urls)
        )
        for ref in refs
    }


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    """A feed's window."""
    shown = draw(labels())
    count = draw(st.integers(0, 5))
    return [draw(_item(number, shown)) for number in range(1, count + 1)]


@st.composite
def _item(draw: st.DrawFn, number: int, shown: dict[TermRef, Label]) -> Item:
    refs = draw(st.lists(terms, unique=True, max_size=5))
    by_kind = {kind: tuple(ref for ref in refs if ref.kind is kind) for kind in Kind}
    url = draw(st.none() | urls)
    entry = Entry(
        id=EntryId(draw(st.just(url or "x") | texts) or str(number)),
        url=url,
        title=draw(texts),
        summary=draw(texts),
        content_html=draw(texts),
        date_published=draw(dates),
        date_modified=draw(dates),
        language=draw(st.none() | st.sampled_from(["en", "de-AT", "not a language"])),
        visibility=draw(st.sampled_from(["public", "members"])),
        authors=by_kind[Kind.AUTHOR],
        categories=by_kind[Kind.CATEGORY],
        tags=by_kind[Kind.TAG],
        image=draw(st.none() | images),
        attachments=tuple(draw(st.lists(attachments, max_size=3))),
    )
    return Item(EntryNumber(number), draw(st.integers(1, 9)), Seq(draw(st.integers(1, 2**53))), entry, shown)


heads = st.builds(
    FeedHead,
    st.sampled_from([FeedPath(Kind.ALL), FeedPath(Kind.AUTHOR, "ådà"), FeedPath(Kind.TAG, "c")]),
    texts,
    texts,
    st.none() | urls,
    st.none() | urls,
    st.none() | dates,
)
tombstones = st.lists(
    st.builds(Tombstone, texts.map(EntryId), st.integers(1, 2**53).map(Seq), dates), max_size=3
)
