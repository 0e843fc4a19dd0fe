"""The `reconvene` command."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import typing
from importlib.metadata import version as distribution_version
from typing import Annotated

import structlog
import typer

from server import logs
from server.config import SETTINGS, Config, ConfigError, unknown_settings
from server.listening import bind
from storage.store import StoreError

cli = typer.Typer(
    name="reconvene",
    help="Reconvene, a realtime meeting signalling server.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

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
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error.", metavar="LEVEL")
    ] = None,
) -> None:
    """Serve meetings: the page, the API and the websocket, on one port."""
    options = {
        "RECONVENE_HOST": host,
        "RECONVENE_PORT": port,
        "RECONVENE_STORE": store,
        "RECONVENE_LOG_LEVEL": log_level,
    }
    environ = {**os.environ, **{name: value for name, value in options.items() if value is not None}}
    try:
        config = Config.from_env(environ)
    except ConfigError as error:
        fail(str(error))
    logs.configure(config.log_level)
    log = structlog.get_logger()
    for name in unknown_settings(environ):
        log.warning("there is no such setting", name=name, see="reconvene serve --help")
    _serve(config)


@cli.command()
def version() -> None:
    """Show the versions of Reconvene and Python."""
    typer.echo(f"reconvene {distribution_version('reconvene')} (Python {platform.python_version()})")


def _serve(config: Config) -> None:
    try:
        sockets = bind(config.host, config.port)
    except OSError as error:
        fail(
            f"cannot listen on {config.host}:{config.port}: {error.strerror or error}. Stop what listens there, "
            "or set RECONVENE_HOST or RECONVENE_PORT to something else"
        )
    # Imported here: the web framework takes half a second, and neither `--help` nor a client that comes back should.
    from server.app import serve

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(config, sockets))
    except StoreError as error:
        fail(str(error))
    except OSError as error:
        fail(
            f"cannot keep files in {config.data_directory}: {error}. Set RECONVENE_STORE or RECONVENE_SECRET"
        )
    except KeyboardInterrupt:
        sys.exit(130)


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop


def fail(text: str) -> typing.NoReturn:
    typer.echo(f"reconvene: {text}", err=True)
    raise typer.Exit(2)


def main() -> None:
    cli()


if __name__ == "__main__":
    main()
