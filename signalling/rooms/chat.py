"""Carries out what people write.

A message is told at once, and acknowledged when the store has it; one that the store refuses is taken back. One that is
sent again may have been told before: there the store comes first, whatever is in its way now. So it does with an edit
and a deletion, since the room does not know what was written long ago: they are told when the store has them.

`at` rises from message to message, whatever is done to the clock, so that all see them in one order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping

import msgspec

from signalling.protocol.chat import (
    HOSTS,
    Chat,
    ChatCommand,
    ChatDelete,
    ChatEdit,
    ChatErase,
    ChatHistory,
    Written,
)
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.features import BUSY
from signalling.rooms import commands, permissions, server_messages
from signalling.rooms.budget import Budget
from signalling.rooms.change import (
    Actor,
    Change,
    ChatChange,
    Erased,
    Outcome,
    Person,
    Posted,
    Recorded,
    Reply,
    Unsettled,
)
from signalling.rooms.chat_rules import DELETED, TO_HOSTS, addressee_of, is_over, reach_of, shown
from signalling.rooms.effects import Effect
from signalling.rooms.member import Handle, Member
from signalling.rooms.orders import answer
from signalling.rooms.questions import Questions
from signalling.rooms.room import Room
from signalling.rooms.seats import Seat
from signalling.rooms.telling import Telling

RATE, BURST = 1.0, 5.0
"""Messages, edits and deletions of one member, a second and at once."""

RETRY_LEAST = 0.1

MOST_WAITING = 64
"""Most of one member that the store has not answered yet."""

MOST_TEXT = 256 * 1024
"""Most characters in a room that the store has not answered yet. They are part of its state, all of them each time it
is given to the engine (`signalling.state`)."""

UNKNOWN = ""
"""In place of the id of a message which only its key says: whom it was for is not known any more."""

Name = Callable[[str, str, str], str]
"""The id of a message, from its room, its author and what it is: always the same, and nobody can guess one."""


def hashed(room: str, user_id: str, what: str) -> str:
    return "m_" + hashlib.sha256(f"{room}\n{user_id}\n{what}".encode()).hexdigest()[:20]


class Chatting:
    """`at` converts a time of the hub's clock to the record's clock."""

    def __init__(
        self,
        told: Telling,
        questions: Questions,
        at: Callable[[float], float] = lambda moment: moment,
        name: Name = hashed,
    ) -> None:
        self._telling = told
        self._questions = questions
        self._at = at
        self._name = name

    def receive(
        self, connection: Handle, seat: Seat, command: ChatCommand, now: float, known: Mapping[str, Person]
    ) -> list[Effect]:
        room, member = seat.room, seat.member
        if (answered := commands.repeated(connection, member, command.id)) is not None:
            return answered
        try:
            effects = self._carry_out(room, member, command, now, known)
        except Refused as refused:
            if refused.code is not ErrorCode.BUSY:
                is_over(member, command.id)
            elif member.chat_refused is None and BUSY in member.features:
                member.chat_refused = command.id
            return commands.refuse(connection, refused, command.id)
        is_over(member, command.id)
        return effects

    def _carry_out(
        self,
        room: Room,
        member: Member,
        command: Written | ChatHistory,
        now: float,
        known: Mapping[str, Person],
    ) -> list[Effect]:
        """Raises `Refused`."""
        match command:
            case Chat():
                return self._say(room, member, command, now)
            case ChatEdit():
                return self._edit(room, member, command, now)
            case ChatDelete():
                return self._delete(room, member, command, now)
            case ChatErase():
                return self._erase(room, member, command, now, known)
            case ChatHistory():
                # The caller asks the store.
                return []

    def settled(
        self, room: Room | None, unsettled: Unsettled, post: ChatChange, outcome: Outcome, now: float
    ) -> list[Effect]:
        """The store has answered."""
        self._questions.answered(unsettled)
        effects: list[Effect] = []
        if room is not None and isinstance(outcome, Refused):
            is_unknown = outcome.code is ErrorCode.CHANGED and unsettled.refused is None
            if is_unknown and self._questions.erases(room.id, unsettled.actor.user_id):
                is_unknown, outcome = False, Refused(ErrorCode.BAD_MESSAGE, DELETED)
            if post.kind == "say" and not unsettled.told and is_unknown:
                if self._questions.tells(room.id, post.id):
                    # It came twice, and was told in between.
                    return [self._questions.ask(room, unsettled)]
                # The store does not have it, so it was never told, or only to those who were told by a server that is
                # gone: it is the same message to them.
                said = msgspec.structs.replace(post, at=self._next(room, now))
                return self._told(room, unsettled._replace(change=Change("", chat=said), told=True), now)
            if post.kind == "say" and unsettled.told and outcome.retry_after is None:
                effects += self._take_back(room, unsettled, post, now)
        elif room is not None and isinstance(outcome, Recorded) and outcome.posted is not None:
            effects += self._changed(room, post, outcome.posted, now)
        elif room is not None and isinstance(outcome, Recorded) and outcome.erased is not None:
            effects += self._erased(room, post, outcome.erased, now)
            outcome = unsettled.as_first(outcome)
        if unsettled.told and unsettled.anew and isinstance(outcome, Recorded):
            outcome = outcome._replace(again=False)
        return effects + (
            [] if unsettled.reply is None else answer(room, unsettled.reply, unsettled.answer(outcome))
        )

    def learn(self, room: Room, at: float) -> None:
        """The record has a message of that time: the next one comes after it."""
        if at > room.chat_at:
            room.chat_at = at
            room.touch()

    def _say(self, room: Room, member: Member, command: Chat, now: float) -> list[Effect]:
        text = shown(command.text)
        try:
            to_user, refused = addressee_of(room, member, command), None
        except Refused as error:
            if not command.again:
                raise
            # Nothing may have been in its way when it came before.
            to_user, refused = None, error
        self._pace(member, command.id, now)
        what = msgspec.json.encode([command.key, to_user, command.reply_to, text]).decode()
        message = UNKNOWN if refused is not None else self._name(room.id, member.user_id, what)
        again = command.again or self._questions.tells(room.id, message)
        at = 0.0 if again else self._next(room, now)
        post = ChatChange("say", message, at, text, to_user, command.reply_to)
        unsettled = self._asks(room, member, command.id, command.key, post, again=again, refused=refused)
        return [self._questions.ask(room, unsettled)] if again else self._told(room, unsettled, now)

    def _told(self, room: Room, unsettled: Unsettled, now: float) -> list[Effect]:
        """Tell a message, and have it recorded."""
        post, author = unsettled.change.chat, room.member_of(unsettled.actor.user_id)
        if author is None and unsettled.reply is not None:
            # They have left while it was looked up.
            author = unsettled.reply.member
        if post is None or author is None:
            # What nobody is told is not recorded.
            return []
        addressee = room.member_of(post.to_user) if post.to_user else None
        if post.to_user and addressee is None:
            gone = Refused(ErrorCode.UNKNOWN_PARTICIPANT)
            return [] if unsettled.reply is None else answer(room, unsettled.reply, gone)
        to = HOSTS if post.to_user == TO_HOSTS else addressee.id if addressee else None
        event = server_messages.chat_message(room.log.next(), author, post, to)
        told = self._tell(room, author.user_id, post.to_user, event, now)
        return [*told, self._questions.ask(room, unsettled)]

    def _edit(self, room: Room, member: Member, command: ChatEdit, now: float) -> list[Effect]:
        reach, text = reach_of(room, member), shown(command.text)
        self._pace(member, command.id, now)
        # No two edits have the same time: to the store they would be one.
        post = ChatChange("edit", command.message, self._next(room, now), text, only_to=reach)
        return [self._questions.ask(room, self._asks(room, member, command.id, "", post))]

    def _delete(self, room: Room, member: Member, command: ChatDelete, now: float) -> list[Effect]:
        self._pace(member, command.id, now)
        any_author = permissions.may(member.role, ChatDelete)
        post = self.deletion(room, command.message, now, any_author=any_author)
        return [self._questions.ask(room, self._asks(room, member, command.id, "", post))]

    def _erase(
        self, room: Room, member: Member, command: ChatErase, now: float, known: Mapping[str, Person]
    ) -> list[Effect]:
        def find(participant: str) -> Person | None:
            found = room.member(participant)
            return known.get(participant) if found is None else Person(found.user_id, found.role)

        (author,) = permissions.addressed(find, member.role, ChatErase, [command.participant])
        self._pace(member, command.id, now)
        post = self.erasure(room, command.participant, author.user_id, now)
        key = command.key or f"{command.participant} {post.at}"
        return [
            self._questions.ask(room, self._asks(room, member, command.id, key, post, again=command.again))
        ]

    def deletion(self, room: Room, message: str, now: float, *, any_author: bool) -> ChatChange:
        """`any_author`: whoever wrote it."""
        return ChatChange("delete", message, self._next(room, now), any_author=any_author)

    def erasure(self, room: Room, participant: str, user_id: str, now: float) -> ChatChange:
        """Of all that this participant, who is that user, wrote until now."""
        return ChatChange("erase", participant, self._next(room, now), author=user_id)

    def _asks(
        self,
        room: Room,
        member: Member,
        message_id: int,
        key: str,
        post: ChatChange,
        *,
        again: bool = False,
        refused: Refused | None = None,
    ) -> Unsettled:
        ids = member.command_ids
        is_too_much = post.text and self._questions.text(room.id) + len(post.text) > MOST_TEXT
        if is_too_much or len(ids.unsettled) >= MOST_WAITING:
            raise Refused(ErrorCode.BUSY, retry_after=1.0)
        ids.unsettled.add(message_id)
        actor = Actor(member.role, member.user_id, member.id)
        told = post.kind == "say" and not again
        reply = Reply(member, ids, message_id)
        return Unsettled(room.id, actor, key, Change("", chat=post), told, reply, refused, again)

    def _changed(self, room: Room, post: ChatChange, posted: Posted, now: float) -> list[Effect]:
        """The store has edited or deleted it: also told again, as whoever knows it loses nothing by that."""
        room.chat_changes += posted.is_new
        if post.kind == "delete":
            return self._tell_gone(room, post.id, posted.deleted_by, posted.user_id, posted.to_user, now)
        event = server_messages.chat_edited(room.log.next(), post)
        return self._tell(room, posted.user_id, posted.to_user, event, now)

    def _take_back(self, room: Room, unsettled: Unsettled, post: ChatChange, now: float) -> list[Effect]:
        """Everyone was told what the store does not take."""
        room.chat_changes += 1
        return self._tell_gone(room, post.id, None, unsettled.actor.user_id, post.to_user, now)

    def _erased(self, room: Room, post: ChatChange, erased: Erased, now: float) -> list[Effect]:
        """Told to everyone, once for all messages."""
        room.chat_changes += erased.is_new
        self._forget(room, erased.messages)
        self.learn(room, erased.until)
        event = server_messages.chat_erased(room.log.next(), post.id, erased.until, erased.deleted_by)
        return self._tell(room, post.author, None, event, now)

    def _tell_gone(
        self, room: Room, message: str, by: str | None, author: str, to_user: str | None, now: float
    ) -> list[Effect]:
        """Everyone of what was for those in charge: whoever is that no more has it still."""
        self._forget(room, [message])
        event = server_messages.chat_deleted(room.log.next(), message, by)
        return self._tell(room, author, None if to_user == TO_HOSTS else to_user, event, now)

    def _forget(self, room: Room, messages: Collection[str]) -> None:
        """Nobody who comes back is told their texts."""
        mark = server_messages.marks(messages)
        room.log.erase(mark)
        room.untold = [(number, event) for number, event in room.untold if not mark(event)]
        room.touch()

    def _tell(self, room: Room, author: str, to_user: str | None, event: bytes, now: float) -> list[Effect]:
        if to_user is None:
            self._telling.add(room, event, now)
            return self._telling.tell_said(room, now)
        if to_user == TO_HOSTS:
            readers = [each for each in room if permissions.is_in_charge(each.role) or each.user_id == author]
        else:
            readers = [each for each in room if each.user_id in (author, to_user)]
        return commands.tell_some(room, readers, event, now)

    def _next(self, room: Room, now: float) -> float:
        room.chat_at = round(max(self._at(now), room.chat_at + 0.001), 3)
        room.touch()
        return room.chat_at

    def _pace(self, member: Member, message_id: int, now: float) -> None:
        """Raises `Refused`. What follows a message that has to come again first is refused, too: order is kept."""
        if member.chat_budget is None:
            member.chat_budget = Budget(RATE, BURST, now)
        if member.chat_refused is not None and message_id > member.chat_refused:
            raise Refused(ErrorCode.BUSY, retry_after=RETRY_LEAST)
        if wait := member.chat_budget.spend(1.0, now):
            raise Refused(ErrorCode.BUSY, retry_after=round(max(RETRY_LEAST, wait), 3))
