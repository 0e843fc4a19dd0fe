"""Checks the engine of several nodes: whether it can serve, keeps what it has, is near, and is this cluster's own."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from server.doctor.checks import Finding, failure, note, ok, warning
from server.settings.config import Config

if TYPE_CHECKING:
    from server.cluster.redis.address import Address
    from server.cluster.redis.connecting import Links

AREA = "engine"

SETTINGS = frozenset({"RECONVENE_ENGINE"})

SLOW, FAR_TOO_SLOW = 0.02, 0.5
"""Seconds for an answer: every status waits for one."""
APART = 2.0
ASKED = 5
LOOKED_AT = 500
"""Keys that are looked at for those of other programs."""


async def check(config: Config, within: float) -> Sequence[Finding]:
    if config.engine is None:
        return []
    # Only who has an engine needs its packages.
    from server.cluster.engine.errors import EngineError, EngineUnavailable
    from server.cluster.redis.address import parse_address
    from server.cluster.redis.connecting import connect

    try:
        address = parse_address(config.engine)
        links = await connect(address, (), within / 4, lambda reason: None)
    except EngineUnavailable as error:
        return [_told(str(error), "Start it, look whether firewalls let pass, or correct RECONVENE_ENGINE")]
    except EngineError as error:
        return [_told(str(error), "Correct RECONVENE_ENGINE")]
    try:
        return await _look(config, links, address)
    except EngineError as error:
        return [_told(str(error), "Look what is wrong with it, or name another one in RECONVENE_ENGINE")]
    finally:
        links.lose("looked at")


async def _look(config: Config, links: Links, address: Address) -> list[Finding]:
    from server.cluster.redis.refusals import parse_info

    call = links.calls.call
    took = []
    for _ in range(ASKED):
        began = time.perf_counter()
        await call("PING")
        took.append(time.perf_counter() - began)
    info = parse_info(await call("INFO"))
    findings = [_speed(info, min(took)), _kept(info)]
    findings += [await _clocks(links), *_safety(address)]
    findings += await _secrets(config, links)
    findings += await _others(links)
    return findings


def _speed(info: Mapping[str, str], took: float) -> Finding:
    name = (
        f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {info['redis_version']}"
    )
    found = f"{name} answers, in {took * 1000:.1f} ms"
    if took < SLOW:
        return ok(AREA, found)
    advice = (
        "Have it near the nodes, on a machine that is not busy: whatever is said in a meeting waits for it"
    )
    return (failure if took >= FAR_TOO_SLOW else warning)(AREA, found, advice)


def _kept(info: Mapping[str, str]) -> Finding:
    if info.get("aof_enabled") == "1" or int(info.get("connected_slaves", "0")):
        return ok(AREA, "it keeps what it is given, on disk or with a replica")
    return note(
        AREA,
        "what it is given is in its memory alone: if it and a node go together, that node's meetings begin anew",
        "Set appendonly yes, or give it a replica, unless that is fine",
    )


async def _clocks(links: Links) -> Finding:
    before = time.time()
    seconds, micros = await links.calls.call("TIME")
    after, there = time.time(), int(seconds) + int(micros) / 1e6
    apart = max(before - there, there - after, 0.0)
    if apart < APART:
        return ok(AREA, "its clock agrees with this machine's, within 2 s")
    return warning(
        AREA,
        f"its clock and this machine's are {apart:.1f} s apart",
        "Set both by NTP: how long somebody was away is told by its clock",
    )


def _safety(address: Address) -> list[Finding]:
    places = [(address.host, 0), *address.sentinels] if address.host else list(address.sentinels)
    if all(_is_loopback(host) for host, _ in places):
        return []
    found = []
    if address.tls is None:
        found.append(
            note(
                AREA,
                "what is said in meetings goes to it without encryption (credentials are sealed)",
                "Name it by rediss:// unless the network between is yours alone",
            )
        )
    if not address.password:
        found.append(
            warning(
                AREA,
                "it asks for no password: whoever reaches it can speak for anybody in any meeting",
                "Give it one (requirepass, or a user by ACL SETUSER), and let nobody but the nodes reach it",
            )
        )
    return found


async def _secrets(config: Config, links: Links) -> list[Finding]:
    from server.cluster.engine import one_secret
    from server.cluster.engine.errors import EngineRefused
    from server.cluster.engine.records import SeenNode
    from server.cluster.redis import keys

    names = [name.decode() for name in await links.calls.call("ZRANGE", keys.NODES, 0, -1)]
    said = [await links.calls.call("GET", keys.node(name)) for name in names]
    nodes = [SeenNode(name, about, 0.0) for name, about in zip(names, said, strict=True) if about]
    if not nodes:
        return [note(AREA, "no node lives there now")]
    try:
        one_secret.check(one_secret.fingerprints(config.secret, config.secret_previous), nodes)
    except EngineRefused as error:
        return [_told(str(error), "Set the same RECONVENE_SECRET for all nodes")]
    return [ok(AREA, f"{len(nodes)} nodes live there, with the same secret (reconvene cluster shows them)")]


async def _others(links: Links) -> list[Finding]:
    _, found = await links.calls.call("SCAN", 0, "COUNT", LOOKED_AT)
    if all(key.startswith(b"rc:") for key in found):
        return []
    return [
        note(
            AREA,
            "other programs keep something in this database, too",
            "Name a database of its own in RECONVENE_ENGINE, as in …:6379/1: who empties theirs empties ours",
        )
    ]


def _told(text: str, otherwise: str) -> Finding:
    """Most errors end with what to do."""
    found, separator, advice = text.partition("; ")
    if not separator:
        return failure(AREA, text, otherwise)
    return failure(AREA, found, f"{advice[0].upper()}{advice[1:]}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def load(config: Config) -> None:
    """Import what the engine needs: this can take longer than the engine."""
    if config.engine is not None:
        import server.cluster.redis.connecting  # noqa: F401
