"""Who may do what to whom: every command, role and addressee, against the promise in docs/moderation.md."""

from __future__ import annotations

import itertools
import typing

import pytest

from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.rights import RANK, Rights, Role, allows
from signalling.rooms.permissions import PERMISSIONS, Ruled, Standing, check

COMMANDS = typing.get_args(Ruled)
STANDINGS: tuple[Standing, ...] = ("participant", "cohost", "host", "admin")
ROLES: tuple[Role, ...] = ("participant", "cohost", "host")

TO_ANYBODY = {"admit", "deny", "settings", "spotlight", "lower_hands", "chat_delete"}
TO_LOWER = {"ask", "mute", "allow", "remove", "readmit", "chat_erase"}


def may(standing: Standing, name: str, addressee: Role | None) -> bool:
    """The promise, said in another way than the table says it."""
    if standing == "participant":
        return False
    if name == "end":
        return standing != "cohost"
    if name in TO_ANYBODY or addressee is None:
        return name != "set_role" or standing != "cohost"
    if standing == "admin":
        return True
    if standing == "host":
        return addressee != "host"
    assert standing == "cohost"
    return name in TO_LOWER and addressee == "participant"


@pytest.mark.parametrize(
    ("command", "standing", "addressee"),
    list(itertools.product(COMMANDS, STANDINGS, (None, *ROLES))),
    ids=lambda each: getattr(each, "__name__", str(each)),
)
def test_a_command_is_for_those_who_may_give_it(
    command: type[Ruled], standing: Standing, addressee: Role | None
) -> None:
    name = str(command.__struct_config__.tag)
    addressees = [] if addressee is None else ["participant", addressee]
    if may(standing, name, addressee):
        check(standing, command, addressees)
    else:
        with pytest.raises(Refused) as refused:
            check(standing, command, addressees)
        assert refused.value.code == ErrorCode.FORBIDDEN


def test_every_command_is_in_the_table() -> None:
    assert set(PERMISSIONS) == set(COMMANDS)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("own", [None, True, False])
@pytest.mark.parametrize("default", [None, True, False])
def test_who_is_in_charge_may_always_and_others_as_they_are_allowed(
    role: Role, own: bool | None, default: bool | None
) -> None:
    expected = True if RANK[role] else default is not False if own is None else own
    assert allows(role, Rights(audio=own), Rights(audio=default), "audio") is expected
    assert allows(role, Rights(audio=own), Rights(audio=default), "video")
