"""Commands over HTTP while the store is away: what is in effect, what is not, and what comes of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.identity.passwords import Passwords
from server.realtime import change_writer, outside_commands
from server.realtime.change_writer import ChangeWriter
from server.realtime.outside_commands import OutsideCommands
from server.realtime.pending_joins import PendingJoins
from server.runtime.metrics import Metrics
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import Remove, RightsChange, SetRole, Settings, SettingsChange
from signalling.rooms.change import Actor, Change, Unsettled
from signalling.rooms.effects import Effect
from storage import moderation, open_store
from storage.errors import StoreUnavailable, UnknownMeeting
from storage.records import Participant
from storage.store import Store
from tests.signalling.script import Stage
from tests.storage.script import request


class Changes:
    """A real store, whose changes fail while `down`."""

    def __init__(self, real: Store) -> None:
        self._real = real
        self.down = False
        self.reached = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()
        """Until it is set, what is said of a participant is on its way."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def participant(self, room: str, user_id: str) -> Participant | None:
        found = await self._real.participant(room, user_id)
        self.reached.set()
        await self.answers.wait()
        return found

    async def change(self, change: moderation.Change) -> moderation.Changed:
        if self.down:
            raise StoreUnavailable("no answer")
        return await self._real.change(change)


class Carrying:
    """In place of the carrier: hands on what is to be recorded."""

    def __init__(self, changes: ChangeWriter, pending: PendingJoins) -> None:
        self._changes = changes
        self._pending = pending

    def carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Unsettled):
                self._pending.meeting_changed(effect.room)
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
    monkeypatch.setattr(outside_commands, "RECORDED_WITHIN", 60.0)
    monkeypatch.setattr(change_writer, "RETRY_FIRST", 0.01)
    real = open_store(f"sqlite:///{tmp_path}/r.db")
    await real.open()
    await real.create_meeting("ABC123", "host", "", 1.0)
    store, stage = Changes(real), Stage()
    times = itertools.count(2)
    changes = ChangeWriter(store, Metrics(), now=lambda: float(next(times)))
    pending = PendingJoins()
    carrying: Any = Carrying(changes, pending)
    outside = OutsideCommands(stage.hub, store, changes, pending, carrying, Passwords())
    yield Office(store, outside, changes, stage)
    store.down = False
    await changes.close(5.0)
    await real.close()


@contextmanager
def store_away(office: Office) -> Iterator[None]:
    """Nobody waits long for the store while it is away, and as long as it takes when it is there."""
    office.store.down = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outside_commands, "RECORDED_WITHIN", 0.05)
        yield
    office.store.down = False


LOCK = Settings(1, "one", SettingsChange(locked=True))


async def locked(office: Office) -> bool:
    return bool((await office.store.meeting("ABC123")).settings.get("locked"))


async def test_where_somebody_is_it_is_in_effect_and_recorded_when_the_store_is_back(office: Office) -> None:
    office.stage.join("host")
    with store_away(office):
        assert await office.outside.change("ABC123", "host", LOCK) is None
        assert office.stage.hub.rooms["ABC123"].settings.locked
        assert not await locked(office)
        # What comes next is not decided by what is not recorded yet.
        with pytest.raises(Refused) as refused:
            await office.outside.actor("ABC123", "host", Remove)
        assert refused.value.code == ErrorCode.UNAVAILABLE
    assert await office.changes.settle("ABC123", 60.0)
    assert await locked(office)


async def test_where_nobody_is_the_caller_is_told_to_ask_again_and_may(office: Office) -> None:
    with store_away(office):
        with pytest.raises(Refused) as refused:
            await office.outside.change("ABC123", "host", LOCK)
        assert (refused.value.code, refused.value.retry_after) == (ErrorCode.UNAVAILABLE, 0.05)
    assert await office.changes.settle("ABC123", 60.0)
    recorded = await office.outside.change("ABC123", "host", LOCK)
    assert recorded is not None
    assert (recorded.again, recorded.revision) == (True, 1)


async def test_a_command_with_again_asks_the_store_before_anybody_is_told(office: Office) -> None:
    office.stage.join("host")
    with store_away(office), pytest.raises(Refused) as refused:
        await office.outside.change("ABC123", "host", Settings(1, "one", LOCK.settings, again=True))
    assert refused.value.code == ErrorCode.UNAVAILABLE
    assert not office.stage.hub.rooms["ABC123"].settings.locked


async def test_a_demotion_that_is_told_counts_before_it_is_recorded(office: Office) -> None:
    """The room knows of it first."""
    office.stage.join("host", role="participant")
    with pytest.raises(Refused) as refused:
        await office.outside.change("ABC123", "host", LOCK)
    assert refused.value.code == ErrorCode.FORBIDDEN


async def test_many_at_once_are_each_answered(office: Office) -> None:
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


async def test_whoever_is_demoted_while_the_store_says_who_they_are_may_do_nothing(office: Office) -> None:
    ann, bob = [await office.store.join(request(user, 2.0, room="ABC123")) for user in ("ann", "bob")]
    change, ann_id = office.outside.change, ann.participant.id
    await change("ABC123", None, SetRole(1, "one", ann_id, "cohost"))
    office.store.reached.clear()
    office.store.answers.clear()
    asked = asyncio.create_task(change("ABC123", "ann", Remove(1, "hers", bob.participant.id, "never")))
    await office.store.reached.wait()
    await change("ABC123", None, SetRole(1, "two", ann_id, "participant"))
    office.store.answers.set()
    with pytest.raises(Refused) as refused:
        await asked
    assert refused.value.code is ErrorCode.FORBIDDEN
    assert not (await office.store.rights("ABC123")).removals


async def test_of_two_changes_at_once_neither_undoes_the_other(office: Office) -> None:
    rights = RightsChange(audio=False), RightsChange(video=False)
    ordered = [Settings(1, f"may-{n}", SettingsChange(may=may)) for n, may in enumerate(rights)]
    await asyncio.gather(*(office.outside.change("ABC123", "host", each) for each in ordered))
    meeting = await office.store.meeting("ABC123")
    assert meeting.settings["may"] == {"audio": False, "video": False}


async def test_whoever_floods_a_meeting_holds_up_nobody_who_commands_it_over_http(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, floods = office.store.meeting, 0

    async def meeting(room: str) -> Any:
        nonlocal floods
        floods += 1
        carrying: Any = office.outside._carrier
        lock = Change("settings", settings={"message": f"{floods}"})
        carrying.carry_out([Unsettled("ABC123", Actor("cohost", "eve"), f"flood-{floods}", lock, told=False)])
        return await real(room)

    monkeypatch.setattr(office.store, "meeting", meeting, raising=False)
    assert await office.outside.actor("ABC123", "host", Remove) == Actor("host", "host")
    assert floods < 20
