"""All nodes of a cluster read what the others write: messages in inboxes, and the state of rooms. Each says with its
beats in which versions of these it writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from server.cluster.engine import about
from server.cluster.engine.errors import EngineRefused
from server.cluster.engine.records import SeenNode


class Formats(NamedTuple):
    """`wire`: of messages; `state`: of rooms. The same number is the same format."""

    wire: int
    state: int


def check(mine: Formats, nodes: Iterable[SeenNode], me: str = "") -> None:
    """Raises `EngineRefused` if a node lives that writes in other formats."""
    for node in nodes:
        if node.about is None or node.id == me:
            continue
        said = about.decode(node.about)
        if Formats(said.wire, said.state) != mine:
            release = f"Reconvene {said.version}" if said.version else "another release"
            where = f" on {said.host}" if said.host else ""
            raise EngineRefused(
                f"nodes of {release} use it ({node.id}{where}), which this release does not understand, nor they it;"
                " start the release that they have, or stop all of them before the first of this one starts: people"
                " join anew then"
            )
