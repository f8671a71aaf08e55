"""Feeds to documents: what a regenerate job asks of this package.

An entry is rendered once per revision (and per change of a name that it shows), whatever feeds it is in,
and kept in memory as fragments. A document is its opening and fragments, spliced:

    draft = renderer.draft(snapshot.window, labels=snapshot.labels)
    if draft.doubtful:                      # rare: a name changed since these fragments were made
        draft.confirm(await store.labels(draft.doubtful))
    draft.supply(items_of(draft.missing))   # the only entries that must be fetched
    rendering = draft.render(snapshot.head, snapshot.tombstones)
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import merge
from typing import TYPE_CHECKING, Protocol, TypeVar

from hub.model import Format
from hub.render.jsonfeed import JsonWriter
from hub.render.masthead import Masthead
from hub.render.segments import Segment, splice
from hub.render.shown import Shown
from hub.render.xml import AtomWriter, RssWriter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.model import EntryId, EntryNumber, FeedHead, Item, Label, Seq, Site, TermRef, Tombstone
    from hub.render.segments import Spliced
    from hub.render.shown import Ended

T = TypeVar("T")

MEMORY_BYTES = 96 * 2**20
"""Of fragments, per worker process: some 4,000 entries of 5.6 KB, the windows of 80 busy feeds."""
ENDED = 1000
"""Entries that are over and whose fragments are kept: 3 KB each."""
_OVERHEAD = 2048
"""Bytes of objects around one entry's fragments (measured: 1.2 to 1.9 KB)."""


class Place(Protocol):
    """An entry's place in a feed's window. A change of the entry gives it a greater seq in each of its feeds."""

    @property
    def number(self) -> EntryNumber: ...
    @property
    def seq(self) -> Seq: ...


class Writer(Protocol):
    """One format. A document is its opening, fragments with endings and with joiners between, its closing."""

    format: Format
    joiner: bytes
    closing: bytes

    def opening(self, masthead: Masthead) -> bytes: ...
    def fragment(self, shown: Shown) -> bytes: ...
    def ending(self, seq: Seq) -> bytes: ...
    def document(self, masthead: Masthead, entries: Sequence[Shown]) -> bytes: ...


def writers(site: Site) -> tuple[Writer, ...]:
    """One writer per format."""
    return RssWriter(site), AtomWriter(site), JsonWriter(site)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry that a document leaves out, and why."""

    number: EntryNumber | None
    """None: it had left the feed."""
    id: EntryId | None
    """None: the store had it no more."""
    reason: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """A feed's documents in all formats, and what they leave out."""

    documents: Mapping[Format, Spliced]
    skipped: tuple[Skipped, ...]
    fresh: int
    """Entries that were rendered for this; all others were in memory."""


@dataclass(frozen=True, slots=True)
class Fragments:
    """One revision of an entry in every format, and the labels that it shows."""

    revision: int
    known: Seq
    """The latest place at which this revision was found: seqs and revisions are stamps of one clock."""
    labels: tuple[tuple[TermRef, Label | None], ...]
    confirmed: int
    """The labels stamp up to which `labels` are known to hold."""
    published: datetime
    modified: datetime
    segments: tuple[Segment, ...]
    """In the order of the writers."""

    @property
    def size(self) -> int:
        return _OVERHEAD + sum(segment.size for segment in self.segments)


