"""Shows reactions: they are of the moment, so nothing of them is kept."""

from __future__ import annotations

from signalling.protocol.chat import React
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms import allowed, commands, server_messages
from signalling.rooms.budget import Budget
from signalling.rooms.effects import Broadcast, Effect
from signalling.rooms.member import Handle
from signalling.rooms.seats import Seat
from signalling.rooms.telling import Telling

RATE = 3.0
"""Of one member, a second and at once."""

NO_REACTIONS = "You may not react in this meeting."


def react(telling: Telling, connection: Handle, seat: Seat, command: React, now: float) -> list[Effect]:
    """Beyond the rate, or where the room has no budget, nobody is told."""
    room, member = seat.room, seat.member
    if not allowed.may(room, member, "hand"):
        return commands.refuse(connection, Refused(ErrorCode.FORBIDDEN, NO_REACTIONS), command.id)
    told: list[Effect] = []
    if command.id is None or command.id not in member.command_ids:
        if member.reactions is None:
            member.reactions = Budget(RATE, RATE, now)
        if not member.reactions.spend(1.0, now) and not telling.exceeds(room, now):
            told = [Broadcast(room.audience(), server_messages.reaction(member, command.emoji))]
    return told + commands.acknowledge(connection, member, command.id)
