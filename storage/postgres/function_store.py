"""A store whose database does the work: every call is one of its SQL functions (`sql/postgres`).

    join() ─┐
    leave() ┼─► batch, sorted ── Database.carry_out([{"call": "join", …}, …]) ──► [{"value": …}, {"refused": "…"}]
    …      ─┘

PostgreSQL and Supabase differ in how a call gets to the database and what can go wrong on the way: each has a
`Database` for that. They share this module: the arguments of each call, batches, retries, and records made of rows.

Every call may be sent twice and counts once, as it carries its ids and moments. So a call whose answer was lost is sent
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from storage.batching import BatchTasks
from storage.errors import RowLocked, StoreUnavailable
from storage.migrations import load_schema
from storage.open_stays import OpenStay, StayAbandon
from storage.people import Export, OwnStay
from storage.postgres import import_rows, rows
from storage.postgres.chat_calls import ChatCalls
from storage.postgres.driver import Call, Database
from storage.postgres.import_calls import ImportCalls
from storage.postgres.locked_rows import LockedRows
from storage.postgres.moderation_calls import ModerationCalls
from storage.postgres.retries import Retries
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
from storage.store import Schema

Run = Callable[[Sequence[Call]], Awaitable[Sequence[Any]]]
"""Carries out a batch. Raises `RowLocked`."""

ATTEMPT = 2.5
"""Seconds one attempt at a call may take."""
PATIENCE = 3.0
"""Seconds for which a failed call is retried. Clients wait ten seconds for an answer."""
REPORT = 30.0
"""Seconds a report may take: no other call waits for it."""
LONG_AT_ONCE = 2
PAGE = 10.0
"""Seconds that saving a page of an import may take."""
PAGES_AT_ONCE = 2


class FunctionStore(ModerationCalls, ChatCalls, ImportCalls):
    """A `Store` on a `Database`. `attempt` and `patience` are seconds: see `ATTEMPT` and `PATIENCE`."""

    def __init__(self, database: Database, *, attempt: float = ATTEMPT, patience: float = PATIENCE) -> None:
        self._database = database
        self._attempt = attempt
        self._retries = Retries(database, patience)
        self._locked_rows = LockedRows(self._retries, within=attempt, patience=patience)
        self._lifecycle = asyncio.Lock()
        self._joins: BatchTasks[Call, Any] | None = None
        self._writes: BatchTasks[Call, Any] | None = None
        self._long = asyncio.Semaphore(LONG_AT_ONCE)
        self._pages = asyncio.Semaphore(PAGES_AT_ONCE)

    async def schema(self) -> Schema:
        files, applied = load_schema(), await self._database.applied()
        return Schema(applied.version, len(files.migrations), files.pending(applied).names)

    async def migrate(self) -> Sequence[str]:
        schema = (await self.schema()).known()
        return await self._database.migrate(load_schema()) if schema.pending else []

    async def open(self) -> None:
        async with self._lifecycle:
            if self._writes is not None:
                return
            await self.migrate()
            await self._database.open()
            try:
                # It finds nobody, but reads every table: one that is missing, or that we may not read, is reported now.
                await self._database.carry_out([{"call": "restorable"}], self._attempt)
                await self._retries.compare_clocks(self._attempt)
            except BaseException:
                await self._database.close()
                raise
            self._joins = BatchTasks(
                "the store", partial(self._run, self._join_all), at_once=self._database.concurrency
            )
            self._writes = BatchTasks(
                "the store", partial(self._run, self._do_all), at_once=self._database.concurrency
            )

    async def close(self) -> None:
        async with self._lifecycle:
            if self._joins is None or self._writes is None:
                return
            await self._joins.close()
            await self._writes.close()
            self._joins = self._writes = None
            await self._database.close()

    async def ping(self) -> None:
        await self._directly({"call": "version"})

    async def clock(self) -> float:
        return float(await self._directly({"call": "clock"}))

    async def create_meeting(
        self, room: str, user_id: str, title: str, at: float, settings: Mapping[str, Any] | None = None
    ) -> tuple[Meeting, bool]:
        made: dict[str, Any] = {
            "room": room,
            "user_id": user_id,
            "title": title,
            "at": at,
            "settings": settings or {},
        }
        answer = await self._write("create_meeting", **made)
        return rows.meeting(answer["meeting"]), answer["created"]

    async def meeting(self, room: str) -> Meeting | None:
        answer = await self._write("meeting", room=room)
        return None if answer is None else rows.meeting(answer)

    async def participant(self, room: str, user_id: str) -> Participant | None:
        answer = await self._write("participant", room=room, user_id=user_id)
        return None if answer is None else rows.participant(answer)

    async def join(self, request: JoinRequest) -> Joined:
        return rows.joined(await self._together(self._joins, {"call": "join", **rows.wish(request)}))

    async def leave(self, end: StayEnd) -> None:
        await self._write("leave", patient=False, **rows.columns(end))

    async def open_stays(self, node_id: str) -> Sequence[OpenStay]:
        found = await self._directly({"call": "open_stays", "node_id": node_id})
        return [rows.open_stay(each) for each in found]

    async def abandon_stay(self, abandon: StayAbandon) -> None:
        await self._write("abandon_stay", patient=False, **rows.columns(abandon))

    async def resume_stay(self, resume: StayResume) -> None:
        await self._write("resume_stay", patient=False, **rows.columns(resume))

    async def restorable(self, now: float, grace: float, slack: float) -> Sequence[Restorable]:
        moments = {
            "exact_after": now - grace,
            "estimated_after": now - grace - slack,
            "until": now + slack,
            "grace": grace,
        }
        found = await self._take_time({"call": "restorable", **moments})
        return [rows.restorable(each) for each in found]

    async def end_meeting(self, room: str, at: float, by: str = "", action: str = "") -> Meeting:
        # Not in a batch: its other calls hold rows of people already, and this call locks a meeting first.
        call = {"call": "end_meeting", "room": room, "at": at, "by": by, "action": action}
        return rows.meeting(await self._directly(call))

    async def attendance(self, room: str, limit: int | None = None, after: str | None = None) -> Attendance:
        call = {"call": "attendance", "room": room, "limit": limit, "after": after}
        found = await self._take_time(call)
        # Converting ten thousand records takes a while. Sockets must be served meanwhile.
        read = import_rows.attendance if "origin" in found else rows.attendance
        return await asyncio.to_thread(read, found, limit)

    async def hosted_meetings(self, user_id: str | None, limit: int) -> Sequence[HostedMeeting]:
        found = await self._take_time({"call": "hosted_meetings", "user_id": user_id, "limit": limit})
        return [rows.hosted(each) for each in found]

    async def delete_meeting(self, room: str, created_at: float | None = None) -> bool:
        call = {"call": "delete_meeting", "room": room, "created_at": created_at}
        return bool(await self._take_time(call))

    async def delete_old_meetings(self, before: float, limit: int) -> Sequence[str]:
        call = {"call": "delete_old_meetings", "before": before, "limit": limit}
        return list(await self._take_time(call))

    async def export_person(self, user_id: str) -> Export:
        return dict(await self._take_time({"call": "export_person", "user_id": user_id}))

    async def own_stays(self, room: str, user_id: str) -> Sequence[OwnStay]:
        found = await self._directly({"call": "own_stays", "room": room, "user_id": user_id})
        return [rows.own_stay(each) for each in found]

    async def erase_person(self, user_id: str, salt: str) -> int:
        return int(await self._take_time({"call": "erase_person", "user_id": user_id, "salt": salt}))

    async def revoke(self, user_id: str, before: float, forget: float, at: float) -> None:
        call = {"call": "revoke", "user_id": user_id, "before": before, "forget": forget, "at": at}
        await self._directly(call)

    async def revocations(self) -> dict[str, float]:
        return dict(await self._directly({"call": "revocations"}))

    async def heartbeat(self, node_id: str, at: float, engine_seen_at: float | None = None) -> None:
        call = {"call": "heartbeat", "node_id": node_id, "at": at, "engine_seen_at": engine_seen_at}
        self._retries.see_clock(await self._directly(call))

    async def others_see_engine(self, node_id: str, since: float) -> bool:
        return bool(await self._directly({"call": "others_see_engine", "node_id": node_id, "since": since}))

    async def close_dead_nodes(self, dead_before: float, ahead_of: float | None = None) -> int:
        call = {"call": "close_dead_nodes", "dead_before": dead_before, "ahead_of": ahead_of}
        return int(await self._directly(call))

    async def stop_node(self, node_id: str, at: float) -> int:
        return int(await self._directly({"call": "stop_node", "node_id": node_id, "at": at}))

    async def _write(self, call: str, *, patient: bool = True, **arguments: Any) -> Any:
        """Carry out the call in a batch with others made at this moment. `patient`: see `LockedRows.carry_out`."""
        return await self._together(self._writes, {"call": call, **arguments}, patient=patient)

    async def _together(
        self, queue: BatchTasks[Call, Any] | None, call: Call, *, patient: bool = True
    ) -> Any:
        if queue is None:
            raise StoreUnavailable("the store is not open", certain=True)
        error: RowLocked | None = None
        if not self._locked_rows.holds_up(call):
            try:
                return await queue.call(call)
            except RowLocked as locked:
                error = locked
        return await self._locked_rows.carry_out(call, error, patient=patient)

    async def _directly(self, call: Call) -> Any:
        """A call on its own, which must not wait behind a batch."""
        return await self._alone(call, within=self._attempt, fenced=True)

    async def _take_time(self, call: Call) -> Any:
        """A long call, which may be carried out late. Few run at a time: joins and heartbeats need connections."""
        async with self._long:
            return await self._alone(call, within=REPORT, fenced=False)

    async def _in_turn(self, call: Call, *, fenced: bool) -> Any:
        """A call that writes to an import. Few run at a time, as those to one import wait for each other."""
        async with self._pages:
            return await self._alone(call, within=self._attempt if fenced else PAGE, fenced=fenced)

    async def _alone(self, call: Call, *, within: float, fenced: bool) -> Any:
        if self._writes is None:
            raise StoreUnavailable("the store is not open", certain=True)
        (outcome,) = await self._retries.make([call], within=within, fenced=fenced)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _run(self, do: Run, calls: Sequence[Call]) -> Sequence[Any]:
        """Run a batch. When a row is locked, every call in the batch fails, and is tried separately (`locked_rows`)."""
        try:
            return await do(calls)
        except RowLocked as error:
            return [error] * len(calls)

    async def _do_all(self, calls: Sequence[Call]) -> Sequence[Any]:
        order = _in_order(calls)
        batch = [calls[n] for n in order]
        return _put_back(order, await self._retries.make(batch, within=self._attempt, patient=False))

    async def _join_all(self, calls: Sequence[Call]) -> Sequence[Any]:
        """Joins of different people, as sets. Further joins of the same person follow one by one."""
        people: dict[tuple[str, str], int] = {}
        for n in _in_order(calls):
            people.setdefault((calls[n]["room"], calls[n]["user_id"]), n)
        first = list(people.values())
        later = sorted(set(range(len(calls))) - set(first))
        wishes = [{**calls[n], "n": place} for place, n in enumerate(first)]
        batch = [{"call": "join_many", "calls": wishes}, *(calls[n] for n in later)]
        joined, *others = await self._retries.make(batch, within=self._attempt, patient=False)
        if isinstance(joined, StoreUnavailable):
            outcomes = [joined] * len(first)
        elif isinstance(joined, Exception):
            alone = [{**calls[n], "again": True} for n in first]
            outcomes = await self._retries.one_by_one(alone, within=self._attempt)
        else:
            outcomes = [rows.outcome(answer) for answer in joined]
        return _put_back([*first, *later], [*outcomes, *others])


def _in_order(calls: Sequence[Call]) -> list[int]:
    """The positions of the calls in the order in which every process locks rows, which avoids deadlocks."""
    return sorted(range(len(calls)), key=lambda n: (calls[n]["room"], calls[n].get("user_id", "")))


def _put_back(order: Sequence[int], outcomes: Sequence[Any]) -> list[Any]:
    by_number = dict(zip(order, outcomes, strict=True))
    return [by_number[n] for n in range(len(order))]
