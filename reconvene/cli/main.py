"""The `reconvene` command."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import structlog
import typer

from reconvene.cli import cluster, login, migration, participants, person, trials, watching
from reconvene.cli.conformance import conformance
from reconvene.cli.zoom import zoom
from reconvene.command_line import environment, fail
from server.runtime import event_loop, logs
from server.runtime.log_queue import LogQueue
from server.runtime.sockets import bind
from server.settings.config import SETTINGS, Config, unknown_settings
from server.settings.setting import ConfigError
from storage.errors import StoreError

cli = typer.Typer(
    name="reconvene",
    help="Reconvene, a realtime meeting signalling server.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

cli.add_typer(zoom)

cli.add_typer(conformance)

_SETTINGS_HELP = "\n\n".join(
    [
        "[bold]Settings[/bold] come from the environment; options win over them.",
        *(
            f"[cyan]{setting.name}[/cyan] [dim]({setting.default or 'not set'})[/dim] {setting.purpose}"
            for setting in SETTINGS
        ),
    ]
)


@cli.command(epilog=_SETTINGS_HELP)
def serve(
    host: Annotated[str | None, typer.Option(help="Where to listen.", metavar="ADDRESS")] = None,
    port: Annotated[str | None, typer.Option(help="Port to listen on.", metavar="PORT")] = None,
    store: Annotated[str | None, typer.Option(help="Where to keep the record.", metavar="URL")] = None,
    processes: Annotated[
        str | None,
        typer.Option(help="Server processes that share the port and RECONVENE_ENGINE.", metavar="N"),
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error.", metavar="LEVEL")
    ] = None,
    watched_by: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve meetings: the page, the API and the websocket, on one port."""
    environ = environment(
        {
            "RECONVENE_HOST": host,
            "RECONVENE_PORT": port,
            "RECONVENE_STORE": store,
            "RECONVENE_PROCESSES": processes,
            "RECONVENE_LOG_LEVEL": log_level,
        }
    )
    try:
        config = Config.from_env(environ)
    except ConfigError as error:
        fail(str(error))
    with contextlib.closing(logs.queued()) as lines:
        logs.configure(config.log_level, lines)
        log = structlog.get_logger()
        for name in unknown_settings(environ):
            log.warning("there is no such setting", name=name, see="reconvene serve --help")
        if config.processes > 1:
            _watch(config, environ)
        else:
            _serve(config, lines, None if watched_by is None else watching.Watcher(watched_by))


_MIGRATE_HELP = "\n\n".join(
    [
        "[bold]Settings[/bold] come from the environment, as for [cyan]reconvene serve[/cyan]; "
        "RECONVENE_STORE, and for Supabase SUPABASE_URL, SUPABASE_SERVICE_KEY and SUPABASE_DB_URL, count here.",
        "[bold]Exit codes[/bold] 0: up to date. 1: --check found something missing. 2: the store cannot be reached, "
        "or something is wrong with it or the settings.",
    ]
)


@cli.command(epilog=_MIGRATE_HELP)
def migrate(
    store: Annotated[str | None, typer.Option(help="Where the record is kept.", metavar="URL")] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Change nothing: say what is missing, and exit with 1 if anything is."),
    ] = False,
    sql: Annotated[
        bool,
        typer.Option(
            "--sql", help="Change nothing: print what is missing as SQL for PostgreSQL and Supabase."
        ),
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="With --sql: print all of it, without looking at the store.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(
            help="Write the migrations as files for [cyan]supabase db push[/cyan], without looking at the store.",
            metavar="DIRECTORY",
        ),
    ] = None,
) -> None:
    """Bring the store's tables and functions up to date, and say what was done."""
    environ = environment({"RECONVENE_STORE": store})
    try:
        done = asyncio.run(
            migration.run(environ, typer.echo, check=check, sql=sql, everything=everything, directory=export)
        )
    except (ConfigError, StoreError, migration.CannotMigrate) as error:
        fail(str(error))
    raise typer.Exit(0 if done else 1)


