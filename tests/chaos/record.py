"""What the record says of the people, held against the truth."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from tests.chaos.cluster import DATABASE
from tests.databases.postgres import PostgresServer

BLUR = 1.0
"""Seconds by which a moment may be off: a busy machine notices late."""
CLOSED_WITHIN = 60.0

STAYS = """
SELECT room, participants.name AS name, joined_at, left_at, reason, estimated
FROM reconvene.participant_sessions JOIN reconvene.participants ON id = participant_id
WHERE room = ANY ($1) ORDER BY room, participants.name, joined_at
"""
OPEN = """
SELECT FROM reconvene.participant_sessions JOIN reconvene.participants ON id = participant_id
WHERE room = ANY ($1) AND left_at IS NULL LIMIT 1
"""


async def complaints(
    postgres: PostgresServer, meetings: Sequence[str], size: int, at: Sequence[float]
) -> list[str]:
    """Each of the `size` people of a meeting has one stay, without a gap. `at`: when the first was about to come,
    when the last was there, when the first left."""
    until = time.monotonic() + CLOSED_WITHIN
    while await postgres.fetch(OPEN, list(meetings), database=DATABASE) and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    ended = time.time()
    rows = await postgres.fetch(STAYS, list(meetings), database=DATABASE)
    found: list[str] = []
    people: dict[tuple[str, str], list[tuple[float, float | None, str, bool]]] = {}
    for row in rows:
        stay = row["joined_at"], row["left_at"], row["reason"], row["estimated"]
        people.setdefault((row["room"], row["name"]), []).append(stay)
    if len(people) != len(meetings) * size:
        found.append(f"the record has {len(people)} people, and there were {len(meetings) * size}")
    came, there, left = at
    for (room, name), stays in people.items():
        if len(stays) != 1:
            found.append(f"the record has {len(stays)} stays of {name} in {room}: {stays}")
            continue
        ((joined_at, left_at, reason, estimated),) = stays
        if not came - BLUR <= joined_at <= there + BLUR:
            found.append(
                f"{name} in {room} is recorded from {joined_at - came:.1f} s on, of {there - came:.1f}"
            )
        if left_at is None:
            found.append(f"{name} in {room} has left, and the record does not say so")
        elif not left - BLUR <= left_at <= ended + BLUR or estimated or reason != "left":
            found.append(f"{name} in {room} is recorded until {left_at - left:.1f} s after the end: {reason}")
    return found
