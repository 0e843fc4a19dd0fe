"""Whatever stands in a token, or is sent as one: it is taken or refused, and nothing else happens."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.identity import keys
from server.identity.identities import Identities
from server.identity.issuer import Issuer
from server.identity.outside_user import OutsideUser
from server.identity.tokens import Tokens, Voucher
from server.settings.config import Config
from signalling.protocol.errors import ErrorCode, Refused
from tests.issuer import AUDIENCE, ISSUER, SECRET, Signer, login, part
from tests.server.identity.issuers import NOW

SIGNER = Signer("HS256", None)
CONFIG = Config.from_env(login(SECRET=SECRET))
LOGIN = CONFIG.login
assert LOGIN is not None
HERE = Issuer(LOGIN)
IDENTITIES = Identities(CONFIG, Tokens("a secret of some length"), HERE)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
CLAIMS = (
    "exp",
    "iat",
    "nbf",
    "name",
    "picture",
    "meeting",
    "role",
    "role_at",
    "may",
    "lobby",
    "create",
    "kind",
)
ANSWERS = {ErrorCode.BAD_TOKEN, ErrorCode.TOKEN_EXPIRED}


async def answer(token: str) -> OutsideUser | ErrorCode:
    try:
        who = await IDENTITIES.read(token, NOW)
    except Refused as refused:
        return refused.code
    assert who.outside is not None
    assert Voucher.of_claim([*(who.voucher or ())]) == who.voucher
    return who.outside


@given(st.dictionaries(st.sampled_from(CLAIMS), JSON))
async def test_claims_of_any_kind(claims: dict[str, Any]) -> None:
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": NOW + 9}
    found = await answer(SIGNER.compact({"alg": "HS256"}, usual | claims))
    if isinstance(found, OutsideUser):
        assert found.user_id.startswith(("x_", "xb_"))
        assert found.role is None or found.meetings
    else:
        assert found in ANSWERS


@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "cty", "jku", "crit"]), JSON), JSON)
async def test_headers_and_bodies_of_any_kind(header: dict[str, Any], body: Any) -> None:
    claims = body if isinstance(body, dict) else {"sub": body}
    assert await answer(SIGNER.compact({"alg": "HS256"} | header, claims)) in ANSWERS


@given(
    st.text() | st.lists(st.binary(), min_size=2, max_size=5).map(lambda parts: ".".join(map(part, parts)))
)
async def test_texts_of_any_kind(token: str) -> None:
    assert await answer(token) in ANSWERS


FIELDS = ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops")
KINDS = st.sampled_from(["EC", "P-256", "RSA", "OKP", "Ed25519", "AQAB", "sig"])


@given(st.binary())
def test_keys_of_any_kind(data: bytes) -> None:
    with contextlib.suppress(keys.BadKeys):
        keys.of_bytes(data)


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), KINDS | JSON), max_size=4))
def test_sets_of_keys_of_any_kind(found: list[dict[str, Any]]) -> None:
    with contextlib.suppress(keys.BadKeys):
        keys.of_bytes(json.dumps({"keys": found}).encode(errors="surrogatepass"))