@cli.command()
def attendance(
    meeting: Annotated[
        list[str],
        typer.Argument(
            help="The meeting's ID, or the number of a webinar or meeting that was imported from Zoom.",
            metavar="MEETING",
            show_default=False,
        ),
    ],
    csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV, as for a spreadsheet. Its times are UTC.")
    ] = False,
    instance: Annotated[
        str | None,
        typer.Option(
            help="For an import: only this instance. The day on which it began will do if no other began that day.",
            metavar="UUID",
            show_default=False,
        ),
    ] = None,
    by: Annotated[
        Literal["instance"] | None,
        typer.Option(
            help="For an import: a column for each instance, headed by the local time when it began.",
            show_default=False,
        ),
    ] = None,
    rows: Annotated[
        Literal["stays", "people", "registrants"] | None,
        typer.Option(
            help="A row for each of these; registrants for imports only. Default: people; with --csv: stays."
        ),
    ] = None,
    store: Annotated[str | None, typer.Option(help="Where the record is kept.", metavar="URL")] = None,
) -> None:
    """Show who was in a meeting, when, and for how long. Changes nothing; a server may be running.

    Times are in the local time zone; set TZ for another.
    """
    # Imported here: only this command needs tables.
    from reconvene.cli import attendance_command
    from reconvene.cli.read_only_store import CannotShow
    from server.reports.instances import NoSuchInstance

    if by and rows not in (None, "people"):
        fail(f"--by instance has a row for each person: leave out --rows {rows}")
    shown = attendance_command.Rows(rows) if rows else None
    environ = environment({"RECONVENE_STORE": store})
    try:
        record = asyncio.run(attendance_command.read(environ, " ".join(meeting), shown, instance))
        attendance_command.show(record, rows=shown, as_csv=csv, by_instance=by is not None)
    except NoSuchInstance as error:
        fail(f"--by: {error}")
    except (ConfigError, StoreError, CannotShow) as error:
        fail(str(error))


@cli.command()
def version() -> None:
    """Show the versions of Reconvene and Python."""
    typer.echo(f"reconvene {distribution_version('reconvene')} (Python {platform.python_version()})")


@cli.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object, for machines.")] = False,
) -> None:
    """Check settings, files, port, store, TURN and clock, and say what to do about each finding.

    Changes nothing. Exits with 0 if nothing failed (notes and warnings are no failures), with 1 otherwise.
    """
    # Imported here: only this command needs the checks.
    from server.doctor import report, runner

    # The findings report what goes wrong; the libraries need not log it as well.
    logs.configure("critical", sys.stderr, plain=True)
    findings = runner.run(os.environ)
    report.show(findings, as_json=as_json)
    raise typer.Exit(1 if report.failed(findings) else 0)


cli.command()(login.token)

cli.command()(cluster.cluster)

person.add_to(cli)

participants.add_to(cli)
trials.add_to(cli)


def _watch(config: Config, environ: Mapping[str, str]) -> None:
    try:
        code = watching.run(config.processes, config.host, config.port, environ)
    except OSError as error:
        _cannot_listen(config, error)
    raise typer.Exit(code)


def _cannot_listen(config: Config, error: OSError) -> NoReturn:
    fail(
        f"cannot listen on {config.host}:{config.port}: {error.strerror or error}. Stop what listens there, "
        "or set RECONVENE_HOST or RECONVENE_PORT to something else"
    )


def _serve(config: Config, lines: LogQueue, watcher: watching.Watcher | None) -> None:
    try:
        # Of several nodes one that is not ready must not take those whom others would serve.
        sockets = bind(config.host, config.port, listen=config.engine is None, shared=watcher is not None)
    except OSError as error:
        _cannot_listen(config, error)
    # Imported here: the web framework takes half a second to import; `--help` and the client commands do not need it.
    from server.app import serve

    try:
        listening = (lambda: None) if watcher is None else watcher.listens
        event_loop.run(serve(config, sockets, lines_dropped=lambda: lines.dropped, listening=listening))
    except (ConfigError, StoreError) as error:
        fail(str(error))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            _cannot_listen(config, error)
        fail(
            f"cannot keep files in {config.data_directory}: {error}. Set RECONVENE_STORE or RECONVENE_SECRET"
        )
    except KeyboardInterrupt:
        sys.exit(130)


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # No traceback when the terminal cannot encode a tick, or a name is not valid text.
            stream.reconfigure(errors="replace")
    # Standard output is for results only. Commands that log their own progress set a lower level.
    logs.configure("warning", sys.stderr, plain=True)
    cli()


if __name__ == "__main__":
    main()
