"""A real server whose clock is set while people are in a meeting: libfaketime shows it another time of day."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest

from tests.forking import Forked
from tests.process import ROOT, ServerProcess, environment
from tests.server.client import Play, playing

ROOM = "ABC123"
CLOCK_WAS_SET = "the clock was set, stays that go on keep their length"
LIBRARIES: Sequence[Path] = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(not LIBRARIES, reason="needs libfaketime: tests/install.sh"),
]


class FakedServer(ServerProcess):
    """Begun anew, not copied: what shows it another time is loaded with it."""

    starts_within = 60.0

    async def start(self, **settings: str) -> ServerProcess:
        self._offset.write_text("+0")
        return await super().start(
            LD_PRELOAD=str(LIBRARIES[0]),
            FAKETIME_TIMESTAMP_FILE=str(self._offset),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
            **settings,
        )

    async def _begin(self) -> Forked:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", self.module, "serve"),
            cwd=ROOT,
            env=environment(self.directory, self.settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        return cast(Forked, process)

    @property
    def _offset(self) -> Path:
        return self.directory / "offset"

    def set_clock(self, hours: int) -> None:
        """So far from what it is."""
        # In one go: it is read at any moment.
        new = self._offset.with_suffix(".new")
        new.write_text(f"{hours:+d}h")
        new.replace(self._offset)


async def lengths(play: Play, token: str) -> dict[str, float]:
    """By name: how long everyone was there whose stay has ended."""
    await play.recorded()
    found = {}
    for person in await play.attendance(ROOM, token):
        (stay,) = person["sessions"]
        assert not stay["estimated"]
        if stay["left_at"] is not None:
            lasted = datetime.fromisoformat(stay["left_at"]) - datetime.fromisoformat(stay["joined_at"])
            found[person["name"]] = lasted.total_seconds()
    return found


async def test_a_clock_that_is_set_changes_neither_grace_nor_lengths(tmp_path: Path) -> None:
    """First back: by that clock, absences would last an hour longer. Then forward: by it, grace would be over."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    server = FakedServer(tmp_path, RECONVENE_GRACE="2")
    async with server, playing(server) as play:
        ann, bob = await play.pair(ROOM)
        for name, hours in (("Cat", -1), ("Dan", 1)):
            other = await play.joined(ROOM, name)
            await ann.until("participant_joined")
            other.drop()
            server.set_clock(hours)
            was = sum(line["seconds"] for line in server.logs if line["event"] == CLOCK_WAS_SET)
            await server.logged(CLOCK_WAS_SET, seconds=pytest.approx(hours * 3600 - was, abs=5))
            await ann.until("participant_updated", participant={"id": other.id, "state": "reconnecting"})
            await ann.until("participant_left", participant={"id": other.id}, reason="lost")
        assert sorted(await lengths(play, ann.token)) == ["Cat", "Dan"]
        await bob.leave()
        await ann.leave()
        lasted = await lengths(play, ann.token)
        assert lasted == {
            name: pytest.approx(0, abs=loop.time() - began) for name in ("Ann", "Bob", "Cat", "Dan")
        }
        assert lasted["Ann"] > lasted["Dan"] > 0
