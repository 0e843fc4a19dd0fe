"""`reconvene conformance`: try clients and servers against the protocol."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from reconvene.cli.entry_options import Token, TokenFile, shown
from reconvene.command_line import fail
from reconvene.server_address import Address, BadAddress

conformance = typer.Typer(
    name="conformance",
    help="Try whether clients and servers do what the protocol says.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

SEES = "[bold]See[/bold] docs/conformance.md."


@conformance.command(epilog=SEES)
def serve(
    host: Annotated[str, typer.Option(help="Where to listen.", metavar="ADDRESS")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.", metavar="PORT")] = 3900,
    patience: Annotated[
        float,
        typer.Option(min=0.1, max=600, help="Within which a client has to come back.", metavar="SECONDS"),
    ] = 30.0,
    quiet: Annotated[
        float, typer.Option(min=0.1, max=600, help="In which one must not.", metavar="SECONDS")
    ] = 5.0,
) -> None:
    """Serve meetings in which things go wrong, by their IDs (TEST-DROP-AFTER-3, …), to try a client.

    GET /verdict/MEETING says what was found of the client that joined it, and GET / what meetings there are.
    """
    from reconvene.conformance.serving import serving

    async def run() -> None:
        async with serving(host, port, patience=patience, quiet=quiet) as url:
            typer.echo(f"{url}: join TEST-DROP-AFTER-3, then look at {url}/verdict/TEST-DROP-AFTER-3")
            await asyncio.Event().wait()

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except OSError as error:
        fail(f"cannot listen on {host}:{port}: {error.strerror or error}")


@conformance.command(epilog=SEES)
def check(
    url: Annotated[str, typer.Argument(help="The server, such as http://localhost:3000.", metavar="URL")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object, for machines.")] = False,
    token: Token = None,
    token_file: TokenFile = None,
) -> None:
    """Check whether a server does what the protocol says, in meetings of its own (CHECK-…), which are ended.

    Where everybody has to log in, it takes two tokens, of users who may create
    meetings. Exit codes: 0 if all is as it should be, 1 if not, 2 for arguments
    that cannot be.
    """
    credentials = shown(token, token_file, None, None, None, count=2)
    from reconvene.conformance.checking import run

    try:
        address = Address.parse(url)
    except BadAddress as error:
        fail(str(error))
    raise typer.Exit(asyncio.run(run(address, tokens=credentials.tokens, as_json=as_json)))