class Renderer:
    """Renders the feeds of one site, in these formats. One per worker process; not for threads."""

    def __init__(
        self, site: Site, *, formats: Collection[Format] = tuple(Format), memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self.site = site
        self.writers = tuple(writer for writer in writers(site) if writer.format in formats)
        self._memory = _Memory(memory_bytes)
        self.render_ended = lru_cache(maxsize=ENDED)(self._render_ended)
        """Fragments of what is over, by all that they are made of."""

    def draft(self, window: Sequence[Place], *, labels: int) -> Draft:
        """Start on a feed's documents.

        `window` is in the order of the documents. `labels` is the stamp of the last change of any name that
        the feed shows; labels read from now on must be at least as new. A stamp may come from several
        feeds' snapshots taken together: then pass the greatest.
        """
        return Draft(self, window, labels)

    def render_entry(self, item: Item, labels: int) -> Fragments:
        """Render an entry in the renderer's formats. Raises whatever a format can't hold."""
        shown = Shown.of(item, full_content=self.site.full_content)
        return Fragments(
            revision=item.revision,
            known=item.seq,
            labels=tuple((ref, item.labels.get(ref)) for ref in item.entry.refs),
            confirmed=labels,
            published=item.entry.date_published,
            modified=item.entry.date_modified,
            segments=self._segments(shown),
        )

    def _render_ended(self, ended: Ended) -> Fragments:
        segments = self._segments(Shown.over(ended))
        return Fragments(ended.revision, ended.seq, (), 0, ended.when, ended.modified, segments)

    def _segments(self, shown: Shown) -> tuple[Segment, ...]:
        return tuple(Segment.of(writer.fragment(shown)) for writer in self.writers)

    def recall(self, place: Place) -> Fragments | None:
        """What memory holds of an entry as it was at that place."""
        kept = self._memory.get(place.number)
        return kept if kept and kept.revision <= place.seq <= kept.known else None

    def remember(self, number: EntryNumber, fragments: Fragments) -> None:
        self._memory.put(number, fragments)


class Draft:
    """One feed's documents in the making: what memory held of its window, and what must still be fetched.

    It keeps what it found, so other feeds' drafts may come and go meanwhile.
    """

    def __init__(self, renderer: Renderer, window: Sequence[Place], labels: int) -> None:
        self._renderer = renderer
        self._window = window
        self._labels = labels
        self._ready: dict[EntryNumber, Fragments] = {}
        self._doubtful: dict[EntryNumber, Fragments] = {}
        self._skipped: dict[EntryNumber, Skipped] = {}
        self._fresh = 0
        for place in window:
            if kept := renderer.recall(place):
                (self._ready if kept.confirmed >= labels else self._doubtful)[place.number] = kept

    @property
    def doubtful(self) -> frozenset[TermRef]:
        """Labels that remembered entries show and that may have changed since."""
        return frozenset(ref for kept in self._doubtful.values() for ref, _ in kept.labels)

    @property
    def missing(self) -> tuple[Place, ...]:
        """Entries that must be supplied: nothing is remembered of them, or nothing that is sure to hold."""
        return tuple(p for p in self._window if p.number not in self._ready and p.number not in self._skipped)

    def confirm(self, labels: Mapping[TermRef, Label]) -> None:
        """Keep what shows these labels as they are; the rest becomes missing."""
        for number, kept in self._doubtful.items():
            if all(labels.get(ref) == label for ref, label in kept.labels):
                self._keep(number, replace(kept, confirmed=self._labels))
        self._doubtful.clear()

    def supply(self, items: Iterable[Item]) -> None:
        """Render what was missing; what can't be rendered is left out of every format, and reported."""
        for item in items:
            try:
                fragments = self._renderer.render_entry(item, self._labels)
            except Exception as error:  # noqa: BLE001 - one bad entry, however bad, never stops a feed
                reason = f"{type(error).__name__}: {error}"
                self._skipped[item.number] = Skipped(item.number, item.entry.id, reason)
                continue
            self._fresh += 1
            self._keep(item.number, fragments)

    def render(
        self, head: FeedHead, tombstones: Iterable[Tombstone] = (), ended: Iterable[Ended] = ()
    ) -> Rendering:
        """Write all documents. What is still missing is left out and reported: the store had it no more.

        `ended`, newest first, take their places among the entries by when they ended, and get older like those.
        """
        gone = (Skipped(p.number, None, "not in the store any more") for p in self.missing)
        live = [(p.seq, self._ready[p.number]) for p in self._window if p.number in self._ready]
        over, broken = self._over(ended)
        skipped = (*self._skipped.values(), *gone, *broken)
        entries = list(merge(live, over, key=lambda row: row[1].published, reverse=True)) if over else live
        masthead = Masthead.of(self._renderer.site, head, tombstones, (kept.modified for _, kept in entries))
        documents = {}
        for index, writer in enumerate(self._renderer.writers):
            fragments = [(seq, kept.segments[index]) for seq, kept in entries]
            opening = Segment.of(writer.opening(masthead))
            documents[writer.format] = splice(parts(writer, opening, fragments))
        return Rendering(documents, skipped, self._fresh)

    def _over(self, ended: Iterable[Ended]) -> tuple[list[tuple[Seq, Fragments]], list[Skipped]]:
        """Render what is over; an id that some format can't hold costs no other entry its place."""
        over, broken = [], []
        for each in ended:
            try:
                over.append((each.seq, self._renderer.render_ended(each)))
            except Exception as error:  # noqa: BLE001 - as in `supply`
                broken.append(Skipped(None, each.id, f"{type(error).__name__}: {error}"))
        return over, broken

    def _keep(self, number: EntryNumber, fragments: Fragments) -> None:
        self._ready[number] = fragments
        self._renderer.remember(number, fragments)


def parts(writer: Writer, opening: T, fragments: Sequence[tuple[Seq, T]]) -> Iterator[T | bytes]:
    """List what a document is made of, in order, given its opening and its entries' fragments."""
    yield opening
    last = len(fragments) - 1
    for index, (seq, fragment) in enumerate(fragments):
        yield fragment
        between = writer.ending(seq) + (writer.joiner if index < last else b"")
        if between:
            yield between
    yield writer.closing


class _Memory:
    """Fragments by entry, the least recently used going first when there are too many bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._kept: OrderedDict[EntryNumber, Fragments] = OrderedDict()

    def get(self, number: EntryNumber) -> Fragments | None:
        if number in self._kept:
            self._kept.move_to_end(number)
        return self._kept.get(number)

    def put(self, number: EntryNumber, fragments: Fragments) -> None:
        if replaced := self._kept.pop(number, None):
            self._bytes -= replaced.size
        self._kept[number] = fragments
        self._bytes += fragments.size
        while self._bytes > self._limit:
            _, evicted = self._kept.popitem(last=False)
            self._bytes -= evicted.size
