"""`feedhub partners …`: its commands and what they take."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.options import Data, Json, settings_of

partners = typer.Typer(name="partners", help="List partners; add, show, rotate, revoke one.")

Id = Annotated[str, typer.Argument(help="A partner's id.", show_default=False)]


@partners.callback(invoke_without_command=True)
def main(context: typer.Context, data: Data = None, as_json: Json = False) -> None:  # noqa: FBT002
    """List partners; add, show, rotate, revoke one."""
    if context.invoked_subcommand is None:
        list_(data, as_json)


@partners.command("list")
def list_(data: Data = None, as_json: Json = False) -> None:  # noqa: FBT002
    """List who has keys, what these open, and when they were last used."""
    from hub.cli.partners import list_partners  # noqa: PLC0415

    list_partners(settings_of(data_dir=data), as_json=as_json)


@partners.command()
def show(partner: Id, data: Data = None, as_json: Json = False) -> None:  # noqa: FBT002
    """Show what a partner's keys were used for, day by day."""
    from hub.cli.partners import show_partner  # noqa: PLC0415

    show_partner(settings_of(data_dir=data), partner, as_json=as_json)


@partners.command()
def add(  # noqa: PLR0917  (Typer's options)
    name: Annotated[str, typer.Argument(help="What the partner is called.", show_default=False)],
    feed: Annotated[
        list[str] | None, typer.Option(help="A feed that its key opens, repeated; by default every feed.")
    ] = None,
    size: Annotated[int | None, typer.Option(help="Entries in a document.", show_default="FEED_SIZE")] = None,
    content: Annotated[str | None, typer.Option(help="full or summary.", show_default="FEED_CONTENT")] = None,
    deletes: Annotated[str, typer.Option(help="tombstone, expire, status or none.")] = "tombstone",
    data: Data = None,
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """Add a partner, and print its key, this once."""
    from hub.cli.partners import add_partner  # noqa: PLC0415

    said = {"name": name, "feeds": feed or [], "size": size, "content": content, "deletes": deletes}
    add_partner(
        settings_of(data_dir=data),
        {field: value for field, value in said.items() if value is not None},
        as_json=as_json,
    )


@partners.command()
def rotate(
    partner: Id,
    overlap: Annotated[
        int, typer.Option(help="Seconds for which earlier keys still open; 0 ends them now.", min=0)
    ] = 86_400,
    data: Data = None,
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """Print a new key for a partner, this once."""
    from hub.cli.partners import rotate_key  # noqa: PLC0415

    rotate_key(settings_of(data_dir=data), partner, overlap, as_json=as_json)


@partners.command()
def revoke(partner: Id, data: Data = None, as_json: Json = False) -> None:  # noqa: FBT002
    """End a partner: its keys open nothing within a second, and its webhooks are deleted."""
    from hub.cli.partners import revoke_partner  # noqa: PLC0415

    revoke_partner(settings_of(data_dir=data), partner, as_json=as_json)
