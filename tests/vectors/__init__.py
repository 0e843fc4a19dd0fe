"""The golden vectors of the client state machine: how they are read, and how what happened is held against them.

README.md describes the format. Both implementations are run through them: `tests/signalling/client/test_vectors.py` and
`tests/e2e/test_vectors.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent

Json = dict[str, Any]

SLEEP = "sleep"
"""The file whose cases are of another machine."""


@dataclass(frozen=True, slots=True)
class Case:
    """`place`, `random` and `steps` include those of the case it comes after."""

    name: str
    place: Json
    random: list[float]
    steps: list[Json]


@dataclass(frozen=True, slots=True)
class Did:
    """What a client did in one step, and where that left it. `wake_at` in seconds, None for never."""

    actions: list[list[Any]]
    phase: str
    wake_at: float | None
    roster: dict[str, Json]
    knocks: dict[str, Json]
    hands: list[str]
    chat: list[list[str]]


def read() -> dict[str, Case]:
    """All cases, by `<file>: <name>`."""
    files = {path.stem: json.loads(path.read_text()) for path in sorted(HERE.glob("*.json"))}
    shared = files.pop("shared")
    files.pop(SLEEP)
    raw = {case["name"]: case for file in files.values() for case in file["cases"]}

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(item) for item in value]
        if not isinstance(value, dict):
            return value
        fields = {key: filled(item) for key, item in value.items() if key != "$"}
        return {**filled(shared[value["$"]]), **fields} if "$" in value else fields

    def whole(case: Json) -> Case:
        before = whole(raw[case["after"]]) if "after" in case else Case("", filled(case["place"]), [], [])
        place = {
            "on_duplicate": "reject",
            **{key: value for key, value in before.place.items() if value is not None},
        }
        return Case(
            case["name"], place, before.random + case.get("random", []), before.steps + filled(case["steps"])
        )

    return {
        f"{file}: {case['name']}": whole(case) for file, content in files.items() for case in content["cases"]
    }


def read_looks() -> dict[str, list[tuple[float, float, bool]]]:
    """By name: what two clocks say at each look (monotonic, wall; seconds), and whether the machine slept before it."""
    cases = json.loads((HERE / f"{SLEEP}.json").read_text())["cases"]
    return {
        case["name"]: [(monotonic, wall, slept) for monotonic, wall, slept in case["looks"]] for case in cases
    }


def check(step: Json, did: Did) -> None:
    """Whether the client did in this step what it is to do."""
    where = f"at {step['at']}, {step['call']}"
    assert did.actions == [_in_full(action, step) for action in step["actions"]], where
    if "phase" in step:
        assert did.phase == step["phase"], where
    if "wake_at" in step:
        assert did.wake_at == pytest.approx(step["wake_at"]), where
    if "chat" in step:
        assert did.chat == step["chat"], where
    if "hands" in step:
        assert did.hands == step["hands"], where
    for name, known in ("roster", did.roster), ("knocks", did.knocks):
        if name in step:
            assert list(known) == list(step[name]), where
            for key, fields in step[name].items():
                assert known[key] == {**known[key], **fields}, where


def _in_full(action: list[Any], step: Json) -> list[Any]:
    """An action as it is reported: what only passes the message on is not written out in the vectors."""
    match action:
        case ["emit", "event", int(number)]:
            return ["emit", "event", step["args"][0]["events"][number]]
        case [
            "emit",
            "joined" | "event" | "waiting" | "ice_servers" | "token_expiring" | "authenticated" | "reaction",
        ]:
            return [*action, step["args"][0]]
        case ["emit", "resumed", detail]:
            passed_on = {"replayed", "ice_servers", "session", "snapshot"} & step["args"][0].keys()
            return ["emit", "resumed", {**detail, **{key: step["args"][0][key] for key in passed_on}}]
        case ["emit", "away"]:
            return [*action, None]
        case _:
            return action
