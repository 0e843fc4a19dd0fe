"""The contract, entry: who is let in. A table of what comes before what, and many cases against `storage.entry`."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest

from storage.entry import Grant, Invitation, Known, refusal
from storage.errors import NotLetIn, Reason
from storage.moderation import Back
from storage.records import Joined, JoinRequest
from storage.store import Store
from tests.storage.script import Script

LOBBY = {"lobby": "everyone"}
EARLY = {"join_before_host": False}
LOCKED = {"locked": True}
PASSWORD = {"password_version": "2"}
PLACE = {"grace": math.inf}

OLD, RECENT, NOW = 0.0, 2000.0, 2100.0
"""The last sitting, the beginning of this one, and the moment of each case."""

Seen = Literal["never", "before", "now"]
Removed = Back | Literal["freely"]


@dataclass(frozen=True)
class Case:
    """A user: `seen` in no sitting, in an earlier one or in this one; then denied, admitted, removed, made co-host."""

    settings: dict[str, Any] = field(default_factory=dict)
    seen: Seen = "never"
    denied: int = 0
    admitted: bool = False
    removed: Removed | None = None
    cohost: bool = False
    host: bool = False
    hosted: bool = True
    invited: bool = False
    how: dict[str, Any] = field(default_factory=dict)
    program: bool = False

    def user(self, n: int) -> str:
        return "zed" if self.host else f"b_{n}" if self.program else f"user-{n}"

    @property
    def denials(self) -> int:
        return 0 if self.host or self.cohost else self.denied

    def known(self) -> Known:
        """What is on record of the user when the case's join is asked for."""
        knows = self.seen != "never" or self.host
        is_in = self.seen == "now" or (self.host and self.hosted)
        return Known(
            host_user_id="zed",
            settings=self.settings,
            sitting=2,
            hosted=self.hosted,
            role=None if not knows else "host" if self.host else "cohost" if self.cohost else "participant",
            last_sitting=(2 if is_in else 1 if self.seen == "before" else 0)
            * (1 if self.removed is None or self.host else -1),
            removal=None if self.host or self.removed == "freely" else self.removed,
            removed_at=RECENT,
            admitted_in=2 if self.admitted and self.removed is None else 0,
            denials=self.denials,
            invitation=Invitation("participant", RECENT, used=False) if self.invited else None,
        )


