"""`reconvene token`: a token as the application in front would sign it, to try the login with."""

from __future__ import annotations

import os
import time
from typing import Annotated, Literal

import typer

from reconvene.command_line import fail
from server.settings.config import Config
from server.settings.setting import ConfigError
from signalling.protocol.errors import Refused


def token(
    users: Annotated[
        list[str],
        typer.Argument(
            help="The user, as the application calls them: the sub of the token, not the x_… that this server makes of "
            "it and that is said on standard error. Of several, each gets a token, a line each.",
            metavar="USER...",
        ),
    ],
    name: Annotated[str | None, typer.Option(help="What the others see.", metavar="NAME")] = None,
    meeting: Annotated[
        list[str] | None, typer.Option(help="The only meeting it is good for; or several.", metavar="ID")
    ] = None,
    role: Annotated[
        Literal["host", "cohost", "participant"] | None, typer.Option(help="The role there; needs --meeting.")
    ] = None,
    role_at: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="When role and rights were given, in seconds since 1970: what was changed in the meeting since stays.",
            metavar="SECONDS",
        ),
    ] = None,
    may: Annotated[
        list[str] | None,
        typer.Option(
            help="What its bearer may do: audio, video, screen, chat, hand; or several.", metavar="RIGHT"
        ),
    ] = None,
    may_not: Annotated[
        list[str] | None, typer.Option(help="The same, of what they may not.", metavar="RIGHT")
    ] = None,
    lobby: Annotated[
        bool | None, typer.Option("--lobby/--no-lobby", help="Whether its bearer has to wait in a lobby.")
    ] = None,
    picture: Annotated[
        str | None, typer.Option(help="The address of a picture, by https.", metavar="URL")
    ] = None,
    kind: Annotated[Literal["bot", "recorder"] | None, typer.Option(help="Of a program.")] = None,
    create: Annotated[
        bool | None, typer.Option("--create/--no-create", help="Whether its bearer may create meetings.")
    ] = None,
    seconds: Annotated[
        int, typer.Option("--for", min=1, max=31_536_000, help="How long it is valid.", metavar="SECONDS")
    ] = 3600,
) -> None:
    """Print a token as your application would sign it, to try the login: with RECONVENE_JWT_SECRET.

    The token alone goes to standard output, so that RECONVENE_TOKEN=$(reconvene
    token ann) works. Whoever has it is that user until it expires.
    """
    # Imported here: only this command makes tokens.
    from server.identity.trial_token import made

    try:
        config = Config.from_env(os.environ)
    except ConfigError as error:
        fail(str(error))
    login = config.login
    if login is None:
        fail("there is no login: set RECONVENE_JWT_ISSUER and the others, see docs/identity.md")
    if not login.secrets:
        fail(
            "the application signs with a key of its own: only it can make tokens. Try with RECONVENE_JWT_SECRET"
        )
    if "HS256" not in login.algorithms:
        fail("tokens are made with HS256, which RECONVENE_JWT_ALGORITHMS does not name")
    if both := sorted({*(may or ())} & {*(may_not or ())}):
        fail(f"--may and --may-not: {both[0]} is one or the other")
    allowed = dict.fromkeys(may or (), True) | dict.fromkeys(may_not or (), False)
    rights = {
        "meeting": meeting or None,
        "role": role,
        "role_at": role_at,
        "may": allowed or None,
        "lobby": lobby,
        "kind": kind,
        "create": create,
    }
    if login.supabase and (
        given := next((each for each, value in rights.items() if value is not None), None)
    ):
        fail(f"--{given.replace('_', '-')} says nothing in a token of Supabase: users edit what is in those")
    for user in users:
        try:
            text, who = made(
                login, {"sub": user, "name": name, "picture": picture, **rights}, time.time(), seconds
            )
        except Refused as refused:
            fail(refused.text.rstrip("."))
        if picture is not None and who.picture is None:
            fail("--picture: an address by https is meant, without spaces, of 2048 characters at most")
        typer.echo(f"user {who.user_id}, for {seconds} s", err=True)
        typer.echo(text)
