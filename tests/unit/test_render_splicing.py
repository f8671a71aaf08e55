"""Documents put together from fragments are the documents that one full build gives, in every process."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.model import Format, Item, Seq, Tombstone
from hub.render.masthead import Masthead
from hub.render.renderer import writers
from hub.render.segments import Segment, splice
from hub.render.shown import Shown
from tests import nasty
from tests.feeds import HEAD, SITE, golden_names, load_golden, make_item, render, rendering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model import FeedHead


def full_build(
    entries: Sequence[Item], head: FeedHead, gone: Sequence[Tombstone], *, full_content: bool
) -> dict[Format, bytes]:
    """One feedgen build with all entries (one orjson dump): nothing spliced, nothing kept."""
    site = replace(SITE, full_content=full_content)
    masthead = Masthead.of(site, head, gone, [item.entry.date_modified for item in entries])
    shown = [Shown.of(item, full_content=full_content) for item in entries]
    return {writer.format: writer.document(masthead, shown) for writer in writers(site)}


@given(items=nasty.items(), head=nasty.heads, gone=nasty.tombstones, full=st.booleans())
@settings(max_examples=60, deadline=None)
def test_spliced_bytes_equal_a_full_build(
    *, items: list[Item], head: FeedHead, gone: list[Tombstone], full: bool
) -> None:
    built = full_build(items, head, gone, full_content=full)

    assert render(items, head, gone, replace(SITE, full_content=full)) == built


def test_fifty_entries_with_everything_splice_to_a_full_build() -> None:
    items = [make_item(n, content_html=f"<p>{n} ]]> “x” 電力</p>" * 40) for n in range(50)]

    assert render(items) == full_build(items, HEAD, (), full_content=True)


def test_an_entry_has_the_same_fragment_in_every_feed_but_its_own_seq() -> None:
    here = render([make_item(1), make_item(2)])
    there = render([make_item(3), replace(make_item(2), seq=Seq(77))])

    for format_, start in ((Format.RSS, b"<item>"), (Format.ATOM, b"<entry>")):
        assert here[format_].rpartition(start)[2] == there[format_].rpartition(start)[2]
    assert b'"seq":77}}]}' in there[Format.JSON]


# ---- gzip --------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=400) | st.binary(max_size=400).map(Segment.of), max_size=12))
@settings(deadline=None)
def test_any_parts_make_one_gzip_member(parts: list[Segment | bytes]) -> None:
    raw = b"".join(part.raw if isinstance(part, Segment) else part for part in parts)
    spliced = splice(parts)
    one_member = zlib.decompressobj(wbits=31)

    assert one_member.decompress(spliced.gzip) == raw
    assert one_member.eof
    assert one_member.unused_data == b""
    assert gzip.decompress(spliced.gzip) == raw
    assert spliced.length == len(raw)


def test_a_segment_larger_than_the_window_survives() -> None:
    raw = b"".join(b"%d " % n for n in range(60_000))

    assert gzip.decompress(splice([Segment.of(raw), b"-", Segment.of(raw)]).gzip) == raw + b"-" + raw


@pytest.mark.skipif(not shutil.which("gzip"), reason="no gzip command here")
def test_the_gzip_command_accepts_documents() -> None:
    documents = rendering([make_item(n) for n in range(5)]).documents.values()

    for document in documents:
        tested = subprocess.run(["gzip", "-t"], input=document.gzip, check=False, capture_output=True)
        assert (tested.returncode, tested.stderr) == (0, b"")


def test_a_document_knows_its_length_and_its_time_free_header() -> None:
    for document in rendering([make_item()]).documents.values():
        assert document.length == len(document.raw)
        assert document.gzip[4:8] == bytes(4)


def test_the_hash_follows_the_bytes() -> None:
    def hashes(items: list[Item]) -> list[str]:
        return [document.hash for document in rendering(items).documents.values()]

    before = hashes([make_item(1), make_item(2)])

    assert hashes([make_item(1), make_item(2)]) == before
    assert not set(hashes([make_item(2), make_item(1)])) & set(before)
    assert not set(hashes([make_item(1), make_item(2, title="Other")])) & set(before)
    assert len(set(before)) == len(Format)


def test_a_seq_alone_changes_the_json_hash_alone() -> None:
    first, second = (rendering([replace(make_item(), seq=Seq(n))]).documents for n in (5, 6))

    assert [f for f in Format if first[f].hash != second[f].hash] == [Format.JSON]


# ---- the same bytes anywhere -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", golden_names())
@pytest.mark.parametrize("format_", list(Format))
def test_golden_documents_are_as_reviewed(name: str, format_: Format) -> None:
    golden = load_golden(name)

    assert golden.render()[format_].decode() == golden.path(format_).read_bytes().decode()


@pytest.mark.parametrize("seed", ["1", "31337"])
def test_another_process_renders_the_same_bytes(seed: str, request: pytest.FixtureRequest) -> None:
    program = (
        "import hashlib, locale\n"
        "locale.setlocale(locale.LC_ALL, '')\n"
        "from tests.feeds import load_golden\n"
        "documents = load_golden('newsroom').render()\n"
        "print(*[hashlib.sha256(raw).hexdigest() for raw in documents.values()])"
    )
    elsewhere = {
        "PYTHONHASHSEED": seed,
        "TZ": "Asia/Kathmandu",
        "LC_ALL": "C.UTF-8" if seed == "1" else "C",
        "PYTHONPATH": ".",
    }
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | elsewhere,
        cwd=request.config.rootpath,
        check=True,
        capture_output=True,
        text=True,
    )
    here = load_golden("newsroom").render().values()

    assert answer.stdout.split() == [hashlib.sha256(raw).hexdigest() for raw in here]


# ---- the Atom grammar --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", golden_names())
def test_golden_atom_documents_are_valid(name: str, atom_grammar: etree.RelaxNG) -> None:
    atom_grammar.assertValid(etree.fromstring(load_golden(name).path(Format.ATOM).read_bytes()))


@given(items=nasty.items(), head=nasty.heads, gone=nasty.tombstones)
@settings(max_examples=25, deadline=None)
def test_every_atom_document_is_valid(
    items: list[Item], head: FeedHead, gone: list[Tombstone], atom_grammar: etree.RelaxNG
) -> None:
    atom_grammar.assertValid(etree.fromstring(render(items, head, gone)[Format.ATOM]))


def test_the_grammar_refuses_a_document_without_an_id(atom_grammar: etree.RelaxNG) -> None:
    raw = render([make_item()])[Format.ATOM].replace(b"<id>urn:feedhub:gazette:feed:category:7</id>", b"")

    assert not atom_grammar.validate(etree.fromstring(raw))


@pytest.fixture(scope="module")
def atom_grammar(request: pytest.FixtureRequest) -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(request.config.rootpath / "tests" / "schemas" / "atom.rng"))
