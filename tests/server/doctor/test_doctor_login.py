"""What the doctor finds about the login of an application: keys, names, clocks."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path

import pytest

from server.doctor.checks import Finding, Level
from server.doctor.runner import examine
from tests.issuer import ISSUER, SECRET, KeyServer, Signer, jwks, says
from tests.server.findings import environment, one, those

DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
async def keys() -> AsyncIterator[KeyServer]:
    async with KeyServer() as keys:
        keys.publish(Signer("ES256"), Signer("RS256"))
        keys.elsewhere[DISCOVERY] = says(404, b"")
        yield keys


async def found(directory: Path, settings: dict[str, str]) -> list[Finding]:
    findings = await examine(environment(directory) | settings, 10)
    return those(findings, "login") or findings


async def test_a_login_in_order_is_said_to_be(tmp_path: Path, keys: KeyServer) -> None:
    (only,) = await found(tmp_path, keys.settings())
    assert (only.level, "2 keys" in only.found, "ES256, RS" in only.found) == (Level.OK, True, True)


async def test_without_a_login_it_is_said_that_there_is_none(tmp_path: Path) -> None:
    """Whose settings do not reach the server has to see it."""
    (only,) = those(await examine(environment(tmp_path), 10), "login")
    assert (only.level, "there is none: everybody is anonymous" in only.found) == (Level.OK, True)


async def test_keys_that_cannot_be_read_are_a_failure(tmp_path: Path, keys: KeyServer) -> None:
    discovery = {"issuer": "https://a.example", "jwks_uri": "https://a.example/keys"}
    secret = {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}
    for answer, words in (
        (
            says(302, b"", "Location: https://elsewhere.example/keys"),
            ("'https://elsewhere.example/keys'", "trust"),
        ),
        (
            says(404, b""),
            ("it answers 404", "Correct RECONVENE_JWT_JWKS_URL", f"jwks_uri at {ISSUER[:-1]}{DISCOVERY}"),
        ),
        (says(503, b""), ("it answers 503", "Look at what answers there")),
        (says(200, b"<html>", kind="text/html"), ("is no key set", "a page (HTML)", "Correct the address")),
        (
            says(200, json.dumps(discovery).encode()),
            ("set RECONVENE_JWT_JWKS_URL to 'https://a.example/keys'",),
        ),
        (says(200, json.dumps(secret).encode()), ("shared secret (oct)", "RECONVENE_JWT_SECRET")),
    ):
        keys.answer = answer
        one(await found(tmp_path, keys.settings()), "login", Level.FAILURE, *words)
    await keys.stop()
    one(await found(tmp_path, keys.settings()), "login", Level.FAILURE, "cannot be read", "Look whether")


async def test_a_private_key_that_is_published_is_a_failure(tmp_path: Path, keys: KeyServer) -> None:
    keys.answer = says(200, json.dumps({"keys": [{**Signer("ES256").jwk, "d": "c2VjcmV0"}]}).encode())
    one(await found(tmp_path, keys.settings()), "login", Level.FAILURE, "private key", "new keys")


async def test_keys_of_other_algorithms_are_a_failure(tmp_path: Path, keys: KeyServer) -> None:
    keys.publish(Signer("ES384"))
    one(await found(tmp_path, keys.settings()), "login", Level.FAILURE, "ES384", "RECONVENE_JWT_ALGORITHMS")


async def test_keys_without_names_are_noted(tmp_path: Path, keys: KeyServer) -> None:
    keys.publish(Signer(kid=None), Signer(kid=None))
    one(await found(tmp_path, keys.settings()), "login", Level.NOTE, "kid")


@pytest.mark.parametrize(
    ("apart", "level", "how"), [(-20, Level.WARNING, "behind"), (3600, Level.FAILURE, "ahead of")]
)
async def test_clocks_that_differ_are_found(
    tmp_path: Path, keys: KeyServer, apart: float, level: Level, how: str
) -> None:
    keys.answer = says(200, jwks(Signer()), f"Date: {formatdate(time.time() + apart, usegmt=True)}")
    one(await found(tmp_path, keys.settings()), "login", level, "clock", how, "NTP")


async def test_what_a_provider_says_of_itself_is_compared(tmp_path: Path, keys: KeyServer) -> None:
    said = {"issuer": keys.origin + "/", "jwks_uri": keys.origin + "/other.json"}
    keys.elsewhere[DISCOVERY] = says(200, json.dumps(said).encode())
    findings = await found(tmp_path, keys.settings(ISSUER=keys.origin))
    one(findings, "login", Level.FAILURE, "RECONVENE_JWT_ISSUER", "last slash")
    one(findings, "login", Level.WARNING, "other.json")
    keys.elsewhere[DISCOVERY] = says(200, b"[5]")
    assert len(await found(tmp_path, keys.settings(ISSUER=keys.origin))) == 1


async def test_a_project_of_supabase_without_keys_needs_its_secret(tmp_path: Path, keys: KeyServer) -> None:
    keys.answer = says(200, b'{"keys": []}')
    project = {"RECONVENE_JWT": "supabase", "SUPABASE_URL": keys.origin}
    one(await found(tmp_path, project), "login", Level.FAILURE, "HS256", "RECONVENE_JWT_SECRET")
    keys.elsewhere["/auth/v1" + DISCOVERY] = says(404, b"")
    by_secret = project | {"RECONVENE_JWT_SECRET": SECRET}
    findings = await examine(environment(tmp_path) | by_secret, 10)
    (only,) = those(findings, "login")
    assert (only.level, "shared secret" in only.found) == (Level.OK, True)
    assert not [each for each in findings if "SUPABASE_URL does nothing" in each.found]
    # It has moved to keys of its own.
    keys.publish(Signer())
    one(
        await found(tmp_path, by_secret),
        "login",
        Level.WARNING,
        "publishes keys",
        "Unset RECONVENE_JWT_SECRET",
    )
    keys.answer = says(404, b"")
    one(
        await found(tmp_path, project),
        "login",
        Level.FAILURE,
        "it answers 404",
        "SUPABASE_URL to the project's own",
    )


async def test_a_file_of_keys_is_looked_at(tmp_path: Path, keys: KeyServer) -> None:
    file = tmp_path / "keys.pem"
    settings = {
        name: value for name, value in keys.settings(KEYS_FILE=str(file)).items() if "URL" not in name
    }
    one(await found(tmp_path, settings), "login", Level.FAILURE, "No such file", "RECONVENE_JWT_KEYS_FILE")
    file.write_bytes(Signer("EdDSA").pem)
    one(await found(tmp_path, settings), "login", Level.OK, "1 key", "Ed")


@pytest.mark.parametrize("how", ["SECRET", "KEYS_FILE"])
async def test_whoever_has_the_keys_already_is_told_of_issuer_and_clock_as_well(
    tmp_path: Path, keys: KeyServer, how: str
) -> None:
    file = tmp_path / "keys.pem"
    file.write_bytes(Signer("EdDSA").pem)
    of = {"SECRET": SECRET, "KEYS_FILE": str(file)}[how]
    settings = keys.settings(ISSUER=keys.origin, **{how: of})
    settings = {name: value for name, value in settings.items() if "URL" not in name}
    said = json.dumps({"issuer": keys.origin + "/", "jwks_uri": keys.origin + "/keys"}).encode()
    late = f"Date: {formatdate(time.time() - 3600, usegmt=True)}"
    keys.elsewhere[DISCOVERY] = says(200, said, late)
    findings = await found(tmp_path, settings)
    one(findings, "login", Level.FAILURE, "RECONVENE_JWT_ISSUER", "last slash")
    one(findings, "login", Level.FAILURE, "clock", "behind", "NTP")
    assert len(findings) == 3, "and of the keys"


async def test_no_secret_is_given_away(tmp_path: Path) -> None:
    secrets = {
        "RECONVENE_JWT_SECRET": SECRET,
        "RECONVENE_JWT_SECRET_PREVIOUS": SECRET,
        "RECONVENE_JWT_ISSUER": "a",
    }
    findings = await examine(environment(tmp_path) | secrets | {"RECONVENE_JWT_AUDIENCE": "a"}, 10)
    one(findings, "login", Level.WARNING, "AUDIENCE")
    one(findings, "settings", Level.WARNING, "RECONVENE_JWT_SECRET", "are the same")
    assert SECRET not in str(findings)


async def test_where_people_log_in_is_asked_for_and_is_of_use_with_a_login_only(
    tmp_path: Path, keys: KeyServer
) -> None:
    missing = await found(tmp_path, keys.settings() | {"RECONVENE_ANONYMOUS": "no"})
    assert one(missing, "login", Level.NOTE, "and not where").advice.startswith("Set RECONVENE_LOGIN_URL")
    where = {"RECONVENE_LOGIN_URL": "https://app.example.org/?next={return}"}
    (only,) = await found(tmp_path, where)
    assert (only.level, "does nothing" in only.found) == (Level.WARNING, True)
    (only,) = await found(tmp_path, keys.settings() | where | {"RECONVENE_ANONYMOUS": "no"})
    assert only.level is Level.OK
