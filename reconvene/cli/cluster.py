"""`reconvene cluster`: the nodes that serve the same meetings, as their engine knows them."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Annotated, Any, NoReturn

import msgspec
import typer

from reconvene.command_line import environment, fail
from server.settings import nodes
from server.settings.setting import ConfigError

REMEMBERED = 60.0
"""Seconds for which a node that is dead is shown."""


def cluster(
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew each second, until Ctrl-C.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON; with --watch, a line each second.")
    ] = False,
) -> None:
    """Show the nodes of a cluster: which live, which meetings and people they have, how busy they are.

    Reads the engine in RECONVENE_ENGINE, needs no other setting, and changes nothing. Exits with 0 if all nodes that
    were there in the last minute live, with 1 if one is dead, with 2 if the engine cannot be used.
    """
    try:
        engine = nodes.ENGINE.read(environment({}))
    except ConfigError as error:
        fail(str(error))
    if engine is None:
        fail("RECONVENE_ENGINE is not set: a server without it is alone")
    for missing in nodes.missing_packages():
        fail(missing)
    try:
        code = asyncio.run(_show(engine, watch=watch, as_json=as_json))
    except KeyboardInterrupt:
        code = 0
    raise typer.Exit(code)


async def _show(url: str, *, watch: bool, as_json: bool) -> int:
    # Only this command and servers with an engine need its packages.
    from server.cluster.engine.errors import EngineError
    from server.cluster.redis.redis_engine import RedisEngine

    try:
        engine = RedisEngine(url)
        await engine.open()
    except EngineError as error:
        fail(f"RECONVENE_ENGINE cannot be used: {error}")
    try:
        if not watch:
            seen = _seen(await engine.look())
            if as_json:
                print(json.dumps(seen, indent=2))
            else:
                from reconvene.cli.cluster_picture import show

                show(seen)
            return int(any(node["dead"] for node in seen["nodes"]))
        await _watch(engine, as_json=as_json)
    except EngineError as error:
        fail(f"RECONVENE_ENGINE cannot be used: {error}")
    finally:
        await engine.close()


async def _watch(engine: Any, *, as_json: bool) -> NoReturn:
    if as_json:
        while True:
            print(json.dumps(await _now(engine)), flush=True)
            await asyncio.sleep(1.0)
    from reconvene.cli.cluster_picture import live, picture

    with live() as screen:
        while True:
            screen.update(picture(await _now(engine)), refresh=True)
            await asyncio.sleep(1.0)


async def _now(engine: Any) -> dict[str, Any]:
    from server.cluster.engine.errors import EngineUnavailable

    try:
        return _seen(await engine.look())
    except EngineUnavailable as error:
        return {"at": time.time(), "away": str(error), "nodes": []}


def _seen(told: Any) -> dict[str, Any]:
    """`{"at", "nodes": [{"id", "dead", "beat_ago", and what it says of itself}]}`, the oldest node first."""
    from server.cluster.engine import about

    nodes = []
    for node in told.nodes:
        ago = told.at - node.beat_at
        if node.about is None and ago > REMEMBERED:
            continue
        said = msgspec.to_builtins(about.decode(node.about or b""))
        fields = about.About.__struct_fields__
        whole = {name: said.get(name, getattr(about.About(), name)) for name in fields if name != "secrets"}
        nodes.append(
            {"id": node.id, "dead": node.about is None, "beat_ago": round(max(ago, 0.0), 3), **whole}
        )
    nodes.sort(key=lambda node: (node["dead"], node["since"], node["id"]))
    return {"at": told.at, "nodes": nodes}
