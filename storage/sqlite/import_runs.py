"""What each call for imports that changes something does to a SQLite database: one function per call.

The functions run within a transaction their caller holds. A page is kept in a handful of statements, whatever the size
of what was imported already.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from storage.errors import MeetingExists, WalkLost
from storage.hops import HopRow, follow
from storage.imports import Page, Part, Registrant, Row, Subject, Walk, WalkEnd, WalkStart
from storage.sqlite import import_statements as sql
from storage.sqlite.import_queries import known_part
from storage.sqlite.union_find import unite

DAY = 86400.0
"""Seconds after which a walk that nobody goes on with is given up."""


def begin_walk(connection: sqlite3.Connection, subject: Subject, start: WalkStart) -> Walk:
    make_part(connection, subject, start.part, start.starts_at, start.at)
    connection.execute(sql.SET_TITLE, {"room": subject.room, "title": subject.title})
    if subject.roles is not None:
        told = json.dumps(subject.roles, sort_keys=True)
        connection.execute(sql.SET_ROLES, {"room": subject.room, "roles": told})
    set_times(connection, subject.room)
    values = {
        "walk_id": start.walk_id,
        "room": subject.room,
        "part": start.part,
        "owner": start.owner,
        "at": start.at,
        "lease": start.lease,
    }
    if not connection.execute(sql.BEGIN_WALK, values).rowcount:
        known = connection.execute(sql.WALK_STATE, {"walk_id": start.walk_id}).fetchone()
        if known[:2] != (subject.room, start.part):
            raise WalkLost(start.walk_id)
        renew_walk(connection, start.walk_id, start.owner, start.at, start.lease)
    return _walk(connection, start.walk_id)


def take_walk(
    connection: sqlite3.Connection, walk_id: str, owner: str, at: float, lease: float
) -> Walk | None:
    values = {"walk_id": walk_id, "owner": owner, "at": at, "lease": lease}
    taken = connection.execute(sql.TAKE_WALK, values).rowcount
    return _walk(connection, walk_id) if taken else None


def renew_walk(connection: sqlite3.Connection, walk_id: str, owner: str, at: float, lease: float) -> None:
    values = {"walk_id": walk_id, "owner": owner, "at": at, "lease": lease}
    if not connection.execute(sql.RENEW_WALK, values).rowcount:
        raise WalkLost(walk_id)


def release_walk(connection: sqlite3.Connection, walk_id: str, owner: str, at: float) -> None:
    connection.execute(sql.RELEASE_WALK, {"walk_id": walk_id, "owner": owner, "at": at})


def drop_walk(connection: sqlite3.Connection, walk_id: str, owner: str) -> None:
    connection.execute(sql.DROP_WALK, {"walk_id": walk_id, "owner": owner})


def save_page(connection: sqlite3.Connection, page: Page) -> Walk:
    row = connection.execute(sql.WALK_STATE, {"walk_id": page.walk_id}).fetchone()
    if row is None or row[2:4] != (page.owner, "walking"):
        raise WalkLost(page.walk_id)
    room, pages = row[0], row[4]
    if page.number == pages + 1:
        keys = [each.keys for each in page.rows] + [each.keys for each in page.registrants]
        unite_keys(connection, room, keys)
        values = {
            "walk_id": page.walk_id,
            "number": page.number,
            "cursor": page.cursor,
            "given": len(page.rows) + len(page.registrants),
            "added": _save_rows(connection, page.walk_id, page.rows)
            + _save_registrants(connection, page.walk_id, page.registrants),
            "total": page.total,
            "source": page.source,
            "why": page.why,
            "at": page.at,
            "lease": page.lease,
        }
        connection.execute(sql.KEPT_PAGE, values)
    return _walk(connection, page.walk_id)


def finish_walk(connection: sqlite3.Connection, end: WalkEnd) -> Part:
    values: dict[str, Any] = {"walk_id": end.walk_id}
    row = connection.execute(sql.WALK_STATE, values).fetchone()
    if row is None:
        raise WalkLost(end.walk_id)
    room, part, owner, state, pages, rows, source, why, finish = row
    if (owner, state) != (end.owner, "walking"):
        if (owner, finish) == (end.owner, end.state):
            return known_part(connection, room, part)
        raise WalkLost(end.walk_id)

    if not pages:
        source, why = end.source, end.why
    _number_rows(connection, end.walk_id)
    digests, first_at, last_at = connection.execute(sql.ROWS_OF_WALK, values).fetchone()
    found = connection.execute(sql.PART, {"room": room, "part": part}).fetchone()
    shown, shown_state, shown_source, _, was_gone = found
    shown_rows, shown_digests = connection.execute(sql.SHOWN_ROWS, {"shown": shown}).fetchone() or (0, 0)
    gone = end.state == "too_old"
    state = "unknown" if gone else end.state
    was = shown_state, bool(was_gone), shown_source, shown_rows, shown_digests
    same = was == (state, gone, source, rows, digests)
    both = {"room": room, "shown": shown, "walk_id": end.walk_id}
    holds_all = state == "partial" and connection.execute(sql.HOLDS_ALL, both).fetchone()[0] == 1
    shows = not same and takes_its_place(state, rows, shown_state, shown_rows, holds_all=holds_all)
    values |= {
        "state": state,
        "gone": gone,
        "room": room,
        "part": part,
        "shown": shown,
        "walk_state": "shown" if shows else "dropped",
        "finish": end.state,
        "source": source,
        "why": why,
        "reason": end.reason,
        "at": end.at,
        "same": same,
        "digests": digests,
        "first_at": first_at,
        "last_at": last_at,
    }
    connection.execute(sql.FINISH_WALK, values)
    if shows:
        _follow_hops(connection, room, end.walk_id)
        connection.execute(sql.REPLACE_WALK, values)
        connection.execute(sql.SHOW_WALK, values)
        set_times(connection, room)
    else:
        connection.execute(sql.CHECK_PART, values)
    return known_part(connection, room, part)


def takes_its_place(state: str, rows: int, shown_state: str, shown_rows: int, *, holds_all: bool) -> bool:
    """Whether a walk that came to something else is shown in place of what is. `holds_all`: of that."""
    if state == "unknown":
        return shown_state in ("unread", "unknown")
    if state == "partial" and shown_state == "live":
        return rows >= shown_rows
    if state == "partial" and shown_state in ("partial", "complete"):
        return holds_all and (shown_state == "partial" or rows > shown_rows)
    return True


def sweep_walks(connection: sqlite3.Connection, room: str, limit: int, at: float) -> int:
    connection.execute(sql.LEAVE_OLD_WALKS, {"room": room, "left_before": at - DAY})
    removed = 0
    for (walk_id,) in connection.execute(sql.SWEPT_WALKS, {"room": room}).fetchall():
        for statement in (sql.SWEEP_STAYS, sql.SWEEP_REGISTRANTS):
            values = {"walk_id": walk_id, "limit": limit - removed}
            removed += connection.execute(statement, values).rowcount
        connection.execute(sql.SWEEP_WALK, {"walk_id": walk_id})
        if removed >= limit:
            break
    return removed


def make_part(
    connection: sqlite3.Connection, subject: Subject, part: str, starts_at: float | None, at: float
) -> None:
    """The part, and what it is a part of, where they are missing. Raises `MeetingExists`."""
    values = {
        "room": subject.room,
        "kind": subject.kind,
        "external_id": subject.external_id,
        "title": subject.title,
        "host_user_id": subject.host_user_id,
        "part": part,
        "starts_at": starts_at,
        "begins_at": at if starts_at is None else starts_at,
        "at": at,
    }
    if connection.execute(sql.IMPORTED_AT, values).fetchone() is None:
        if not connection.execute(sql.MAKE_MEETING, values).rowcount:
            raise MeetingExists(subject.room)
        connection.execute(sql.MAKE_IMPORT, values)
    connection.execute(sql.MAKE_PART, values)


def set_times(connection: sqlite3.Connection, room: str) -> None:
    """The meeting began when its first part did, and ended with the last moment that is known of any."""
    (imported_at,) = connection.execute(sql.IMPORTED_AT, {"room": room}).fetchone()
    first, *moments = connection.execute(sql.TIMES, {"room": room}).fetchone()
    known = [moment for moment in moments if moment is not None]
    first = imported_at if first is None else first
    values = {"room": room, "first": first, "last": max(first, *known) if known else first}
    connection.execute(sql.SET_TIMES, values)


def unite_keys(connection: sqlite3.Connection, room: str, rows: Sequence[Sequence[str]]) -> None:
    """Have the keys of each row be one person's."""
    keys = json.dumps([key for each in rows for key in each])
    known = dict(connection.execute(sql.KNOWN_KEYS, {"room": room, "keys": keys}).fetchall())
    added, moved = unite(rows, known)
    connection.executemany(sql.UNITE, [(new, room, old) for old, new in moved.items()])
    connection.executemany(sql.ADD_KEY, [(room, key, person) for key, person in added.items()])


