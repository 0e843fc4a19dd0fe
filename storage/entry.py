"""Whether somebody may join a meeting, and what their token or invite grants them. Pure.

`storage.sqlite.joins` asks these functions. `judged` in `sql/postgres/functions/entry.sql` decides the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.errors import Reason
from storage.moderation import Back
from storage.records import PROGRAMS, JoinRequest, Role

SITTING_ENDS_AFTER = 900.0
"""Seconds without people after which a sitting is over (in `sql/postgres`, too)."""

DENIED_FOR_GOOD = 2
"""Denials after which a user is not let in any more."""

RANKS: Mapping[Role, int] = {"participant": 0, "cohost": 1, "host": 2}


@dataclass(frozen=True, slots=True)
class Invitation:
    """A valid invite that the user has shown: neither revoked nor expired, and with a use left unless this user has
    `used` it before. (With the role host: the host link, which nobody has used.)"""

    role: Role
    created_at: float
    used: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What is on record of the meeting and of the user who asks.

    `hosted`: a host or co-host is in. `role` is None for a user without a participant. `last_sitting`: the last one in
    which the user was in; negative: and was removed from. `admitted_in`: the sitting for which a moderator admitted the
    user. `put_out`: the stay to which the page would return ended by a removal.
    """

    host_user_id: str
    settings: Mapping[str, Any]
    sitting: int
    hosted: bool = False
    role: Role | None = None
    role_at: float | None = None
    last_sitting: int = 0
    put_out: bool = False
    removal: Back | None = None
    removed_at: float | None = None
    admitted_in: int = 0
    denials: int = 0
    invitation: Invitation | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a join changes of its participant; None: nothing."""

    role: Role | None = None
    may: Mapping[str, Any] | None = None
    role_at: float | None = None


NOTHING = Grant()


def granted(request: JoinRequest, known: Known) -> Grant:
    """What claims and invite grant to a new participant, or change because they are newer than what the meeting did.

    The host stays host. Whoever would become host of a meeting that has one becomes co-host, but by the host link,
    which counts whatever the meeting did to its user before. An invite takes no role away.
    """
    if request.user_id == known.host_user_id:
        return NOTHING
    is_new = known.role is None and known.removal is None
    changed_at = max(known.role_at or 0.0, known.removed_at or 0.0)
    grant = NOTHING
    claims = request.role is not None or request.may is not None
    if claims and (is_new or (request.role_at or 0.0) > changed_at):
        grant = Grant(request.role, request.may, request.role_at)
    invite = known.invitation
    if invite is not None and invite.role == "host":
        return Grant("host", grant.may, max(request.at, changed_at))
    if invite is not None and not invite.used and (is_new or invite.created_at > changed_at):
        role = grant.role or known.role or "participant"
        if RANKS[invite.role] > RANKS[role]:
            grant = Grant(invite.role, grant.may, request.at)
    if grant.role == "host" and known.host_user_id:
        grant = Grant("cohost", grant.may, grant.role_at)
    return grant


def refusal(request: JoinRequest, known: Known, grant: Grant) -> Reason | None:
    """Why the user is not let in; None: they are."""
    settings, standing, invited = known.settings, request.standing, known.invitation is not None
    if known.removal == "never" or known.put_out:
        # Who may come back after a removal asks as everybody does; the page that was put out has to hear of it first.
        return "removed"
    if known.denials >= DENIED_FOR_GOOD:
        return "denied"
    if request.user_id == known.host_user_id or (grant.role or known.role) in ("host", "cohost"):
        return None
    if known.removal == "knock":
        return "lobby"
    # A removal that was recorded while the join was on its way has taken the place.
    has_place = request.has_place and known.last_sitting >= 0
    if has_place or known.sitting in (known.admitted_in, known.last_sitting):
        return None
    is_ours = standing == "trusted" and request.user_id.startswith(PROGRAMS)
    if settings.get("join_before_host") is False and not known.hosted and not is_ours:
        return "not_started"
    version = settings.get("password_version")
    has_password = version is not None and request.password_version == version
    if version is not None and not has_password and not invited:
        return "password_required"
    if settings.get("locked") is True:
        return "locked"
    lobby = settings.get("lobby")
    waits = (lobby == "everyone" and standing != "trusted") or (
        standing == "guest" and (lobby == "guests" or request.guests_wait)
    )
    skips = invited or (has_password and settings.get("password_skips_lobby") is True)
    return "lobby" if waits and not skips else None