ORDER: list[tuple[Case, Reason | None]] = [
    # Nothing is set.
    (Case(), None),
    (Case(seen="now"), None),
    # Removed for good: not even a co-host, or who was in or is admitted, or shows an invite.
    (Case(removed="never"), "removed"),
    (Case(removed="never", seen="now", cohost=True), "removed"),
    (Case(removed="never", denied=2), "removed"),
    (Case(removed="never", invited=True), "removed"),
    (Case(removed="never", admitted=True), "removed"),
    # Denied twice is for good.
    (Case(denied=1), None),
    (Case(denied=2), "denied"),
    # It is forgotten of whoever is made co-host.
    (Case(denied=2, seen="now", cohost=True), None),
    (Case(denied=2, removed="knock"), "denied"),
    # Hosts and co-hosts always get in.
    (Case(LOBBY | EARLY | LOCKED | PASSWORD, host=True, hosted=False, seen="before"), None),
    (Case(LOBBY | EARLY | LOCKED | PASSWORD, cohost=True, hosted=False, seen="before"), None),
    (Case(removed="knock", cohost=True, seen="now"), None),
    # Who was removed knocks, whatever is set and shown.
    (Case(removed="knock"), "lobby"),
    (Case(removed="knock", seen="now"), "lobby"),
    (Case(EARLY, removed="knock", hosted=False), "lobby"),
    (Case(LOCKED, removed="knock", invited=True), "lobby"),
    (Case(LOBBY, removed="knock", how={"standing": "trusted"}), "lobby"),
    # Who was admitted, or in before, in this sitting, has a place; in an earlier one, not.
    *(
        (Case(LOBBY | EARLY | LOCKED | PASSWORD, admitted=True, hosted=hosted), None)
        for hosted in (True, False)
    ),
    (Case(LOBBY | EARLY | LOCKED | PASSWORD, seen="now", hosted=False), None),
    (Case(LOBBY, seen="before"), "lobby"),
    (Case(LOCKED, seen="before"), "locked"),
    (Case(LOCKED, admitted=True, denied=1), None),
    # So has whoever is in the room, whenever that was recorded; a removal, or denials, that it has not heard of count.
    (Case(LOBBY | EARLY | LOCKED | PASSWORD, hosted=False, how=PLACE), None),
    (Case(LOBBY | EARLY | LOCKED | PASSWORD, seen="before", denied=1, hosted=False, how=PLACE), None),
    (Case(seen="now", removed="never", how=PLACE), "removed"),
    (Case(seen="now", removed="knock", how=PLACE), "lobby"),
    (Case(LOBBY, seen="now", removed="freely", how=PLACE), "lobby"),
    (Case(LOCKED, seen="before", removed="freely", how=PLACE), "locked"),
    (Case(seen="now", removed="freely", how=PLACE), None),
    (Case(seen="now", denied=2, how=PLACE), "denied"),
    # Nobody before the host, but programs of ours.
    (Case(EARLY), None),
    (Case(EARLY, hosted=False), "not_started"),
    (Case(EARLY | LOBBY | LOCKED | PASSWORD, hosted=False, invited=True), "not_started"),
    (Case(EARLY, hosted=False, how={"standing": "trusted"}), "not_started"),
    (Case(EARLY, hosted=False, program=True), "not_started"),
    (Case(EARLY, hosted=False, program=True, how={"standing": "trusted"}), None),
    (Case({"join_before_host": True}, hosted=False), None),
    # A password, or an invite in its place.
    (Case(PASSWORD), "password_required"),
    (Case(PASSWORD | LOCKED), "password_required"),
    (Case(PASSWORD | LOBBY, how={"standing": "trusted"}), "password_required"),
    (Case(PASSWORD, how={"password_version": "1"}), "password_required"),
    (Case(PASSWORD, how={"password_version": "2"}), None),
    (Case(PASSWORD, invited=True), None),
    # A lock: neither password nor invite opens it.
    (Case(LOCKED), "locked"),
    (Case(LOCKED | LOBBY, how={"standing": "trusted"}), "locked"),
    (Case(LOCKED | PASSWORD, invited=True, how={"password_version": "2"}), "locked"),
    (Case({"locked": False}), None),
    # The lobby.
    (Case(LOBBY), "lobby"),
    (Case(LOBBY, how={"standing": "known"}), "lobby"),
    (Case(LOBBY, how={"standing": "trusted"}), None),
    (Case(LOBBY, invited=True), None),
    (Case({"lobby": "guests"}), "lobby"),
    (Case({"lobby": "guests"}, how={"standing": "known"}), None),
    (Case({"lobby": "off"}), None),
    (Case(how={"guests_wait": True}), "lobby"),
    (Case({"lobby": "off"}, how={"guests_wait": True}), "lobby"),
    (Case(how={"guests_wait": True, "standing": "known"}), None),
    (Case(how={"guests_wait": True}, invited=True), None),
    (Case(PASSWORD | LOBBY, how={"password_version": "2"}), "lobby"),
    (Case(PASSWORD | LOBBY | {"password_skips_lobby": True}, how={"password_version": "2"}), None),
    (Case(LOBBY | {"password_skips_lobby": True}), "lobby"),
]


async def test_what_comes_before_what(store: Store) -> None:
    rooms: dict[tuple[str, bool], list[int]] = {}
    for n, (case, _) in enumerate(ORDER):
        rooms.setdefault((repr(case.settings), case.hosted), []).append(n)
    for number, numbers in enumerate(rooms.values()):
        cases = {n: ORDER[n][0] for n in numbers}
        answers = await outcomes(store, f"ROOM-{number}", cases)
        assert answers == {n: ORDER[n][1] for n in numbers}, [cases[n] for n in numbers]


SETTINGS: list[dict[str, Any]] = [
    {},
    LOBBY,
    {"lobby": "guests"},
    LOCKED,
    PASSWORD,
    EARLY,
    PASSWORD | LOBBY | {"password_skips_lobby": True},
    PASSWORD | {"lobby": "guests"},
    EARLY | LOBBY,
    LOCKED | EARLY | PASSWORD | {"lobby": "guests"},
]
REQUESTS = [
    {"standing": standing, "guests_wait": waits, "password_version": password, "grace": grace}
    for standing in ("guest", "known", "trusted")
    for waits in (False, True)
    for password in (None, "1", "2")
    for grace in (30.0, 30.0, 30.0, math.inf)
]
SEEN: tuple[Seen, ...] = ("never", "before", "now")
BACKS: tuple[Removed | None, ...] = (None, "freely", "knock", "never")
CASES = 24
"""In each room."""


