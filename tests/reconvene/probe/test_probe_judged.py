"""`reconvene probe`: what it makes of what it saw, and how it tells of it."""

from __future__ import annotations

import io
import socket
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from reconvene.probe import call_checks, ice_checks, report, turn_check
from reconvene.probe.context import Visit
from reconvene.probe.participant import Participant, Stream
from reconvene.probe.steps import STEPS, Failed, Outcome, Report, State, exit_codes
from tests.reconvene.screen import left_on_screen


def resumed(*, numbers: list[int] | None = None, **changes: Any) -> Visit:
    """A visit whose first participant has resumed as it should, but for `changes`."""
    numbers = list(range(call_checks.SIGNALS)) if numbers is None else numbers
    events = [{"type": "signal", "from": "p_b", "data": {"probe": number}} for number in numbers]
    link = SimpleNamespace(instance="page.1", connection=1)
    lost = SimpleNamespace(
        id="p_a", joins=1, resumes=[{"replayed": 3}], link=link, events=[*events, {"type": "?"}]
    )
    other = SimpleNamespace(id="p_b", link=link, events=list(changes.pop("seen", ())))
    for name, value in changes.items():
        setattr(lost, name, value)
    for participant in (lost, other):
        participant.heard = lambda kind, of, participant=participant: Participant.heard(participant, kind, of)
    return cast(Visit, SimpleNamespace(first=lost, second=other, participants=[lost, other]))


def judge(visit: Visit) -> None:
    """After one join, no resume, and a first connection between the two."""
    call_checks.check_way_back(visit.first, 0, 1)
    call_checks.check_nothing_is_lost(visit, [("page.1", 1), ("page.1", 1)])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"joins": 2}, "given up"),
        ({"resumes": []}, "given up"),
        ({"resumes": [{"replayed": 0, "snapshot": {}}]}, "had forgotten"),
        ({"numbers": [0, 2]}, "arrived"),
        ({"numbers": [0, 1, 1, 2]}, "arrived"),
        ({"seen": [{"type": "participant_left", "participant": {"id": "p_a"}}]}, "saw the participant leave"),
        ({"seen": [{"type": "participant_rejoined", "participant": {"id": "p_a"}}]}, "join anew"),
        ({"link": SimpleNamespace(instance="page.1", connection=2)}, "connected anew"),
        ({"link": SimpleNamespace(instance="page.2", connection=1)}, "connected anew"),
        ({"link": None}, "connected anew"),
    ],
)
def test_only_a_whole_resume_will_do(changes: dict[str, Any], told: str) -> None:
    judge(resumed())
    with pytest.raises(Failed, match=told) as failed:
        judge(resumed(**changes))
    assert failed.value.hint


def picture(number: int) -> Any:
    return SimpleNamespace(width=320, height=180, planes=[bytes([number]) * 100])


def sound(level: int) -> Any:
    return SimpleNamespace(samples=2, planes=[level.to_bytes(2, "little", signed=True) * 2 + b"\xff\x7f"])


def test_a_picture_that_stands_still_and_silence_are_not_media() -> None:
    still, moving, silent, loud = Stream(), Stream(), Stream(), Stream()
    for number in range(100):
        still.take(picture(7), 5.0 + number)
        moving.take(picture(number), 5.0 + number)
        # What follows the samples in the buffer is none.
        silent.take(sound(20), 5.0)
        loud.take(sound(-2000 if number == 60 else 0), 5.0)
    assert not still.moves
    assert moving.moves
    assert not silent.sounds
    assert loud.sounds
    assert (moving.size, moving.frames, moving.began) == ("320x180", 100, 5.0)


@pytest.mark.parametrize(
    ("named", "found", "told"),
    [
        (["stun:a", "turn:a"], {"host": 1, "srflx": 1, "relay": 1}, []),
        (["stun:a"], {"host": 1}, ["STUN"]),
        (["turn:a", "turns:a"], {"host": 1, "srflx": 1}, ["TURN"]),
        (["stun:a", "turn:a"], {"host": 1}, ["TURN", "STUN"]),
        ([], {"host": 1}, []),
    ],
)
def test_servers_that_were_of_no_use_are_warned_of(
    named: list[str], found: dict[str, int], told: list[str]
) -> None:
    participants = [
        SimpleNamespace(servers=[{"urls": named}], link=None, candidates=(Counter(found), Counter(found)))
        for _ in range(2)
    ]
    visit = cast(Visit, SimpleNamespace(participants=participants, first=participants[0], turn_only=False))
    warnings = ice_checks.missing_servers(visit)
    assert [
        kind for warning in warnings for kind in ("TURN", "STUN") if f"a {kind} server" in warning
    ] == told