def save_stays(connection: sqlite3.Connection, walk_id: str, rows: Iterable[Row]) -> None:
    """Those that are there already give way."""
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
    """The digests of those of the ids that are there."""
    values = {"walk_id": walk_id, "ids": json.dumps(list(ids))}
    return dict(connection.execute(sql.KNOWN_STAYS, values).fetchall())


def _save_rows(connection: sqlite3.Connection, walk_id: str, rows: Sequence[Row]) -> int:
    """How many of them the walk did not have. Of those with one id that differ, the first has it as it is, the others
    with "~" and their digest, until the walk is finished (`_number_rows`)."""
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


def _number_rows(connection: sqlite3.Connection, walk_id: str) -> None:
    """Of rows with one id the first keeps it, the others are "#2", "#3", … by their times, whatever pages they were
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


def _follow_hops(connection: sqlite3.Connection, room: str, walk_id: str) -> None:
    rows = connection.execute(sql.HOP_ROWS, {"room": room, "walk_id": walk_id}).fetchall()
    keys = follow(HopRow(*row) for row in rows)
    connection.executemany(sql.GUESS_KEY, [(key, walk_id, session) for session, key in keys.items()])


def _save_registrants(connection: sqlite3.Connection, walk_id: str, rows: Iterable[Registrant]) -> int:
    """How many of them the walk did not have."""
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


def _walk(connection: sqlite3.Connection, walk_id: str) -> Walk:
    return Walk(*connection.execute(sql.WALK, {"walk_id": walk_id}).fetchone())
