"""How much one member may ask of the others in a room, as it is configured."""

from __future__ import annotations

from server.settings.config import Config
from signalling.rooms.flow import Flow
from signalling.rooms.telling import FRAMES


def frames(config: Config) -> float:
    """For the statuses in one room, a second."""
    return FRAMES if config.message_rate else 0.0


def flow(config: Config) -> Flow:
    """Without a limit on messages there is none on their bytes either. Who does not read is spared all the same."""
    return Flow(rate=Flow().rate if config.message_rate else 0.0, is_behind=lambda socket: socket.is_behind)
