"""What the commands have in common: their environment, and how they refuse."""

from __future__ import annotations

import os
import typing
from collections.abc import Mapping

import typer


def environment(options: Mapping[str, str | None]) -> dict[str, str]:
    """That of the process, over which the options that were given win."""
    return {**os.environ, **{name: value for name, value in options.items() if value is not None}}


def fail(text: str) -> typing.NoReturn:
    """One line, exit code 2."""
    typer.echo(f"reconvene: {text}", err=True)
    raise typer.Exit(2)
