"""Signed claims: JWT (RFC 7519) with HS256. A join signs two tokens, a resume verifies one.

The library takes ten times as long; it is used, and imported, only for tokens with a header other than ours.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import Any

import orjson

_HEADER = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")


def sign(claims: dict[str, object], key: bytes) -> str:
    signed = b"%b.%b" % (_HEADER, _text(orjson.dumps(claims)))
    return (signed + _signature(signed, key)).decode()


def verified(token: str, key: bytes) -> dict[str, Any] | None:
    """The claims, if they were signed by this key. The caller checks dates."""
    try:
        ours = token.encode()
        signed, _, _ = ours.rpartition(b".")
        header, _, claims = signed.partition(b".")
        if header == _HEADER:
            if not hmac.compare_digest(signed + _signature(signed, key), ours):
                return None
            found = orjson.loads(urlsafe_b64decode(claims + b"=" * (-len(claims) % 4)))
        else:
            found = _other(token, key)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _other(token: str, key: bytes) -> dict[str, Any] | None:
    # Imported here: it brings `cryptography` along where that is installed, for a tenth of a second and 10 MiB.
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=["HS256"], options={"verify_exp": False})
    except jwt.InvalidTokenError:
        return None
    return claims


def _signature(signed: bytes, key: bytes) -> bytes:
    mac = _begun(key).copy()
    mac.update(signed)
    return b"." + _text(mac.digest())


@lru_cache(maxsize=4)
def _begun(key: bytes) -> hmac.HMAC:
    """Keyed once. (`hmac.digest` lets go of the interpreter's lock for each token, and then waits for the thread that
    writes to SQLite: ten times as long as signing takes.)"""
    return hmac.new(key, digestmod="sha256")


def _text(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
