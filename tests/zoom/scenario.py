"""What happened in a webinar: who registered, who came, when, and by which ids Zoom knows them in each of its rows.

    scenario = make(seed) ─┬─► api_view.webinar(scenario)    what Zoom shows of it: rows
                           └─► truth.of(scenario, "report")  what an importer must make of these rows

Nothing here knows how the importer works. The same seed makes the same webinar.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["approved", "pending", "denied"]
Known = Literal["registrant", "account", "user", "email"]
"""By what a row tells whose it is: `registrant_id`, `id`, `participant_user_id` (the same value), `user_email`."""

ALL: frozenset[Known] = frozenset({"registrant", "account", "user", "email"})
NONE: frozenset[Known] = frozenset()

WEBINAR = "88988872033"
UUIDS = ("4AbC+dEf/gHiJkLmNoPqRs==", "/xY//zAbCdEf+hIjKlMnOQ==")
"""The second one has to be encoded twice."""
STARTS = (1_791_298_800_000, 1_791_903_600_000)
LASTS = 90 * 60_000

# Not many, so that several people have the same name.
FIRST = "Ada Bo Chen Dina Élodie Farid Grace Hye-jin Ivo José Kōji Lena Maria Noor Olu Petra Quinn Ravi Sofia Tomás"
LAST = "Abe Bakker Costa Dube Eriksen Fuchs Gómez Haddad Ito Jansen Kaya Li Müller Nowak Okafor Park Rossi Silva Tan"


@dataclass(frozen=True, slots=True)
class Registration:
    registrant_id: str
    email: str
    status: Status
    at: int
    """Milliseconds since the epoch, as all times here."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One row of Zoom's. `knows`: the ids it has of the person. `email`: as this row writes it.

    `lacks`: fields it does not have at all. `waiting`: in the waiting room, which is no attendance.
    """

    uuid: str
    user_id: str
    name: str
    joined: int
    left: int
    knows: frozenset[Known]
    email: str
    registrant_id: str
    waiting: bool = False
    breakout: str = ""
    lacks: frozenset[str] = frozenset()


@dataclass(slots=True)
class Person:
    number: int
    name: str
    account: str = ""
    """The id of their Zoom account; "" without one."""
    registrations: list[Registration] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    webinar: str
    topic: str
    uuids: Sequence[str]
    starts: Sequence[int]
    people: Sequence[Person]

    def visits(self, uuid: str) -> list[tuple[Person, Visit]]:
        """In the order in which Zoom lists them."""
        found = [(person, each) for person in self.people for each in person.visits if each.uuid == uuid]
        return sorted(found, key=lambda each: (each[1].joined, each[1].user_id))

    def registrations(self, status: Status) -> list[tuple[Person, Registration]]:
        found = [
            (person, each) for person in self.people for each in person.registrations if each.status == status
        ]
        return sorted(found, key=lambda each: (each[1].at, each[1].registrant_id))


@dataclass(frozen=True)
class Size:
    """How many of each sort. The defaults are the acceptance case."""

    registrants: int = 2106
    pending: int = 38
    denied: int = 22
    plain: int = 850
    """Registered, known by address and registration wherever they appear."""
    hidden: int = 60
    """Registered, and their rows have no address: known by the registration only."""
    patchy: int = 110
    """Registered; some of their rows have the address, some do not."""
    members: int = 150
    """With an account at Zoom, registered; each row has other ids of them."""
    staff: int = 50
    """With an account, not registered."""
    strangers: int = 50
    """With an address, not registered."""
    twice: int = 30
    """Registered twice, denied and then approved, with one address."""
    moved: int = 20
    """With an account, and two addresses."""
    guests: int = 60
    """Known by nothing: each of their rows might be anybody's."""
    waiting_only: int = 25
    """Registered, and never let in."""
    twins: int = 2
    """Guests of one name, at one moment, without a `user_id`: as many rows, as many guests."""


SMALL = Size(150, 6, 4, 40, 6, 10, 12, 4, 4, 4, 4, 8, 3)


