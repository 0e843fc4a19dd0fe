"""The commands that try a server: probe and load.

Each imports its implementation when called, as those do that stay in a meeting.
"""

from __future__ import annotations

from typing import Annotated

import typer

from reconvene.cli.entry_options import Invite, Password, Token, TokenFile, need_media, shown
from reconvene.cli.participants import SEES
from reconvene.probe.steps import exit_codes


def add_to(cli: typer.Typer) -> None:
    cli.command(epilog=f"{exit_codes()}\n\n{SEES}", rich_help_panel="Taking part")(probe)
    cli.command(epilog=SEES, rich_help_panel="Taking part")(load)


def probe(
    url: Annotated[str, typer.Argument(help="The server, such as https://meet.example.org.", metavar="URL")],
    meeting: Annotated[
        str | None,
        typer.Option(
            help="Make the call in this meeting; by default in one of its own, which is deleted.",
            metavar="ID",
        ),
    ] = None,
    turn_only: Annotated[bool, typer.Option("--turn-only", help="Connect through TURN only.")] = False,
    timeout: Annotated[
        float,
        typer.Option(min=1, max=3600, help="Give up after so long altogether.", metavar="SECONDS"),
    ] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object, for machines.")] = False,
    token: Token = None,
    token_file: TokenFile = None,
    invite: Invite = None,
    password: Password = None,
    wait: Annotated[
        float,
        typer.Option(
            min=0,
            max=3600,
            help="With --meeting: how long each waits to be let in; --timeout includes it.",
            metavar="SECONDS",
        ),
    ] = 0.0,
) -> None:
    """Make a call between two participants through a running server, and say for each step whether it works.

    Both are on this machine, and connect directly. With --turn-only they connect
    through the server's relay, like people behind firewalls. The probe makes a
    meeting of its own, and deletes it again. Of tokens it takes two, for a
    participant each.
    """
    credentials = shown(token, token_file, invite, password, wait, count=2)
    need_media("probe")
    from reconvene.probe.command import run

    code = run(
        url,
        meeting=meeting,
        turn_only=turn_only,
        timeout=timeout,
        as_json=as_json,
        credentials=credentials,
    )
    raise typer.Exit(code)


def load(
    url: Annotated[str, typer.Argument(help="The server, such as http://localhost:3000.", metavar="URL")],
    rooms: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many meetings.", metavar="N")] = 10,
    size: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="How many clients in each.", metavar="N")
    ] = 10,
    rate: Annotated[
        float, typer.Option(min=0, max=100_000, help="Status changes a second in each meeting.", metavar="N")
    ] = 1.0,
    signals: Annotated[
        float,
        typer.Option(
            min=0, max=100_000, help="Signals from one to another a second in each meeting.", metavar="N"
        ),
    ] = 0.0,
    payload: Annotated[int, typer.Option(min=0, help="Bytes in a signal.", metavar="BYTES")] = 400,
    join_rate: Annotated[
        float | None,
        typer.Option(
            min=0.01, help="Joins a second altogether; by default as many as the server answers.", metavar="N"
        ),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(
            "--for",
            min=1,
            max=86_400,
            help="Seconds of load; joining may take as long again, and longer with --join-rate.",
            metavar="S",
        ),
    ] = 30.0,
    processes: Annotated[
        int,
        typer.Option(min=1, max=256, help="Processes among which the meetings are shared out.", metavar="N"),
    ] = 1,
    allowed: Annotated[
        bool,
        typer.Option(
            "--i-may-load-this-server",
            help="Needed for a server on another machine: this takes all that a server has.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object, for machines.")] = False,
    token: Token = None,
    token_file: TokenFile = None,
) -> None:
    """Put a server under load with clients that send no media, and measure what it does.

    The clients join meetings of their own (LOAD-…, removed at the end), change
    their status, reconnect and resume as browsers do, and check that each of them
    is sent every change exactly once and in order. Where everybody has to log in
    it takes --size tokens: the same users are in all meetings, and the first of
    them creates those.

    Exit codes: 0 if all went well, 1 if joins failed, events were lost or doubled,
    or the server could not be reached, 2 for arguments that cannot be.
    """
    credentials = shown(token, token_file, None, None, None, count=size)
    from reconvene.load.command import run

    code = run(
        url,
        rooms=rooms,
        size=size,
        rate=rate,
        seconds=seconds,
        signals=signals,
        payload=payload,
        join_rate=join_rate,
        processes=processes,
        allowed=allowed,
        as_json=as_json,
        tokens=credentials.tokens,
    )
    raise typer.Exit(code)
