"""Zoom's records as they arrive: any field may be missing, null or of an undocumented type.

A value that cannot be read counts as missing: "" for texts and ids, None for times (seconds since the epoch) and
durations (seconds), False for flags.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec

from server.zoom.errors import BadAnswer

Source = Literal["report", "basic"]

T = TypeVar("T")
R = TypeVar("R", bound=msgspec.Struct)

LAST_MOMENT = 253_370_764_800.0
"""The beginning of the year 9999: a moment a while after it is still a valid date everywhere."""
LONGEST = 366 * 86_400.0
"""The longest duration, in seconds."""
_MOST = 2**31 - 1
_LONGEST_TOKEN = 4000


class ParticipantRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stay of one person, from join to leave. `user_id` is new at every join, the other ids are the person's."""

    id: str = ""
    participant_user_id: str = ""
    user_id: str = ""
    name: str = ""
    user_email: str = ""
    registrant_id: str = ""
    join_time: float | None = None
    leave_time: float | None = None
    duration: float | None = None
    status: str = ""
    failover: bool = False
    bo_mtg_id: str = ""
    internal_user: bool = False


class RegistrantRow(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    status: str = ""
    create_time: float | None = None


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    uuid: str = ""
    start_time: float | None = None


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """`approval_type`, of registrations: 0 automatic, 1 manual, 2 none needed, and nobody can register."""

    topic: str = ""
    start_time: float | None = None
    uuid: str = ""
    approval_type: int | None = None
    host_id: str = ""
    host_email: str = ""


class PanelistRow(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class ListPage(Generic[T]):
    """`next_page_token` is "" on the last page. `total_records` counts the rows of all pages, if Zoom tells it."""

    rows: Sequence[T]
    next_page_token: str
    total_records: int | None


def read_page(shape: type[R], key: str, answer: Mapping[str, Any]) -> ListPage[R]:
    """Raises `BadAnswer` when `answer` has no list at `key`, or the list contains something that is no record."""
    rows = answer.get(key)
    if not isinstance(rows, list):
        raise BadAnswer(f"Zoom answered without the list {key!r}")
    token = answer.get("next_page_token")
    if not isinstance(token, str | None):
        raise BadAnswer("Zoom answered with a next_page_token that is no text")
    if token and not (token.isprintable() and len(token) <= _LONGEST_TOKEN):
        raise BadAnswer("Zoom answered with a next_page_token that can neither be kept nor sent")
    return ListPage([read(shape, row) for row in rows], token or "", count(answer.get("total_records")))


def read(shape: type[R], record: object) -> R:
    """Raises `BadAnswer` when `record` is no JSON object."""
    if not isinstance(record, dict):
        raise BadAnswer(f"Zoom answered with {type(record).__name__} in the place of a record")
    return shape(**{name: _READ.get(name, text)(record.get(name)) for name in shape.__struct_fields__})


def text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    # Characters that UTF-8 or PostgreSQL lacks.
    return _NOWHERE_KEPT.sub("\ufffd", value) if isinstance(value, str) else ""


def moment(value: object) -> float | None:
    """ISO 8601 with date and time; UTC unless it says otherwise."""
    if not isinstance(value, str) or not _DATE_AND_TIME.match(value.strip()):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    # The years 1, 1970 and 9999 stand for no time.
    return seconds if 0 < seconds < LAST_MOMENT else None


def duration(value: object) -> float | None:
    seconds = _number(value)
    return seconds if seconds is not None and seconds <= LONGEST else None


def _number(value: object) -> float | None:
    """A number not below zero."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def flag(value: object) -> bool:
    return value is True or value == 1 or (isinstance(value, str) and value.strip().lower() in {"true", "1"})


def count(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() and number <= _MOST else None


_NOWHERE_KEPT = re.compile("[\0\ud800-\udfff]")
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")

_READ: dict[str, Callable[[object], Any]] = {
    "join_time": moment,
    "leave_time": moment,
    "create_time": moment,
    "start_time": moment,
    "duration": duration,
    "failover": flag,
    "internal_user": flag,
    "approval_type": count,
}
"""How a field of that name is read; other fields are texts."""
