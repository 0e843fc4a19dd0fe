"""What the commands share: their environment, and their error exit."""

from __future__ import annotations

import os
import typing
from collections.abc import Mapping

import typer


def environment(options: Mapping[str, str | None]) -> dict[str, str]:
    """The process environment, overridden by the options that were given."""
    return {**os.environ, **{name: value for name, value in options.items() if value is not None}}


def fail(text: str) -> typing.NoReturn:
    """Print one line and exit with code 2."""
    typer.echo(f"reconvene: {text}", err=True)
    raise typer.Exit(2)
