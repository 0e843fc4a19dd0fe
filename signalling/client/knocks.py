"""Who waits to be let in, as those in charge know it: a pure function from a list and an event to the next list. The
page's `static/sdk/knocks.js` is its twin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from signalling.client.rights import in_charge
from signalling.client.roster import Participant

Knocks = dict[str, dict[str, Any]]
"""The protocol's `<knock>`, by id, in the order in which they came."""


def knocks_of(knocks: Iterable[dict[str, Any]]) -> Knocks:
    return {knock["id"]: knock for knock in knocks}


def knocked(knocks: Knocks, event: dict[str, Any], me: Participant | None) -> Knocks:
    """The knocks after the event; the given ones are not changed. `me`: the own entry after it."""
    if me is None or not in_charge(me):
        return {}
    match event["type"]:
        case "knock":
            return {**knocks, event["knock"]["id"]: event["knock"]}
        case "knock_ended":
            return {key: value for key, value in knocks.items() if key != event["id"]}
        case _:
            return knocks
