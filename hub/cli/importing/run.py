"""One import, from its source to its summary."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from hub.cli.client import client_for
from hub.cli.importing.archives import Ground, opened
from hub.cli.importing.progress import shown_progress
from hub.cli.importing.sender import Sender
from hub.cli.importing.source import fetched, is_url
from hub.cli.importing.tally import Tally
from hub.errors import HubError, Misconfigured
from hub.events import Source
from hub.intake.archives.record import EveryHost, Found, Skipped
from hub.intake.policy import IntakePolicy

if TYPE_CHECKING:
    from hub.cli.client import Client
    from hub.cli.importing.archives import Opened
    from hub.settings import Settings

_PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    source: str
    notify: bool = False
    quiet_anyway: bool = False
    base_url: str = ""
    as_json: bool = False

    @property
    def quiet(self) -> str:
        if self.notify:
            return "0"
        return "anyway" if self.quiet_anyway else "1"


def import_source(settings: Settings, wish: Wish) -> int:
    """Import an archive and say what became of it. Answers 1 if something was refused. Raises HubError."""
    client, tally = client_for(settings), Tally()
    with tempfile.TemporaryDirectory(prefix="feedhub-import-") as name, ExitStack() as stack:
        folder = Path(name)
        # Before anything is fetched or read: what the hub refuses, it refuses at once.
        Sender(client, {"quiet": wish.quiet}, tally).check()
        archive = _opened(settings, wish, folder, stack)
        try:
            _send(client, archive, settings, wish, tally)
        except HubError as error:
            _say(archive, wish, tally)
            raise HubError(f"stopped after {tally.done:,} items. {error}") from error
        except KeyboardInterrupt:
            _say(archive, wish, tally)
            typer.echo("feedhub: interrupted. Nothing is lost: start the same import again.", err=True)
            raise
    _say(archive, wish, tally)
    return 1 if tally.refused.count else 0


def _opened(settings: Settings, wish: Wish, folder: Path, stack: ExitStack) -> Opened:
    path, url = Path(wish.source), ""
    if is_url(wish.source):
        path = folder / "source"
        with shown_progress("fetching", None, "bytes") as advance:
            url = fetched(wish.source, path, settings, advance)
    base = _base_url(wish)
    policy = IntakePolicy(
        now=datetime.now(UTC),
        base_url=base or url or settings.site_url or "https://localhost",
        embed_hosts=EveryHost(),
    )
    try:
        ghost_url = base or settings.ghost_url or ""
        return opened(Ground(path, url, folder, policy, ghost_url, settings, stack))
    except HubError as error:
        raise HubError(f"{wish.source} can't be imported, and nothing of it was: {error}") from error


def _base_url(wish: Wish) -> str:
    base = wish.base_url.rstrip("/")
    if base and not is_url(base):
        raise Misconfigured([f"--base-url: {base!r} must begin with http:// or https://"])
    return base


def _send(client: Client, archive: Opened, settings: Settings, wish: Wish, tally: Tally) -> None:
    tally.warnings += archive.warnings
    source = source_of(archive, settings)
    if source != archive.source:
        tally.warnings.append(
            f"The hub is compared with another site than {archive.site}: a reconcile leaves these entries alone."
        )
    manner = {"quiet": wish.quiet, "source": source}
    with (
        shown_progress("importing", archive.total, "items") as advance,
        Sender(client, manner, tally) as sender,
    ):
        for piece in archive.pieces:
            match piece:
                case Found():
                    sender.send(piece)
                case Skipped():
                    tally.skipped.add(piece.why, piece)
                case _:
                    tally.refused.add(piece.why, piece)
            advance(tally.done)


def source_of(archive: Opened, settings: Settings) -> str:
    """Say whose the entries are: the CMS's, so that its hooks and reconciles go on with them.

    Not where the hub compares itself with another site of that CMS: a reconcile would miss them all there.
    """
    configured = {Source.WORDPRESS: settings.wordpress_url, Source.GHOST: settings.ghost_url}
    url = configured.get(Source(archive.source)) if archive.source in configured else None
    if url and archive.site and urlsplit(url).hostname != urlsplit(archive.site).hostname:
        return _PUBLISH
    return archive.source


def _say(archive: Opened, wish: Wish, tally: Tally) -> None:
    if wish.as_json:
        typer.echo(json.dumps({"archive": archive.what} | tally.as_json(), ensure_ascii=False, indent=2))
        return
    typer.echo(f"{archive.what}: {wish.source}")
    for line in tally.lines():
        typer.echo(line)
