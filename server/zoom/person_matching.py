"""Makes Zoom's rows into what the store keeps: which rows are one person's, and which are one stay. Pure.

    ParticipantRow ─► Row         keys: registrant, user and e-mail address; without any, a guest of this one stay
    RegistrantRow ─► Registrant

The rows of one person need not share one id: one row may have the registrant's, the next one the user's and the e-mail
address. So each row gets a key for every id it has, and the store unites rows by shared keys. Empty ids, `user_id` (new
at every join) and names never unite rows.

Times are seconds since the epoch.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from server.zoom.address import NUMBER, external_id
from server.zoom.zoom_records import Details, PanelistRow, ParticipantRow, RegistrantRow
from signalling.protocol import identifiers, visible
from storage.imports import (
    INSTANCE,
    REGISTRANTS,
    HeldRole,
    Kind,
    LiveStay,
    Registrant,
    RegistrantStatus,
    Row,
    Subject,
)

HOST: Final = "zoom"
"""The host of imports. No user has this id: only the admin key opens imports."""

IN_WAITING_ROOM: Final = "in_waiting_room"
LONGEST_TEXT = 300


def subject(kind: Kind, external_id: str, title: str, roles: Mapping[str, HeldRole] | None = None) -> Subject:
    """`roles`: None if Zoom did not tell them."""
    return Subject(room(external_id), kind, external_id, text(title), HOST, roles)


def roles(room: str, host: Details, panelists: Iterable[PanelistRow]) -> dict[str, HeldRole]:
    """The hosts and panelists, by the keys that their rows have."""
    speakers = [
        key
        for each in panelists
        for key in _present(
            room, [("user", each.id), ("registrant", each.id), ("email", _address(each.email))]
        )
    ]
    hosts = _present(room, [("user", host.host_id), ("email", _address(host.host_email))])
    held: dict[str, HeldRole] = dict.fromkeys(speakers, "panelist")
    return held | dict.fromkeys(hosts, "host")


def room(external_id: str) -> str:
    """The id of the meeting here. Raises `ValueError`, whose text says what an id may be."""
    if not NUMBER.fullmatch(external_id):
        raise ValueError(
            "A webinar or meeting ID of Zoom has 9 to 12 digits, such as 88988872033 or 889 8887 2033."
        )
    return f"{identifiers.IMPORTED}{external_id}"


def rooms(text: str) -> list[str]:
    """The meetings here that a text may mean, the likeliest first: one with that id, or the import with that number.

    Raises `ValueError` when it can be neither.
    """
    found = []
    try:
        found.append(identifiers.meeting_id(text))
    except ValueError as error:
        wrong = error
    try:
        imported = room(external_id(text))
    except ValueError:
        imported = ""
    if imported and imported not in found:
        found.append(imported)
    if not found:
        raise wrong
    return found


def instance_part(uuid: str) -> str:
    return f"{INSTANCE}{uuid}"


def registrants_part(status: RegistrantStatus) -> str:
    return f"{REGISTRANTS}{status}"


def row(room: str, uuid: str, told: ParticipantRow, fallback: float) -> Row:
    """A stay in the instance `uuid`. `fallback` is its beginning when the row tells no time at all."""
    joined, left = _times(told, fallback)
    left_told = told.leave_time is not None and not _contradict_each_other(told)
    keys = _keys(room, told)
    name, email = text(told.name), text(told.user_email)
    joined_as = "" if told.join_time is None else f"{told.join_time:.3f}"
    who = (told.user_id,) if told.user_id else ("", *(keys or (name,)))
    counted = told.status != IN_WAITING_ROOM
    # A person who is let in at once has a row of the waiting room with the same moment: it must not replace the stay.
    session = _id("s", uuid, *who, joined_as, *(() if counted else (IN_WAITING_ROOM,)))
    guest = not keys
    # Two people without any id who came at the same moment are two people, as long as their rows differ.
    keys = keys or (
        _id("p", room, "guest", session, name_key(name), *(() if told.user_id else (repr(left),))),
    )
    return Row(
        session_id=session,
        keys=keys,
        guest=guest,
        name=name,
        name_key=name_key(name),
        email=email,
        joined_at=joined,
        left_at=left,
        digest=_digest(
            session,
            *keys,
            name,
            email,
            repr(joined),
            repr(left),
            counted,
            *(() if left_told else ("guessed",)),
            *((told.bo_mtg_id,) if told.bo_mtg_id else ()),
        ),
        joined_told=told.join_time is not None,
        left_told=left_told,
        counted=counted,
        breakout=bool(told.bo_mtg_id),
    )


def rows(room: str, uuid: str, told: Iterable[ParticipantRow], fallback: float) -> list[Row]:
    return [row(room, uuid, each, fallback) for each in told]


def registrant(room: str, told: RegistrantRow, status: RegistrantStatus) -> Registrant:
    """`status` is that of the list which has the row."""
    name = text(f"{told.first_name} {told.last_name}")
    email = text(told.email)
    keys = _present(room, [("registrant", told.id), ("email", _address(told.email))])
    # Without an id or address, a name identifies a person, but only among registrants.
    identity = told.id if 0 < len(told.id) <= LONGEST_TEXT else _id("r", room, told.id, email, name)
    keys = keys or (_id("p", room, "registrant", identity),)
    return Registrant(
        registrant_id=identity,
        keys=keys,
        name=name,
        name_key=name_key(name),
        email=email,
        status=status,
        registered_at=told.create_time,
        digest=_digest(identity, *keys, name, email, status, repr(told.create_time)),
    )


def live_stay(
    room: str,
    uuid: str,
    told: ParticipantRow,
    *,
    joined_at: float | None,
    left_at: float | None,
    at: float,
    starts_at: float | None,
    participant_uuid: str = "",
) -> LiveStay:
    """The stay that an event describes. A beginning and its end have `user_id` in common; all stays of a person in one
    instance have `participant_uuid`, in whichever room they are."""
    known = _keys(room, told)
    keys = (*known, *_present(room, [("participant", participant_uuid and f"{uuid} {participant_uuid}")]))
    name = text(told.name)
    session = _id("s", uuid, "live", *((told.user_id,) if told.user_id else (*known, name)))
    return LiveStay(
        part=instance_part(uuid),
        session_id=session,
        keys=keys or (_id("p", room, "guest", session),),
        guest=not known,
        name=name,
        name_key=name_key(name),
        email=text(told.user_email),
        joined_at=joined_at,
        left_at=left_at,
        at=at,
        starts_at=starts_at,
    )


def name_key(name: str) -> str:
    """Equal for names that read the same."""
    return " ".join(unicodedata.normalize("NFKC", visible.shown(name)).casefold().split())


def text(told: str) -> str:
    """The text without what cannot be kept or shown: controls, halves of characters, marks that reverse text."""
    shown = " ".join(told[: 4 * LONGEST_TEXT].split())
    if not shown.isprintable():
        shown = "".join(filter(identifiers.is_text, shown))
    return shown[:LONGEST_TEXT].strip()


def _keys(room: str, told: ParticipantRow) -> tuple[str, ...]:
    return _present(
        room,
        [
            ("registrant", told.registrant_id),
            ("user", told.participant_user_id),
            ("user", told.id),
            ("email", _address(told.user_email)),
        ],
    )


def _present(room: str, ids: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    keys = (_id("p", room, kind, value) for kind, told in ids if (value := told.strip()))
    return tuple(dict.fromkeys(keys))


def _address(email: str) -> str:
    """Only a valid address is an id: those of outsiders may be masked, and several people's are then alike."""
    address = email.strip().lower()
    return address if "@" in address.strip("@") and "*" not in address else ""


def _times(told: ParticipantRow, fallback: float) -> tuple[float, float]:
    joined, left, lasted = told.join_time, told.leave_time, max(0.0, told.duration or 0.0)
    if joined is None:
        joined = fallback if left is None else left - lasted
    if left is None or _contradict_each_other(told):
        left = joined + lasted
    return joined, left


def _contradict_each_other(told: ParticipantRow) -> bool:
    """Nobody leaves before they come, or at the moment at which they come and stays for a while.

    A device's clock may run backwards in between. The duration in the row is right all the same.
    """
    joined, left = told.join_time, told.leave_time
    if joined is None or left is None:
        return False
    return left < joined or (left == joined and bool(told.duration))


def _id(letter: str, *parts: str) -> str:
    told = "\0".join(parts).encode("utf-8", "surrogatepass")
    return f"{letter}_{hashlib.sha256(told).hexdigest()[:24]}"


def _digest(*parts: object) -> int:
    told = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(told).digest()[:5], "big")
