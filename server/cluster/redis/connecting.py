"""Connections to the present primary: found, logged in, looked at, with the scripts loaded."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from server.cluster.engine.errors import EngineRefused, EngineUnavailable
from server.cluster.redis.address import Address
from server.cluster.redis.link import Link
from server.cluster.redis.refusals import check, parse_info
from server.cluster.redis.scripts import Script

NAME = "reconvene"


@dataclass(frozen=True, slots=True)
class Links:
    """All to one engine, of which `incarnation` is the name since its start. They end together."""

    incarnation: str
    commits: Link
    inbox: Link
    calls: Link
    """Whatever is neither commit nor inbox: a long answer must not be in their way."""

    def lose(self, reason: str) -> None:
        for link in (self.commits, self.inbox, self.calls):
            link.lose(reason)


async def connect(
    address: Address, scripts: Iterable[Script], patience: float, on_lost: Callable[[str], None]
) -> Links:
    """`patience`: seconds until each answer is due. `on_lost` is called for every link that is lost later.

    Raises `EngineRefused`, `EngineUnavailable`.
    """
    async with contextlib.AsyncExitStack() as undo:
        made: list[Link] = []
        incarnations: list[str] = []
        try:
            async with asyncio.timeout(4 * patience):
                host, port = await address.find(patience)
                for keeps_order in (True, False, False):
                    link = await _link(
                        address,
                        host,
                        port,
                        patience,
                        partial(Link, patience, on_lost, keeps_order=keeps_order),
                    )
                    undo.callback(link.lose, "not connected")
                    made.append(link)
                    incarnations.append(await _greet(link, address))
                for script in scripts:
                    await made[0].call("SCRIPT", "LOAD", script.source)
        except TimeoutError:
            raise EngineUnavailable(f"the engine did not answer in {4 * patience:g} s") from None
        if len(set(incarnations)) > 1:
            raise EngineUnavailable("connections end at different engines")
        if any(link.is_lost for link in made):
            raise EngineUnavailable("the engine closed a connection")
        undo.pop_all()
        return Links(incarnations[0], *made)


async def _link(address: Address, host: str, port: int, patience: float, make: Callable[[], Link]) -> Link:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            _, link = await loop.create_connection(
                make, host, port, ssl=address.tls, server_hostname=host if address.tls else None
            )
    except ssl.SSLCertVerificationError as error:
        raise EngineRefused(f"its certificate is not the right one: {error.verify_message}") from error
    except TimeoutError:
        raise EngineUnavailable(f"no connection to {host}:{port} in {patience:g} s") from None
    except (OSError, ssl.SSLError) as error:
        raise EngineUnavailable(f"no connection to {host}:{port}: {error}") from error
    return link


async def _greet(link: Link, address: Address) -> str:
    """Log in and look. Returns the incarnation."""
    if address.password:
        login = (address.username, address.password) if address.username else (address.password,)
        await link.call("AUTH", *login)
    if address.database:
        await link.call("SELECT", address.database)
    with contextlib.suppress(EngineRefused):
        # For whoever looks at CLIENT LIST. Some services do not know it.
        await link.call("CLIENT", "SETNAME", NAME)
    info = parse_info(await link.call("INFO"))
    check(info)
    return info["run_id"]
