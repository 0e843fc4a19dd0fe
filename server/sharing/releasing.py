"""What was held back until it was committed goes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from server.sharing.carrier import SharedCarrier
from server.sharing.edge_sockets import EdgeSockets
from server.sharing.owned_room import Awaited, Held, Local, OwnedRoom

log = structlog.get_logger()


def releasing(edge: EdgeSockets, shared: SharedCarrier) -> Callable[[OwnedRoom, Sequence[Held]], None]:
    """To the sockets of this node by its `edge`, and to the record."""

    def release(room: OwnedRoom, held: Sequence[Held]) -> None:
        for each in held:
            try:
                if isinstance(each, Local):
                    edge.heard(each.message, each.payload)
                elif isinstance(each, Awaited):
                    room.reached(each.event)
                else:
                    shared.perform(room.id, each)
            except Exception:
                log.exception("what was committed could not be carried out", meeting=room.id)

    return release
