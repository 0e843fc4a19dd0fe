"""What an application's token says of a user: its claims (RFC 7519), checked and in one frozen object.

`role`, `may` and `lobby` are only carried here; what they mean is decided where somebody enters a meeting.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args

from server.identity.ids import outside_user
from server.identity.jws import bad
from server.settings.login import Login
from signalling.protocol import identifiers
from signalling.protocol.client_messages import Program
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.fields import Kind
from signalling.protocol.rights import Role

LEEWAY = 30.0
"""Seconds by which the clocks of the issuer and of this server may differ."""

MOST_MEETINGS = 100
LONGEST_PICTURE = 2048
RIGHTS = ("audio", "video", "screen", "chat", "hand")


@dataclass(frozen=True, slots=True)
class OutsideUser:
    """A user whom an application has identified. Times are epoch seconds; None is what the token does not say.

    `expires_at`: with the leeway. `issued_at`: 0 if the token does not say. `meetings`: the only ones it is good for.
    `role_at`: when the application gave the role. `anonymous`: the issuer does not know who it is either.
    """

    user_id: str
    issuer: str
    expires_at: float
    issued_at: float
    name: str | None = None
    picture: str | None = None
    meetings: frozenset[str] | None = None
    role: Role | None = None
    role_at: float | None = None
    may: Mapping[str, bool] = field(default_factory=dict)
    lobby: bool | None = None
    create: bool | None = None
    kind: Kind = ""
    anonymous: bool = False

    def refuse_elsewhere(self, room: str) -> None:
        """Raises `Refused` (forbidden) if the token is for other meetings. Everybody may test their call."""
        if self.meetings is not None and room not in self.meetings and not identifiers.is_echo(room):
            raise Refused(ErrorCode.FORBIDDEN, "This token is for another meeting.")


def read(claims: Mapping[str, Any], login: Login, now: float) -> OutsideUser:
    """Raises `Refused`: token_expired, or bad_token with a text that names the claim."""
    expires_at, issued_at = _dates(claims, login, now)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise bad("The token names no user (sub).")
    who = expires_at, issued_at
    return (_of_supabase if login.supabase else _of_claims)(claims, login.issuer, subject, *who)


def _dates(claims: Mapping[str, Any], login: Login, now: float) -> tuple[float, float]:
    """When the token expires, and when it was issued. Checks for whom it is as well."""
    if claims.get("iss") != login.issuer:
        raise bad("The token is of another issuer (iss).")
    audience = claims.get("aud")
    if login.audience not in (audience if isinstance(audience, list) else [audience]):
        raise bad("The token is for another audience (aud).")
    expires_at = _number(claims, "exp")
    if expires_at is None:
        raise bad("The token never expires: it needs the claim exp.")
    not_before, issued_at = _number(claims, "nbf"), _number(claims, "iat")
    if max(not_before or 0.0, issued_at or 0.0) > now + LEEWAY:
        raise bad("The token is not valid yet (nbf, iat): the issuer's clock and this server's differ.")
    if expires_at + LEEWAY <= now:
        raise Refused(ErrorCode.TOKEN_EXPIRED)
    return expires_at + LEEWAY, issued_at or 0.0


def _of_claims(
    claims: Mapping[str, Any], issuer: str, subject: str, expires_at: float, issued_at: float
) -> OutsideUser:
    kind = _one_of(claims, "kind", get_args(Program)) or ""
    meetings = _meetings(claims.get("meeting"))
    role = _one_of(claims, "role", get_args(Role))
    if role is not None and meetings is None:
        raise bad("The token gives a role in no meeting: it needs the claim meeting.")
    return OutsideUser(
        user_id=outside_user(issuer, subject, cast(Kind, kind)),
        issuer=issuer,
        expires_at=expires_at,
        issued_at=issued_at,
        name=_name(claims.get("name")),
        picture=_picture(claims.get("picture")),
        meetings=meetings,
        role=cast(Role | None, role),
        role_at=_number(claims, "role_at"),
        may=_rights(claims.get("may")),
        lobby=_switch(claims, "lobby"),
        create=_switch(claims, "create"),
        kind=cast(Kind, kind),
    )


def _of_supabase(
    claims: Mapping[str, Any], issuer: str, subject: str, expires_at: float, issued_at: float
) -> OutsideUser:
    """A token of Supabase Auth. Users edit their `user_metadata`: nothing but name and picture is taken from it. Its
    claim `role` is the database's (`authenticated`)."""
    about = claims.get("user_metadata")
    said = about if isinstance(about, dict) else {}
    names = (_name(said.get(name)) for name in ("full_name", "name", "user_name", "preferred_username"))
    return OutsideUser(
        user_id=outside_user(issuer, subject),
        issuer=issuer,
        expires_at=expires_at,
        issued_at=issued_at,
        name=next((name for name in names if name), None),
        picture=_picture(said.get("avatar_url")) or _picture(said.get("picture")),
        anonymous=claims.get("is_anonymous") is True,
    )


def _number(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad(f"The token's claim {name} has to be a number of seconds.")
    return float(value)


def _switch(claims: Mapping[str, Any], name: str) -> bool | None:
    value = claims.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad(f"The token's claim {name} has to be true or false.")
    return value


def _one_of(claims: Mapping[str, Any], name: str, values: tuple[str, ...]) -> str | None:
    value = claims.get(name)
    if value is not None and value not in values:
        raise bad(f"The token's claim {name} has to be one of {', '.join(values)}.")
    return value


def _meetings(value: Any) -> frozenset[str] | None:
    if value is None:
        return None
    ids = value if isinstance(value, list) else [value]
    try:
        if not 1 <= len(ids) <= MOST_MEETINGS or not all(isinstance(each, str) for each in ids):
            raise ValueError
        return frozenset(identifiers.meeting_id(each) for each in ids)
    except ValueError:
        raise bad("The token's claim meeting has to be a meeting ID, or a list of some.") from None


def _rights(value: Any) -> Mapping[str, bool]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(
        name in RIGHTS and isinstance(may, bool) for name, may in value.items()
    ):
        raise bad(f"The token's claim may has to be an object of {', '.join(RIGHTS)}, each true or false.")
    return value


def _name(value: Any) -> str | None:
    """The name, made to fit: whoever bears the token could not correct it."""
    if not isinstance(value, str):
        return None
    text = "".join(filter(identifiers.is_text, value[: 4 * identifiers.NAME_LENGTH])).strip()
    with contextlib.suppress(ValueError):
        return identifiers.person_name(text[: identifiers.NAME_LENGTH])
    return None


def _picture(value: Any) -> str | None:
    """The address of a picture; None for what is no address by https."""
    if not isinstance(value, str) or not value.startswith("https://") or len(value) > LONGEST_PICTURE:
        return None
    # No address has spaces and controls; browsers and libraries do not agree about what they make of them.
    return value if value.isprintable() and " " not in value else None
