"""One access token for all calls."""

from __future__ import annotations

import asyncio

import pytest

from server.zoom.access_token import Token, Tokens
from server.zoom.errors import Unavailable


class Issuer:
    """Gives tokens of an hour, once `open`."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.open = asyncio.Event()
        self.open.set()
        self.asked = 0
        self.tokens = Tokens(self.ask, lambda: self.now)

    async def ask(self) -> Token:
        self.asked += 1
        number, since = self.asked, self.now
        await self.open.wait()
        if number == 13:
            raise Unavailable("no luck")
        return Token.lasting(f"token-{number}", frozenset(), 3600, since)


async def test_a_token_is_kept_until_a_minute_before_its_end() -> None:
    issuer = Issuer()
    first = await issuer.tokens.current()
    issuer.now += 3539
    assert await issuer.tokens.current() is first
    issuer.now += 1
    assert (await issuer.tokens.current()).value == "token-2"


async def test_a_token_that_lasts_a_minute_is_used_for_half_of_it() -> None:
    assert Token.lasting("short", frozenset(), 60, 1000).renew_at == 1030


async def test_many_who_need_a_token_ask_once() -> None:
    issuer = Issuer()
    issuer.open.clear()
    waiting = [asyncio.create_task(issuer.tokens.current()) for _ in range(20)]
    await asyncio.sleep(0)
    # Whoever began it may go.
    waiting.pop(0).cancel()
    issuer.open.set()
    assert len(set(await asyncio.gather(*waiting))) == 1
    assert issuer.asked == 1


async def test_many_whose_token_is_refused_ask_once_for_another() -> None:
    issuer = Issuer()
    refused = await issuer.tokens.current()
    newer = await asyncio.gather(*(issuer.tokens.other_than(refused) for _ in range(20)))
    assert {token.value for token in newer} == {"token-2"}
    # It was refused before the newer one was there.
    assert (await issuer.tokens.other_than(refused)).value == "token-2"
    assert issuer.asked == 2


async def test_a_failure_is_everybodys_and_the_next_asks_again() -> None:
    issuer = Issuer()
    issuer.asked = 12
    found = await asyncio.gather(*(issuer.tokens.current() for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in found] == [Unavailable] * 3
    assert issuer.asked == 13
    assert (await issuer.tokens.current()).value == "token-14"


async def test_nothing_is_left_when_it_is_closed() -> None:
    issuer = Issuer()
    issuer.open.clear()
    waiting = asyncio.create_task(issuer.tokens.current())
    await asyncio.sleep(0)
    before = len(asyncio.all_tasks())
    await issuer.tokens.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(asyncio.all_tasks()) == before - 2
