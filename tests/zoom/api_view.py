"""What Zoom shows of what happened: the rows of its report, of its basic list, and of its registrants."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any, get_args

from tests.zoom.scenario import Person, Registration, Scenario, Status, Visit
from tests.zoom.stand_in import InstanceView, WebinarView
from tests.zoom.stand_in.views import Kind


def webinar(scenario: Scenario, *, seed: int = 0, kind: Kind = "webinar") -> WebinarView:
    """`seed`: by which texts that are not known are "", null or missing. `kind`: a meeting's rows look the same."""
    chance = random.Random(seed)  # noqa: S311
    instances = []
    for uuid, start in zip(scenario.uuids, scenario.starts, strict=True):
        report = [_report(person, visit, chance) for person, visit in scenario.visits(uuid)]
        instances.append(InstanceView(uuid, moment(start), report, [_basic(row) for row in report]))
    registrants = {
        status: [_registrant(person, each, chance) for person, each in scenario.registrations(status)]
        for status in get_args(Status)
    }
    return WebinarView(scenario.webinar, instances, registrants, topic=scenario.topic, kind=kind)


def moment(at: int) -> str:
    """Zoom writes a fraction only where there is one."""
    whole = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{at % 1000:03}Z" if at % 1000 else f"{whole}Z"


def _report(person: Person, visit: Visit, chance: random.Random) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": person.account if "account" in visit.knows else None,
        "participant_user_id": person.account if "user" in visit.knows else None,
        "user_id": visit.user_id,
        "name": visit.name,
        "user_email": visit.email if "email" in visit.knows else None,
        "registrant_id": visit.registrant_id if "registrant" in visit.knows else None,
        "join_time": moment(visit.joined),
        "leave_time": moment(visit.left),
        "duration": round((visit.left - visit.joined) / 1000),
        "status": "in_waiting_room" if visit.waiting else "in_meeting",
        "failover": False,
        "customer_key": "",
        "internal_user": bool(person.account),
    }
    if visit.breakout:
        told["bo_mtg_id"] = visit.breakout
    row: dict[str, Any] = {}
    for name, value in told.items():
        if name in visit.lacks:
            if chance.random() < 0.3:
                row[name] = None
        elif value is not None:
            row[name] = value
        elif (how := chance.random()) < 0.8:
            row[name] = ""
        elif how < 0.9:
            row[name] = None
    return row


def _basic(row: dict[str, Any]) -> dict[str, Any]:
    """The poorer of what is documented: neither the user's id a second time, nor the registrant's."""
    left_out = {"participant_user_id", "registrant_id", "customer_key", "bo_mtg_id"}
    return {name: value for name, value in row.items() if name not in left_out}


def _registrant(person: Person, registration: Registration, chance: random.Random) -> dict[str, Any]:
    first, _, last = person.name.partition(" ")
    row: dict[str, Any] = {
        "id": registration.registrant_id,
        "email": registration.email,
        "first_name": first,
        "last_name": last,
        "status": registration.status,
        "create_time": moment(registration.at),
        "join_url": f"https://zoom.us/w/{registration.registrant_id}",
        "org": "",
        "custom_questions": [],
    }
    if chance.random() < 0.03:
        del row[chance.choice(["last_name", "create_time", "status", "org"])]
    return row
