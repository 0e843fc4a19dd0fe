"""Who asks for what was written before, again and again."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from server.realtime import chat_history
from server.realtime.chat_history import MOST, Histories
from signalling.protocol.chat import ChatHistory
from signalling.protocol.errors import ErrorCode, Refused


class Desk:
    """A room whose store answers when it is let. `answers`: what the connection is sent, by what it asked."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.asked = asyncio.Semaphore(0)
        self.at_once = self.most_at_once = 0
        self.answers: dict[int | None, ErrorCode | None] = {}
        self.tasks: list[asyncio.Task[None]] = []
        settings = SimpleNamespace(chat_history="all")
        room = SimpleNamespace(id="ROOM", settings=settings, chat_changes=0)
        seat = SimpleNamespace(room=room, member=SimpleNamespace(user_id="u_ann", role="participant"))
        hub: Any = SimpleNamespace(seated=lambda _: seat)
        mine: Any = self
        self.histories = Histories(hub, mine, mine, mine, self.begin)

    def begin(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self.tasks.append(task)
        return task

    def ask(self, number: int, connection: Any = "a connection") -> None:
        assert self.histories.show(connection, ChatHistory(number)) is not None

    async def settle_chat(self, room: str, within: float) -> bool:
        return True

    async def messages(self, *_: Any) -> Any:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        self.asked.release()
        await self.may_answer.wait()
        self.at_once -= 1
        return SimpleNamespace(messages=[], more=False)

    def carry_out(self, effects: Any) -> None:
        self.answers[len(self.answers)] = None

    def refuse(self, _: Any, refused: Refused, number: int | None) -> None:
        self.answers[number] = refused.code


async def test_a_flood_is_answered_one_by_one_and_refused_beyond_a_bound() -> None:
    desk = Desk()
    for number in range(100, 100 + MOST + 50):
        desk.ask(number)
    desk.ask(1, "another's")
    await desk.asked.acquire()
    await desk.asked.acquire()
    assert desk.answers == dict.fromkeys(range(100 + MOST, 100 + MOST + 50), ErrorCode.BUSY)
    desk.may_answer.set()
    await asyncio.gather(*desk.tasks)
    assert len([code for code in desk.answers.values() if code is None]) == MOST + 1
    # One of each connection.
    assert desk.most_at_once == 2


async def test_after_an_answer_the_next_one_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_history, "RATE", 1e-3)
    desk = Desk()
    desk.may_answer.set()
    desk.ask(1)
    await asyncio.gather(*desk.tasks)
    desk.ask(2)
    desk.ask(3, "another's")
    await desk.tasks[2]
    assert len(desk.answers) == 2
    assert not desk.tasks[1].done()
    desk.tasks[1].cancel()
    await asyncio.wait(desk.tasks)


async def test_who_has_asked_slowly_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_history, "RATE", 1e9)
    forget, forgotten = Histories._forget, asyncio.Event()

    def noted(self: Histories, *what: Any) -> None:
        forget(self, *what)
        if not self._lines:
            forgotten.set()

    monkeypatch.setattr(Histories, "_forget", noted)
    desk = Desk()
    desk.may_answer.set()
    desk.ask(1)
    await asyncio.gather(*desk.tasks)
    async with asyncio.timeout(20):
        await forgotten.wait()
    assert not desk.histories._lines