@pytest.mark.parametrize("hosted", [True, False])
async def test_every_rule_with_every_role_and_state(store: Store, hosted: bool) -> None:
    draw = random.Random(f"entry {hosted}")  # noqa: S311 - the same each time
    states = list(itertools.product(SEEN, (0, 1, 2), (False, True), BACKS, (False, True)))
    found: set[Reason | None] = set()
    for number, settings in enumerate(SETTINGS):
        cases = {}
        for n in range(CASES):
            seen, denied, admitted, removed, cohost = draw.choice(states)
            # Half of them are new or were in, and nothing more: that is where the rules differ.
            if draw.random() < 0.5:
                denied, admitted, removed, cohost = 0, False, None, False
            case = Case(settings, seen, denied, admitted, removed, cohost and seen != "never", hosted=hosted)
            cases[n] = replace(
                case,
                invited=draw.random() < 0.2,
                how=draw.choice(REQUESTS),
                program=draw.random() < 0.2,
            )
        expected = {n: expect(case, n) for n, case in cases.items()}
        assert await outcomes(store, f"ROOM-{number}", cases) == expected, [cases, expected]
        found |= set(expected.values())
    everything = {None, "removed", "denied", "lobby", "not_started", "password_required", "locked"}
    assert found == everything - ({"not_started"} if hosted else set())


def expect(case: Case, n: int) -> Reason | None:
    request = JoinRequest("ROOM", case.user(n), "", "", "", "", "", NOW, **case.how)
    return refusal(request, case.known(), Grant())


async def outcomes(store: Store, room: str, cases: dict[int, Case]) -> dict[int, Reason | None]:
    """Each case is a user of the room; they ask at once, hosts and co-hosts last."""
    script = Script(store, room)
    settings, hosted = next((case.settings, case.hosted) for case in cases.values())
    await come_and_go(script, ["zed"], OLD)
    old = [case.user(n) for n, case in cases.items() if case.seen == "before" and not case.host]
    await come_and_go(script, old, OLD)
    host = await script.join("zed", RECENT)
    assert host.meeting.sitting == 2
    await come_and_go(script, [case.user(n) for n, case in cases.items() if case.seen == "now"], RECENT)
    if not hosted:
        await script.leave(host, RECENT + 10)

    def users(of: Any) -> list[str]:
        return [case.user(n) for n, case in cases.items() if of(case)]

    for times in (1, 2):
        await script.change(RECENT, by="zed", deny=users(lambda case, times=times: case.denied >= times))
    removed = {case.user(n): case.removed for n, case in cases.items() if case.removed}
    cohosts = dict.fromkeys(users(lambda case: case.cohost), "cohost")
    await script.change(RECENT, by="zed", admit=users(lambda case: case.admitted))
    await script.change(RECENT, by="zed", remove=removed)
    await script.change(RECENT, by="zed", roles=cohosts, settings=settings)
    await script.invite("i_" + room, at=RECENT)

    async def ask(n: int) -> Joined | NotLetIn:
        case = cases[n]
        invite = "i_" + room if case.invited else None
        try:
            return await script.ask(case.user(n), NOW, invite=invite, **case.how)
        except NotLetIn as refused:
            return refused

    last = {n for n, case in cases.items() if case.cohost or case.host}
    answers: dict[int, Joined | NotLetIn] = {}
    for numbers in (cases.keys() - last, last):
        answers |= zip(numbers, await asyncio.gather(*map(ask, numbers)), strict=True)
    reasons: dict[int, Reason | None] = {}
    for n, answer in answers.items():
        case = cases[n]
        if isinstance(answer, NotLetIn):
            told = answer.settings, answer.revision, answer.sitting, answer.denials, answer.name != ""
            assert told == (settings, 1, 2, case.denials, case.seen != "never")
            reasons[n] = answer.reason
        else:
            assert answer.meeting.settings == settings
            reasons[n] = None
    let_in = {cases[n].user(n) for n, reason in reasons.items() if reason is None}
    people = (await store.attendance(room)).participants
    present = {person.user_id for person, stays in people if any(stay.left_at is None for stay in stays)}
    assert present - {"zed"} == let_in - {"zed"}, "who is refused leaves no open stay"
    return reasons


async def come_and_go(script: Script, users: list[str], at: float) -> None:
    joined = await asyncio.gather(*(script.join(user, at) for user in users))
    await asyncio.gather(*(script.leave(each, at + 10) for each in joined))
