"""The keys that an issuer's tokens are verified with: read from a JWK Set (RFC 7517), from PEM, or shared secrets.

A key serves the algorithms of its own kind and no other, so that a token's header never chooses how a key is used
(RFC 8725 section 3.1). `jwt` and `cryptography` are imported when public keys are read: few servers need them.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import orjson

MOST_KEYS = 100
LEAST_RSA_BITS, MOST_RSA_BITS = 2048, 8192
"""Shorter keys are not secure (RFC 7518 section 3.3); longer ones take a while."""

_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_ED25519 = frozenset({"EdDSA", "Ed25519"})
"""`Ed25519` is the name that RFC 9864 gives `EdDSA` with this curve."""

_KINDS: dict[tuple[str, str], frozenset[str]] = {
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): _ED25519,
    ("RSA", ""): _RSA,
}
"""Algorithms by kind of key (kty and crv). Shared secrets (oct) are never published, so they are not in here."""

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}

_PUBLIC = ("kty", "crv", "x", "y", "n", "e")

_HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}

_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)


class BadKeys(ValueError):  # noqa: N818 - named for what it found
    """What should be keys is none. The text is a clause that says why."""


class Key(NamedTuple):
    """`algorithms`: those it may verify. `material`: the secret's bytes, or a public key of `cryptography`."""

    kid: str | None
    algorithms: frozenset[str]
    material: Any

    def has_signed(self, algorithm: str, signed: bytes, signature: bytes) -> bool:
        if algorithm not in self.algorithms:
            return False
        if algorithm in _HASHES:
            return hmac.compare_digest(hmac.digest(self.material, signed, _HASHES[algorithm]), signature)
        return bool(_verifier(algorithm).verify(signed, self.material, signature))


def of_secrets(secrets: Iterable[str]) -> list[Key]:
    return [Key(None, frozenset(_HASHES), secret.encode()) for secret in secrets]


def of_bytes(data: bytes) -> list[Key]:
    """The public keys in a JWK Set, a JWK or PEM; those of kinds that sign nothing here are left out.

    Raises `BadKeys`.
    """
    found = _of_pem(data) if b"-----BEGIN" in data else _of_json(data)
    if not found:
        raise BadKeys("it holds no public key that signs (RSA of 2048 bits or more, EC or Ed25519)")
    return found


def _of_json(data: bytes) -> list[Key]:
    try:
        whole = orjson.loads(data)
    except (ValueError, RecursionError):
        page = ", but a page (HTML)" if data.lstrip().startswith(b"<") else ""
        raise BadKeys(f"it is no JSON{page}") from None
    if isinstance(whole, dict) and "kty" in whole:
        whole = {"keys": [whole]}
    keys = whole.get("keys") if isinstance(whole, dict) else None
    if not isinstance(keys, list):
        raise BadKeys("it is no JWK Set: there is no list of keys in it")
    if len(keys) > MOST_KEYS:
        raise BadKeys(f"it holds {len(keys)} keys, and {MOST_KEYS} are the most that are looked at")
    return [key for jwk in keys if isinstance(jwk, dict) and (key := _of_jwk(jwk)) is not None]


def _of_jwk(jwk: Mapping[str, Any]) -> Key | None:
    kty, crv = jwk.get("kty"), jwk.get("crv", "")
    kid, algorithm = jwk.get("kid"), jwk.get("alg")
    if not isinstance(kty, str) or not isinstance(crv, str) or not isinstance(kid, str | None):
        return None
    algorithms = _KINDS.get((kty, crv), frozenset())
    if algorithm is not None and algorithms != _ED25519:
        algorithms &= {algorithm} if isinstance(algorithm, str) else set()
    operations = jwk.get("key_ops", ["verify"])
    may_verify = jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
    if not algorithms or not may_verify:
        return None
    import jwt

    # Only what is public: a set may hold private keys by mistake.
    public = {name: jwk[name] for name in _PUBLIC if name in jwk}
    try:
        material = _verifier(min(algorithms)).from_jwk(public)
    except (jwt.InvalidKeyError, ValueError, TypeError, AttributeError):
        return None
    return Key(kid, algorithms, material) if _has_a_good_size(material) else None


def _of_pem(data: bytes) -> list[Key]:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate

    keys: list[Key] = []
    for block in _PEM.finditer(data):
        if b"PRIVATE" in block[1]:
            raise BadKeys("it holds a private key: only public ones belong there")
        try:
            is_certificate = block[1] == b"CERTIFICATE"
            text = block[0] + b"\n"
            key = (
                load_pem_x509_certificate(text).public_key() if is_certificate else load_pem_public_key(text)
            )
        except Exception as error:  # it raises several kinds, some of them its own
            raise BadKeys("it holds PEM that cannot be read") from error
        kind = ("", "")
        if isinstance(key, rsa.RSAPublicKey):
            kind = ("RSA", "")
        elif isinstance(key, ed25519.Ed25519PublicKey):
            kind = ("OKP", "Ed25519")
        elif isinstance(key, ec.EllipticCurvePublicKey):
            kind = ("EC", _CURVES.get(key.curve.name, ""))
        if kind in _KINDS and _has_a_good_size(key):
            keys.append(Key(None, _KINDS[kind], key))
    return keys


def _has_a_good_size(material: Any) -> bool:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    return not isinstance(material, RSAPublicKey) or LEAST_RSA_BITS <= material.key_size <= MOST_RSA_BITS


def load() -> None:
    """Import what public keys need, before anybody waits for it."""
    _verifier("ES256")


@cache
def _verifier(algorithm: str) -> Any:
    import jwt

    return jwt.get_algorithm_by_name("EdDSA" if algorithm == "Ed25519" else algorithm)
