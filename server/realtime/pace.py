"""How much load one member may put on the others in a room, from the settings."""

from __future__ import annotations

from server.settings.config import Config
from signalling.rooms.flow import Flow
from signalling.rooms.telling import FRAMES


def frames(config: Config) -> float:
    """Frames per second for the statuses in one room; 0: no limit."""
    return FRAMES if config.message_rate else 0.0


def flow(config: Config) -> Flow:
    """Limits bytes only if messages are limited. Signals to a member who is behind are refused in any case."""
    return Flow(rate=Flow().rate if config.message_rate else 0.0, is_behind=lambda socket: socket.is_behind)
