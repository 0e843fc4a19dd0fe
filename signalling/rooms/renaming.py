"""People who choose another name: the store has it first, then everyone is told, then it is acknowledged."""

from __future__ import annotations

from signalling.protocol.client_messages import Rename
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms import commands, server_messages
from signalling.rooms.budget import Budget
from signalling.rooms.change import LOOK_UP, Actor, Change, Outcome, Recorded, Reply, Unsettled
from signalling.rooms.effects import Effect
from signalling.rooms.member import Handle, Member
from signalling.rooms.orders import MOST_LOOK_UPS, answer
from signalling.rooms.questions import Questions
from signalling.rooms.room import Room
from signalling.rooms.seats import Seat
from signalling.rooms.telling import Telling

RATE, BURST = 0.1, 5.0
"""Names of one member, a second and at once."""

OF_THE_LOGIN = "Your name comes from your login."
TOO_OFTEN = "You have changed your name often. Wait a little."


class Renaming:
    def __init__(self, told: Telling, questions: Questions) -> None:
        self._telling = told
        self._questions = questions

    def receive(self, connection: Handle, seat: Seat, command: Rename, now: float) -> list[Effect]:
        room, member = seat.room, seat.member
        ids = member.command_ids
        if (answered := commands.repeated(connection, member, command.id)) is not None:
            return answered
        refused = self._refusal(member, now)
        if refused is not None and (not command.again or len(ids.unsettled) >= MOST_LOOK_UPS):
            return commands.refuse(connection, refused, command.id)
        ids.unsettled.add(command.id)
        actor, reply = Actor(member.role, member.user_id, member.id), Reply(member, ids, command.id)
        # What would be refused now may have been carried out before.
        change = Change("rename", name=command.name) if refused is None else LOOK_UP
        unsettled = Unsettled(
            room.id, actor, command.key, change, told=False, reply=reply, refused=refused, again=command.again
        )
        return [self._questions.ask(room, unsettled)]

    def _refusal(self, member: Member, now: float) -> Refused | None:
        if member.look.named:
            return Refused(ErrorCode.FORBIDDEN, OF_THE_LOGIN)
        if member.renames is None:
            member.renames = Budget(RATE, BURST, now)
        # Not to be sent again by itself: what comes behind it would wait so long, too.
        return Refused(ErrorCode.UNAVAILABLE, TOO_OFTEN) if member.renames.spend(1.0, now) else None

    def put_back(self, room: Room, member: Member, name: str, instance: str, former: str) -> list[Effect]:
        """The store may have the name of this instance's join and another, in the order in which it wrote them: it gets
        the one that counts once more. `former`: the member's name before the join came."""
        if not self._under_way(room, member) and member.name == name == former:
            return []
        return self._tell_store(room, member, f"name-{instance}")

    def _under_way(self, room: Room, member: Member) -> list[Unsettled]:
        asked = (each for each in self._questions.of(room.id) if isinstance(each, Unsettled))
        return [
            each for each in asked if each.change.name is not None and each.actor.user_id == member.user_id
        ]

    def _is_counted_on(self, room: Room, member: Member) -> bool:
        """Whether the store was told a name that was under way as the one that counts."""
        return any(each.told for each in self._under_way(room, member))

    def _tell_store(self, room: Room, member: Member, key: str) -> list[Effect]:
        """Which name counts: the last one that is under way, if there is any."""
        mine = self._under_way(room, member)
        counts = next((each.change.name for each in reversed(mine) if not each.told), None) or member.name
        actor, change = Actor(member.role, member.user_id, member.id), Change("", name=counts)
        return [self._questions.ask(room, Unsettled(room.id, actor, key, change, told=True))]

    def settled(
        self, room: Room | None, unsettled: Unsettled, name: str, outcome: Outcome, now: float
    ) -> list[Effect]:
        """The store has answered."""
        self._questions.answered(unsettled)
        outcome = unsettled.as_first(outcome)
        effects: list[Effect] = []
        member = None if room is None else room.member_of(unsettled.actor.user_id)
        is_new = isinstance(outcome, Recorded) and not outcome.again and not unsettled.told
        if room is not None and member is not None and is_new and member.name != name:
            member.name = name
            member.changed()
            update = server_messages.participant_updated(room.log.next(), member, {"name": name})
            self._telling.add(room, update, now)
            effects += self._telling.tell(room, now)
        is_refused = not (isinstance(outcome, Recorded) or unsettled.told)
        if is_refused and room is not None and member is not None and self._is_counted_on(room, member):
            effects += self._tell_store(room, member, f"name-{unsettled.key}")
        return effects if unsettled.reply is None else effects + answer(room, unsettled.reply, outcome)
