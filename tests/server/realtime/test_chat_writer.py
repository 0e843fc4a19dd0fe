"""Messages of the same moment are one transaction, in their order; one alone waits for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from server.realtime import chat_writer
from server.realtime.chat_writer import ChatWriter
from server.realtime.write_guard import WriteGuard
from server.runtime.metrics import Metrics
from signalling.rooms.change import Actor, Change, ChatChange, Unsettled
from storage.chat import Chat, MessageWrite, NewMessage, Written


class Slow:
    """A store that has each call for a while. `batches`: the keys of each call."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.began, self.go_on = asyncio.Event(), asyncio.Event()

    async def write_messages(self, room: str, writes: Sequence[MessageWrite]) -> Sequence[Written]:
        self.batches.append([each.key for each in writes if isinstance(each, NewMessage)])
        self.began.set()
        await self.go_on.wait()
        return [Written("done")] * len(writes)


def message(number: int) -> Unsettled:
    post = ChatChange("say", f"m_{number}", float(number), "Hi")
    return Unsettled("ROOM", Actor("host", "ann"), str(number), Change("", chat=post), told=True)


async def test_messages_of_the_same_moment_are_written_together_and_settled_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # However slow the machine is.
    monkeypatch.setattr(chat_writer, "GATHER", 60.0)
    store, settled = Slow(), asyncio.Queue[str]()
    writer = ChatWriter(
        cast(Chat, store), Metrics(), lambda unsettled, _: settled.put_nowait(unsettled.key), WriteGuard()
    )
    # They come in turns of the loop that follow each other, as from several sockets.
    for number in range(5):
        writer.record(message(number))
        await asyncio.sleep(0)
    await store.began.wait()
    # What comes while they are written waits for the next call.
    for number in (5, 6):
        writer.record(message(number))
    store.go_on.set()
    assert [await settled.get() for _ in range(7)] == [str(number) for number in range(7)]
    assert store.batches == [["0", "1", "2", "3", "4"], ["5", "6"]]
    await writer.close(1.0)


async def test_a_message_alone_is_written_two_turns_later() -> None:
    store = Slow()
    writer = ChatWriter(cast(Chat, store), Metrics(), lambda unsettled, _: None, WriteGuard())
    writer.record(message(1))
    for _ in range(3):
        await asyncio.sleep(0)
    assert store.batches == [["1"]]
    store.go_on.set()
    await writer.close(1.0)
