"""The picture of a cluster that `reconvene cluster` shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

WIDE = 160
"""Columns for whoever reads it from a pipe."""


def show(seen: Mapping[str, Any]) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE)
    console.print(picture(seen))


def live() -> Live:
    """Where one picture takes the place of the one before."""
    return Live(console=Console(), auto_refresh=False)


def picture(seen: Mapping[str, Any]) -> RenderableType:
    if "away" in seen:
        return Text(f"The engine is away: {seen['away']}", style="bold red")
    table = Table(box=None, pad_edge=False)
    for name in ("node", "host", "pid", "version", "up"):
        table.add_column(name, no_wrap=True)
    for name in ("meetings", "people", "sockets", "edges", "cpu", "lag", "beat"):
        table.add_column(name, justify="right", no_wrap=True)
    for node in seen["nodes"]:
        style = "bold red" if node["dead"] else "yellow" if node["leaving"] else ""
        state = (
            "dead" if node["dead"] else "leaves" if node["leaving"] else _length(seen["at"] - node["since"])
        )
        table.add_row(
            *(node["id"], node["host"], str(node["pid"] or ""), node["version"], state),
            *(str(node[name]) for name in ("rooms", "people", "connections", "edges")),
            *(f"{node['cpu']:.0%}", f"{node['lag'] * 1000:.0f} ms", f"{node['beat_ago']:.1f} s"),
            style=style,
        )
    alive = [node for node in seen["nodes"] if not node["dead"]]
    people, rooms = (sum(node[name] for node in alive) for name in ("people", "rooms"))
    total = f"{len(alive)} nodes, {rooms} meetings, {people} people"
    versions = {node["version"] for node in alive}
    if len(versions) > 1:
        total += f"; {len(versions)} versions at a time, as during an upgrade"
    return Group(table, Text(total, style="bold"))


def _length(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
