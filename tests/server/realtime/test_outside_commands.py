"""Commands over HTTP while the store is away: what is in effect, what is not, and what comes of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.identity.passwords import Passwords
from server.realtime import change_writer, outside_commands
from server.realtime.change_writer import ChangeWriter
from server.realtime.outside_commands import OutsideCommands
from server.runtime.metrics import Metrics
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import Remove, Settings, SettingsChange
from signalling.rooms.change import Unsettled
from signalling.rooms.effects import Effect
from storage import moderation, open_store
from storage.errors import StoreUnavailable, UnknownMeeting
from storage.store import Store
from tests.signalling.script import Stage


class Changes:
    """A real store, whose changes fail while `down`."""

    def __init__(self, real: Store) -> None:
        self._real = real
        self.down = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def change(self, change: moderation.Change) -> moderation.Changed:
        if self.down:
            raise StoreUnavailable("no answer")
        return await self._real.change(change)


class Carrying:
    """In place of the carrier: hands on what is to be recorded."""

    def __init__(self, changes: ChangeWriter) -> None:
        self._changes = changes

    def carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Unsettled):
                self._changes.record(effect)


@dataclass
class Office:
    store: Changes
    outside: OutsideCommands
    changes: ChangeWriter
    stage: Stage


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """A meeting that the user `host` has made."""
    monkeypatch.setattr(outside_commands, "RECORDED_WITHIN", 0.05)
    monkeypatch.setattr(change_writer, "RETRY_FIRST", 0.01)
    real = open_store(f"sqlite:///{tmp_path}/r.db")
    await real.open()
    await real.create_meeting("ABC123", "host", "", 1.0)
    store, stage = Changes(real), Stage()
    times = itertools.count(2)
    changes = ChangeWriter(store, Metrics(), at=lambda: float(next(times)))
    carrying: Any = Carrying(changes)
    outside = OutsideCommands(stage.hub, store, changes, carrying, Passwords())
    yield Office(store, outside, changes, stage)
    store.down = False
    await changes.close(5.0)
    await real.close()


LOCK = Settings(1, "one", SettingsChange(locked=True))


async def locked(office: Office) -> bool:
    return bool((await office.store.meeting("ABC123")).settings.get("locked"))


async def test_where_somebody_is_it_is_in_effect_and_recorded_when_the_store_is_back(office: Office) -> None:
    office.stage.join("host")
    office.store.down = True
    assert await office.outside.change("ABC123", "host", LOCK) is None
    assert office.stage.hub.rooms["ABC123"].settings.locked
    assert not await locked(office)
    # What comes next is not decided by what is not recorded yet.
    with pytest.raises(Refused) as refused:
        await office.outside.actor("ABC123", "host", Remove)
    assert refused.value.code == ErrorCode.UNAVAILABLE
    office.store.down = False
    assert await office.changes.settle("ABC123", 5.0)
    assert await locked(office)


async def test_where_nobody_is_the_caller_is_told_to_ask_again_and_may(office: Office) -> None:
    office.store.down = True
    with pytest.raises(Refused) as refused:
        await office.outside.change("ABC123", "host", LOCK)
    assert (refused.value.code, refused.value.retry_after) == (ErrorCode.UNAVAILABLE, 0.05)
    office.store.down = False
    assert await office.changes.settle("ABC123", 5.0)
    recorded = await office.outside.change("ABC123", "host", LOCK)
    assert recorded is not None
    assert (recorded.again, recorded.revision) == (True, 1)


async def test_a_command_with_again_asks_the_store_before_anybody_is_told(office: Office) -> None:
    office.stage.join("host")
    office.store.down = True
    with pytest.raises(Refused) as refused:
        await office.outside.change("ABC123", "host", Settings(1, "one", LOCK.settings, again=True))
    assert refused.value.code == ErrorCode.UNAVAILABLE
    assert not office.stage.hub.rooms["ABC123"].settings.locked


async def test_a_demotion_that_is_told_counts_before_it_is_recorded(office: Office) -> None:
    """The room knows of it first."""
    office.stage.join("host", role="participant")
    with pytest.raises(Refused) as refused:
        await office.outside.change("ABC123", "host", LOCK)
    assert refused.value.code == ErrorCode.FORBIDDEN


async def test_many_at_once_are_each_answered(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside_commands, "RECORDED_WITHIN", 20.0)
    office.stage.join("host")
    changes = [
        office.outside.change("ABC123", "host", Settings(1, f"{number}", SettingsChange(message=f"{number}")))
        for number in range(20)
    ]
    answers = [recorded.revision for recorded in await asyncio.gather(*changes) if recorded is not None]
    assert sorted(answers) == list(range(1, 21))


async def test_nobody_commands_a_meeting_that_is_not_there(office: Office) -> None:
    for user in ("host", None):
        with pytest.raises(UnknownMeeting):
            await office.outside.change("DEF456", user, Remove(1, "one", "p_x"))
