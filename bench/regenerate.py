"""One changed entry in a 50-entry feed, all three formats, against building the same documents whole.

Left: what a worker does at a publish hook (render the entry, three openings, splice). Right: what a user of feedgen
and orjson does each time (build all entries, `rss_str`, `atom_str`, `dumps`), giving the same bytes. Rounds of both
take turns, so that other load on the machine hits both; medians are compared.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import statistics
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hub.model import (
    Attachment,
    Entry,
    EntryId,
    EntryNumber,
    FeedHead,
    FeedPath,
    Format,
    Image,
    Item,
    Kind,
    Label,
    Seq,
    Site,
    TermRef,
)
from hub.render import Renderer
from hub.render.masthead import Masthead
from hub.render.renderer import parts
from hub.render.segments import LEVEL
from hub.render.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENTRIES = 50
CONTENT_BYTES = 5_600
LIMIT = 0.15
BLOCK = 5
"""Runs of one way before the next has its turn."""
SITE = Site("https://feeds.example.org", "https://example.org", "The Harbour Light", "News", "en", "bench")
HEAD = FeedHead(FeedPath(Kind.CATEGORY, "europe-news"), "Europe News", "News from Europe", id="europe-news")
AUTHOR, CATEGORY, TAG = (
    TermRef(Kind.AUTHOR, "ada-quill"),
    TermRef(Kind.CATEGORY, "europe-news"),
    TermRef(Kind.TAG, "energy"),
)
LABELS = {
    AUTHOR: Label(Kind.AUTHOR, "ada-quill", "Ada Quill", "https://example.org/ada"),
    CATEGORY: Label(Kind.CATEGORY, "europe-news", "Europe News"),
    TAG: Label(Kind.TAG, "energy", "energy"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """The feed, as a warm worker holds it."""

    items: list[Item]
    renderer: Renderer

    @classmethod
    def make(cls) -> Case:
        items = [_item(number) for number in range(ENTRIES)]
        renderer = Renderer(SITE)
        renderer.draft(items, labels=1).supply(items)
        return cls(items, renderer)

    def change(self, revision: int) -> list[Item]:
        """The window after one entry changed."""
        first, *rest = self.items
        entry = replace(first.entry, title=f"Correction {revision}")
        return [replace(first, revision=revision, seq=Seq(first.seq + revision), entry=entry), *rest]


def splice_one(case: Case, window: list[Item]) -> dict[Format, bytes]:
    """Render the changed entry and splice, without compression."""
    shown = Shown.of(window[0], full_content=True)
    kept = [case.renderer.recall(item) for item in window[1:]]
    masthead = Masthead.of(SITE, HEAD, (), [item.entry.date_modified for item in window])
    documents = {}
    for index, writer in enumerate(case.renderer.writers):
        fragments = [writer.fragment(shown), *(found.segments[index].raw for found in kept if found)]
        by_seq = list(zip((item.seq for item in window), fragments, strict=True))
        documents[writer.format] = b"".join(parts(writer, writer.opening(masthead), by_seq))
    return documents


def regenerate(case: Case, window: list[Item]) -> dict[Format, bytes]:
    """All that a worker does: the changed entry, splicing, gzip, hashes."""
    draft = case.renderer.draft(window, labels=1)
    draft.supply([window[0]])
    rendering = draft.render(HEAD)
    return {format_: document.gzip for format_, document in rendering.documents.items()}


def build_all(case: Case, window: list[Item]) -> dict[Format, bytes]:
    """Build every entry in every format."""
    masthead = Masthead.of(SITE, HEAD, (), [item.entry.date_modified for item in window])
    shown = [Shown.of(item, full_content=True) for item in window]
    return {writer.format: writer.document(masthead, shown) for writer in case.renderer.writers}


def build_and_compress(case: Case, window: list[Item]) -> dict[Format, bytes]:
    """The same, and each document through gzip at the level that fragments have."""
    return {format_: gzip.compress(raw, LEVEL, mtime=0) for format_, raw in build_all(case, window).items()}


def measure(case: Case, rounds: int) -> dict[str, list[float]]:
    """Take microseconds of each way; all take turns, `BLOCK` runs at a time.

    So many, because the first run after another way finds caches and heap as that one left them.
    """
    ways: dict[str, Callable[[Case, list[Item]], dict[Format, bytes]]] = {
        "spliced": splice_one,
        "full": build_all,
        "spliced_gzip": regenerate,
        "full_gzip": build_and_compress,
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    revisions = itertools.count(2)
    for _ in range(rounds):
        for name, way in itertools.chain.from_iterable([pair] * BLOCK for pair in ways.items()):
            window = case.change(next(revisions))
            start = time.perf_counter_ns()
            way(case, window)
            taken[name].append((time.perf_counter_ns() - start) / 1000)
    return taken


def run(*, rounds: int) -> dict[str, object]:
    """Measure, after making sure that both ways give the same bytes."""
    case = Case.make()
    window = case.change(1)
    full = build_all(case, window)
    assert splice_one(case, window) == full
    assert {f: gzip.decompress(raw) for f, raw in regenerate(case, window).items()} == full
    taken = measure(case, rounds)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    first = {name: statistics.median(times[::BLOCK]) for name, times in taken.items()}
    return {
        "bench": "regenerate",
        "rounds": rounds,
        "entries": ENTRIES,
        "content_bytes": CONTENT_BYTES,
        "document_bytes": {str(format_): len(raw) for format_, raw in full.items()},
        "spliced_us": round(medians["spliced"], 1),
        "full_us": round(medians["full"], 1),
        "ratio": round(medians["spliced"] / medians["full"], 4),
        "ratio_first_of_block": round(first["spliced"] / first["full"], 4),
        "limit": LIMIT,
        "spliced_gzip_us": round(medians["spliced_gzip"], 1),
        "full_gzip_us": round(medians["full_gzip"], 1),
        "ratio_gzip": round(medians["spliced_gzip"] / medians["full_gzip"], 4),
    }


def main(argv: Sequence[str]) -> dict[str, object]:
    """Print the comparison for people; answer it as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench regenerate", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args(argv).rounds
    result = run(rounds=rounds)
    print(
        f"{ENTRIES} entries of {CONTENT_BYTES} bytes, one changed, RSS + Atom + JSON; {result['rounds']} rounds"
    )
    print(f"  spliced, before compression     {result['spliced_us']:>10} µs")
    print(f"  full feedgen build              {result['full_us']:>10} µs")
    print(f"  ratio                           {result['ratio']:>10}    (limit {LIMIT})")
    print(f"  ratio, first run of each block  {result['ratio_first_of_block']:>10}")
    print(f"  spliced, with gzip and hashes   {result['spliced_gzip_us']:>10} µs")
    print(f"  full feedgen build, with gzip   {result['full_gzip_us']:>10} µs")
    print(f"  ratio                           {result['ratio_gzip']:>10}")
    return result


