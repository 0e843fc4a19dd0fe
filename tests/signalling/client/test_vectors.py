"""`signalling/client/state_machine.py` does what the golden vectors say."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from signalling.client.actions import Action, Drop, Emit, Goodbye, Send
from signalling.client.place import Place
from signalling.client.roster import hands
from signalling.client.sleep import SleepWatch
from signalling.client.state_machine import SignallingClient
from tests.signalling.frames import check_client_frame, check_server_frame
from tests.vectors import Case, Did, check, read, read_looks

CASES = read()
LOOKS = read_looks()
STRANGE: list[dict[str, Any]] = [
    {"type": "of_a_newer_server"},
    {"type": "participant_updated", "participant": {"id": "p_b", "hand": False}},
]
"""Frames that no server of this version sends, to see that they do no harm."""


def perform(client: SignallingClient, call: str, args: list[Any], now: float) -> list[Action]:
    match call:
        case "received":
            (frame,) = args
            return client.received(frame if isinstance(frame, str) else json.dumps(frame), now)
        case "status":
            return client.status(**args[0])
        case "signal" | "leave" | "suspend" | "no_token":
            method: Callable[..., list[Action]] = getattr(client, call)
            return method(*args)
        case _:
            method = getattr(client, call)
            return method(*args, now)


def told(action: Action) -> list[Any]:
    match action:
        case Send():
            return ["send", json.loads(action.text)]
        case Drop(code):
            return ["drop", code]
        case Goodbye(session, attempt):
            return ["goodbye", session, attempt]
        case Emit(name, detail):
            return ["emit", name, detail or None]
        case _:
            return ["open"]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_client_does_what_the_vectors_say(case: Case) -> None:
    random = iter(case.random)
    client = SignallingClient(Place(**case.place), lambda: next(random))
    for step in case.steps:
        actions = [told(action) for action in perform(client, step["call"], step.get("args", []), step["at"])]
        wake_at = client.wake_at if math.isfinite(client.wake_at) else None
        known = client.membership
        raised = [one["id"] for one in hands(known.roster)]
        chat = [[message["id"], message["text"]] for message in known.chat.messages]
        check(step, Did(actions, client.phase, wake_at, known.roster, known.knocks, raised, chat))
    assert not list(random), "a random number was not asked for"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_frames_in_the_vectors_are_as_the_protocol_says(case: Case) -> None:
    for step in case.steps:
        for frame in step.get("args", []) if step["call"] == "received" else []:
            if isinstance(frame, dict) and frame not in STRANGE:
                check_server_frame(json.dumps(frame))
        for kind, *said in step["actions"]:
            if kind == "send":
                check_client_frame(json.dumps(said[0]))


@pytest.mark.parametrize("looks", LOOKS.values(), ids=LOOKS)
def test_sleep_is_told_as_the_vectors_say(looks: list[tuple[float, float, bool]]) -> None:
    watch = SleepWatch()
    assert [(monotonic, wall, watch.slept(monotonic, wall)) for monotonic, wall, _ in looks] == looks


def test_names_of_cases_are_unique() -> None:
    names = [case.name for case in CASES.values()]
    assert sorted(names) == sorted(set(names))
