"""Networks of our own, which can be cut: each node has one, and all are in another one that leads nowhere else.

    if may_divide():
        divide("tests.chaos", arguments)    # this program again, in a network without an outside
    space = Space()                         # in it
    site = await space.make()               # a network for one process, and the cable to it
    await site.unplug(); await site.plug_in()
    await site.drop(6379)                   # what is sent to that port, and comes from it, is lost without a word
    await site.pass_again(6379)

They go with the processes that are in them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence

HERE = "10.99.0.1"
"""What all share is there."""
REPLICA = "10.99.0.2"
ENTER = "CHAOS_NETWORK"
"""The variable that names the network which `tests.chaos.inside` enters."""
_DIVIDED = "CHAOS_IS_DIVIDED"

PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"


def may_divide() -> bool:
    """Whether this process may make networks."""
    return os.geteuid() == 0 and all(shutil.which(each, path=PATH) for each in ("unshare", "ip", "iptables"))


def is_divided() -> bool:
    return _DIVIDED in os.environ


def divide(module: str, arguments: Sequence[str]) -> None:
    """Go on as that module in a network of our own; returns if that cannot be had."""
    set_up = f"ip link set lo up && ip address add {HERE}/32 dev lo && ip address add {REPLICA}/32 dev lo"
    begin = f'{set_up} && exec "$0" -m "$@"'
    command = ["unshare", "--net", "--", "sh", "-c", begin, sys.executable, module, *arguments]
    tried = ["unshare", "--net", "--", "sh", "-c", set_up]
    if os.spawnvpe(os.P_WAIT, "unshare", tried, os.environ | {"PATH": PATH}) == 0:  # noqa: S606
        os.execvpe("unshare", command, os.environ | {"PATH": PATH, _DIVIDED: "1"})  # noqa: S606


async def run(*command: str) -> None:
    """Raises `RuntimeError`."""
    process = await asyncio.create_subprocess_exec(
        *command, env={"PATH": PATH}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {said.decode().strip()}")


async def part(client: str, server: str, port: int, *, again: bool = False) -> None:
    """What goes from that address to that port, or back, is lost without a word; or it passes `again`."""
    change = "-D" if again else "-A"
    for source, to, end in ((client, server, "--dport"), (server, client, "--sport")):
        await run(
            *("iptables", change, "INPUT", "-s", source, "-d", to),
            *("-p", "tcp", end, str(port), "-j", "DROP"),
        )


class Site:
    """`address`: of what is in it. `network`: the file to enter it by."""

    def __init__(self, number: int, holder: asyncio.subprocess.Process) -> None:
        self.address = f"10.99.{number}.2"
        self.network = f"/proc/{holder.pid}/ns/net"
        self._cable = f"chaos{number}"
        self._holder = holder

    async def connect(self) -> None:
        at_us = f"{self.address.removesuffix('2')}1"
        await run(
            *("ip", "link", "add", self._cable, "type", "veth"),
            *("peer", "name", "eth0", "netns", str(self._holder.pid)),
        )
        await run("ip", "address", "add", f"{at_us}/30", "dev", self._cable)
        await run("ip", "link", "set", self._cable, "up")
        for command in (
            "link set lo up",
            f"address add {self.address}/30 dev eth0",
            "link set eth0 up",
            f"route add default via {at_us}",
        ):
            await self._inside("ip", *command.split())

    async def unplug(self) -> None:
        await run("ip", "link", "set", self._cable, "down")

    async def plug_in(self) -> None:
        await run("ip", "link", "set", self._cable, "up")

    async def drop(self, port: int) -> None:
        await self._rules("-A", port)

    async def pass_again(self, port: int) -> None:
        await self._rules("-D", port)

    async def close(self) -> None:
        self._holder.kill()
        await self._holder.wait()

    async def _rules(self, change: str, port: int) -> None:
        for chain, end in (("OUTPUT", "--dport"), ("INPUT", "--sport")):
            await self._inside("iptables", change, chain, "-p", "tcp", end, str(port), "-j", "DROP")

    async def _inside(self, *command: str) -> None:
        await run("nsenter", f"--net={self.network}", *command)


class Space:
    def __init__(self) -> None:
        self._made = 0

    async def make(self) -> Site:
        self._made += 1
        # It holds the network while nothing else is in it, and ends with us.
        holder = await asyncio.create_subprocess_exec(
            *("unshare", "--net", "sh", "-c", "echo; exec cat"),
            env={"PATH": PATH},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert holder.stdout is not None
        await holder.stdout.readline()
        site = Site(self._made, holder)
        await site.connect()
        return site
