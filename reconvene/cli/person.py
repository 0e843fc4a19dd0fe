"""`reconvene person`: what the record knows of one person, told or erased."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from reconvene.cli.read_only_store import CannotShow, opened, place
from reconvene.command_line import environment, fail
from server.identity.ids import USER_ID, is_outside
from server.identity.revocations import VOID_FOR, VOID_FOR_OUTSIDE
from server.identity.tokens import LIFETIME
from server.settings.config import Config
from server.settings.setting import ConfigError
from storage.errors import PersonPresent, StoreError
from storage.people import KINDS

_HELP = "\n\n".join(
    [
        "[bold]Exit codes[/bold] 0: done. 1: not erased, since nobody said yes, or since the person is in a meeting: "
        "running servers put them out within seconds, so ask again. 2: there is nobody by that id, or something is "
        "wrong with the store or the settings.",
        "People of meetings that were imported from Zoom have no id here: delete the import.",
    ]
)


def add_to(cli: typer.Typer) -> None:
    cli.command(epilog=_HELP)(person)


def person(
    user: Annotated[
        str,
        typer.Argument(
            help="The user id: x_… of a user of your application, which reconvene token says on standard error; u_… of "
            "others, in the column user_id of the table participants. Neither the sub of a token nor the p_… of a "
            "report. docs/operations.md says more.",
            metavar="USER",
            show_default=False,
        ),
    ],
    export: Annotated[
        bool,
        typer.Option("--export", help="Print all that is known of the person, as JSON. Changes nothing."),
    ] = False,
    erase: Annotated[
        bool,
        typer.Option(
            "--erase", help="Erase the person from all meetings, for good, and void their credentials."
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write the export there, not to standard output.", metavar="FILE"
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before erasing.")] = False,
    store: Annotated[str | None, typer.Option(help="Where the record is kept.", metavar="URL")] = None,
) -> None:
    """Export or erase what is known of one person, over all meetings. A server may be running.

    Whoever is erased stays in the reports of others as "erased", without a name or an id, so that counts and durations
    stay true.
    """
    if export is erase:
        fail("say either --export or --erase")
    if erase and output is not None:
        fail("--output is for --export: export first, then erase")
    if not re.match(USER_ID, user):
        fail(
            f"{user!r} is no user id, such as u_5nxlkpctp4j22gd5: of a user of your application reconvene token says "
            "it, of others it is user_id in the table participants"
        )
    environ = environment({"RECONVENE_STORE": store})
    try:
        if export:
            _write(asyncio.run(_export(environ, user)), output)
            return
        if not yes and not typer.confirm(f"Erase {user} from all meetings? This cannot be undone.", err=True):
            raise typer.Exit(1)
        erased = asyncio.run(_erase(environ, user))
    except typer.Abort:
        # No answer, as from a script without a terminal.
        typer.echo("reconvene: nothing was erased; --yes does not ask", err=True)
        raise typer.Exit(1) from None
    except PersonPresent as present:
        typer.echo(
            f"reconvene: nothing was erased. {present}: running servers put them out within seconds, so ask again. "
            "If none runs, the next one that starts does",
            err=True,
        )
        raise typer.Exit(1) from None
    except (ConfigError, StoreError, CannotShow) as error:
        fail(str(error))
    where = f"from {erased} meeting{'' if erased == 1 else 's'}" if erased else "before, or was never known"
    typer.echo(f"{user} was erased {where}", err=True)


async def _export(environ: Mapping[str, str], user: str) -> dict[str, Any]:
    config = Config.from_env(environ)
    async with opened(config) as store:
        found = await store.export_person(user)
    if not any(found[kind] for kind in KINDS) and found["revoked_before"] is None:
        raise CannotShow(f"nothing is known of {user!r} at {place(config)}")
    return {"user_id": user, **found}


async def _erase(environ: Mapping[str, str], user: str) -> int:
    """First the credentials: servers hear of that with their next heartbeat, and close the person's places."""
    config, now = Config.from_env(environ), time.time()
    async with opened(config) as store:
        await store.revoke(
            user, now + (VOID_FOR_OUTSIDE if is_outside(user) else VOID_FOR), now - LIFETIME, now
        )
        return await store.erase_person(user, secrets.token_hex(16))


def _write(found: Mapping[str, Any], output: Path | None) -> None:
    text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"cannot write {output}: {error.strerror or error}")
