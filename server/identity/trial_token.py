"""Makes a token as an application would, with the shared secret: to try a login before the application signs any."""

from __future__ import annotations

from typing import Any

from server.identity import outside_user
from server.identity.outside_user import OutsideUser
from server.identity.signed import sign
from server.settings.login import Login


def made(login: Login, claims: dict[str, Any], now: float, lasts: float) -> tuple[str, OutsideUser]:
    """The token, and whom it names. `claims`: besides those that every token has; None leaves one out.

    Raises `Refused` for claims that would be refused. The login has a secret, and takes HS256.
    """
    usual = {"iss": login.issuer, "aud": login.audience, "iat": int(now), "exp": int(now + lasts)}
    whole = usual | {name: claim for name, claim in claims.items() if claim is not None}
    if login.supabase:
        about = {"full_name": whole.pop("name", None), "avatar_url": whole.pop("picture", None)}
        whole["user_metadata"] = {name: said for name, said in about.items() if said is not None}
    return sign(whole, login.secrets[0].encode()), outside_user.read(whole, login, now)
