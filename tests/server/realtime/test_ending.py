"""A meeting that the server, or somebody in charge, ends: first in the record, with who did it, then for all."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from server.identity.passwords import Passwords
from server.realtime.change_writer import ChangeWriter
from server.realtime.ending import end_meeting
from server.realtime.moderating import Moderating
from server.realtime.pending_joins import PendingJoins
from server.runtime.metrics import Metrics
from signalling.rooms.change import LOOK_UP, Actor, Change, Unsettled
from signalling.rooms.effects import EndMeeting
from signalling.rooms.hub import Hub
from signalling.rooms.succession import ACTION, SERVER
from storage import open_store
from storage.errors import StoreUnavailable, UnknownMeeting
from storage.moderation import Change as StoredChange


class Away:
    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def change(self, _change: object) -> None:
        raise StoreUnavailable("no answer")

    async def end_meeting(self, *_: object) -> None:
        self.asked.set()
        raise StoreUnavailable("no answer")


def moderating(store: Any, ended: asyncio.Queue[str]) -> Moderating:
    changes = ChangeWriter(store, Metrics(), now=lambda: 2.0)
    nobody_is_told: Any = SimpleNamespace(carry_out=lambda effects: None)
    return Moderating(Hub(), store, PendingJoins(), changes, nobody_is_told, Passwords(), ended.put_nowait)


async def test_a_meeting_that_the_server_ends_has_ended_in_the_record_and_the_audit_says_so(
    tmp_path: Path,
) -> None:
    store = open_store(f"sqlite:///{tmp_path}/r.db")
    await store.open()
    await store.create_meeting("ABC123", "host", "", 1.0)
    ended: asyncio.Queue[str] = asyncio.Queue()
    office = moderating(store, ended)
    for _ in range(2):
        office.end_meeting(EndMeeting("ABC123", SERVER, action=ACTION))
        assert await asyncio.wait_for(ended.get(), 10) == "ABC123"
    meeting = await store.meeting("ABC123")
    assert meeting is not None
    assert meeting.ended_at == 2.0, "by the clock of the record, whatever this machine's shows"
    assert [(entry.action, entry.by) for entry in await store.audit("ABC123", 10)] == [("without_host", "")]
    await store.close()


async def test_a_question_whether_something_was_done_decides_no_join_anew() -> None:
    """Whoever asks without end would keep everybody out."""
    office = moderating(Away(), asyncio.Queue())
    actor = Actor("participant", "u_eve")
    with office._pending.begin("ABC123", "u_ann") as join:
        office.unsettled(Unsettled("ABC123", actor, "one", LOOK_UP, told=False))
        assert not join.stale
        office.unsettled(Unsettled("ABC123", actor, "two", Change("settings", settings={}), told=True))
        assert join.stale
    await office._changes.close(0.0)


async def test_while_the_store_is_away_no_meeting_ends() -> None:
    ended: asyncio.Queue[str] = asyncio.Queue()
    away = Away()
    office = moderating(away, ended)
    office.end_meeting(EndMeeting("ABC123", SERVER, action=ACTION))
    await away.asked.wait()
    assert ended.empty()


async def test_the_first_end_is_in_the_audit_and_no_other(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/r.db")
    await store.open()
    await store.create_meeting("ABC123", "host", "", 1.0)
    for by in ("host", "host", ""):
        await end_meeting(store, "ABC123", by, 2.0)
    assert [(entry.action, entry.by) for entry in await store.audit("ABC123", 10)] == [("end", "host")]
    with pytest.raises(UnknownMeeting):
        await end_meeting(store, "DEF456", "host", 2.0)
    await store.close()


async def test_no_key_of_a_client_is_that_of_the_end(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/r.db")
    await store.open()
    await store.create_meeting("ABC123", "host", "", 1.0)
    await store.change(
        StoredChange(room="ABC123", by="host", key="end", at=2.0, action="settings", settings={})
    )
    await end_meeting(store, "ABC123", "host", 3.0)
    assert [entry.action for entry in await store.audit("ABC123", 10)] == ["end", "settings"]
    await store.close()
