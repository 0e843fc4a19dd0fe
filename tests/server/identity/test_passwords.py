"""Passwords are hashed, a few at once, and whoever shows the right one again does not pay for it again."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from server.identity.passwords import AT_ONCE, MOST_QUEUED, MOST_SET, Passwords
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import HASHED, Settings, SettingsChange


class Slow:
    """In place of scrypt: counts how many are under way at once, and waits to be let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = self.now = self.most = 0
        self.go = threading.Event()
        self.full = threading.Event()
        self._lock = threading.Lock()
        monkeypatch.setattr(hashlib, "scrypt", self)

    def __call__(self, password: bytes, **_: Any) -> bytes:
        with self._lock:
            self.count += 1
            self.now += 1
            self.most = max(self.most, self.now)
        if self.now == AT_ONCE:
            self.full.set()
        self.go.wait(10)
        with self._lock:
            self.now -= 1
        return password.ljust(64, b".")


async def test_a_hash_tells_nothing_and_fits_its_password_alone() -> None:
    first, second = await Passwords().hash("open sesame"), await Passwords().hash("open sesame")
    assert first != second
    assert first.startswith(HASHED)
    assert "sesame" not in first
    checked = Passwords()
    for hashed in (first, second):
        assert await checked.fits("open sesame", hashed)
        assert not await checked.fits("open says me", hashed)
        assert await checked.fits("open sesame", hashed)


async def test_few_are_hashed_at_once_and_few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = await Passwords().hash("open sesame")
    slow, checked = Slow(monkeypatch), Passwords()
    tasks = [asyncio.create_task(checked.fits(str(number), hashed)) for number in range(MOST_QUEUED)]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as refused:
        await checked.fits("one too many", hashed)
    assert refused.value.code == ErrorCode.UNAVAILABLE
    assert refused.value.retry_after
    assert await asyncio.to_thread(slow.full.wait, 10)
    slow.go.set()
    await asyncio.gather(*tasks)
    assert slow.most == AT_ONCE
    assert not await checked.fits("there is room again", hashed)


async def test_whoever_sets_passwords_without_end_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = await Passwords().hash("open sesame")
    slow, passwords = Slow(monkeypatch), Passwords()

    def setting(meeting: int) -> Coroutine[Any, Any, Settings]:
        return passwords.in_place(Settings(1, "key", SettingsChange(password="new")), f"MEETING-{meeting}")

    tasks = [asyncio.create_task(setting(number)) for number in range(MOST_SET)]
    await asyncio.sleep(0)
    # Another one, and another of a meeting of which one is being set.
    for meeting in (MOST_SET, 0):
        with pytest.raises(Refused) as refused:
            await setting(meeting)
        assert (refused.value.code, refused.value.retry_after) == (ErrorCode.UNAVAILABLE, 1.0)
    # Whoever comes into a meeting does not wait for them.
    tries = [asyncio.create_task(passwords.fits(str(number), hashed)) for number in range(AT_ONCE - 1)]
    assert await asyncio.to_thread(slow.full.wait, 10)
    slow.go.set()
    await asyncio.gather(*tasks, *tries)
    assert slow.most == AT_ONCE
    assert (await setting(0)).settings.password != "new"


async def test_whoever_shows_the_right_one_again_pays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, checked = Slow(monkeypatch), Passwords()
    slow.go.set()
    hashed = await checked.hash("open sesame")
    for _ in range(3):
        assert await checked.fits("open sesame", hashed)
    assert slow.count == 2
    assert not await checked.fits("open says me", hashed)
    assert slow.count == 3
