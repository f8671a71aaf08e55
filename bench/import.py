# ruff: noqa: N999  (the bench has the command's name, and is imported by that name alone)
"""`feedhub import` of a generated WordPress export into a whole hub: items a second, and the command's peak memory.

The baseline of the same run: a process that does nothing with the same file but lxml's iterparse, emptying each item.
A second import follows, which must change nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.exports import write_export
from tests.hubprocess import HubProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

ITEMS = 100_000
LIMIT_MB = 300
BARE = """
import sys
from lxml import etree
for _, item in etree.iterparse(sys.argv[1], tag="item", huge_tree=True):
    item.clear()
    while item.getprevious() is not None:
        del item.getparent()[0]
"""


class Ran(NamedTuple):
    """One process from start to end."""

    seconds: float
    peak_mb: float
    output: str


def main(argv: Sequence[str]) -> dict[str, object]:
    """Measure, print, and answer the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench import", description=__doc__)
    parser.add_argument("--items", type=int, default=ITEMS)
    wanted = parser.parse_args(argv).items
    with tempfile.TemporaryDirectory(prefix="feedhub-bench-") as folder:
        file = Path(folder) / "export.xml"
        posts = round(wanted / 1.3)  # the rest are pictures and drafts
        items = write_export(file, posts)
        with HubProcess(Path(folder) / "data", log_level="warning") as hub:
            figures = _measure(hub, file, items, posts)
    _show(figures)
    return figures


def _measure(hub: HubProcess, file: Path, items: int, posts: int) -> dict[str, Any]:
    bare = _run([sys.executable, "-c", BARE, str(file)])
    command = [sys.executable, "-m", "hub", "import", "--data", str(hub.folder), "--json", str(file)]
    memory = _redis_mb(hub)
    first = _run(command)
    grown = _redis_mb(hub) - memory
    second = _run(command)
    told, again = json.loads(first.output), json.loads(second.output)
    assert told["imported"] == posts, told
    assert (again["imported"], again["unchanged"], again["refused"]) == (0, posts, []), again
    return {
        "items": items,
        "posts": posts,
        "file_mb": round(file.stat().st_size / 2**20),
        "items_per_s": round(items / first.seconds),
        "again_items_per_s": round(items / second.seconds),
        "bare_items_per_s": round(items / bare.seconds),
        "peak_mb": round(max(first.peak_mb, second.peak_mb)),
        "bare_peak_mb": round(bare.peak_mb),
        "redis_bytes_per_post": round(grown * 2**20 / posts),
        "limit_mb": LIMIT_MB,
    }


def _run(command: Sequence[str]) -> Ran:
    """Run a command; its peak memory is what the system says of it alone."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("FEEDHUB_")}
    with tempfile.TemporaryFile("w+") as output:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=output, env=environ)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, command
        output.seek(0)
        return Ran(seconds, usage.ru_maxrss / 1024, output.read())


def _redis_mb(hub: HubProcess) -> float:
    client = hub.redis()
    try:
        return float(client.info("memory")["used_memory"]) / 2**20
    finally:
        client.close()


def _show(figures: dict[str, Any]) -> None:
    print(f"{figures['items']:,} items ({figures['posts']:,} posts), {figures['file_mb']} MB")
    print(
        f"import            {figures['items_per_s']:7,} items/s   peak {figures['peak_mb']:4} MB   (limit {LIMIT_MB})"
    )
    print(f"again, unchanged  {figures['again_items_per_s']:7,} items/s")
    print(f"bare iterparse    {figures['bare_items_per_s']:7,} items/s   peak {figures['bare_peak_mb']:4} MB")
    print(f"Redis grew by {figures['redis_bytes_per_post']:,} bytes a post")
