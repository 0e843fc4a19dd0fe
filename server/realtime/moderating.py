"""Carries out what the hub cannot do alone of the commands of those in charge: passwords, and the end for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog

from server.identity.passwords import Passwords
from server.realtime import absent_people
from server.realtime.as_recorded import AsRecorded
from server.realtime.carrier import Carrier
from server.realtime.change_writer import ChangeWriter
from server.realtime.chat_history import Histories
from server.realtime.connection import Connection
from server.realtime.ending import end_meeting
from server.realtime.pending_joins import PendingJoins
from server.runtime import clock
from signalling.protocol.chat import ChatErase, ChatHistory
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import COMMANDS, Command, Settings
from signalling.rooms.change import Outcome, Recorded, Unsettled
from signalling.rooms.effects import EndMeeting, PutRight
from signalling.rooms.hub import Hub
from signalling.rooms.permissions import is_in_charge
from storage.errors import StoreUnavailable, UnknownMeeting
from storage.store import Store

log = structlog.get_logger()

TAKEN = COMMANDS | {ChatHistory, ChatErase}
"""What `Moderating.takes` looks at."""

RECORDED_WITHIN = 5.0
"""Seconds that a command about somebody absent waits for changes before it."""

AGAIN = 1.0
"""Seconds after which the store is asked again how it has what it refused to change."""


class Moderating:
    """`end`: ends the meeting in the hub, once the store has it."""

    def __init__(
        self,
        hub: Hub,
        store: Store,
        pending: PendingJoins,
        changes: ChangeWriter,
        carrier: Carrier,
        passwords: Passwords,
        end: Callable[[str], None],
    ) -> None:
        self._hub = hub
        self._store = store
        self._pending = pending
        self._changes = changes
        self._recorded = AsRecorded(changes, pending)
        self._carrier = carrier
        self._passwords = passwords
        self._end = end
        self._tasks: set[asyncio.Task[None]] = set()
        self._histories = Histories(hub, store, changes, carrier, self._begin)
        changes.settled = self._settled

    def unsettled(self, effect: Unsettled) -> None:
        self._decides_anew(effect)
        self._changes.record(effect)

    def _settled(self, unsettled: Unsettled, outcome: Outcome) -> None:
        try:
            self._decides_anew(unsettled)
            self._carrier.carry_out(self._hub.settled(unsettled, outcome, clock.monotonic()))
        except Exception:
            log.exception("a change that was recorded could not be told", meeting=unsettled.room)

    def put_right(self, effect: PutRight) -> None:
        self._begin(self._put_right(effect.room))

    async def _put_right(self, room_id: str) -> None:
        """Everyone in the room was told what the store refuses for good: it goes by the record again."""
        try:
            while (room := self._hub.rooms.get(room_id)) is not None:
                # Others are on their way: the room has taken them over, and the record has not.
                if not await self._changes.settle(room_id, AGAIN):
                    continue
                with self._pending.watch(room_id) as watch:
                    watch.stale = self._changes.is_behind(room_id)
                    try:
                        meeting = await self._store.meeting(room_id)
                        people = await absent_people.known(self._store, room_id, [each.id for each in room])
                    except StoreUnavailable:
                        await asyncio.sleep(AGAIN)
                        continue
                if meeting is None:
                    return
                if not watch.stale and self._hub.rooms.get(room_id) is room:
                    now, record = clock.monotonic(), (meeting.settings, meeting.revision)
                    self._carrier.carry_out(self._hub.changes.put_right(room, *record, people.values(), now))
                    return
        finally:
            if room is not None and room.is_wrong:
                # Nobody can say what it should be: it goes on as it is.
                room.is_wrong = False
                room.touch()

    def _decides_anew(self, unsettled: Unsettled) -> None:
        """Who may come in may be another question now."""
        if unsettled.is_about_entry:
            self._pending.meeting_changed(unsettled.room)

    def takes(
        self, connection: Connection, message: Command | ChatHistory | ChatErase
    ) -> asyncio.Task[None] | None:
        """If something has to be found out before the hub can have the message, what does so."""
        if isinstance(message, ChatHistory):
            return self._histories.show(connection, message)
        seat = self._hub.seated(connection)
        if seat is None or not is_in_charge(seat.member.role):
            # Refused by the hub; nothing is spent on it.
            return None
        if isinstance(message, Settings) and isinstance(message.settings.password, str):
            return self._begin(self._set_password(connection, message, seat.room.id))
        absent = [each for each in absent_people.named(message) if seat.room.member(each) is None]
        return self._begin(self._about(connection, message, absent)) if absent else None

    async def _about(self, connection: Connection, message: Command | ChatErase, absent: list[str]) -> None:
        """A command about somebody who is not in the room."""
        seat = self._hub.seated(connection)
        if seat is None:
            return
        try:
            room = seat.room.id
            people = partial(absent_people.known, self._store, room, absent)
            known = await self._recorded.answer(room, people, RECORDED_WITHIN)
        except (StoreUnavailable, Refused) as error:
            refused = Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after)
            self._carrier.refuse(connection, refused, message.id)
            return
        self._carrier.carry_out(self._hub.receive(connection, message, clock.monotonic(), known))

    async def _set_password(self, connection: Connection, message: Settings, room: str) -> None:
        try:
            command = await self._passwords.in_place(message, room)
        except Refused as refused:
            self._carrier.refuse(connection, refused, message.id)
            return
        self._carrier.carry_out(self._hub.receive(connection, command, clock.monotonic()))

    def end_meeting(self, effect: EndMeeting) -> None:
        self._begin(self._end_meeting(effect))

    async def _end_meeting(self, effect: EndMeeting) -> None:
        outcome: Outcome = Recorded(again=False, settings={}, revision=0)
        try:
            self._changes.guard.check()
            await end_meeting(
                self._store, effect.room, effect.actor.user_id, self._changes.now(), effect.action
            )
        except StoreUnavailable as error:
            outcome = Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after)
        except UnknownMeeting:
            outcome = Refused(ErrorCode.UNKNOWN_MEETING)
        ended = self._hub.orders.ended(self._hub.rooms.get(effect.room), effect, outcome)
        self._carrier.carry_out(ended)
        if isinstance(outcome, Recorded):
            self._end(effect.room)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a command failed", exc_info=error)
