"""Options of all commands that enter meetings: who they are, and what lets them in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconvene.command_line import fail
from reconvene.participants.credentials import BadCredentials, Credentials, tokens_of
from server.settings.media import PEER
from server.settings.setting import not_installed

Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="RECONVENE_TOKEN",
        help="Who it is, by a token of the application; several are divided by spaces. Others on this machine see"
        " options, but not variables and files.",
        metavar="TOKEN",
    ),
]

TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", help="The same from a file, a token a line.", metavar="FILE"),
]

Invite = Annotated[
    str | None,
    typer.Option(
        "--invite",
        envvar="RECONVENE_INVITE",
        help="What stands behind #invite= in an invite link; the whole link will do as MEETING.",
        metavar="INVITE",
    ),
]

Password = Annotated[
    str | None,
    typer.Option(
        "--password", envvar="RECONVENE_PASSWORD", help="The meeting's password.", metavar="PASSWORD"
    ),
]

Wait = Annotated[
    float | None,
    typer.Option(
        "--wait",
        min=0,
        help="How long it waits to be let in; by default until somebody answers.",
        metavar="SECONDS",
    ),
]


def shown(
    token: str | None,
    token_file: Path | None,
    invite: str | None,
    password: str | None,
    wait: float | None,
    *,
    count: int = 1,
) -> Credentials:
    """What `count` programs show to be let in. Exits with 2 if the options contradict each other."""
    try:
        return Credentials(tokens_of(token, token_file, count), invite or None, password or None, wait)
    except BadCredentials as error:
        fail(str(error))


def need_media(command: str) -> None:
    """Exits with installation advice when the extra is missing."""
    if missing := not_installed(PEER):
        fail(
            f"{command} needs {' and '.join(missing)}: pip install '.[peer]' in the checkout (docs/install.md)"
        )
