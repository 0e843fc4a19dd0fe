"""The embedded default: one SQLite file, one writer thread, group commit.

Calls that wait at the same moment share one transaction and so one fsync. A failing call undoes nothing else
(`transactions`). Reports are read on a separate connection and thread (a WAL snapshot), so that a long one does not
hold up joins.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from storage.batching import BatchThread
from storage.chat import Erasure, Message, MessagePage, MessageWrite, Reader, Written
from storage.errors import StoreUnavailable
from storage.import_reports import ImportTotals, Registrations
from storage.imports import Import, LiveStay, Page, Part, Subject, Walk, WalkEnd, WalkStart
from storage.moderation import AuditEntry, Change, Changed, Invite, NewInvite, Rights
from storage.open_stays import OpenStay, StayAbandon
from storage.people import Export, OwnStay
from storage.records import (
    Attendance,
    HostedMeeting,
    Joined,
    JoinRequest,
    Meeting,
    Participant,
    Restorable,
    StayEnd,
    StayResume,
)
from storage.sqlite import (
    chat,
    host_links,
    import_live,
    import_queries,
    import_runs,
    joins,
    meetings,
    moderation,
    people,
    revoked_users,
)
from storage.sqlite.database_file import connect, look_at_schema
from storage.sqlite.transactions import Work, run_batch
from storage.store import Schema

T = TypeVar("T")


class SqliteStore:
    """A `Store` in the file at `path`; any number of processes on one machine may have it open.

    `busy_timeout`: seconds to wait for another process' lock before `StoreUnavailable`. A call may wait twice, as a
    batch may run before it. Clients wait ten seconds for an answer.
    """

    def __init__(self, path: Path, *, busy_timeout: float = 2.0) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._lifecycle = asyncio.Lock()
        self._connections: tuple[sqlite3.Connection, ...] = ()
        self._writer: BatchThread[Work, object] | None = None
        self._reader: BatchThread[Work, object] | None = None

    async def schema(self) -> Schema:
        return await asyncio.to_thread(look_at_schema, self.path, self._busy_timeout)

    async def migrate(self) -> Sequence[str]:
        pending = (await self.schema()).pending
        for connection in await asyncio.to_thread(connect, self.path, self._busy_timeout):
            await asyncio.to_thread(connection.close)
        return pending

    async def open(self) -> None:
        async with self._lifecycle:
            if self._writer is not None:
                return
            writer, reader = await asyncio.to_thread(connect, self.path, self._busy_timeout)
            self._connections = writer, reader
            self._writer = BatchThread("store writer", partial(run_batch, writer, "BEGIN IMMEDIATE"))
            # One at a time: each report is returned as soon as it is made.
            self._reader = BatchThread("store reader", partial(run_batch, reader, "BEGIN"), size=1)

    async def close(self) -> None:
        async with self._lifecycle:
            if self._writer is None or self._reader is None:
                return
            await self._reader.close()
            await self._writer.close()
            for connection in reversed(self._connections):
                # The last process to close copies the write-ahead log into the file, which may take a while.
                await asyncio.to_thread(connection.close)
            self._writer = self._reader = None

    async def ping(self) -> None:
        await self._write(meetings.ping)

    async def clock(self) -> float:
        return time.time()

    async def create_meeting(
        self, room: str, user_id: str, title: str, at: float, settings: Mapping[str, Any] | None = None
    ) -> tuple[Meeting, bool]:
        made = partial(
            meetings.create_meeting, room=room, user_id=user_id, title=title, at=at, settings=settings
        )
        return await self._write(made)

    async def meeting(self, room: str) -> Meeting | None:
        return await self._write(partial(meetings.meeting, room=room))

    async def participant(self, room: str, user_id: str) -> Participant | None:
        return await self._write(partial(meetings.participant, room=room, user_id=user_id))

    async def people(
        self, room: str, participants: Sequence[str] = (), users: Sequence[str] = ()
    ) -> Sequence[Participant]:
        return await self._write(
            partial(moderation.people, room=room, participants=participants, users=users)
        )

    async def join(self, request: JoinRequest) -> Joined:
        # A refusal that is returned is raised here, as every exception among the outcomes of a batch.
        return cast(Joined, await self._write(partial(joins.join, request=request)))

    async def leave(self, end: StayEnd) -> None:
        await self._write(partial(meetings.leave, end=end))

    async def open_stays(self, node_id: str) -> Sequence[OpenStay]:
        # Queued behind earlier calls: a join whose caller has given up may still be under way.
        return await self._write(partial(meetings.open_stays, node_id=node_id))

    async def abandon_stay(self, abandon: StayAbandon) -> None:
        await self._write(partial(meetings.abandon_stay, abandon=abandon))

    async def resume_stay(self, resume: StayResume) -> None:
        await self._write(partial(meetings.resume_stay, resume=resume))

    async def restorable(self, now: float, grace: float, slack: float) -> Sequence[Restorable]:
        return await self._read(partial(meetings.restorable, now=now, grace=grace, slack=slack))

    async def end_meeting(self, room: str, at: float, by: str = "", action: str = "") -> Meeting:
        return await self._write(partial(meetings.end_meeting, room=room, at=at, by=by, action=action))

    async def attendance(self, room: str, limit: int | None = None, after: str | None = None) -> Attendance:
        return await self._read(partial(meetings.attendance, room=room, limit=limit, after=after))

    async def hosted_meetings(self, user_id: str | None, limit: int) -> Sequence[HostedMeeting]:
        return await self._read(partial(meetings.hosted_meetings, user_id=user_id, limit=limit))

    async def delete_meeting(self, room: str, created_at: float | None = None) -> bool:
        return await self._write(partial(meetings.delete_meeting, room=room, created_at=created_at))

    async def delete_old_meetings(self, before: float, limit: int) -> Sequence[str]:
        return await self._write(partial(meetings.delete_old_meetings, before=before, limit=limit))

    async def change(self, change: Change) -> Changed:
        return await self._write(partial(moderation.change, change=change))

    async def set_hands(self, room: str, hands: Mapping[str, float | None]) -> None:
        await self._write(partial(moderation.set_hands, room=room, hands=hands))

    async def rights(self, room: str) -> Rights:
        return await self._read(partial(moderation.rights, room=room))

    async def audit(self, room: str, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
        return await self._read(partial(moderation.audit, room=room, limit=limit, before=before))

    async def invites(self, room: str) -> Sequence[Invite]:
        return await self._read(partial(moderation.invites, room=room))

    async def invite(self, room: str, invite_id: str) -> Invite | None:
        return await self._read(partial(moderation.find_invite, room=room, invite_id=invite_id))

    async def make_invite(self, invite: NewInvite) -> Invite:
        return await self._write(partial(moderation.make_invite, invite=invite))

    async def is_host_link(self, room: str, hash: str, at: float) -> bool:  # noqa: A002
        return await self._write(partial(host_links.leads_in, room=room, hash=hash, at=at))

    async def revoke_invite(self, room: str, invite_id: str, at: float, by: str = "") -> bool:
        return await self._write(
            partial(moderation.revoke_invite, room=room, invite_id=invite_id, at=at, by=by)
        )

    async def write_messages(self, room: str, writes: Sequence[MessageWrite]) -> Sequence[Written]:
        return await self._write(partial(chat.write_messages, room=room, writes=writes))

    async def erase_messages(self, room: str, author: str, by: str, key: str, at: float) -> Erasure:
        return await self._write(
            partial(chat.erase_messages, room=room, author=author, by=by, key=key, at=at)
        )

    async def message_of_key(self, room: str, user_id: str, key: str) -> Message | None:
        return await self._write(partial(chat.message_of_key, room=room, user_id=user_id, key=key))

    async def messages(self, room: str, reader: Reader, limit: int, before: str | None = None) -> MessagePage:
        return await self._read(partial(chat.messages, room=room, reader=reader, limit=limit, before=before))

    async def messages_after(
        self, room: str, reader: Reader, limit: int, after: Message | None = None
    ) -> Sequence[Message]:
        return await self._read(
            partial(chat.messages_after, room=room, reader=reader, limit=limit, after=after)
        )

    async def forget_messages(self, unkept_before: float, kept_before: float) -> int:
        return await self._write(
            partial(chat.forget_messages, unkept_before=unkept_before, kept_before=kept_before)
        )

    async def export_person(self, user_id: str) -> Export:
        return await self._read(partial(people.export_person, user_id=user_id))

    async def own_stays(self, room: str, user_id: str) -> Sequence[OwnStay]:
        return await self._read(partial(people.own_stays, room=room, user_id=user_id))

    async def erase_person(self, user_id: str, salt: str) -> int:
        return await self._write(partial(people.erase_person, user_id=user_id, salt=salt))

    async def revoke(self, user_id: str, before: float, forget: float, at: float) -> None:
        await self._write(partial(revoked_users.revoke, user_id=user_id, before=before, forget=forget, at=at))

    async def revocations(self) -> dict[str, float]:
        return await self._read(revoked_users.revocations)

    async def heartbeat(self, node_id: str, at: float, engine_seen_at: float | None = None) -> None:
        await self._write(partial(meetings.heartbeat, node_id=node_id, at=at, engine_seen_at=engine_seen_at))

    async def others_see_engine(self, node_id: str, since: float) -> bool:
        return await self._read(partial(meetings.others_see_engine, node_id=node_id, since=since))

    async def close_dead_nodes(self, dead_before: float, ahead_of: float | None = None) -> int:
        return await self._write(
            partial(meetings.close_dead_nodes, dead_before=dead_before, ahead_of=ahead_of)
        )

    async def stop_node(self, node_id: str, at: float) -> int:
        return await self._write(partial(meetings.stop_node, node_id=node_id, at=at))

    async def begin_walk(self, subject: Subject, start: WalkStart) -> Walk:
        return await self._write(partial(import_runs.begin_walk, subject=subject, start=start))

    async def take_walk(self, walk_id: str, owner: str, at: float, lease: float) -> Walk | None:
        return await self._write(
            partial(import_runs.take_walk, walk_id=walk_id, owner=owner, at=at, lease=lease)
        )

    async def renew_walk(self, walk_id: str, owner: str, at: float, lease: float) -> None:
        await self._write(partial(import_runs.renew_walk, walk_id=walk_id, owner=owner, at=at, lease=lease))

    async def release_walk(self, walk_id: str, owner: str, at: float) -> None:
        await self._write(partial(import_runs.release_walk, walk_id=walk_id, owner=owner, at=at))

    async def save_page(self, page: Page) -> Walk:
        return await self._write(partial(import_runs.save_page, page=page))

    async def finish_walk(self, end: WalkEnd) -> Part:
        return await self._write(partial(import_runs.finish_walk, end=end))

    async def drop_walk(self, walk_id: str, owner: str) -> None:
        await self._write(partial(import_runs.drop_walk, walk_id=walk_id, owner=owner))

    async def sweep_walks(self, room: str, limit: int, at: float) -> int:
        return await self._write(partial(import_runs.sweep_walks, room=room, limit=limit, at=at))

    async def record_live(self, subject: Subject, stay: LiveStay) -> bool:
        return await self._write(partial(import_live.record_live, subject=subject, stay=stay))

    async def end_live(self, subject: Subject, part: str, ended_at: float, due_at: float, at: float) -> None:
        ends = partial(import_live.end_live, subject=subject, part=part, ended_at=ended_at)
        await self._write(partial(ends, due_at=due_at, at=at))

    async def schedule_import(self, room: str, due_at: float | None, attempt: int) -> None:
        await self._write(partial(import_live.schedule_import, room=room, due_at=due_at, attempt=attempt))

    async def claim_due_imports(self, now: float, again_at: float, limit: int) -> Sequence[Import]:
        return await self._write(
            partial(import_live.claim_due_imports, now=now, again_at=again_at, limit=limit)
        )

    async def imported(self, room: str) -> Import | None:
        return await self._read(partial(import_queries.imported, room=room))

    async def imports(self, limit: int) -> Sequence[Import]:
        return await self._read(partial(import_queries.imports, limit=limit))

    async def import_totals(self, room: str) -> ImportTotals:
        return await self._read(partial(import_queries.import_totals, room=room))

    async def registrations(
        self, room: str, limit: int | None = None, after: str | None = None, came: bool | None = None
    ) -> Registrations:
        return await self._read(
            partial(import_queries.registrations, room=room, limit=limit, after=after, came=came)
        )

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await _call(self._writer, work)

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await _call(self._reader, work)


async def _call(thread: BatchThread[Work, object] | None, work: Callable[[sqlite3.Connection], T]) -> T:
    if thread is None:
        raise StoreUnavailable("the store is not open", certain=True)
    return cast(T, await thread.call(work))
