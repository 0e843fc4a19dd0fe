"""Every command by every role to every role, over WebSocket and over HTTP, while those concerned are present, away, or
not in the room: what is answered follows from the table in `signalling.rooms.permissions` and from nothing else."""

from __future__ import annotations

import typing
from collections.abc import AsyncIterator
from typing import Any, Literal

import httpx
import pytest

from signalling.protocol.chat import ChatDelete, ChatErase
from signalling.protocol.moderation import Command
from signalling.protocol.rights import RANK, Role
from signalling.rooms.permissions import PERMISSIONS, Standing, rank
from tests.process import ServerProcess
from tests.server.client import Client, Play, bearer, playing

ADMIN_KEY = "the-admin-key-of-these-tests"

State = Literal["present", "away", "not in the room"]
STATES: tuple[State, ...] = ("present", "away", "not in the room")

ROLES: tuple[Role, ...] = ("participant", "cohost", "host")

Answer = str
"""`done`, or the code of the error."""

ABOUT_ONE = {"remove", "readmit", "set_role", "ask"}
ABOUT_SEVERAL = {"mute", "allow", "spotlight", "lower_hands"}
NEED_PRESENCE = {"mute", "ask", "spotlight", "lower_hands"}
FIELDS: dict[str, dict[str, Any]] = {
    "allow": {"may": {"audio": False}},
    "settings": {"settings": {"message": "Soon"}},
    "admit": {"knocks": ["k_nobody"]},
    "deny": {"knocks": ["k_nobody"]},
}
HTTP: dict[str, tuple[str, str, dict[str, Any]]] = {
    "remove": ("POST", "/participants/{}/remove", {}),
    "readmit": ("POST", "/participants/{}/readmit", {}),
    "set_role": ("POST", "/participants/{}/role", {}),
    "allow": ("POST", "/participants/{}/rights", {"audio": False}),
    "mute": ("POST", "/participants/{}/mute", {}),
    "ask": ("POST", "/participants/{}/ask", {"video": True}),
    "lower_hands": ("POST", "/participants/{}/lower_hand", {}),
    "spotlight": ("PUT", "/spotlight", {}),
    "settings": ("PATCH", "", {"message": "Soon"}),
    "admit": ("POST", "/knocks/k_nobody/admit", {}),
    "deny": ("POST", "/knocks/k_nobody/deny", {}),
    "end": ("POST", "/end", {}),
}
COMMANDS: dict[str, type[Command]] = {
    str(each.__struct_config__.tag): each for each in typing.get_args(Command)
}


def promised(name: str, sender: Standing, addressee: Role | None, state: State, transport: str) -> Answer:
    least, below = PERMISSIONS[COMMANDS[name]]
    if rank(sender) < RANK[least]:
        return "forbidden"
    if addressee is None:
        # Over the socket a knock that is over is passed over, since somebody else may have answered it.
        return "404" if transport == "http" and name in {"admit", "deny"} else "done"
    if name in NEED_PRESENCE and state == "not in the room":
        return "unknown_participant"
    if below and RANK[addressee] >= rank(sender):
        return "forbidden"
    # The admin key stands above the host, and a meeting has one.
    return "forbidden" if addressee == "host" and name in {"remove", "set_role"} else "done"


class Cast:
    """A meeting with somebody of each role who commands, and for each of them somebody of each role to be commanded."""

    def __init__(self, play: Play, room: str, host: Client) -> None:
        self.play = play
        self.room = room
        self.senders: dict[Role, Client] = {"host": host}
        self.addressees: dict[tuple[Standing, Role], Client] = {}

    @classmethod
    async def gathered(cls, play: Play, room: str, standings: tuple[Standing, ...], alone: bool) -> Cast:
        cast = cls(play, room, await play.joined(room, "Ann", create=True))
        for role in ROLES[:2]:
            cast.senders[role] = await cast._joined(role)
            for standing in () if alone else standings:
                cast.addressees[standing, role] = await cast._joined(role)
        for standing in () if alone else standings:
            cast.addressees[standing, "host"] = cast.senders["host"]
        return cast

    async def _joined(self, role: Role) -> Client:
        client = await self.play.joined(self.room, role)
        if role == "cohost":
            await self.senders["host"].order("set_role", participant=client.id, role=role)
        return client

    async def over_websocket(self, name: str, sender: Role, addressee: Client | None) -> Answer:
        fields = dict(FIELDS.get(name, {}))
        if addressee is not None:
            fields |= {"participant": addressee.id} if name in ABOUT_ONE else {"participants": [addressee.id]}
        if name == "set_role":
            fields["role"] = "cohost"
        if name not in {"mute", "ask", "lower_hands", "end"}:
            fields["key"] = f"{name}-{sender}-{addressee.id if addressee else ''}"
        client = self.senders[sender]
        number = await client.send(name, **fields)
        while (message := await client.next()).get("id") != number:
            pass
        return "done" if message["type"] == "ack" else str(message["code"])

    async def over_http(self, name: str, sender: Standing, addressee: Client | None) -> Answer:
        method, path, body = HTTP[name]
        token = ADMIN_KEY if sender == "admin" else self.senders[sender].token
        if name == "set_role":
            body = {"role": "cohost"}
        elif name == "spotlight" and addressee is not None:
            body = {"participants": [addressee.id]}
        answer = await self.play.http.request(
            method,
            f"/api/meetings/{self.room}{path.format(addressee.id if addressee else '')}",
            json=body,
            headers=bearer(token),
        )
        return (
            "done" if answer.status_code in {200, 204} else answer.json().get("code", str(answer.status_code))
        )


