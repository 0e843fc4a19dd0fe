"""What each call for walks does to a SQLite database: one function per call.

The functions run within the caller's transaction. A page is kept in a handful of statements, however much was imported
before.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from storage.errors import WalkLost
from storage.hops import HopRow, follow
from storage.imports import Page, Part, Subject, Walk, WalkEnd, WalkStart
from storage.sqlite import import_page, import_parts
from storage.sqlite import import_statements as sql
from storage.sqlite.import_queries import known_part

DAY = 86400.0
"""Seconds after which an untouched walk is given up."""


def begin_walk(connection: sqlite3.Connection, subject: Subject, start: WalkStart) -> Walk:
    import_parts.make_part(connection, subject, start.part, start.starts_at, start.at)
    connection.execute(sql.SET_TITLE, {"room": subject.room, "title": subject.title})
    if subject.roles is not None:
        told = json.dumps(subject.roles, sort_keys=True)
        connection.execute(sql.SET_ROLES, {"room": subject.room, "roles": told})
    import_parts.set_times(connection, subject.room)
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
        import_page.unite_keys(connection, room, keys)
        values = {
            "walk_id": page.walk_id,
            "number": page.number,
            "cursor": page.cursor,
            "given": len(page.rows) + len(page.registrants),
            "added": import_page.save_rows(connection, page.walk_id, page.rows)
            + import_page.save_registrants(connection, page.walk_id, page.registrants),
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
    import_page.number_rows(connection, end.walk_id)
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
        import_parts.set_times(connection, room)
    else:
        connection.execute(sql.CHECK_PART, values)
    return known_part(connection, room, part)


def takes_its_place(state: str, rows: int, shown_state: str, shown_rows: int, *, holds_all: bool) -> bool:
    """Whether a walk with other rows replaces the one that is shown. `holds_all`: it has all stays of that one."""
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


def _follow_hops(connection: sqlite3.Connection, room: str, walk_id: str) -> None:
    rows = connection.execute(sql.HOP_ROWS, {"room": room, "walk_id": walk_id}).fetchall()
    keys = follow(HopRow(*row) for row in rows)
    connection.executemany(sql.GUESS_KEY, [(key, walk_id, session) for session, key in keys.items()])


def _walk(connection: sqlite3.Connection, walk_id: str) -> Walk:
    return Walk(*connection.execute(sql.WALK, {"walk_id": walk_id}).fetchone())
