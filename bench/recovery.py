"""How long after a SIGKILL everything acknowledged is served, with a hook every 10 ms all the while.

Each victim is killed several times in the middle of a stream of hooks; the clock runs from the kill to the moment
at which the category's document shows the last hook acknowledged before it. RQ alone takes 65 s at best to run a
killed worker's job again.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.hubprocess import HubProcess, entry

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 5
VICTIMS = ("regenerate", "front", "valkey")
EVERY_SECONDS = 0.01


def main(argv: Sequence[str]) -> dict[str, object]:
    """Measure, print, and answer the longest and the median recovery of each victim (seconds)."""
    argparse.ArgumentParser(prog="python -m bench recovery", description=__doc__).parse_args(argv)
    figures: dict[str, Any] = {"rounds": ROUNDS}
    for victim in VICTIMS:
        with (
            tempfile.TemporaryDirectory(prefix="feedhub-bench-") as folder,
            HubProcess(Path(folder) / "data") as hub,
        ):
            seconds = sorted(_recovery(hub, victim, round_) for round_ in range(ROUNDS))
        figures[victim] = {"median_s": round(seconds[ROUNDS // 2], 2), "longest_s": round(seconds[-1], 2)}
        print(f"{victim:10} killed: served again after {figures[victim]['median_s']:.2f} s (median), "
              f"{figures[victim]['longest_s']:.2f} s (longest of {ROUNDS})")  # fmt: skip
    return figures


class Stream(threading.Thread):
    """A CMS that publishes all the time, and repeats what is not acknowledged."""

    def __init__(self, hub: HubProcess, first: int) -> None:
        super().__init__()
        self.last = first
        self.enough = threading.Event()
        self._hub = hub

    def run(self) -> None:
        while not self.enough.wait(EVERY_SECONDS):
            self._hub.publish_until_acknowledged(entry(self.last + 1))
            self.last += 1


def _recovery(hub: HubProcess, victim: str, round_: int) -> float:
    stream = Stream(hub, round_ * 10_000)
    stream.start()
    try:
        time.sleep(1)
        last = stream.last
        killed = time.monotonic()
        hub.kill_child(victim)
        while not _shows(hub, last):
            assert time.monotonic() - killed < 60, hub.read_log()
            time.sleep(0.01)
        return time.monotonic() - killed
    finally:
        stream.enough.set()
        stream.join()


def _shows(hub: HubProcess, number: int) -> bool:
    """Say whether the document shows this entry, or newer ones."""
    titles = re.findall(rb"<title>Article (\d+)</title>", hub.get("/feeds/category/world.atom"))
    return max(map(int, titles), default=-1) >= number
