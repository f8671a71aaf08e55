"""A WordPress post's text, as the database has it: what WordPress itself makes of it."""

from __future__ import annotations

import pytest

from hub.intake.html import sanitize
from hub.intake.wpcontent import shown_content

VIDEO = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
PICTURE = '<img src="https://site.test/a.jpg">'
LINK = f'<a href="{VIDEO}">{VIDEO}</a>'


def shown(raw: str) -> str:
    return sanitize(shown_content(raw), base="https://site.test/", embed_hosts=frozenset())


@pytest.mark.parametrize(
    ("raw", "html"),
    [
        pytest.param("One\ntwo.\r\n\r\nThree.", "<p>One<br>two.</p><p>Three.</p>", id="blank lines part"),
        pytest.param("A\n<h2>H</h2>\nB\n\nC", "<p>A</p><h2>H</h2><p>B</p><p>C</p>", id="around a block"),
        pytest.param("<ul>\n<li>a</li>\n\n<li>b</li>\n</ul>\nC", "<ul><li>a</li><li>b</li></ul><p>C</p>", id="list"),
        pytest.param("<pre>a\n\nb</pre>\n\nC", "<pre>a\n\nb</pre><p>C</p>", id="line ends in pre are kept"),
        pytest.param("<pre>a\n\nb", "<pre>a\n\nb</pre>", id="a pre that never ends"),
        pytest.param("<!--more-->\n\nB", "<p>B</p>", id="the mark of the teaser is no paragraph"),
        pytest.param(f"A\n\n{VIDEO}\n\nB", f"<p>A</p><p>{LINK}</p><p>B</p>", id="an address alone is a link"),
        pytest.param(f"A {VIDEO}", f"<p>A {VIDEO}</p>", id="within a line it stays text"),
        pytest.param("http://a.t/?&amp;", '<p><a href="http://a.t/?&amp;">http://a.t/?&amp;</a></p>', id="escaped"),
        pytest.param(f"[embed width=1]{VIDEO}[/embed]", f"<p>{LINK}</p>", id="embed"),
        pytest.param(
            '[caption id="x" width="9"]<a href="/b"><img src="/a.jpg"></a> <i>Of</i> it[/caption]',
            f'<figure><a href="https://site.test/b">{PICTURE}</a><figcaption><i>Of</i> it</figcaption></figure>',
            id="caption",
        ),
        pytest.param(
            "[caption caption='Of &amp; it']<img src='/a.jpg'>[/caption]",
            f"<figure>{PICTURE}<figcaption>Of &amp; it</figcaption></figure>",
            id="caption of old",
        ),
        pytest.param('[gallery ids="1,2"]\n\nB', "<p>B</p>", id="a gallery is only there"),
        pytest.param(
            '[audio mp3="https://a.test/a.mp3"][/audio]',
            '<audio src="https://a.test/a.mp3" controls=""></audio>',
            id="player",
        ),
        pytest.param('[sic] [form id="1"]', '<p>[sic] [form id="1"]</p>', id="others stay text"),
        pytest.param("[/caption] [caption]", "<p>[/caption] [caption]</p>", id="halves stay text"),
        pytest.param("", "", id="nothing"),
    ],
)  # fmt: skip
def test_the_classic_editor(raw: str, html: str) -> None:
    assert shown(raw) == html


def test_blocks_are_html_already() -> None:
    raw = f"""<!-- wp:paragraph -->
<p>One

two</p>
<!-- /wp:paragraph -->

<!-- wp:embed {{"url":"{VIDEO}"}} -->
<figure class="wp-block-embed"><div class="wp-block-embed__wrapper">
{VIDEO}
</div></figure>
<!-- /wp:embed -->
<!-- wp:latest-posts /-->"""

    assert shown(raw) == f"<p>One\n\ntwo</p>\n\n\n\n<figure><div>\n{LINK}\n</div></figure>"


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "raw",
    ["[caption" * 200_000, "[caption]" * 200_000, "[" * 10**6, "\n" * 10**6, "\n \t" * 200_000 + "x", "<pre>" * 200_000,
     "<p" * 500_000, "https://" * 200_000, "[caption]" + "<a " * 300_000 + "[/caption]", "[audio " + "a=" * 500_000],
    ids=lambda raw: raw[:12].replace("\n", "-"),
)  # fmt: skip
def test_nothing_takes_the_square_of_a_text(raw: str) -> None:
    assert isinstance(shown_content(raw), str)
