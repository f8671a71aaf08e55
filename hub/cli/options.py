"""What many commands take, and how they come by their settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hub.settings import Settings, load_settings, unknown_settings

Data = Annotated[
    Path | None, typer.Option("--data", help="Where the hub keeps its data.", show_default=".feedhub")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def settings_of(**overrides: object) -> Settings:
    """Read the environment; say on stderr which variables nobody reads."""
    for sentence in unknown_settings(os.environ):
        typer.echo(f"feedhub: {sentence}", err=True)
    return load_settings(os.environ, **overrides)
