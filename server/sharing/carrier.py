"""Puts the hub's effects into the turn of their room; what of them is for others happens when it is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from server.realtime.carrier import Carrier
from server.sharing.owned_connection import OwnedConnection
from server.sharing.owned_room import Awaited, Hands, Held, Local, OwnedRoom
from signalling.rooms.change import Unsettled
from signalling.rooms.effects import (
    Broadcast,
    Close,
    Effect,
    EndMeeting,
    LetIn,
    PutRight,
    Send,
    StayEnded,
    StayResumed,
    Together,
)
from signalling.rooms.hands import RECORDED


class SharedCarrier(Carrier):
    """`refused` is told of a change in a room that is another node's by now: nothing is recorded behind its back."""

    rooms: Mapping[str, OwnedRoom]
    refused: Callable[[Unsettled], None]

    def perform(self, room: str, held: Held) -> None:
        """It is committed."""
        if isinstance(held, Hands):
            self._hands.record({room: held.hands})
        elif not isinstance(held, Local | Awaited):
            super()._do([held])

    def _record_hands(self, changed: Mapping[str, RECORDED]) -> None:
        for room_id, hands in changed.items():
            room = self.rooms.get(room_id)
            if room is not None:
                room.later(Hands(hands))

    def _do(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send | Close) and not isinstance(effect.to, OwnedConnection):
                # A socket of this node, which is told something that concerns no room.
                super()._do([effect])
            elif isinstance(effect, Send):
                if not effect.to.closing:
                    effect.to.room.send(effect.to, effect.payload)
            elif isinstance(effect, Broadcast):
                effect.to[0].room.cast(effect.to, effect.payload)
            elif isinstance(effect, Together):
                for payload in effect.payloads:
                    effect.to[0].room.cast(effect.to, payload)
            elif isinstance(effect, Close):
                effect.to.close(effect.code)
            else:
                self._later(effect)

    def _later(self, effect: StayEnded | StayResumed | Unsettled | EndMeeting | PutRight | LetIn) -> None:
        if isinstance(effect, StayEnded):
            self._pending.stay_ended(effect.room, effect.user_id)
        elif isinstance(effect, Unsettled) and effect.is_about_entry:
            self._pending.meeting_changed(effect.room)
        room = self.rooms.get(effect.room)
        if room is not None:
            room.later(effect)
        elif isinstance(effect, Unsettled):
            # Asked for over HTTP, when the room was here yet.
            self.refused(effect)
