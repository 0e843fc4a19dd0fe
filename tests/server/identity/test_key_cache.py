"""An issuer's keys: read from a real server, again and again, whatever that server does."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from server.identity import key_sources
from server.identity.issuer import Issuer
from server.identity.key_cache import AGAIN, AGAIN_WITHOUT, FRESH, STALE, CannotFetch, KeyCache
from server.identity.key_sources import LARGEST
from server.settings.config import Config
from signalling.protocol.errors import ErrorCode, Refused
from tests.issuer import Answer, KeyServer, Signer, hangs, jwks, says
from tests.process import ROOT


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def published() -> AsyncIterator[KeyServer]:
    async with KeyServer() as keys:
        yield keys


@pytest.fixture
def clock() -> Clock:
    return Clock()


def issuer(published: KeyServer, clock: Callable[[], float] = time.monotonic, within: float = 10.0) -> Issuer:
    login = Config.from_env(published.settings()).login
    assert login is not None
    return Issuer(
        login,
        KeyCache(partial(key_sources.from_url, published.url, within), published.url, clock),
    )


async def settled(of: Issuer) -> None:
    """No reading of keys is under way."""
    assert of._cache is not None
    await of._cache.settled()


async def takes(of: Issuer, signer: Signer) -> bool:
    """Whether it takes a token that is good by itself. False: the key cannot be had, which is the only other answer."""
    try:
        await of.read(signer.token(), time.time())
    except Refused as refused:
        if refused.code is not ErrorCode.UNAVAILABLE or refused.retry_after is None:
            raise
        return False
    return True


async def test_keys_are_rotated_without_a_restart(published: KeyServer, clock: Clock) -> None:
    old, new = Signer(kid="1"), Signer(kid="2")
    published.publish(old)
    of = issuer(published, clock)
    assert await takes(of, old)
    published.publish(old, new)
    # At once: a token names a key that is not known yet.
    assert await takes(of, new)
    assert await takes(of, old)
    published.publish(new)
    clock.now += FRESH
    assert await takes(of, old)  # and the keys are read again meanwhile
    await published.was_asked(3)
    await settled(of)
    assert not await takes(of, old)
    assert await takes(of, new)
    assert published.asked == 4, "the last time because the old key was missing"


async def test_a_key_that_nobody_knows_is_looked_for_once_in_a_while(
    published: KeyServer, clock: Clock
) -> None:
    published.publish(Signer(kid="1"))
    of = issuer(published, clock)
    assert not await takes(of, Signer(kid="2"))
    for _ in range(5):
        assert not await takes(of, Signer(kid="2"))
    # Once for the first time, and once because that one was missing.
    assert published.asked == 2
    clock.now += AGAIN
    assert not await takes(of, Signer(kid="2"))
    assert published.asked == 3


async def test_many_wait_for_one_reading(published: KeyServer) -> None:
    signer = Signer()
    published.publish(signer)
    of = issuer(published)
    assert all(await asyncio.gather(*(takes(of, signer) for _ in range(50))))
    assert published.asked == 1


async def test_a_new_key_without_a_name_is_looked_for(published: KeyServer, clock: Clock) -> None:
    old, new = Signer(kid=None), Signer(kid=None)
    published.publish(old)
    of = issuer(published, clock)
    assert await takes(of, old)
    published.publish(new)
    assert await takes(of, new)
    # The keys were read a moment ago, and it may be newer still.
    assert not await takes(of, Signer(kid=None))
    clock.now += AGAIN
    with pytest.raises(Refused) as refused:
        await of.read(Signer(kid=None).token(), time.time())
    assert refused.value.code is ErrorCode.BAD_TOKEN
    await published.stop()
    clock.now += AGAIN
    # Nobody knows whether there is a new one.
    assert not await takes(of, Signer(kid=None))


async def test_a_new_key_of_another_kind_may_have_the_name_of_the_former(
    published: KeyServer, clock: Clock
) -> None:
    old, new = Signer("ES256", kid="1"), Signer("EdDSA", kid="1")
    published.publish(old)
    of = issuer(published, clock)
    assert await takes(of, old)
    clock.now += 1
    published.publish(new)
    assert await takes(of, new)
    clock.now += 1
    published.publish(old)
    # The keys were read a moment ago, and the promise is that a new key makes no token bad.
    assert not await takes(of, old)
    clock.now += AGAIN
    assert await takes(of, old)
    clock.now += AGAIN
    with pytest.raises(Refused) as refused:
        await of.read(new.token(), time.time())
    assert refused.value.code is ErrorCode.BAD_TOKEN


@pytest.mark.parametrize("kid", [None, "key 1"])
async def test_a_new_key_is_looked_for_also_if_its_token_names_one(
    published: KeyServer, clock: Clock, kid: str | None
) -> None:
    """In a set without ids, as a file in PEM, or under the id of the former."""
    old, new = Signer(kid=kid), Signer(kid=kid)
    published.publish(old)
    of = issuer(published, clock)
    assert await takes(of, old)
    published.publish(new)
    new.kid = kid or "key 2"
    assert await takes(of, new)
    with pytest.raises(Refused) as refused:
        await of.read(Signer(kid=new.kid).token(), time.time())
    # The keys were read a moment ago: it is none of theirs, unless it is newer still.
    assert refused.value.code is (ErrorCode.BAD_TOKEN if kid else ErrorCode.UNAVAILABLE)


async def test_keys_outlive_their_server_for_a_day(published: KeyServer, clock: Clock) -> None:
    signer = Signer()
    published.publish(signer)
    of = issuer(published, clock)
    assert await takes(of, signer)
    await published.stop()
    clock.now += STALE - 1
    assert await takes(of, signer)
    clock.now += 1
    assert not await takes(of, signer)
    await published.start()
    clock.now += AGAIN_WITHOUT
    assert await takes(of, signer)


WRONG: dict[str, Answer] = {
    "hangs": hangs,
    "redirects": says(302, b"", "Location: https://evil.example/keys"),
    "answers HTML": says(200, b"<!doctype html><title>Log in</title>", kind="text/html"),
    "fails": says(500, b"{}"),
    "has ten thousand keys": says(200, b'{"keys": [' + b",".join([b"{}"] * 10_000) + b"]}"),
    "is too long": says(200, jwks(Signer()) + b" " * LARGEST),
    "has none": says(200, b'{"keys": []}'),
    "is packed": says(200, gzip.compress(b" " * 2**20), "Content-Encoding: gzip"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_key_server_that_is_out_of_order_makes_no_token_bad(
    published: KeyServer, clock: Clock, what: str
) -> None:
    signer = Signer()
    published.answer = WRONG[what]
    of = issuer(published, clock, 4.0 if what == "hangs" else 10.0)
    assert not await takes(of, signer)
    # Nobody asks all the time,
    assert not await takes(of, signer)
    assert published.asked == 1
    # and when it is well again, all is well.
    published.publish(signer)
    clock.now += AGAIN_WITHOUT
    assert await takes(of, signer)
    # Out of order once more, the keys that are known go on being used.
    published.answer = WRONG[what]
    clock.now += FRESH
    assert await takes(of, signer)
    await published.was_asked(3)
    assert await takes(of, signer)
    await of.stop()


async def test_an_answer_that_is_dated_oddly_has_keys_all_the_same(published: KeyServer) -> None:
    signer = Signer()
    for date in (
        "Thu, 01 Jan 2026 00:00:00 +99999999999999999",
        "Thu, 99999999999999999999 Jan 2026 00:00:00 GMT",
    ):
        published.answer = says(200, jwks(signer), f"Date: {date}")
        assert await takes(issuer(published), signer)


async def test_whatever_goes_wrong_in_reading_keys_is_no_fault_of_a_token(clock: Clock) -> None:
    async def fetch() -> bytes:
        raise RuntimeError("nobody thought of this")

    async with KeyServer() as published:
        login = Config.from_env(published.settings()).login
    assert login is not None
    assert not await takes(Issuer(login, KeyCache(fetch, "somewhere", clock)), Signer())


async def test_while_keys_are_read_others_do_not_wait(published: KeyServer, clock: Clock) -> None:
    signer = Signer()
    published.publish(signer)
    of = issuer(published, clock)
    assert await takes(of, signer)
    published.answer = hangs
    clock.now += FRESH
    for _ in range(20):
        assert await takes(of, signer)
    await of.stop()
    assert published.asked <= 2


async def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(CannotFetch, match="No such file"):
        await key_sources.from_file(tmp_path / "none")
    (tmp_path / "long").write_bytes(b" " * (LARGEST + 1))
    with pytest.raises(CannotFetch, match="longer than"):
        await key_sources.from_file(tmp_path / "long")


def test_a_server_without_a_login_imports_nothing_for_one() -> None:
    """They take 10 MiB, and on a cold machine a second."""
    look = "import sys, server.app; print({'jwt', 'cryptography', 'httpx'} & sys.modules.keys())"
    told = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"
