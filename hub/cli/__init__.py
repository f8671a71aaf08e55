"""The commands: the composition root. Each reads the settings once and hands them down."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.options import Data, Json, settings_of
from hub.cli.partnerapp import partners
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from hub.settings import Settings

app = typer.Typer(
    name="feedhub",
    help="One publish hook becomes fresh RSS, Atom and JSON feeds of every category and author.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(partners)

Demo = Annotated[
    bool, typer.Option("--demo", help="Fill the hub with sample entries, and keep publishing a few.")
]


def _say_version(asked: bool) -> None:  # noqa: FBT001  (Typer's form of a callback)
    if asked:
        typer.echo(f"feedhub {metadata.version('feedhub')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_say_version)
]


@app.callback()
def main(_version: Version = False) -> None:  # noqa: FBT002
    """One publish hook becomes fresh RSS, Atom and JSON feeds of every category and author."""


def log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(
        level=settings.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )


def _follow_parent() -> None:
    from hub.adapters.lifeline import follow_parent  # noqa: PLC0415

    follow_parent(os.environ)


@app.command()
def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 8080,
    data: Data = None,
    workers: Annotated[int, typer.Option(help="Processes that regenerate feeds.", min=1, max=64)] = 1,
    demo: Demo = False,  # noqa: FBT002
) -> None:
    """Run the whole hub: embedded Valkey (unless FEEDHUB_REDIS_URL is set), front, workers. Ctrl-C stops it."""
    from hub.cli.up import run_up  # noqa: PLC0415  (each command imports what it needs: a fast start matters)

    settings = settings_of(data_dir=data)
    log_to_stderr(settings)
    raise typer.Exit(run_up(settings, host=host, port=port, workers=workers, demo=demo))


@app.command()
def front(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "0.0.0.0",  # noqa: S104  (a server's front)
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8080,
    fd: Annotated[
        int | None, typer.Option(help="Listen on this inherited socket instead.", hidden=True)
    ] = None,
) -> None:
    """Serve feeds and take publish hooks: one process, any number of them."""
    from hub.cli.front import run_front  # noqa: PLC0415

    _follow_parent()
    settings = settings_of()
    log_to_stderr(settings)
    run_front(settings, host=host, port=port, fd=fd)


@app.command()
def worker(
    queue: Annotated[
        str, typer.Option(help="regenerate: rebuild feeds; distribute: tell subscribers.")
    ] = "regenerate",
) -> None:
    """Work on one queue: one process, any number of them."""
    from hub.adapters.queue import DISTRIBUTE, REGENERATE  # noqa: PLC0415

    if queue not in {REGENERATE, DISTRIBUTE}:
        raise Misconfigured(
            [f"there is no queue {queue!r}: use --queue {REGENERATE} or --queue {DISTRIBUTE}"]
        )
    _follow_parent()
    settings = settings_of()
    log_to_stderr(settings)
    # By name, as RQ names its jobs: the hub never imports its workers.
    status: int = importlib.import_module("workers.process").run_worker(settings, queue)
    raise typer.Exit(status)


@app.command(hidden=True)
def demo() -> None:
    """Publish what `up --demo` shows, to the hub at FEEDHUB_URL."""
    from hub.cli.client import client_for  # noqa: PLC0415
    from hub.cli.demo import run_demo  # noqa: PLC0415

    _follow_parent()
    settings = settings_of()
    log_to_stderr(settings)
    client = client_for(settings)
    run_demo(client, settings.public_url or client.url)


@app.command()
def publish(
    file: Annotated[str, typer.Argument(help="A file, or - for standard input.")], data: Data = None
) -> None:
    """Send publish events or bare entries: JSON, an array, or one JSON object a line."""
    from hub.cli.publish import publish_file  # noqa: PLC0415

    raise typer.Exit(publish_file(settings_of(data_dir=data), file))


@app.command("import")
def import_(  # noqa: PLR0917  (Typer's form of options)
    source: Annotated[str, typer.Argument(help="A file or an http(s) URL.", show_default=False)],
    data: Data = None,
    notify: Annotated[bool, typer.Option("--notify", help="Tell subscribers of all that is new.")] = False,  # noqa: FBT002
    quiet_anyway: Annotated[  # noqa: FBT002
        bool, typer.Option("--quiet-anyway", help="Tell nobody, also where subscribers rely on being told.")
    ] = False,
    base_url: Annotated[
        str, typer.Option(help="The site's address, where the archive does not say it (Ghost).")
    ] = "",
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """Bring an archive: a WordPress export (WXR), a Ghost export, or an RSS, Atom or JSON feed with its archives.

    Quiet, safe to repeat and to interrupt. Exit status 1 if something was refused.
    """
    from hub.cli.importing import Wish, import_source  # noqa: PLC0415

    wish = Wish(source, notify=notify, quiet_anyway=quiet_anyway, base_url=base_url, as_json=as_json)
    raise typer.Exit(import_source(settings_of(data_dir=data), wish))


@app.command()
def feeds(data: Data = None, as_json: Json = False) -> None:  # noqa: FBT002
    """List every feed: its address, entries, and the number of its last change."""
    from hub.cli.feeds import list_feeds  # noqa: PLC0415

    list_feeds(settings_of(data_dir=data), as_json=as_json)


@app.command()
def subscriptions(
    data: Data = None,
    feed: Annotated[str, typer.Option(help="Only this feed's, e.g. category/europe-news.")] = "",
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """List who is told of changes, and how that goes."""
    from hub.cli.subscriptions import list_subscriptions  # noqa: PLC0415

    list_subscriptions(settings_of(data_dir=data), feed=feed, as_json=as_json)


@app.command()
def attempts(
    subscription: Annotated[str, typer.Argument(help="A subscription's id.", show_default=False)] = "",
    entry: Annotated[str, typer.Option(help="An entry's id: who knows of its latest change?")] = "",
    data: Data = None,
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """List a subscription's last attempts, or who acknowledged an entry's latest change (else exit status 1)."""
    from hub.cli.subscriptions import list_attempts, list_receipts  # noqa: PLC0415

    if bool(subscription) == bool(entry):
        raise Misconfigured(
            ["name a subscription (see `feedhub subscriptions`), or an entry with --entry ID"]
        )
    settings = settings_of(data_dir=data)
    if entry:
        raise typer.Exit(list_receipts(settings, entry, as_json=as_json))
    list_attempts(settings, subscription, as_json=as_json)


@app.command()
def replay(
    target: Annotated[str, typer.Argument(help="A webhook's id, or a subscription's.", show_default=False)],
    since: Annotated[
        str, typer.Option(help="A seq, a time such as 2026-11-23T09:00:00Z, or 0 for everything.")
    ],
    data: Data = None,
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """Deliver again what changed since then."""
    from hub.cli.subscriptions import replay as set_back  # noqa: PLC0415

    set_back(settings_of(data_dir=data), target, since, as_json=as_json)


@app.command()
def status(data: Data = None, as_json: Json = False) -> None:  # noqa: FBT002
    """Say whether all is well, and what to do if not. Exit status 1 if there is a problem."""
    from hub.cli.status import show_status  # noqa: PLC0415

    raise typer.Exit(show_status(settings_of(data_dir=data), as_json=as_json))


@app.command()
def reconcile(
    allow_removals: Annotated[
        int | None,
        typer.Option(help="Remove up to so many entries that the CMS does not list any more.", min=0),
    ] = None,
    data: Data = None,
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """Compare with the CMS now, and say what was found. Exit status 1 if there is a problem."""
    from hub.cli.reconcile import reconcile as compare  # noqa: PLC0415

    raise typer.Exit(compare(settings_of(data_dir=data), allow_removals, as_json=as_json))


@app.command()
def doctor(data: Data = None, as_json: Json = False) -> None:  # noqa: FBT002
    """Look for what is wrong, and say what to do about it. Exit status 1 if there is a problem."""
    from hub.cli.doctor import examine  # noqa: PLC0415

    raise typer.Exit(examine(data, as_json=as_json))
