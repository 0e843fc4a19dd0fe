"""Tokens of an application: what is taken, and what is wrong with all others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server.identity import keys
from server.identity.identities import Identities
from server.identity.ids import outside_user
from server.identity.issuer import Issuer
from server.identity.jws import MAX_SIZE
from server.identity.outside_user import LEEWAY
from server.identity.tokens import Tokens
from server.settings.config import Config
from signalling.protocol.errors import ErrorCode, Refused
from tests.issuer import AUDIENCE, ISSUER, SECRET, Signer, jwks, part
from tests.server.identity.issuers import NOW, configured, issuer, refusal

OTHER_SECRET = "a secret that this server has never heard of"


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA", "Ed25519"])
async def test_a_token_signed_with_a_published_key_is_taken(algorithm: str) -> None:
    signer = Signer(algorithm)
    user = await issuer(Signer("ES256", "another"), signer).read(signer.token(now=NOW), NOW)
    assert user.user_id == outside_user(ISSUER, "ann")
    assert (user.expires_at, user.issued_at) == (NOW + 600 + LEEWAY, NOW)


@pytest.mark.parametrize("algorithm", ["ES384", "ES512", "RS512", "PS256"])
async def test_other_algorithms_are_taken_where_they_are_asked_for(algorithm: str) -> None:
    signer = Signer(algorithm)
    assert (await refusal(issuer(signer), signer.token(now=NOW))).code is ErrorCode.BAD_TOKEN
    assert (await issuer(signer, ALGORITHMS=algorithm).read(signer.token(now=NOW), NOW)).user_id


async def test_a_shared_secret_and_the_one_before_it_are_taken() -> None:
    both = issuer(SECRET_PREVIOUS=OTHER_SECRET)
    for secret in (SECRET, OTHER_SECRET):
        assert (await both.read(Signer("HS256", None, secret).token(now=NOW), NOW)).user_id
    assert (await refusal(issuer(), Signer("HS256", None, OTHER_SECRET).token(now=NOW))).code == "bad_token"


async def test_where_there_is_no_login_a_token_of_one_is_told_what_is_missing() -> None:
    config = Config.from_env({"RECONVENE_SECRET": SECRET})
    identities = Identities(config, Tokens(SECRET))
    for token, words in ((Signer("HS256", None).token(now=NOW), "RECONVENE_JWT_ISSUER"), ("none", "")):
        with pytest.raises(Refused) as refused:
            await identities.read(token, NOW)
        assert refused.value.code is ErrorCode.BAD_TOKEN
        assert words in refused.value.text


async def test_a_token_that_names_no_key_is_tried_with_all() -> None:
    first, second = Signer("ES256"), Signer("ES256", None)
    assert (await issuer(first, second).read(second.token(now=NOW), NOW)).user_id


async def test_keys_are_read_from_a_file(tmp_path: Path) -> None:
    signers = [Signer("ES256"), Signer("RS256"), Signer("EdDSA")]
    for name, data in (
        ("keys.pem", b"".join(signer.pem for signer in signers)),
        ("keys.json", jwks(*signers)),
    ):
        file = tmp_path / name
        file.write_bytes(data)
        found = Issuer(configured(KEYS_FILE=str(file)))
        for signer in signers:
            assert (await found.read(signer.token(now=NOW), NOW)).user_id


async def test_an_expired_token_is_told_from_a_bad_one() -> None:
    token = Signer("HS256", None).token(now=NOW)
    assert (await issuer().read(token, NOW + 600 + LEEWAY - 1)).user_id
    assert (await refusal(issuer(), token, NOW + 600 + LEEWAY)).code is ErrorCode.TOKEN_EXPIRED


HEADERS: dict[str, dict[str, Any]] = {
    "no algorithm": {"alg": None},
    "an algorithm that is not taken": {"alg": "none"},
    "algorithm that is not taken": {"alg": "ES384"},
    "names no algorithm": {"kid": 5},
    "says jku": {"jku": "https://evil.example/keys"},
    "says x5u": {"x5u": "https://evil.example/cert"},
    "says jwk": {"jwk": {"kty": "EC"}},
    "says crit": {"crit": ["exp"]},
    "says b64": {"b64": False},
    "holds another token": {"cty": "jwt"},
}


@pytest.mark.parametrize("text", HEADERS)
async def test_a_header_that_asks_for_something_else_is_refused(text: str) -> None:
    signer = Signer()
    refused = await refusal(issuer(signer), signer.token(now=NOW, header=HEADERS[text]))
    assert refused.code is ErrorCode.BAD_TOKEN
    assert text in refused.text


async def test_a_public_key_is_no_secret() -> None:
    """The oldest trick: HS256 with the published key as the secret."""
    signer = Signer("RS256")
    trick = Signer("HS256", "key 1")
    trick.key = signer.pem
    assert (await refusal(issuer(signer), trick.token(now=NOW))).code is ErrorCode.BAD_TOKEN


async def test_the_algorithm_has_to_be_that_of_the_key() -> None:
    published, other = Signer("ES256"), Signer("RS256")
    refused = await refusal(issuer(published), other.token(now=NOW))
    assert (refused.code, "another algorithm" in refused.text) == (ErrorCode.BAD_TOKEN, True)


async def test_a_key_that_nobody_knows_is_no_fault_of_the_token() -> None:
    refused = await refusal(issuer(Signer()), Signer(kid="key 2").token(now=NOW))
    assert refused.code is ErrorCode.UNAVAILABLE
    assert refused.retry_after is not None


async def test_another_signature_is_refused() -> None:
    published = Signer()
    for forged in (Signer(), Signer(kid=None)):
        assert (await refusal(issuer(published), forged.token(now=NOW))).code is ErrorCode.BAD_TOKEN
    token = published.token(now=NOW)
    assert (await refusal(issuer(published), token[:-4] + "AAAA")).code is ErrorCode.BAD_TOKEN
    head, _, signature = token.split(".")
    changed = f"{head}.{part({'iss': ISSUER, 'aud': AUDIENCE, 'sub': 'bob', 'exp': NOW + 9})}.{signature}"
    assert (await refusal(issuer(published), changed)).code is ErrorCode.BAD_TOKEN


NONSENSE = [
    "",
    "nonsense",
    "a.b.c",
    "é.é.é",
    "a.b.c.d.e",
    f"{part(b'[]')}.{part(b'{}')}.AAAA",
    f"{part(b'{')}.{part(b'{}')}.AAAA",
    f"{part({'alg': 'HS256'})}.{part(b'[' * 4000)}.AAAA",
    f"{part({'alg': 'HS256'})}.{part(b'5')}.AAAA",
    f"{part({'alg': 'HS256'})}.{part(b'{}')}.",
    "x" * 1_000_000,
    "x" * MAX_SIZE,
    "\0",
]


@pytest.mark.parametrize("token", NONSENSE, ids=range(len(NONSENSE)))
async def test_nonsense_is_refused(token: str) -> None:
    assert (await refusal(issuer(), token)).code is ErrorCode.BAD_TOKEN


async def test_a_token_of_a_megabyte_is_refused_though_it_is_signed() -> None:
    token = Signer("HS256", None).token(now=NOW, note="x" * 1_000_000)
    assert "too long" in (await refusal(issuer(), token)).text


# Keys


def test_keys_that_sign_nothing_are_left_out() -> None:
    good = Signer().jwk
    strange: list[Any] = [
        good | {"use": "enc"},
        good | {"key_ops": ["sign"]},
        good | {"alg": "RS256"},
        good | {"crv": "secp256k1"},
        good | {"x": "AA"},
        good | {"x": 5},
        good | {"kid": 5},
        {"kty": "oct", "k": part(SECRET.encode()), "alg": "HS256"},
        {"kty": "OKP", "crv": "X25519", "x": part(b"x" * 32)},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        Signer("RS256", bits=1024).jwk,
        {},
        "a key",
        None,
    ]
    (key,) = keys.of_bytes(json.dumps({"keys": [*strange, good]}).encode())
    assert (key.kid, key.algorithms) == ("key 1", frozenset({"ES256"}))
    (alone,) = keys.of_bytes(json.dumps(good).encode())
    assert alone.kid == "key 1"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b"[" * 60_000,
        b'{"keys": [' + b",".join([b"{}"] * 10_000) + b"]}",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN PUBLIC KEY-----",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ],
)
def test_what_is_no_key_set_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(keys.BadKeys, match=r"^it "):
        keys.of_bytes(data)
