"""Whatever people do, and however often their room moves to another hub meanwhile: nobody can tell."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

import orjson
import pytest

from signalling.protocol.features import BATCH, BUSY
from signalling.rooms.effects import StayEnded, StayResumed
from signalling.rooms.telling import FRAMES
from tests.signalling.socket import Socket
from tests.signalling.state.roaming import Roaming, assert_is_copied

USERS = ("ann", "bob", "cat", "dan")
ROOMS = ("ONE", "ONE", "TWO")
MEDIA = ("audio", "video", "screen")
COMMANDS: tuple[dict[str, Any], ...] = (
    {"type": "remove", "back": "knock"},
    {"type": "mute", "media": {"audio": False, "screen": False}},
    {"type": "mute", "media": {"video": False}},
    {"type": "allow", "may": {"audio": False}},
    {"type": "allow", "may": {"audio": None, "hand": False}},
    {"type": "set_role", "role": "cohost"},
    {"type": "set_role", "role": "participant"},
    {"type": "set_role", "role": "host"},
    {"type": "ask"},
    {"type": "lower_hands"},
    {"type": "spotlight"},
    {"type": "admit"},
    {"type": "deny"},
    {"type": "rename", "name": "Another"},
    {"type": "settings", "settings": {"without_host": "lock", "message": "Soon"}},
    {"type": "settings", "settings": {"may": {"video": False}}},
)


class Play:
    """One story: the same for the same seed, however the rooms move."""

    def __init__(self, seed: int, stage: Roaming, then: Callable[[], object]) -> None:
        self.chance = lots(seed)
        self.stage = stage
        self.every: list[tuple[Socket, str]] = []
        self.heard: list[Any] = []
        self.commands = 0
        stage.roles["ann"] = "host"
        for _ in range(60):
            self.act()
            # Two things at the same moment are told in no order of their own.
            stage.now += 1 / 1024
            self.note()
            then()

    def act(self) -> None:
        deeds: dict[Callable[[], None], float] = {
            self.command: 5,
            self.status: 4,
            **dict.fromkeys((self.join, self.resume, self.signal, self.wait), 3),
            **dict.fromkeys((self.knock, self.lose, self.settle, self.release), 2),
            self.goodbye: 1,
            self.leave: 0.5,
        }
        self.chance.choices(list(deeds), list(deeds.values()))[0]()

    def note(self) -> None:
        """What everyone was told, and what is to be recorded."""
        stage = self.stage
        for number, (socket, _) in enumerate(self.every):
            self.heard += [(number, message) for message in stage.messages(socket)]
            self.heard.append((number, socket.closed, socket.seq))
        kept: list[StayEnded | StayResumed] = [*stage.ended, *stage.resumed]
        stays = [
            (type(stay).__name__, stay.room, stay.user_id, stay.at - stage.ahead, stay.joined_at)
            # Rooms have no order among one another.
            for stay in sorted(kept, key=attrgetter("room"))
        ]
        self.heard += [stays, len(stage.unsettled), len(stage.let_in), dict(stage.hands)]
        stage.ended, stage.resumed, stage.let_in = [], [], []

    def join(self) -> None:
        user, room = self.chance.choice(USERS), self.chance.choice(ROOMS)
        media = {flag: True for flag in MEDIA if self.chance.random() < 0.3}
        soon = self.chance.random() < 0.3
        features = {"ann": [BATCH, BUSY], "bob": [BUSY]}.get(user, [])
        page = self.chance.choice(("", f"page of {user}"))
        socket = self.stage.join(user, room, features=features, soon=soon, page=page, **media)  # type: ignore[arg-type] # flags only
        self.every.append((socket, room))

    def resume(self) -> None:
        if self.every:
            socket, room = self.chance.choice(self.every[-6:])
            back = self.stage.resume(socket, room)
            if back is not None:
                self.every.append((back, room))

    def knock(self) -> None:
        user, room = self.chance.choice(USERS), self.chance.choice(ROOMS)
        if self.stage.hub.present(room, user) is None:
            self.every.append((self.stage.knock(user, room), room))

    def seated(self) -> tuple[Socket, str] | None:
        live = [each for each in self.every if each[0].closed is None and not each[0].over]
        return self.chance.choice(live) if live else None

    def say(self, **message: Any) -> None:
        if (found := self.seated()) is not None:
            self.stage.receive(found[0], orjson.dumps(message))

    def number(self) -> int:
        self.commands += 1
        return self.chance.choice((self.commands, 5, max(1, self.commands - 1)))

    def status(self) -> None:
        media = {flag: self.chance.random() < 0.5 for flag in MEDIA if self.chance.random() < 0.5}
        hand = {"hand": self.chance.random() < 0.5} if self.chance.random() < 0.5 else {}
        self.say(type="status", id=self.number(), media=media, **hand)

    def signal(self) -> None:
        to = f"p_{self.chance.choice(USERS)}_{self.chance.choice(ROOMS)}"
        self.behind()
        self.say(type="signal", to=to, data={"x": self.commands}, id=self.number())

    def behind(self) -> None:
        """Some read slowly for a while."""
        self.stage.behind.clear()
        if self.every and self.chance.random() < 0.4:
            self.stage.behind.add(self.chance.choice(self.every)[0])

    def command(self) -> None:
        command, number = self.chance.choice(COMMANDS), self.number()
        person = f"p_{self.chance.choice(USERS)}_ONE"
        about: dict[str, Any] = {"participant": person}
        if command["type"] in {"mute", "allow", "lower_hands", "spotlight"}:
            about = {"participants": [person]}
        elif command["type"] in {"admit", "deny"}:
            about = {"knocks": [f"k_{self.chance.choice(USERS)}"]}
        elif command["type"] in {"settings", "rename"}:
            about = {}
        if command["type"] not in {"mute", "ask", "lower_hands"}:
            about |= {"key": f"key-{self.commands}", "again": self.chance.random() < 0.2}
        self.say(**command, **about, id=number)

    def leave(self) -> None:
        self.say(type="leave", id=self.number())

    def lose(self) -> None:
        if (found := self.seated()) is not None:
            found[0].over = True
            self.stage.lose(found[0], goodbye=self.chance.random() < 0.3)

    def goodbye(self) -> None:
        if (found := self.seated()) is not None:
            self.stage.goodbye(*found, back_in=self.chance.choice((3.0, 8.0)))

    def wait(self) -> None:
        seconds = self.chance.choice((0.125, 1.5, 11.0, 40.0))
        if self.chance.random() < 0.2:
            self.stage.hub.stood_still(seconds / 2, self.stage.now)
        self.stage.wait(seconds)

    def settle(self) -> None:
        self.stage.settle(lost=self.chance.random() < 0.1)

    def release(self) -> None:
        self.stage.now += 0.125
        self.stage._carry_out(self.stage.hub.release(self.stage.now))
        self.stage.tell_soon()


def lots(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - nothing to guess here


def stays_put() -> None:
    pass


@pytest.mark.parametrize("frames", [1, 6, FRAMES])
def test_nobody_can_tell_that_the_room_moves_to_another_hub(frames: int) -> None:
    for seed in range(25):
        stage = Roaming(10.0, frames=frames)
        told = Play(seed, Roaming(10.0, frames=frames), stays_put).heard
        assert Play(seed, stage, stage.hand_over).heard == told, seed


def test_what_is_fresh_each_time_makes_a_copy_that_can_be_adopted() -> None:
    for seed in range(25):
        stage = Roaming(10.0, copies=True)
        told = Play(seed, Roaming(10.0), stays_put).heard
        assert Play(seed, stage, partial(is_copied, stage, lots(seed))).heard == told, seed


def is_copied(stage: Roaming, chance: random.Random) -> None:
    """Now and then the copy is all that is left."""
    stage.copy()
    assert_is_copied(stage)
    if chance.random() < 0.3:
        stage.hand_over()