# TURN, without a server


def asking(*servers: dict[str, Any]) -> Visit:
    """A visit to a server that names these."""

    class Server:
        async def ice_servers(self, token: str) -> list[dict[str, Any]]:
            return list(servers)

    return cast(Visit, SimpleNamespace(api=Server(), turn_only=True, tokens=["t"], servers=None))


async def test_a_turn_server_that_does_not_answer_is_told_from_one_that_refuses() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"turn:127.0.0.1:{silent.getsockname()[1]}"
        # Made an hour ago by a clock that is five hours behind: it has expired.
        expired = f"{time.time() - 100:.0f}:b_x"
        with pytest.raises(Failed, match="nothing answers on UDP port") as failed:
            await turn_check.turn(asking({"urls": [url], "username": expired, "credential": "geheim"}), 0.5)
    assert "firewalls" in failed.value.hint
    assert "RECONVENE_TURN_URLS" in failed.value.hint
    assert "the server's clock is 362 min behind the one here" in failed.value.reason
    assert "geheim" not in repr(failed.value.details)


async def test_stun_alone_relays_nothing() -> None:
    with pytest.raises(Failed, match="no TURN server"):
        await turn_check.turn(asking({"urls": ["stun:127.0.0.1:3478"]}), 0.5)
    visit = asking()
    visit.turn_only = False
    assert (await turn_check.turn(visit, 0.5)).skipped


def test_where_credentials_come_from_is_seen_by_the_user_name() -> None:
    offered: list[dict[str, Any]] = [
        {"urls": "turn:a", "username": "me", "credential": "x"},
        {
            "urls": ["stun:b", "turn:b", "turns:b?transport=tcp"],
            "username": "1800000000:u_x",
            "credential": "y",
        },
        {"urls": ["stun:c"]},
        {},
    ]
    assert [(server.url, server.setting) for server in turn_check.relays(offered)] == [
        ("turn:a", "RECONVENE_ICE_SERVERS"),
        ("turn:b", "RECONVENE_TURN_URLS"),
        ("turns:b?transport=tcp", "RECONVENE_TURN_URLS"),
    ]


# Steps and reports


def test_steps_have_numbers_of_their_own_that_stay() -> None:
    assert [(step.name, step.code) for step in STEPS] == [
        ("http", 10),
        ("ready", 11),
        ("identity", 12),
        ("meeting", 13),
        ("websocket", 14),
        ("turn", 15),
        ("join", 16),
        ("second", 17),
        ("status", 18),
        ("offer", 19),
        ("ice", 20),
        ("dtls", 21),
        ("media", 22),
        ("reconnect", 23),
        ("leave", 24),
        ("tidy", 25),
    ]
    for step in STEPS:
        assert f"{step.code} [cyan]{step.name}" in exit_codes()
        assert step.hint


def test_what_servers_say_gives_no_orders_to_a_terminal() -> None:
    outcome = Outcome(
        STEPS[0], State.FAILED, 1.5, reason="it says \x1b[2J\u202e", hint="Look", warnings=["\x07"]
    )
    assert report.line(outcome) == "failed   http        1,500 ms it says \ufffd[2J\ufffd. Look."
    assert "\x1b" not in str(report.row(outcome).columns[3]._cells)


def test_a_terminal_has_a_tick_for_each_step_and_no_spinner_in_the_end() -> None:
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, width=80, color_system=None, legacy_windows=False, _environ={}
    )
    outcomes = [
        Outcome(STEPS[0], State.OK, 0.5, "https://meet.example.org", warnings=["It is slow"]),
        Outcome(STEPS[1], State.FAILED, 1.5, reason="not ready", hint="Wait"),
        Outcome(STEPS[2], State.SKIPPED),
    ]
    with report.Terminal(console) as terminal:
        for outcome in outcomes:
            terminal.begins(outcome.step)
            terminal._live.refresh()
            assert f"{outcome.step.title}: {outcome.step.checks}" in out.getvalue()
            terminal.ended(outcome)
        terminal.over(Report("https://meet.example.org", "", False, outcomes, 2.0))
    assert left_on_screen(out.getvalue()) == [
        "✓ HTTP             500 ms https://meet.example.org",
        "                          ! It is slow",
        "✗ Store          1,500 ms not ready",
        "                          → Wait",
        "· Identity",
        "",
        "Failed: Store (exit code 11).",
    ]
