"""Who is in the meeting, as a client knows it: a pure function from a list and an event to the next list.

Only the server's lists and events change it. Nothing is predicted, not even for the client's own entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Participant = dict[str, Any]
"""The protocol's `<participant>`."""

FLAGS = ("audio", "video", "screen")

Roster = dict[str, Participant]
"""Participants by id, in the order they joined."""


def roster_of(participants: Iterable[Participant]) -> Roster:
    return {participant["id"]: participant for participant in participants}


def applied(roster: Roster, event: dict[str, Any]) -> Roster:
    """The roster after the event; the given roster is not changed."""
    match event["type"]:
        case "participant_joined" | "participant_rejoined":
            return {**roster, event["participant"]["id"]: event["participant"]}
        case "participant_updated":
            known = roster.get(event["participant"]["id"])
            return {**roster, known["id"]: {**known, **event["participant"]}} if known else roster
        case "participant_left":
            return {key: value for key, value in roster.items() if key != event["participant"]["id"]}
        case _:
            return roster


def hands(roster: Roster) -> list[Participant]:
    """Those whose hand is up, in the order in which they raised it; an older server does not tell when."""
    raised = [one for one in roster.values() if one["hand"]]
    return sorted(
        raised, key=lambda one: (one.get("hand_at") or one["joined_at"], one["joined_at"], one["id"])
    )


def difference(me: Participant, media: dict[str, bool], hand: bool) -> tuple[dict[str, bool], bool | None]:
    """Where others see something else than my current state: the flags, and the hand or None."""
    changed = {flag: media[flag] for flag in FLAGS if media[flag] != me["media"][flag]}
    return changed, hand if hand != me["hand"] else None