def make(seed: int = 1, size: Size | None = None, webinar: str = WEBINAR) -> Scenario:
    return _Making(random.Random(seed), size or Size(), webinar).scenario()  # noqa: S311


class _Making:
    def __init__(self, chance: random.Random, size: Size, webinar: str) -> None:
        self.chance = chance
        self.size = size
        self.webinar = webinar
        self.people: list[Person] = []
        # The same numbers come again in the next instance.
        self.user_ids = dict.fromkeys(UUIDS, 16_778_240)
        self.rooms = [f"BO{chance.getrandbits(64):016x}" for _ in range(4)]

    def scenario(self) -> Scenario:
        size = self.size
        for _ in range(size.plain):
            self._come(self._registered(self._person()), [ALL])
        for _ in range(size.hidden):
            self._come(self._registered(self._person()), [frozenset({"registrant"})])
        for _ in range(size.patchy):
            self._come(
                self._registered(self._person()),
                [frozenset({"registrant", "email"}), frozenset({"registrant"}), frozenset({"email"})],
            )
        for _ in range(size.members):
            # Whatever the later rows have, the first one has as well: that is what unites them.
            self._come(
                self._registered(self._person(account=True)),
                [ALL, *(frozenset({known}) for known in sorted(ALL))],
            )
        for _ in range(size.staff):
            self._come(self._person(account=True), [ALL, frozenset({"account", "user"})])
        for _ in range(size.strangers):
            self._come(self._person(), [frozenset({"email"})])
        for _ in range(size.twice):
            person = self._registered(self._registered(self._person(), "denied"))
            self._come(person, [ALL, frozenset({"registrant", "email"})])
        for number in range(size.moved):
            self._move(number)
        for _ in range(size.guests):
            self._come(self._person(), [NONE])
        self._twins()
        for _ in range(size.waiting_only):
            self._wait(self._registered(self._person()))
        self._nobody()
        return Scenario(self.webinar, "Quarterly webinar: what comes next", UUIDS, STARTS, self.people)

    def _person(self, *, account: bool = False) -> Person:
        chance = self.chance
        name = f"{chance.choice(FIRST.split())} {chance.choice(LAST.split())}"
        person = Person(len(self.people), name, f"u{chance.getrandbits(96):024x}" if account else "")
        self.people.append(person)
        return person

    def _registered(self, person: Person, status: Status = "approved", email: str = "") -> Person:
        self._register(person, status, email or _address(person))
        return person

    def _register(self, person: Person, status: Status, email: str) -> None:
        at = STARTS[0] - self.chance.randrange(20 * 86_400) * 1000 - 1000
        registrant_id = f"r{self.chance.getrandbits(100):025x}"
        person.registrations.append(Registration(registrant_id, email, status, at))

    def _nobody(self) -> None:
        """Registered and never came; so many that there are as many registrants as there should be."""
        wanted: list[Status] = ["pending"] * self.size.pending
        denied = sum(each.status == "denied" for person in self.people for each in person.registrations)
        wanted += ["denied"] * max(0, self.size.denied - denied)
        there = sum(len(person.registrations) for person in self.people)
        wanted += ["approved"] * (self.size.registrants - there - len(wanted))
        assert there + len(wanted) == self.size.registrants
        for number, status in enumerate(wanted):
            person = self._registered(self._person(), status)
            if number < 6 and status == "pending":
                # Let in all the same.
                self._come(person, [ALL])

    def _come(self, person: Person, knows: Sequence[frozenset[Known]]) -> None:
        """To one instance or both, once or several times. The first row has the first of `knows`, later ones any."""
        which = self.chance.choices([(0,), (1,), (0, 1)], [5, 3, 2])[0]
        for instance in which:
            for joined, left, breakout in self._stays(STARTS[instance]):
                if not person.visits and self.chance.random() < 0.1:
                    self._visit(person, instance, joined - 90_000, joined, knows[0], waiting=True)
                known = knows[0] if not person.visits else self.chance.choice(knows)
                self._visit(person, instance, joined, left, known, breakout=breakout)

    def _stays(self, start: int) -> Iterator[tuple[int, int, str]]:
        """Begin, end and breakout room of each, of one person in one instance."""
        chance = self.chance
        at = start + int(chance.expovariate(1 / 400)) * 1000
        for _ in range(chance.choices([1, 2, 3, 5], [55, 25, 15, 5])[0]):
            # Few times are told to a fraction of a second.
            joined = at + (chance.randrange(1000) if chance.random() < 0.2 else 0)
            left = joined + chance.randrange(20, 2700) * 1000
            kind = chance.random()
            if kind < 0.03:
                # Into a breakout room and back, each a row.
                middle, later = joined + (left - joined) // 3, joined + 2 * (left - joined) // 3
                room = chance.choice(self.rooms)
                yield from ((joined, middle, ""), (middle, later, room), (later, left, ""))
            elif kind < 0.10:
                # Two devices: the second for a while, or longer than the first; sometimes at the same moment.
                second = joined if chance.random() < 0.2 else chance.randrange(joined, left)
                yield joined, left, ""
                yield second, second + chance.randrange(20, 2700) * 1000, ""
                left = max(left, second)
            else:
                yield joined, left, ""
            at = left + chance.randrange(5, 600) * 1000
            if at > start + LASTS:
                return

    def _wait(self, person: Person) -> None:
        joined = STARTS[0] + self.chance.randrange(1800) * 1000
        self._visit(person, 0, joined, joined + 200_000, ALL, waiting=True)

    def _move(self, number: int) -> None:
        """Two addresses of one account; some registered with the second."""
        person = self._person(account=True)
        private = f"private.{person.number}@home.example"
        if number % 2:
            self._register(person, "approved", private)
        for instance, email in ((0, _address(person)), (1, private)):
            joined = STARTS[instance] + self.chance.randrange(1800) * 1000
            known: frozenset[Known] = frozenset({"account", "email"})
            self._visit(person, instance, joined, joined + 600_000, known, email=email)

    def _twins(self) -> None:
        joined = STARTS[0] + 61_000
        for number in range(self.size.twins):
            person = Person(len(self.people), "iPhone")
            self.people.append(person)
            left = joined + 300_000 + number * 60_000
            self._visit(person, 0, joined, left, NONE, lacks=frozenset({"user_id"}))

    def _visit(
        self,
        person: Person,
        instance: int,
        joined: int,
        left: int,
        knows: frozenset[Known],
        *,
        waiting: bool = False,
        breakout: str = "",
        email: str = "",
        lacks: frozenset[str] | None = None,
    ) -> None:
        chance, uuid = self.chance, UUIDS[instance]
        knows = knows - ({"registrant"} if not person.registrations else NONE)
        knows = knows - ({"account", "user"} if not person.account else NONE)
        email = email or _address(person)
        name = (
            person.name if chance.random() < 0.8 else f"{person.name} ({chance.choice(['iPad', 'office'])})"
        )
        self.user_ids[uuid] += 1024
        person.visits.append(
            Visit(
                uuid=uuid,
                user_id=str(self.user_ids[uuid]),
                name=name,
                joined=joined,
                left=left,
                knows=knows,
                email=chance.choice([email, email, email.upper(), email.title()]),
                registrant_id=chance.choice(person.registrations).registrant_id
                if person.registrations
                else "",
                waiting=waiting,
                breakout=breakout,
                lacks=self._lacks(joined, left, waiting=waiting) if lacks is None else lacks,
            )
        )

    def _lacks(self, joined: int, left: int, *, waiting: bool) -> frozenset[str]:
        """Fields may be missing. Never what cannot be known by the others: two of three times, say."""
        fields = ["name", "user_id", "duration", "failover", "customer_key"]
        if not waiting:
            fields.append("status")
        if joined % 1000 == left % 1000 == 0:
            fields += ["join_time", "leave_time"]
        if self.chance.random() > 0.06:
            return frozenset()
        lacks = set(self.chance.sample(fields, 2))
        times = lacks & {"join_time", "leave_time", "duration"}
        return frozenset(lacks - set(sorted(times)[1:]))


def _address(person: Person) -> str:
    return f"person.{person.number}@mail.example"
