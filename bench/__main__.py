"""`python -m bench NAME [--json]`: what is measured, against what. With --json the last line is one JSON object."""

from __future__ import annotations

import argparse
import importlib
import json

BENCHES = {
    "fanout": "one change to 10,000 subscribers, against a bare aiohttp loop; hook → callback, against bare RQ",
    "hops": "the way of a publish hook with nothing in it, against bare RQ: the floor of `publish`",
    "import": "a WordPress export of 100,000 items: rate and peak memory, against a bare iterparse of the same file",
    "isolation": "a fast receiver beside bad ones, against the same alone",
    "line": "a script's round trip by our line to Redis, against redis-py's client",
    "memory": "bytes of Redis memory per idle subscription, at 100,000",
    "publish": "publish hook → new document served, against a bare RQ job's way from enqueue to start",
    "recovery": "seconds from a SIGKILL to everything acknowledged being served",
    "regenerate": "one changed entry in a 50-entry feed, against a full feedgen build",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="; ".join(f"{name}: {what}" for name, what in BENCHES.items()),
    )
    parser.add_argument("name", choices=[*BENCHES, "all"])
    parser.add_argument("--json", action="store_true", help="end with one JSON object of all figures")
    options, rest = parser.parse_known_args()
    for name in BENCHES if options.name == "all" else [options.name]:
        figures = importlib.import_module(f"bench.{name}").main(rest)
        if options.json:
            print(json.dumps({"bench": name} | figures))


if __name__ == "__main__":
    main()
