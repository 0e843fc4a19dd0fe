"""`reconvene zoom`: its options, output and exit codes. Heavy modules are imported where they are used."""

from __future__ import annotations

import asyncio
import sys
import time
import typing
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from reconvene.command_line import environment, fail
from server.settings.config import Config
from server.settings.setting import ConfigError
from server.zoom.errors import ZoomFailure
from storage.errors import StoreError

if TYPE_CHECKING:
    from reconvene.cli.zoom_progress import Lines, Live
    from reconvene.cli.zoom_summary import Known

MOST_LISTED = 50

zoom = typer.Typer(
    name="zoom",
    help="Import who attended webinars and meetings in Zoom. How to set it up: docs/zoom.md.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

_SYNC_HELP = "\n\n".join(
    [
        "[bold]For example[/bold] [cyan]reconvene zoom sync 88988872033[/cyan], "
        "[cyan]reconvene zoom sync 'https://zoom.us/j/81234567890' --meeting --watch[/cyan]",
        "[bold]Settings[/bold] come from the environment, as for [cyan]reconvene serve[/cyan]: ZOOM_ACCOUNT_ID, "
        "ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET of a server-to-server OAuth app (docs/zoom.md says how to make one), "
        "RECONVENE_STORE, and RECONVENE_LOG_LEVEL: with warning, no progress is shown outside a terminal.",
        "[bold]Interrupted[/bold] by Ctrl-C, a kill or Zoom's daily limit, the next run goes on where it was.",
        "[bold]Exit codes[/bold] 0: complete. 1: something is missing, as it says; the rest was kept. 2: a "
        "setting, the ID or the store is wrong, or Zoom refuses all of it. 130: stopped by Ctrl-C; 143: by SIGTERM.",
    ]
)

_STATUS_HELP = "\n\n".join(
    [
        "[bold]For example[/bold] [cyan]reconvene zoom status[/cyan], "
        "[cyan]reconvene zoom status 88988872033 --json[/cyan]",
        "[bold]States[/bold] complete: as many rows as Zoom says there are. partial: some are missing. unknown: Zoom "
        "tells who registered, not who attended. live: from Zoom's events while it goes on. unread: nothing yet.",
        "[bold]Settings[/bold] come from the environment: RECONVENE_STORE. Zoom is not asked.",
        "[bold]Exit codes[/bold] 0: shown. 2: there is no such import, or no such record.",
    ]
)

_Id = Annotated[
    list[str],
    typer.Argument(
        help="The webinar's number, with or without spaces, or a link that has it.",
        metavar="ID",
        show_default=False,
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print a JSON object, for machines.")]
_Store = Annotated[str | None, typer.Option(help="Where the record is kept.", metavar="URL")]


@zoom.command(epilog=_SYNC_HELP)
def sync(
    id: _Id,  # noqa: A002 - the name in the help
    meeting: Annotated[bool, typer.Option("--meeting", help="It is a meeting, not a webinar.")] = False,
    instance: Annotated[
        str | None, typer.Option(help="Read this instance only.", metavar="UUID", show_default=False)
    ] = None,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Read again later, until two readings agree: Zoom's reports settle slowly."
        ),
    ] = False,
    as_json: _Json = False,
    store: _Store = None,
) -> None:
    """Read who attended, everyone and every stay, from Zoom into the record. A server may be running.

    Running it again changes only what has changed at Zoom.
    """
    config = _config(store)
    number = _external_id(id)
    try:
        from reconvene.cli.zoom_summary import outcome_in_json, show_outcome
        from server.zoom import command_run
        from server.zoom.sync import SyncRequest
    except ZoomFailure as missing:
        fail(str(missing))
    from reconvene.terminal import paper

    screen = _screen(config, as_json=as_json)
    request = SyncRequest(number, "meeting" if meeting else "webinar", instance, watch)
    try:
        with screen:
            outcome = command_run.attended(command_run.sync(config, request, screen.tell), screen.stop)
    except command_run.Stopped as stopped:
        again = f"reconvene zoom sync {number}{' --meeting' if meeting else ''}"
        typer.echo(f"reconvene: stopped; the next {again} goes on from where it was", err=True)
        raise typer.Exit(stopped.exit_code) from None
    except (ZoomFailure, StoreError, ValueError) as error:
        fail(str(error))
    if as_json:
        typer.echo(outcome_in_json(outcome, time.time()))
    else:
        show_outcome(paper(), outcome, time.time())
    raise typer.Exit(0 if outcome.complete else 1)


@zoom.command(epilog=_STATUS_HELP)
def status(
    id: Annotated[  # noqa: A002
        list[str] | None,
        typer.Argument(help="Show this one only, in full.", metavar="ID", show_default=False),
    ] = None,
    as_json: _Json = False,
    store: _Store = None,
) -> None:
    """Show what was imported, how complete it is, and where it came from. Changes nothing, and asks Zoom nothing."""
    from reconvene.cli import read_only_store, zoom_summary
    from reconvene.terminal import paper

    config = _config(store)
    number = _external_id(id) if id else None
    try:
        known = asyncio.run(_known(config, number))
    except (StoreError, read_only_store.CannotShow) as error:
        fail(str(error))
    if as_json:
        typer.echo(
            zoom_summary.imports_in_json(known) if number is None else zoom_summary.import_in_json(known[0])
        )
    elif number is None:
        zoom_summary.show_imports(paper(), known)
    else:
        zoom_summary.show_import(paper(), known[0])


async def _known(config: Config, number: str | None) -> list[Known]:
    """The import with this number, or the latest one. Raises `CannotShow`, `StoreError`."""
    from reconvene.cli import read_only_store
    from reconvene.cli.zoom_summary import Known
    from server.zoom import person_matching

    async with read_only_store.opened(config) as store:
        if number is None:
            found = list(await store.imports(MOST_LISTED))
        else:
            one = await store.imported(person_matching.room(number))
            if one is None:
                raise read_only_store.CannotShow(
                    f"Zoom's {number} was not imported into {read_only_store.place(config)}: "
                    f"reconvene zoom sync {number} does it"
                )
            found = [one]
        now = time.time()
        return [Known(each, await store.import_totals(each.subject.room), now) for each in found]


def _screen(config: Config, *, as_json: bool) -> Live | Lines:
    """The progress display, on standard error; log lines go through it, so that neither garbles the other."""
    from rich.console import Console
    from rich.file_proxy import FileProxy

    from reconvene.cli.zoom_progress import Lines, Live
    from reconvene.progress_screen import on_terminal
    from server.runtime import logs

    # The display already shows what a server logs at info level.
    level = {"debug": "debug", "info": "warning"}.get(config.log_level, config.log_level)
    console = Console(stderr=True, highlight=False)
    if on_terminal(console) and not as_json:
        logs.configure(level, typing.cast(typing.TextIO, FileProxy(console, sys.stderr)))
        return Live(console)
    logs.configure(level, sys.stderr, plain=True)
    lines = Lines(lambda line: typer.echo(line, err=True))
    if config.log_level in {"warning", "error"}:
        lines.stop()
    return lines


def _config(store: str | None) -> Config:
    try:
        return Config.from_env(environment({"RECONVENE_STORE": store}))
    except ConfigError as error:
        fail(str(error))


def _external_id(words: Sequence[str]) -> str:
    """Also accepts `889 8887 2033`, as Zoom shows the number, which the shell passes as three arguments."""
    from server.zoom.address import external_id

    try:
        return external_id(" ".join(words))
    except ValueError as error:
        fail(str(error))
