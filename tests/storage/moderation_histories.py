"""Random histories of meetings in which moderators decide: joins with claims and invites, changes, and what is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from storage.moderation import Change, NewInvite
from storage.records import Role
from tests.storage.histories import NODES, ROOMS, USERS, Call, History

EVERYBODY = *USERS, "b_echo"
ROLES: tuple[Role, ...] = ("participant", "cohost", "host")
INVITES = "i_1", "i_2", "i_3"
KEYS = tuple(f"key-{n}" for n in range(30))

SETTINGS: dict[str, tuple[Any, ...]] = {
    "locked": (True, False, None),
    "lobby": ("everyone", "guests", "off", None),
    "join_before_host": (True, False, None),
    "password_version": ("1", "2", None),
    "password_skips_lobby": (True, None),
    "may": ({"audio": False}, {"audio": None, "names": ["ü", 1, 2.5]}, None),
}


class ModeratedHistory(History):
    """Of fewer meetings, so that something comes together in each."""

    def _makers(self) -> dict[Callable[[float], Call], int]:
        makers = dict(super()._makers())
        makers[self._join] = 0
        makers[self._end] = makers[self._delete] = 1
        return makers | {
            self._ask: 40,
            self._change: 40,
            self._invite: 5,
            self._revoke_invite: 2,
            self._raise: 8,
            self._see: 8,
            self._wait: 2,
        }

    def _wait(self, at: float) -> Call:
        """Nothing happens for as long as a sitting may have to be over."""
        self._now += self._random.choice((600, 900, 1000))
        return "heartbeat", (self._random.choice(("n_1", "n_2")), self._now)

    def _ask(self, at: float) -> Call:
        draw = self._random
        _, (request,) = self._join(at)
        more: dict[str, Any] = {
            "room": draw.choice(ROOMS[:2]),
            "user_id": draw.choice(EVERYBODY),
            "standing": draw.choice(("guest", "guest", "known", "trusted")),
            "guests_wait": draw.random() < 0.1,
            "password_version": draw.choice((None, "1", "2")),
            "invite": draw.choice((None, None, *INVITES)),
        }
        if draw.random() < 0.3:
            more["role"] = draw.choice((None, "participant", "cohost", "host"))
            more["role_at"] = draw.choice((None, at, at - 100.0, at + 50.0))
            more["may"] = draw.choice((None, {}, {"chat": False}))
        return "join", (replace(request, **more),)

    def _change(self, at: float) -> Call:
        draw = self._random
        parts: dict[str, Any] = {}
        if draw.random() < 0.4:
            names = draw.sample(list(SETTINGS), draw.randrange(0, 3))
            parts["settings"] = {name: draw.choice(SETTINGS[name]) for name in names}
            parts["revision"] = draw.choice((None, None, 0, 1, 2))
        if draw.random() < 0.1:
            parts["host"] = draw.choice(USERS)
        choices: dict[str, tuple[Any, ...]] = {
            "roles": ("cohost", "participant"),
            "may": ({}, {"audio": False}),
            "remove": ("never", "knock", "knock", "freely"),
        }
        for part, values in choices.items():
            if draw.random() < 0.25:
                parts[part] = {user: draw.choice(values) for user in self._some()}
        for part in ("readmit", "admit", "deny"):
            if draw.random() < 0.25:
                parts[part] = self._some()
        if draw.random() < 0.1:
            parts["name"] = draw.choice(("Ann", "Zoë"))
        action = draw.choice(("", "remove", "settings"))
        change = Change(
            room=draw.choice(ROOMS[:2]),
            by=draw.choice(("", *USERS)),
            key=draw.choice(KEYS) if draw.random() < 0.1 else f"key-{self._number()}",
            at=at,
            action=action,
            whom=draw.choice(("", *USERS)),
            detail={"n": draw.randrange(3)},
            node=draw.choice(("", *NODES)),
            **parts,
        )
        return "change", (change,)

    def _invite(self, at: float) -> Call:
        draw = self._random
        name = draw.choice(INVITES)
        room = ROOMS[INVITES.index(name) % 2]
        role: Role = draw.choice(ROLES)
        expires_at = draw.choice((None, at + 500.0))
        return "make_invite", (
            NewInvite(room, name, name, role, at, "ann", draw.choice((None, 1, 2)), expires_at),
        )

    def _revoke_invite(self, at: float) -> Call:
        return "revoke_invite", (self._random.choice(ROOMS[:2]), self._random.choice(INVITES), at, "bob")

    def _raise(self, at: float) -> Call:
        hands = {user: self._random.choice((at, at, None, 0.0)) for user in self._some()}
        return "set_hands", (self._random.choice(ROOMS[:2]), hands)

    def _see(self, at: float) -> Call:
        draw = self._random
        room = draw.choice(ROOMS[:2])
        return draw.choice(
            (
                ("rights", (room,)),
                ("audit", (room, draw.randrange(1, 5), draw.choice((None, 3)))),
                ("participant", (room, draw.choice(USERS))),
            )
        )

    def _some(self) -> list[str]:
        """Few, and in no order; users who were never in are among them."""
        users = (*EVERYBODY, "eve")
        return self._random.sample(users, self._random.randrange(1, 3))
