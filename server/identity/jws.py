"""A signed token (JWS Compact Serialization, RFC 7515): taken apart, before anything of it is believed."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from typing import Any, NamedTuple

import orjson

from signalling.protocol.errors import ErrorCode, Refused

MAX_SIZE = 16 * 1024
"""Characters. Those of Supabase, with all that is in them, have two thousand."""

_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")

_REFUSED = ("jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc")
"""Header fields that name keys of the token's own, or ask for what is not done here (RFC 8725 section 3.10)."""


class Jws(NamedTuple):
    """`signed`: the bytes that the signature is of."""

    algorithm: str
    kid: str | None
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def taken_apart(token: str) -> Jws:
    """Raises `Refused` (bad_token)."""
    if len(token) > MAX_SIZE:
        raise bad("The token is too long.")
    shape = _SHAPE.fullmatch(token)
    if shape is None:
        raise bad("The token is no signed JWT.")
    head, body, signature = shape.groups()
    header, claims = _object(head), _object(body)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or not isinstance(kid, str | None):
        raise bad("The token names no algorithm (alg).")
    if str(header.get("cty", "")).upper() == "JWT":
        raise bad("The token holds another token.")
    if unusual := next((name for name in _REFUSED if name in header), None):
        raise bad(f"The token's header says {unusual}, which is not taken.")
    return Jws(algorithm, kid, claims, f"{head}.{body}".encode(), _decoded(signature))


def claims_unverified(token: str) -> dict[str, Any]:
    """What the token claims, to be believed by nobody. Empty if it is no token."""
    try:
        return _object(token[:MAX_SIZE].split(".")[1])
    except (Refused, IndexError):
        return {}


def bad(text: str) -> Refused:
    return Refused(ErrorCode.BAD_TOKEN, text)


def _object(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(_decoded(text))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise bad("The token is no signed JWT.")
    return found


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise bad("The token is no signed JWT.") from None
