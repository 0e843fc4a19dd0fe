"""Commands that come over HTTP: from people who need not be in the meeting, and from the admin key.

They are held against the same table as those of members (`rooms.permissions`), planned, told and recorded in the same
way. Where nobody is in the meeting there is nobody to tell, and the settings are those of the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from server.identity.passwords import Passwords
from server.realtime import absent_people
from server.realtime.as_recorded import AsRecorded
from server.realtime.carrier import Carrier
from server.realtime.change_writer import ChangeWriter
from server.realtime.pending_joins import PendingJoins
from server.runtime import clock
from signalling.protocol.chat import ChatDelete, ChatErase
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import Lasting, Passing, Settings
from signalling.protocol.rights import settings_of
from signalling.rooms import permissions, planning
from signalling.rooms.change import Actor, Change, ChatChange, Person, Recorded, Unsettled
from signalling.rooms.effects import Effect
from signalling.rooms.hub import Hub
from signalling.rooms.permissions import Ruled
from storage.errors import UnknownMeeting
from storage.records import Meeting, Participant
from storage.store import Store

RECORDED_WITHIN = 5.0
"""Seconds that a caller waits for the store."""


class OutsideCommands:
    """`user_id` is the caller's; None: the admin key. All methods raise `Refused`, `UnknownMeeting`,
    `StoreUnavailable`."""

    def __init__(
        self,
        hub: Hub,
        store: Store,
        changes: ChangeWriter,
        pending: PendingJoins,
        carrier: Carrier,
        passwords: Passwords,
    ) -> None:
        self.people: Callable[[str], Awaitable[int]] | None = None
        """How many are in a room, if other processes know (`server.sharing`)."""
        self._hub = hub
        self._store = store
        self._changes = changes
        self._recorded = AsRecorded(changes, pending)
        self._carrier = carrier
        self._passwords = passwords

    async def size(self, room: str) -> int:
        """How many are in the room, those within grace included."""
        return self._hub.size(room) if self.people is None else await self.people(room)

    async def actor(self, room: str, user_id: str | None, command: type[Ruled]) -> Actor:
        """Who the caller is in this meeting, if they may give the command."""
        return (await self.asked(room, user_id, command))[1]

    async def do(self, room: str, user_id: str | None, command: Passing) -> None:
        """A command of the moment: about people who are in the room."""
        actor = await self.actor(room, user_id, type(command))
        found = self._hub.rooms.get(room)
        if found is None:
            raise Refused(ErrorCode.UNKNOWN_PARTICIPANT)
        self._carrier.carry_out(self._hub.orders.do(found, actor, command, clock.monotonic()))

    async def change(
        self, room: str, user_id: str | None, command: Lasting, check: Callable[[], None] = lambda: None
    ) -> Recorded | None:
        """None: it is in effect, and the store, which is away, has it not yet.

        `check` is called when it is clear that the caller may give the command; it raises what to answer instead.
        """
        if isinstance(command, Settings):
            # Nothing is hashed for those who may not.
            await self.asked(room, user_id, Settings)
            command = await self._passwords.in_place(command, room)
        names = absent_people.named(command)
        meeting, actor, known = await self._asked(room, user_id, type(command), names)
        check()
        # From here on nothing is awaited.
        found = self._hub.rooms.get(room)
        if found is not None:
            effects = self._hub.orders.change(found, actor, command, clock.monotonic(), known)
        else:
            view = planning.Meeting(
                settings_of(meeting.settings), meeting.revision, known.get, lambda knock: None
            )
            change, refused = planning.plan_again(view, actor, command)
            effects = [Unsettled(room, actor, command.key, change, told=False, refused=refused)]
        (unsettled,) = [effect for effect in effects if isinstance(effect, Unsettled)]
        return await self._made(unsettled, effects)

    async def delete_message(self, room: str, user_id: str | None, message: str, at: float) -> None:
        """Delete what anybody wrote, `at` that moment (the record's clock), and tell those who may read it."""
        actor = await self.actor(room, user_id, ChatDelete)
        found = self._hub.rooms.get(room)
        post = ChatChange("delete", message, round(at, 3), any_author=True)
        if found is not None:
            post = self._hub.chatting.deletion(found, message, clock.monotonic(), any_author=True)
        await self._asked_of_the_store(room, actor, "", post)

    async def erase_messages(
        self, room: str, user_id: str | None, participant: str, key: str, at: float
    ) -> None:
        """The same of all that somebody wrote."""
        _, actor, known = await self._asked(room, user_id, ChatErase, [participant])
        found = self._hub.rooms.get(room)
        (author,) = permissions.addressed(known.get, actor.standing, ChatErase, [participant])
        post = ChatChange("erase", participant, round(at, 3), author=author.user_id)
        if found is not None:
            post = self._hub.chatting.erasure(found, participant, author.user_id, clock.monotonic())
        await self._asked_of_the_store(room, actor, key, post)

    async def _asked_of_the_store(self, room: str, actor: Actor, key: str, post: ChatChange) -> None:
        unsettled = Unsettled(room, actor, key, Change("", chat=post), told=False)
        if (found := self._hub.rooms.get(room)) is not None:
            self._hub.orders.questions.ask(found, unsettled)
        await self._made(unsettled, [unsettled])

    async def _made(self, unsettled: Unsettled, effects: Sequence[Effect]) -> Recorded | None:
        outcome = self._changes.outcome_of(unsettled)
        self._carrier.carry_out(effects)
        try:
            async with asyncio.timeout(RECORDED_WITHIN):
                answer = await outcome
        except TimeoutError:
            if unsettled.told:
                return None
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=RECORDED_WITHIN) from None
        if isinstance(answer, Refused):
            raise answer
        return answer

    async def asked(
        self,
        room: str,
        user_id: str | None,
        command: type[Ruled],
        check: Callable[[Meeting], None] = lambda _: None,
    ) -> tuple[Meeting, Actor]:
        """The meeting as of all changes that are made, and who the caller is in it, if they may give the command.

        `check` raises what is to be answered before it is said whether they may.
        """
        return (await self._asked(room, user_id, command, check=check))[:2]

    async def _asked(
        self,
        room: str,
        user_id: str | None,
        command: type[Ruled],
        participants: Sequence[str] = (),
        check: Callable[[Meeting], None] = lambda _: None,
    ) -> tuple[Meeting, Actor, Mapping[str, Person]]:
        """As `asked`, with those of these participants who were ever in the meeting."""

        async def question() -> tuple[Meeting, Participant | None, Mapping[str, Person]]:
            meeting = await self._store.meeting(room)
            if meeting is None:
                raise UnknownMeeting(room)
            caller = None if user_id is None else await self._store.participant(room, user_id)
            return meeting, caller, await absent_people.known(self._store, room, participants)

        meeting, caller, known = await self._recorded.answer(room, question, RECORDED_WITHIN)
        check(meeting)
        actor = Actor("admin", "")
        if user_id is not None:
            role = "host" if meeting.host_user_id == user_id else caller.role if caller else "participant"
            actor = self._in_the_room(room, Actor(role, user_id, caller.id if caller else None))
        permissions.check(actor.standing, command)
        return meeting, actor, known

    def _in_the_room(self, room: str, actor: Actor) -> Actor:
        """The room knows of a change before the record does."""
        member = self._hub.present(room, actor.user_id)
        return actor if member is None else Actor(member.role, member.user_id, member.id)
