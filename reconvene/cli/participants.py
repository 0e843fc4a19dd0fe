"""The commands that take part in meetings: echo, source, record, probe, load.

Each imports its implementation when called: aiortc takes most of a second to import, and is an optional extra.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from reconvene.command_line import fail
from reconvene.probe.steps import exit_codes
from server.runtime import logs
from server.settings.config import PEER
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

Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="RECONVENE_TOKEN",
        help="Who it is. Others on this machine see options, but not the variable.",
        metavar="TOKEN",
    ),
]


class RecordingFormat(StrEnum):
    WEBM = "webm"
    MP4 = "mp4"


def add_to(cli: typer.Typer) -> None:
    for command in (echo, source, record, probe, load):
        epilog = f"{exit_codes()}\n\n{SEES}" if command is probe else SEES
        cli.command(epilog=epilog, rich_help_panel="Taking part")(command)


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
) -> None:
    """Join a meeting and send everyone's sound and picture back to them: to test with one browser.

    Exit codes: 0 if it left or the meeting ended, 1 if the server refused or
    could not be reached.
    """
    need_media("echo")
    from reconvene.participants.echo import run

    place: dict[str, Any] = {"name": name, "create": create, "reach": reach, "token": token}
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
) -> None:
    """Join a meeting with participants that send a test picture and a tone, or a file in a loop.

    Each encodes separately for each of the others: one core is enough for about
    eight of these connections at 640 by 360, for two or three with a file of
    1280 by 720. Sources of one command send each other nothing.

    Exit codes: 0 if they left or the meeting ended, 1 if the server refused or
    could not be reached.
    """
    if file is not None and pattern:
        fail("--file and --pattern cannot be given together")
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
) -> None:
    """Join a meeting, for all to see, and record everyone: a file each, with an index of who, when and what.

    However it ends, the files can be played: they lack the last two or three seconds at most.

    Exit codes: 0 if it left or the meeting ended, 1 if the server refused or
    could not be reached, or if something could not be written.
    """
    need_media("record")
    from reconvene.recorder import run

    place: dict[str, Any] = {"name": name, "create": create, "reach": reach, "token": token}
    go(run(meeting, server, out=out, seconds=seconds, form=form.value, **place))


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
) -> None:
    """Make a call between two participants through a running server, and say for each step whether it works.

    Both are on this machine, and connect directly. With --turn-only they connect
    through the server's relay, like people behind firewalls. The probe makes a
    meeting of its own, and deletes it again.
    """
    need_media("probe")
    from reconvene.probe.command import run

    raise typer.Exit(run(url, meeting=meeting, turn_only=turn_only, timeout=timeout, as_json=as_json))


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
) -> None:
    """Put a server under load with clients that send no media, and measure what it does.

    The clients join meetings of their own (LOAD-…, removed at the end), change
    their status, reconnect and resume as browsers do, and check that each of them
    is sent every change exactly once and in order.

    Exit codes: 0 if all went well, 1 if joins failed, events were lost or doubled,
    or the server could not be reached, 2 for arguments that cannot be.
    """
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
    )
    raise typer.Exit(code)


def need_media(command: str) -> None:
    """Exits with installation advice when the extra is missing."""
    missing = [name for name in PEER if importlib.util.find_spec(name) is None]
    if missing:
        fail(f"{command} needs {' and '.join(missing)}: pip install 'reconvene[peer]'")


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
