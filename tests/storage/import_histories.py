"""Random histories of imports: rows that share keys, and calls of a store, each with its arguments.

Moments are whole eighths of a second, as in `histories`.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from storage.imports import INSTANCE, REGISTRANTS, LiveStay, Page, Registrant, Row, Walk, WalkEnd, WalkStart
from tests.storage.histories import Call
from tests.storage.import_script import registrant, row, subject

ROOMS = "ZOOM-1", "ZOOM-2"
LISTS = REGISTRANTS + "approved", REGISTRANTS + "pending"
INSTANCES = INSTANCE + "one==", INSTANCE + "/two//=="
OWNERS = "me", "you"
NAMES = "", "Ann", "ann", "Bob", "Ünal 😀", "Zoë", "Ödön"


class Rows:
    """Rows made up: few sessions, fewer keys, so that many meet."""

    def __init__(self, draw: random.Random, keys: int = 24) -> None:
        self._draw = draw
        self._keys = [f"p_{number:02}" for number in range(keys)]
        draw.shuffle(self._keys)

    def stay(self, part: str, number: int) -> Row:
        draw = self._draw
        keys = draw.sample(self._keys, draw.choice((0, 1, 1, 1, 2, 2, 3)))
        joined = 1000.0 + draw.randrange(0, 800) / 8
        left = joined + draw.randrange(0, 800) / 8 if draw.random() < 0.93 else None
        return row(
            f"s_{part[-5:]}_{number}",
            *keys,
            at=joined,
            until=left,
            name=draw.choice(NAMES),
            email=draw.choice(("", "", "ann@example.org", "bob@example.org")),
            counted=draw.random() < 0.9,
        )

    def registrant(self, part: str, number: int) -> Registrant:
        draw = self._draw
        return registrant(
            f"r_{number}",
            *draw.sample(self._keys, draw.choice((1, 1, 2))),
            status="pending" if part.endswith("pending") else "approved",
            name=draw.choice(NAMES),
            email=draw.choice(("", "ann@example.org")),
            at=draw.choice((None, 100.0, 200.5)),
        )

    def of(self, part: str, number: int) -> Row | Registrant:
        return self.stay(part, number) if part in INSTANCES else self.registrant(part, number)


class ImportHistory:
    """Calls made up one after the other, from what the first store to hear them has answered so far."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)  # noqa: S311 - the same each time
        self._rows = Rows(self._draw, 12)
        self._now = 5000.0
        self._walks: dict[str, Walk] = {}
        self._made = 0
        self.calls: list[Call] = []

    def next(self) -> Call:
        draw = self._draw
        self._now += draw.randrange(0, 80) / 8
        if self.calls and draw.random() < 0.1:
            call = draw.choice(self.calls[-3:] if draw.random() < 0.7 else self.calls)
            if call[0] == "begin_walk":
                # Only at once: nobody has the id of a walk that may be gone.
                call = self.calls[-1]
        else:
            makers = {
                self._begin: 10,
                self._page: 30 if self._walks else 0,
                self._finish: 12 if self._walks else 0,
                self._lease: 8 if self._walks else 0,
                self._hear: 14,
                self._due: 4,
                self._sweep: 4,
                self._look: 14,
                self._delete: 1,
            }
            (maker,) = draw.choices(list(makers), list(makers.values()))
            call = maker()
        self.calls.append(call)
        return call

    def told(self, answer: Any) -> None:
        if isinstance(answer, Walk):
            self._walks[answer.walk_id] = answer
        elif answer == "WalkLost":
            # Tried in vain once: now and then it is by chance again.
            name, arguments = self.calls[-1]
            if name in ("save_page", "finish_walk"):
                self._walks.pop(arguments[0].walk_id, None)

    def _begin(self) -> Call:
        draw = self._draw
        self._made += 1
        room = draw.choice(ROOMS)
        start = WalkStart(
            f"{room}-walk-{self._made}",
            draw.choice(LISTS + INSTANCES * 2),
            draw.choice(OWNERS),
            self._now,
            15.0,
            self._start(room),
        )
        return "begin_walk", (subject(room, draw.choice(("Webinar", "Talk"))), start)

    def _start(self, room: str) -> float | None:
        """No two meetings begin at one moment: which of them is the older would be open."""
        return self._draw.choice((None, 990.0 + ROOMS.index(room), 1000.0 + ROOMS.index(room)))

    def _walk(self) -> Walk:
        return self._draw.choice(list(self._walks.values())[-4:])

    def _page(self) -> Call:
        draw, walk = self._draw, self._walk()
        made = [self._rows.of(walk.part, draw.randrange(14)) for _ in range(draw.randrange(0, 7))]
        page = Page(
            walk_id=walk.walk_id,
            owner=walk.owner,
            number=walk.pages + draw.choice((0, 1, 1, 1, 1, 1, 2)),
            cursor=draw.choice(("", f"token-{walk.pages}")),
            at=self._now,
            lease=15.0,
            source=draw.choice(("report", "report", "basic")),
            why=draw.choice(("", "no scope")),
            total=draw.choice((None, 5, 9)),
            rows=[replace(each, breakout=draw.random() < 0.3) for each in made if isinstance(each, Row)],
            registrants=[each for each in made if isinstance(each, Registrant)],
        )
        return "save_page", (page,)

    def _finish(self) -> Call:
        draw, walk = self._draw, self._walk()
        state = draw.choice(("complete", "complete", "partial", "partial", "unknown"))
        return "finish_walk", (
            WalkEnd(walk.walk_id, walk.owner, state, draw.choice(("", "why")), self._now, "none", "scope"),  # type: ignore[arg-type]
        )

    def _lease(self) -> Call:
        draw, walk = self._draw, self._walk()
        whose = walk.walk_id, draw.choice(OWNERS)
        return draw.choice(
            (
                ("take_walk", (*whose, self._now, 15.0)),
                ("take_walk", (*whose, self._now, 15.0)),
                ("renew_walk", (*whose, self._now, 15.0)),
                ("release_walk", (*whose, self._now)),
                ("drop_walk", whose),
            )
        )

    def _hear(self) -> Call:
        draw, room, part = self._draw, self._draw.choice(ROOMS), self._draw.choice(INSTANCES)
        if draw.random() < 0.15:
            ended = 1000.0 + draw.randrange(0, 800) / 8
            return "end_live", (subject(room), part, ended, self._now + 20.0, self._now)
        told = self._rows.stay(part, draw.randrange(5))
        began, ended_too = draw.choice(((True, False), (False, True), (True, True)))
        stay = LiveStay(
            part,
            told.session_id,
            told.keys,
            told.guest,
            told.name,
            told.name_key,
            told.email,
            told.joined_at if began else None,
            told.joined_at + 10.0 if ended_too else None,
            self._now,
            self._start(room),
        )
        return "record_live", (subject(room), stay)

    def _due(self) -> Call:
        draw = self._draw
        if draw.random() < 0.5:
            due = draw.choice((None, self._now + 5.0))
            return "schedule_import", (draw.choice(ROOMS), due, draw.randrange(4))
        return "claim_due_imports", (self._now, self._now + 30.0, draw.choice((1, 5)))

    def _sweep(self) -> Call:
        late = self._now + self._draw.choice((0.0, 0.0, 90_000.0))
        return "sweep_walks", (self._draw.choice(ROOMS), self._draw.choice((3, 100)), late)

    def _delete(self) -> Call:
        draw = self._draw
        if draw.random() < 0.5:
            return "delete_meeting", (draw.choice(ROOMS),)
        return "delete_old_meetings", (draw.choice((1050.0, 1100.0)), 5)

    def _look(self) -> Call:
        draw, room = self._draw, self._draw.choice(ROOMS)
        after = draw.choice((None, "p_03", "p_07"))
        return draw.choice(
            (
                ("attendance", (room,)),
                ("attendance", (room, draw.randrange(1, 4), after)),
                ("registrations", (room, draw.randrange(1, 4), after, draw.choice((None, True, False)))),
                ("import_totals", (room,)),
                ("imported", (room,)),
                ("imports", (5,)),
                ("hosted_meetings", (draw.choice((None, "zoom")), 5)),
                ("meeting", (room,)),
            )
        )
