"""Mutations of the chat, to plant as those in `mutations` are."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from server.realtime.change_writer import ChangeWriter
from server.realtime.chat_writer import ChatWriter
from signalling.client.chat import ChatLog
from signalling.client.membership import Membership
from signalling.client.outbox import CHAT, Outbox
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms import chat_rules
from signalling.rooms.change import Recorded, Unsettled
from signalling.rooms.chat import Chatting
from signalling.rooms.event_log import Log
from signalling.rooms.room import Room
from tests.simulation.hand_mutations import HAND_PLANTS


def deleted_text_stays_in_the_log(patch: pytest.MonkeyPatch) -> None:
    """Whoever resumes is told what was deleted meanwhile."""
    patch.setattr(Log, "erase", lambda self, mark: None)


def chat_dropped_in_a_restart(patch: pytest.MonkeyPatch) -> None:
    """What was written and not acknowledged is not sent again."""
    forget = Outbox.forget_what_may_have_happened

    def forgets(self: Outbox) -> list[dict[str, Any]]:
        self._commands = [
            each for each in self._commands if not (each.written and each.message["type"] in CHAT)
        ]
        return forget(self)

    patch.setattr(Outbox, "forget_what_may_have_happened", forgets)


def repeated_messages_are_told_at_once(patch: pytest.MonkeyPatch) -> None:
    """As if they were new, although the record may have them."""
    say = Chatting._say

    def tells(self: Chatting, room: Room, member: Any, command: Any, now: float) -> Any:
        return say(self, room, member, _as_new(command), now)

    patch.setattr(Chatting, "_say", tells)


def _as_new(command: Any) -> Any:
    return msgspec.structs.replace(command, again=False)


def messages_acknowledged_at_once(patch: pytest.MonkeyPatch) -> None:
    """Before the store has them, which a killed server never tells it then."""
    record = ChangeWriter.record

    def answers(self: ChangeWriter, unsettled: Unsettled) -> None:
        if unsettled.change.chat is not None and unsettled.told:
            self.settled(unsettled, Recorded(again=False))
            unsettled = unsettled._replace(reply=None)
        record(self, unsettled)

    patch.setattr(ChangeWriter, "record", answers)


def histories_are_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    """What is missed between two servers is missed for good."""
    patch.setattr(ChatLog, "page", lambda self, page, before: None)


def messages_by_the_clock_alone(patch: pytest.MonkeyPatch) -> None:
    """What is written after the clock was set back stands before the rest."""
    patch.setattr(Chatting, "_next", lambda self, room, now: round(self._at(now), 3))


def looked_up_in_vain(patch: pytest.MonkeyPatch) -> None:
    """What the record has already is told once more."""

    async def unknown(self: ChatWriter, room: str, unsettled: Unsettled) -> Refused:
        return Refused(ErrorCode.CHANGED)

    patch.setattr(ChatWriter, "_look_up", unknown)


def repeats_are_refused_unseen(patch: pytest.MonkeyPatch) -> None:
    """A message that the record has is refused, since whom it was for has gone by now."""
    say = Chatting._say

    def refuses(self: Chatting, room: Room, member: Any, command: Any, now: float) -> Any:
        chat_rules.addressee_of(room, member, command)
        return say(self, room, member, command, now)

    patch.setattr(Chatting, "_say", refuses)


def promoted_in_vain(patch: pytest.MonkeyPatch) -> None:
    """Whoever comes to be in charge is not shown what those who are were written."""
    patch.setattr(Membership, "_read_all", lambda self: [])


def erased_text_stays_in_the_log(patch: pytest.MonkeyPatch) -> None:
    """Whoever resumes is told what was erased meanwhile."""
    forget = Chatting._forget

    def forgets(self: Chatting, room: Room, messages: Any) -> None:
        if not isinstance(messages, frozenset):
            forget(self, room, messages)

    patch.setattr(Chatting, "_forget", forgets)


def erasures_acknowledged_at_once(patch: pytest.MonkeyPatch) -> None:
    """Before the store has them."""
    record = ChangeWriter.record

    def answers(self: ChangeWriter, unsettled: Unsettled) -> None:
        post = unsettled.change.chat
        if post is not None and post.kind == "erase":
            self.settled(unsettled, Recorded(again=False))
        else:
            record(self, unsettled)

    patch.setattr(ChangeWriter, "record", answers)


def erasures_unheard(patch: pytest.MonkeyPatch) -> None:
    """A client goes on to show what it has."""
    patch.setattr(ChatLog, "_erase", lambda self, author, event: False)


CHAT_PLANTS = (
    erased_text_stays_in_the_log,
    erasures_acknowledged_at_once,
    erasures_unheard,
    promoted_in_vain,
    deleted_text_stays_in_the_log,
    chat_dropped_in_a_restart,
    repeated_messages_are_told_at_once,
    messages_acknowledged_at_once,
    histories_are_not_asked_for,
    messages_by_the_clock_alone,
    looked_up_in_vain,
    repeats_are_refused_unseen,
)

PEOPLE_PLANTS = (*CHAT_PLANTS, *HAND_PLANTS)
"""Of what people do who are not in charge."""
