"""The two kinds of tokens: those that open the API, and those that lead to the next page."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from tests.zoom.stand_in.clock import Clock
from tests.zoom.stand_in.requests import Answer, Asked, RefusedError, told

LIFE = 3600.0
PAGE_LIFE = 15 * 60.0


@dataclass(frozen=True)
class Credentials:
    account_id: str = "AbCdEfGhIjKlMnOpQr_stu"
    client_id: str = "cLiEnTiDfOrTeStS"
    client_secret: str = "a-secret-that-no-log-line-may-hold"


class AccessTokens:
    """By `grant_type=account_credentials`; each is good for an hour, and the older ones stay good."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self.credentials = credentials
        self.scopes: frozenset[str] = frozenset()
        self.issued = 0
        self._clock = clock
        self._ends: dict[str, float] = {}

    def grant(self, authorization: str, query: bytes, body: bytes) -> Answer:
        """The answer of the token endpoint. Parameters may come in the query or as a form."""
        known = self.credentials
        try:
            scheme, _, encoded = authorization.partition(" ")
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            scheme = pair = ""
        if scheme.lower() != "basic" or not same(pair, f"{known.client_id}:{known.client_secret}"):
            return told(400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
        given = parse_qs((query + b"&" + body).decode("ascii", "replace"), keep_blank_values=True)
        if given.get("grant_type") != ["account_credentials"]:
            return told(400, {"reason": "unsupported grant type", "error": "unsupported_grant_type"})
        if given.get("account_id") != [known.account_id]:
            return told(400, {"reason": "Bad Request", "error": "invalid_request"})
        self.issued += 1
        token = f"eyJ{secrets.token_urlsafe(24)}.{self.issued}"
        self._ends[token] = self._clock.now() + LIFE
        return told(
            200,
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": int(LIFE),
                "scope": " ".join(sorted(self.scopes)),
                "api_url": "https://api.zoom.us",
            },
        )

    def check(self, authorization: str) -> None:
        scheme, _, token = authorization.partition(" ")
        ends = self._ends.get(token)
        if scheme.lower() != "bearer" or ends is None:
            raise RefusedError(401, 124, "Invalid access token.")
        if ends <= self._clock.now():
            raise RefusedError(401, 124, "Access token is expired.")

    def expire(self) -> None:
        """All that were granted so far."""
        self._ends = dict.fromkeys(self._ends, 0.0)

    def demand(self, scopes: Collection[str]) -> None:
        """Refuse what is not among the granted scopes: one of these would do."""
        if not self.scopes.intersection(scopes):
            listed = ", ".join(sorted(scopes))
            raise RefusedError(400, 4711, f"Invalid access token, does not contain scopes:[{listed}].")


@dataclass(slots=True)
class _Place:
    path: str
    params: Mapping[str, str]
    offset: int
    until: float
    used: bool = False


class PageTokens:
    """Each leads to one place of one list, for a quarter of an hour; once, unless `again` is set."""

    def __init__(self, clock: Clock) -> None:
        self.again = False
        self._clock = clock
        self._places: dict[str, _Place] = {}

    def lead_to(self, asked: Asked, offset: int) -> str:
        token = secrets.token_urlsafe(18)
        self._places[token] = _Place(asked.path, others(asked.params), offset, self._clock.now() + PAGE_LIFE)
        return token

    def follow(self, asked: Asked) -> int:
        """Where the page begins, from 0. Without a token, or with an empty one: at the beginning."""
        token = asked.params.get("next_page_token", "")
        if not token:
            return 0
        place = self._places.get(token)
        if (
            place is None
            or (place.used and not self.again)
            or place.until <= self._clock.now()
            or (place.path, place.params) != (asked.path, others(asked.params))
        ):
            raise RefusedError(400, 300, "The next page token is invalid or expired.")
        place.used = True
        return place.offset

    def expire(self) -> None:
        """All that were given out so far."""
        self._places.clear()


def others(params: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in params.items() if name != "next_page_token"}


def same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())
