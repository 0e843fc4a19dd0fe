"""The commands that stay in a meeting: echo, source, record.

Each imports its implementation when called: aiortc takes most of a second to import, and is an optional extra.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from reconvene.cli.entry_options import Invite, Password, Token, TokenFile, Wait, need_media, shown
from reconvene.command_line import fail
from server.runtime import logs
from signalling.protocol.reach import Reach

log = structlog.get_logger()

SEES = "[bold]See[/bold] docs/peer.md."

Server = Annotated[
    str | None,
    typer.Option("--server", help="The server; by default http://localhost:3000.", metavar="URL"),
]
Meeting = Annotated[str, typer.Argument(help="The meeting's ID, or its link.", metavar="MEETING")]
Create = Annotated[bool, typer.Option("--create", help="Create the meeting if there is none.")]
For = Annotated[
    float | None,
    typer.Option("--for", min=0.1, help="Leave after so long; by default at Ctrl-C.", metavar="SECONDS"),
]

Reaching = Annotated[
    Reach,
    typer.Option(
        "--reach",
        help="The addresses it sends to: public: of the Internet; private: of private networks too; any: all.",
    ),
]


class RecordingFormat(StrEnum):
    WEBM = "webm"
    MP4 = "mp4"


def add_to(cli: typer.Typer) -> None:
    for command in (echo, source, record):
        cli.command(epilog=SEES, rich_help_panel="Taking part")(command)


def echo(
    meeting: Meeting,
    server: Server = None,
    name: Annotated[str, typer.Option(help="What it is called in the meeting.")] = "Echo",
    create: Create = False,
    seconds: For = None,
    until_left: Annotated[
        bool, typer.Option("--until-left", help="Leave when the last of those who came has left.")
    ] = False,
    reach: Reaching = Reach.ANY,
    token: Token = None,
    token_file: TokenFile = None,
    invite: Invite = None,
    password: Password = None,
    wait: Wait = None,
) -> None:
    """Join a meeting and send everyone's sound and picture back to them: to test with one browser.

    Exit codes: 0 if it left or the meeting ended, 1 if the server refused, nobody
    let it in, or the server could not be reached, 2 for arguments that cannot be.
    """
    credentials = shown(token, token_file, invite, password, wait)
    need_media("echo")
    from reconvene.participants.echo import run

    place: dict[str, Any] = {"name": name, "create": create, "reach": reach, "credentials": credentials}
    go(run(meeting, server, seconds=seconds, until_left=until_left, **place))


def source(
    meeting: Meeting,
    server: Server = None,
    file: Annotated[
        Path | None, typer.Option(help="Sound and picture of this file, in a loop.", metavar="FILE")
    ] = None,
    pattern: Annotated[
        bool,
        typer.Option(
            "--pattern", help="A test picture with a clock, and a tone: the default without --file."
        ),
    ] = False,
    count: Annotated[int, typer.Option(min=1, max=100, help="How many participants.")] = 1,
    name: Annotated[
        str, typer.Option(help="What they are called; with a number if there are several.")
    ] = "Source",
    audio: Annotated[bool, typer.Option(help="Whether they send sound.")] = True,
    video: Annotated[bool, typer.Option(help="Whether they send a picture.")] = True,
    create: Create = False,
    seconds: For = None,
    reach: Reaching = Reach.ANY,
    token: Token = None,
    token_file: TokenFile = None,
    invite: Invite = None,
    password: Password = None,
    wait: Wait = None,
) -> None:
    """Join a meeting with participants that send a test picture and a tone, or a file in a loop.

    Each encodes separately for each of the others: one core is enough for about
    eight of these connections at 640 by 360, for two or three with a file of
    1280 by 720. Sources of one command send each other nothing.

    Exit codes: 0 if they left or the meeting ended, 1 if the server refused, nobody
    let them in, or the server could not be reached, 2 for arguments that cannot be.
    """
    if file is not None and pattern:
        fail("--file and --pattern cannot be given together")
    credentials = shown(token, token_file, invite, password, wait, count=count)
    need_media("source")
    from reconvene.participants.source import run

    go(
        run(
            meeting,
            server,
            file=file,
            count=count,
            name=name,
            audio=audio,
            video=video,
            create=create,
            seconds=seconds,
            reach=reach,
            credentials=credentials,
        )
    )


def record(
    meeting: Meeting,
    out: Annotated[
        Path, typer.Option(help="Where recordings are kept; each gets a folder there.", metavar="DIR")
    ],
    server: Server = None,
    name: Annotated[str, typer.Option(help="What it is called in the meeting.")] = "Recorder",
    form: Annotated[
        RecordingFormat, typer.Option("--format", help="The files' format: VP8 and Opus, or H.264 and AAC.")
    ] = RecordingFormat.WEBM,
    create: Create = False,
    seconds: For = None,
    reach: Reaching = Reach.ANY,
    token: Token = None,
    token_file: TokenFile = None,
    invite: Invite = None,
    password: Password = None,
    wait: Wait = None,
) -> None:
    """Join a meeting, for all to see, and record everyone: a file each, with an index of who, when and what.

    However it ends, the files can be played: they lack the last two or three seconds at most.

    Exit codes: 0 if it left or the meeting ended, 1 if the server refused, nobody
    let it in, the server could not be reached, or something could not be written,
    2 for arguments that cannot be.
    """
    credentials = shown(token, token_file, invite, password, wait)
    need_media("record")
    from reconvene.recorder import run

    place: dict[str, Any] = {"name": name, "create": create, "reach": reach, "credentials": credentials}
    go(run(meeting, server, out=out, seconds=seconds, form=form.value, **place))


def go(running: Coroutine[Any, Any, int]) -> None:
    """Run a command and exit with its code; progress goes to stderr."""
    with contextlib.closing(logs.queued()) as lines:
        logs.configure("info", lines)
        # They log every candidate pair tried and every missing packet.
        for library in ("aioice", "aiortc"):
            logging.getLogger(library).setLevel(logging.ERROR)
        code = asyncio.run(_told(running))
    raise typer.Exit(code)


async def _told(running: Coroutine[Any, Any, int]) -> int:
    """Log errors in aiortc's own tasks, such as for an invalid description, as one line without a traceback."""
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, about: log.warning(
            "something failed beside", error=repr(about.get("exception", about["message"]))
        )
    )
    return await running
