"""`reconvene conformance check`: the checks in order, and the report."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from websockets.exceptions import WebSocketException

from reconvene.conformance.checks import CHECKS, Server
from reconvene.conformance.remote import Wrong
from reconvene.one_line import one_line
from reconvene.server_address import Address


@dataclass(frozen=True, slots=True)
class Outcome:
    """`says`: what the server is to do. `wrong`: what it does instead, or empty."""

    name: str
    says: str
    wrong: str


async def check(address: Address, tokens: Sequence[str] = ()) -> AsyncIterator[Outcome]:
    """The outcome of each check, as it comes. Later ones are tried whatever came before."""
    for each in CHECKS:
        server = Server(address.websocket, tokens)
        try:
            await each(server)
            wrong = ""
        except Wrong as error:
            wrong = str(error)
        except (OSError, WebSocketException) as error:
            wrong = f"no websocket could be opened: {one_line(error)}"
        finally:
            await server.close()
        yield Outcome(each.__name__, " ".join((each.__doc__ or "").split()), wrong)


async def run(address: Address, *, tokens: Sequence[str] = (), as_json: bool = False) -> int:
    """Prints the report; returns the exit code: 1 if anything is wrong."""
    outcomes = []
    async for outcome in check(address, tokens):
        outcomes.append(outcome)
        if not as_json:
            mark = "FAILED" if outcome.wrong else "ok"
            print(f"{mark:<7} {outcome.name:<16} {outcome.wrong or outcome.says}", flush=True)
    failed = [outcome.name for outcome in outcomes if outcome.wrong]
    if as_json:
        checks = [{"name": each.name, "says": each.says, "wrong": each.wrong or None} for each in outcomes]
        print(json.dumps({"url": address.base, "ok": not failed, "checks": checks}, indent=2))
    elif failed:
        print(f"{len(failed)} of {len(outcomes)} checks failed.")
    else:
        print("The server does what the protocol says, as far as it was asked.")
    return 1 if failed else 0
