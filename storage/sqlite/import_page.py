"""Keeps the rows of a page in a SQLite database, and unites the people whose rows share a key."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from storage.imports import Registrant, Row
from storage.sqlite import import_statements as sql
from storage.sqlite.union_find import unite


def unite_keys(connection: sqlite3.Connection, room: str, rows: Sequence[Sequence[str]]) -> None:
    """Make the keys of each row belong to one person."""
    keys = json.dumps([key for each in rows for key in each])
    known = dict(connection.execute(sql.KNOWN_KEYS, {"room": room, "keys": keys}).fetchall())
    added, moved = unite(rows, known)
    connection.executemany(sql.UNITE, [(new, room, old) for old, new in moved.items()])
    connection.executemany(sql.ADD_KEY, [(room, key, person) for key, person in added.items()])


def save_stays(connection: sqlite3.Connection, walk_id: str, rows: Iterable[Row]) -> None:
    """Save rows; they replace those with the same ids."""
    connection.executemany(
        sql.SAVE_STAY,
        [
            (
                walk_id,
                row.session_id,
                row.keys[0],
                row.guest,
                row.name,
                row.name_key,
                row.email,
                row.joined_at,
                row.left_at,
                row.joined_told,
                row.left_told,
                row.counted,
                row.digest,
                row.breakout,
            )
            for row in rows
        ],
    )


def known_stays(connection: sqlite3.Connection, walk_id: str, ids: Iterable[str]) -> dict[str, int]:
    """The digests of stored stays, by id."""
    values = {"walk_id": walk_id, "ids": json.dumps(list(ids))}
    return dict(connection.execute(sql.KNOWN_STAYS, values).fetchall())


def save_rows(connection: sqlite3.Connection, walk_id: str, rows: Sequence[Row]) -> int:
    """Returns how many rows were new. If rows with one id differ, the first keeps the id; the others get "~" and their
    digest added until the walk is finished (`number_rows`)."""
    if not rows:
        return 0
    known = known_stays(connection, walk_id, {row.session_id for row in rows})
    firsts = dict(known)
    new: dict[str, Row] = {}
    for row in rows:
        if firsts.setdefault(row.session_id, row.digest) == row.digest:
            new.setdefault(row.session_id, row)
        else:
            apart = f"{row.session_id}~{row.digest}"
            new.setdefault(apart, replace(row, session_id=apart))
    if apart_ones := new.keys() - firsts.keys():
        known |= known_stays(connection, walk_id, apart_ones)
    added = [row for session_id, row in new.items() if session_id not in known]
    save_stays(connection, walk_id, added)
    return len(added)


def number_rows(connection: sqlite3.Connection, walk_id: str) -> None:
    """Among rows with one id, the earliest keeps the id and the others get "#2", "#3", …, whatever pages they came
    on."""
    values: dict[str, Any] = {"walk_id": walk_id}
    apart = connection.execute(sql.STAYS_APART, values).fetchall()
    if not apart:
        return
    groups: dict[str, list[tuple[float, float, int, str]]] = {}
    for session_id, joined_at, left_at, digest in apart:
        groups.setdefault(session_id.split("~")[0], []).append((joined_at, left_at, digest, session_id))
    values["ids"] = json.dumps(list(groups))
    for session_id, joined_at, left_at, digest in connection.execute(sql.STAYS_OF_IDS, values).fetchall():
        renamed = f"{session_id}~{digest}"
        connection.execute(sql.RENAME_STAY, (renamed, walk_id, session_id))
        groups[session_id].append((joined_at, left_at, digest, renamed))
    for session_id, group in groups.items():
        for number, (*_, apart_id) in enumerate(sorted(group), 1):
            numbered = session_id if number == 1 else f"{session_id}#{number}"
            connection.execute(sql.RENAME_STAY, (numbered, walk_id, apart_id))


def save_registrants(connection: sqlite3.Connection, walk_id: str, rows: Iterable[Registrant]) -> int:
    """Returns how many registrants were new."""
    registrants = {row.registrant_id: row for row in rows}
    if not registrants:
        return 0
    values = {"walk_id": walk_id, "ids": json.dumps(list(registrants))}
    (known,) = connection.execute(sql.KNOWN_REGISTRANTS, values).fetchone()
    connection.executemany(
        sql.SAVE_REGISTRANT,
        [
            (
                walk_id,
                row.registrant_id,
                row.keys[0],
                row.name,
                row.name_key,
                row.email,
                row.status,
                row.registered_at,
                row.digest,
            )
            for row in registrants.values()
        ],
    )
    return len(registrants) - int(known)