def _item(number: int) -> Item:
    """A newsroom's entry: prose in paragraphs, a picture, now and then a sound."""
    dice = random.Random(number)
    words = (
        "harbour",
        "northern",
        "town",
        "Monday",
        "cable",
        "grid",
        "wind",
        "power",
        "price",
        "said",
        "that",
    )
    html = ""
    while len(html) < CONTENT_BYTES - 400:
        sentence = " ".join(dice.choice(words) + dice.choice(("", "s", "ed", "")) for _ in range(40))
        html += f'<p>{sentence} <a href="https://example.org/{dice.getrandbits(32):x}">more</a>.</p>\n'
    html = html.ljust(CONTENT_BYTES, "\N{EN DASH}")
    date = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(minutes=number)
    url = f"https://example.org/2026/11/story-{number}"
    image = Image(f"{url}.jpg", "image/jpeg", 1200, 800, "C. Lens", "The harbour at dusk")
    sound = (Attachment(f"{url}.mp3", "audio/mpeg", "Listen", 4_711_000, 312),) if number % 5 == 0 else ()
    entry = Entry(
        id=EntryId(url),
        url=url,
        title=f"Story {number} \N{EN DASH} a headline",
        summary="What happened, in a sentence or two.",
        content_html=html,
        date_published=date,
        date_modified=date,
        authors=(AUTHOR,),
        categories=(CATEGORY,),
        tags=(TAG,),
        image=image,
        attachments=sound,
    )
    return Item(EntryNumber(number), 1, Seq(1795460320084001 + number), entry, LABELS)


if __name__ == "__main__":
    import sys

    print(json.dumps(main(sys.argv[1:])))
