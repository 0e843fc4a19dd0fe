"""A webinar of any number of rows, each made when it is asked for: nothing is kept of them, however many they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from tests.zoom.api_view import moment
from tests.zoom.scenario import STARTS, UUIDS, WEBINAR
from tests.zoom.stand_in import InstanceView, WebinarView
from tests.zoom.stand_in.views import Record

ROWS_OF_ONE = 5
"""Everyone comes twice or three times."""


def people(rows: int) -> int:
    """How many there are in so many rows: two fifths."""
    return max(1, 2 * rows // ROWS_OF_ONE)


def crowd(rows: int, *, webinar: str = WEBINAR) -> WebinarView:
    """One instance of `rows` rows; all who come are registered, and half as many again are who do not."""
    report = _Made(rows, lambda number: _row(number, people(rows)))
    # Zoom's basic list has less of each row, which would only cost time here.
    instance = InstanceView(UUIDS[0], moment(STARTS[0]), report, report)
    registrants = _Made(people(rows) * 3 // 2, _registrant)
    return WebinarView(webinar, [instance], {"approved": registrants}, topic=f"A webinar of {rows} rows")


class _Made(Sequence[Record]):
    def __init__(self, count: int, make: Callable[[int], dict[str, Any]]) -> None:
        self._count = count
        self._make = make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        if isinstance(index, slice):
            return [self._make(number) for number in range(*index.indices(self._count))]
        return self._make(range(self._count)[index])


def _row(number: int, of: int) -> dict[str, Any]:
    person = number % of
    joined = STARTS[0] + number * 100 % 3_600_000
    return {
        "id": "",
        "participant_user_id": "",
        "user_id": str(16_778_240 + 1024 * number),
        "name": f"Person {person}",
        "user_email": f"person.{person}@mail.example",
        "registrant_id": f"r{person:024}",
        "join_time": moment(joined),
        "leave_time": moment(joined + 600_000),
        "duration": 600,
        "status": "in_meeting",
        "failover": False,
        "customer_key": "",
    }


def _registrant(number: int) -> dict[str, Any]:
    return {
        "id": f"r{number:024}",
        "email": f"person.{number}@mail.example",
        "first_name": "Person",
        "last_name": str(number),
        "status": "approved",
        "create_time": moment(STARTS[0] - 86_400_000),
    }