async def brought(client: Client, state: State) -> None:
    if state == "away":
        client.drop()
    elif state == "not in the room":
        await client.leave()


@pytest.fixture(scope="module")
async def wide(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """A server that this one address may ask for much."""
    settings = {"RECONVENE_ADMIN_KEY": ADMIN_KEY, "RECONVENE_LIMITS": "0", "RECONVENE_OVERLOAD": "0"}
    async with ServerProcess(tmp_path_factory.mktemp("matrix"), **settings) as server:
        yield server


@pytest.fixture
async def play(wide: ServerProcess) -> AsyncIterator[Play]:
    async with playing(wide) as play:
        yield play


def test_every_command_is_in_the_matrix() -> None:
    assert ABOUT_ONE | ABOUT_SEVERAL | {"settings", "admit", "deny", "end"} == COMMANDS.keys()
    assert HTTP.keys() == COMMANDS.keys()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", COMMANDS)
async def test_over_websocket(play: Play, room: str, name: str, state: State) -> None:
    """Whoever commands is there; those who are commanded are in the state. The host commands first, and then is one of
    those who are commanded."""
    alone = name not in ABOUT_ONE | ABOUT_SEVERAL
    cast = await Cast.gathered(play, room, ROLES, alone)
    answers: dict[tuple[Role, Role | None], Answer] = {}
    if alone:
        for sender in ROLES:
            answers[sender, None] = await cast.over_websocket(name, sender, None)
    for (_, role), client in cast.addressees.items():
        if role != "host":
            await brought(client, state)
    for sender in () if alone else reversed(ROLES):
        for role in ROLES:
            if role == "host" and sender == "cohost":
                await brought(cast.senders["host"], state)
            addressee = cast.addressees[sender, role]
            answers[sender, role] = await cast.over_websocket(name, sender, addressee)
    assert answers == {
        (sender, role): promised(
            name, sender, role, "present" if sender == role == "host" else state, "websocket"
        )
        for sender, role in answers
    }
    assert len(answers) == (3 if alone else 9)


QUESTIONS: dict[tuple[str, str], tuple[Role, dict[str, Any] | None]] = {
    ("GET", "/settings"): ("cohost", None),
    ("GET", "/knocks"): ("cohost", None),
    ("GET", "/removed"): ("cohost", None),
    ("GET", "/invites"): ("cohost", None),
    ("POST", "/invites"): ("cohost", {"role": "participant"}),
    ("POST", "/invites "): ("host", {"role": "cohost"}),
    ("POST", "/invites  "): ("host", {"role": "host"}),
    ("GET", "/audit"): ("host", None),
    ("GET", "/chat"): ("host", None),
    ("DELETE", "/chat/m_none"): (PERMISSIONS[ChatDelete].least, None),
    ("DELETE", "/participants/p_none/chat"): (PERMISSIONS[ChatErase].least, None),
    ("GET", "/attendance"): ("host", None),
    ("DELETE", ""): ("host", None),
}
"""What is no command, by the least role that may ask for it."""


def _is_done(answer: httpx.Response) -> bool:
    # Nobody wrote the message that is to be deleted, nor any: only those who may are told.
    return answer.is_success or answer.json().get("code") in {"unknown_message", "unknown_participant"}


@pytest.mark.parametrize("state", STATES)
async def test_what_is_asked_for_over_http(play: Play, room: str, state: State) -> None:
    cast = await Cast.gathered(play, room, ROLES, alone=True)
    for client in cast.senders.values():
        await brought(client, state)
    standings: tuple[Standing, ...] = (*ROLES, "admin")
    answers: dict[tuple[str, str, Standing], Answer] = {}
    for (method, path), (_, body) in QUESTIONS.items():
        for sender in standings:
            if method == "DELETE" and sender == "admin":
                # The host has deleted it.
                continue
            token = ADMIN_KEY if sender == "admin" else cast.senders[sender].token
            answer = await play.http.request(
                method, f"/api/meetings/{room}{path.strip()}", json=body, headers=bearer(token)
            )
            answers[method, path, sender] = "done" if _is_done(answer) else answer.json().get("code", "")
    assert answers == {
        (method, path, sender): "done" if rank(sender) >= RANK[QUESTIONS[method, path][0]] else "forbidden"
        for method, path, sender in answers
    }


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", HTTP)
async def test_over_http(play: Play, room: str, name: str, state: State) -> None:
    """All are in the state, also those who command."""
    alone = name not in ABOUT_ONE | ABOUT_SEVERAL
    standings: tuple[Standing, ...] = (*ROLES, "admin")
    cast = await Cast.gathered(play, room, standings, alone)
    for client in {*cast.addressees.values(), *cast.senders.values()}:
        await brought(client, state)
    answers: dict[tuple[Standing, Role | None], Answer] = {}
    for sender in standings:
        for role in (None,) if alone else ROLES:
            addressee = None if role is None else cast.addressees[sender, role]
            answers[sender, role] = await cast.over_http(name, sender, addressee)
    assert answers == {
        (sender, role): promised(name, sender, role, state, "http") for sender, role in answers
    }
    assert len(answers) == (4 if alone else 12)
