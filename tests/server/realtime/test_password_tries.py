"""A password that is tried many times: few tries count, nobody else is held up, and whoever knows it gets in."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.network.client_address import Client
from server.network.limits import LIMITS, Limits
from server.realtime.password_tries import AT_ONCE, PasswordTries
from server.runtime.metrics import Metrics
from tests.process import ServerProcess
from tests.server.client import Client as Page
from tests.server.client import Play, playing

TRIES = LIMITS["passwords"].most
GUESSER, CLASS = "203.0.113.7", "198.51.100.9"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Play]:
    """A server that knows its clients' addresses."""
    async with ServerProcess(tmp_path, RECONVENE_MESSAGE_RATE="0") as server, playing(server) as play:
        yield play


async def with_a_password(play: Play, meeting: str) -> Page:
    ann = await play.joined(meeting, "Ann", create=True)
    await ann.order("settings", settings={"password": "open sesame"})
    return ann


async def answer(play: Play, meeting: str, password: str, address: str) -> tuple[str, float]:
    client = await play.client(address=address)
    number = await client.send("join", meeting=meeting, name="Eve", password=password)
    while (message := await client.next()).get("id") != number:
        pass
    return str(message.get("code", message["type"])), float(message.get("retry_after", 0.0))


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_password_is_tried_five_times_a_minute(stage: Play, at_once: bool) -> None:
    await with_a_password(stage, "ABC123")
    guesses = [answer(stage, "ABC123", f"guess {number}", GUESSER) for number in range(4 * TRIES)]
    answers = await asyncio.gather(*guesses) if at_once else [await guess for guess in guesses]
    assert Counter(code for code, _ in answers) == {"wrong_password": TRIES, "rate_limited": 3 * TRIES}
    assert all(0 < retry_after <= 60 for code, retry_after in answers if code == "rate_limited")
    # Not even the right one: whether it is, a guesser does not learn.
    assert (await answer(stage, "ABC123", "open sesame", GUESSER))[0] == "rate_limited"
    # It is counted by address and meeting.
    assert (await answer(stage, "ABC123", "open sesame", CLASS))[0] == "joined"
    await with_a_password(stage, "DEF456")
    assert (await answer(stage, "DEF456", "open sesame", GUESSER))[0] == "joined"


async def test_a_class_comes_in_at_once_by_one_address(stage: Play) -> None:
    await with_a_password(stage, "ABC123")
    answers = [answer(stage, "ABC123", "open sesame", CLASS) for _ in range(6 * TRIES)]
    assert {code for code, _ in await asyncio.gather(*answers)} == {"joined"}


async def test_who_guesses_in_many_meetings_takes_no_place_of_others_in_the_queue() -> None:
    """One may have made them all."""
    tries = PasswordTries(Limits({}, Metrics()))
    guesser, other = (Client(address, f"{address}/32") for address in (GUESSER, CLASS))
    async with contextlib.AsyncExitStack() as turns:
        for number in range(AT_ONCE):
            await turns.enter_async_context(tries.turn(guesser, f"GUESS-{number}"))
        waiting = asyncio.create_task(turns.enter_async_context(tries.turn(guesser, "ANOTHER")))
        async with asyncio.timeout(10), tries.turn(other, "ANOTHER"):
            assert not waiting.done()
        waiting.cancel()
        await asyncio.wait([waiting])


async def test_a_flood_of_wrong_passwords_holds_up_nobody(stage: Play) -> None:
    """From so many addresses that the limit of one does not help."""
    await with_a_password(stage, "ABC123")
    bob = await stage.joined("DEF456", "Bob", create=True)
    flood = [
        asyncio.create_task(answer(stage, "ABC123", f"guess {number}", f"203.0.113.{number}"))
        for number in range(40)
    ]
    said = 0
    while not all(guess.done() for guess in flood):
        await bob.status(hand=said % 2 == 0)
        said += 1
    assert said > 3
    assert {code for code, _ in await asyncio.gather(*flood)} <= {"wrong_password", "unavailable"}
