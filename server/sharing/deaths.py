"""What the log says of nodes that came and died, and of the rooms that they had."""

from __future__ import annotations

import structlog

from server.cluster.engine import about
from server.cluster.engine.records import SeenNode

log = structlog.get_logger()


class Deaths:
    def __init__(self) -> None:
        self._mourned: set[str] = set()

    def came(self, node: SeenNode) -> None:
        log.info("a node is there", node=node.id, **_where(node))

    def died(self, last: SeenNode, silent: float, *, left: bool) -> None:
        """`silent`: seconds since its last beat. `left`: it had said that it stops."""
        if left:
            log.info("a node has left", node=last.id)
            return
        log.info("a node has died", node=last.id, silent=round(silent, 3), **_where(last))
        self._mourned.add(last.id)

    def has_no_rooms(self, node: str, silent: float) -> None:
        """Others have all that it had. Once for each death."""
        if node in self._mourned:
            self._mourned.discard(node)
            text = "all rooms of the node that died have other owners"
            log.info(text, node=node, since_its_last_beat=round(silent, 3))


def _where(node: SeenNode) -> dict[str, str]:
    said = about.decode(node.about or b"")
    return {"host": said.host, "version": said.version} if said.host else {}
