"""Issuers of tokens as this server knows them, and what they refuse."""

from __future__ import annotations

import pytest

from server.identity.issuer import Issuer
from server.identity.key_cache import KeyCache
from server.settings.config import Config
from server.settings.login import Login
from signalling.protocol.errors import Refused
from tests.issuer import SECRET, Signer, jwks, login

NOW = 1_800_000_000.0


def issuer(*signers: Signer, **settings: str) -> Issuer:
    """One whose keys are these, or whose secret is `SECRET`."""

    async def fetch() -> bytes:
        return jwks(*signers)

    if not signers:
        return Issuer(configured(SECRET=SECRET, **settings))
    return Issuer(configured(JWKS_URL="https://a.example/jwks", **settings), KeyCache(fetch, "the test"))


def configured(**settings: str) -> Login:
    found = Config.from_env(login(**settings)).login
    assert found is not None
    return found


async def refusal(of: Issuer, token: str, now: float = NOW) -> Refused:
    with pytest.raises(Refused) as refused:
        await of.read(token, now)
    return refused.value
