"""Tokens, the secret they are signed with, and the credentials derived for TURN."""

from __future__ import annotations

import base64
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import jwt
import pytest

from server.identity.ids import kind_of, new_id, new_user
from server.identity.secret_file import load_secret
from server.identity.signed import sign, verified
from server.identity.tokens import LIFETIME, SESSION_LIFETIME, TabSession, Tokens, is_admin_key
from server.identity.turn_credentials import ice_servers
from server.settings.config import Config
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.fields import Kind
from storage.records import PROGRAMS

NOW = 1_700_000_000.0
KEY = hashlib.sha256(b"a key").digest()
tokens = Tokens("a secret of some length")


def test_an_identity_is_read_back_until_it_expires() -> None:
    token = tokens.identity("u_1", NOW)
    assert tokens.read_identity(token, NOW).user_id == "u_1"
    with pytest.raises(Refused, match="expired") as refused:
        tokens.read_identity(token, NOW + LIFETIME + 1)
    assert refused.value.code is ErrorCode.BAD_TOKEN


@pytest.mark.parametrize("kind", ["", "bot", "recorder"])
def test_what_somebody_is_is_known_by_the_user_id(kind: Kind) -> None:
    user_id = new_user(kind)
    assert kind_of(user_id) == kind
    assert user_id.startswith(PROGRAMS) is (kind != "")
    assert new_user(kind) != user_id


def test_a_session_is_read_back() -> None:
    session = TabSession("u_1", "ABC123", "s_1", "i_page.j_1")
    dated = replace(session, expires_at=NOW + SESSION_LIFETIME)
    assert tokens.read_session(tokens.session(session, NOW)) == dated
    # A renewed one has a date of its own.
    assert tokens.read_session(tokens.session(dated, NOW + 10)).expires_at == NOW + 10 + SESSION_LIFETIME


def test_a_session_is_due_in_the_second_half_of_its_life() -> None:
    session = TabSession("u_1", "ABC123", "s_1", "i_page.j_1", NOW + SESSION_LIFETIME)
    assert not session.is_due(NOW + SESSION_LIFETIME / 2 - 1)
    assert session.is_due(NOW + SESSION_LIFETIME / 2 + 1)
    assert replace(session, expires_at=None).is_due(NOW)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "a.b.c",
        "é.é.é",
        Tokens("another secret altogether").identity("u_1", NOW),
        tokens.session(TabSession("u_1", "ABC123", "s_1", "i_page.j_1"), NOW),
        jwt.encode({"typ": "identity", "sub": "u_1", "exp": NOW + 9}, key="", algorithm="none"),
        tokens.identity("u_1", NOW)[:-2],
        tokens._sign({"typ": "identity", "sub": 5, "exp": NOW + 9}),
        tokens._sign({"typ": "identity", "sub": "u_1"}),
        tokens._sign({}),
    ],
)
def test_what_is_no_identity_token_is_refused(token: str) -> None:
    with pytest.raises(Refused) as refused:
        tokens.read_identity(token, NOW)
    assert refused.value.code is ErrorCode.BAD_TOKEN


@pytest.mark.parametrize(
    "claim", [{"sub": 5}, {"mtg": 5}, {"sid": None}, {"ins": []}, {"exp": "soon"}, {"exp": {}}]
)
def test_a_session_with_odd_claims_is_refused(claim: dict[str, object]) -> None:
    claims: dict[str, object] = {
        "typ": "session",
        "sub": "u_1",
        "mtg": "ABC123",
        "sid": "s_1",
        "ins": "i_1.j_1",
    }
    assert tokens.read_session(tokens._sign(claims)) == TabSession("u_1", "ABC123", "s_1", "i_1.j_1")
    with pytest.raises(Refused) as refused:
        tokens.read_session(tokens._sign(claims | claim))
    assert refused.value.code is ErrorCode.BAD_TOKEN


def test_what_was_signed_with_the_previous_secret_is_taken_and_renewed() -> None:
    former, now = Tokens("the secret of before"), Tokens("the secret of now", "the secret of before")
    session = TabSession("u_1", "ABC123", "s_1", "i_1.j_1")
    place = now.read_session(former.session(session, NOW))
    assert now.read_identity(former.identity("u_1", NOW), NOW).is_due(NOW)
    assert place.is_due(NOW)
    assert not now.read_identity(now.identity("u_1", NOW), NOW).is_due(NOW)
    assert not now.read_session(now.session(place, NOW)).is_due(NOW)
    # By neither of the two, or by the new one alone.
    for stranger, token in (
        (now, Tokens("a third one").identity("u_1", NOW)),
        (former, now.identity("u_1", NOW)),
    ):
        with pytest.raises(Refused) as refused:
            stranger.read_identity(token, NOW)
        assert refused.value.code is ErrorCode.BAD_TOKEN


def test_tokens_are_those_that_the_library_makes_and_reads() -> None:
    claims: dict[str, object] = {"typ": "session", "sub": "u_1", "mtg": "KÄSE", "exp": NOW + 9}
    made = sign(claims, KEY)
    assert jwt.decode(made, KEY, algorithms=["HS256"], options={"verify_exp": False}) == claims
    assert jwt.get_unverified_header(made) == {"alg": "HS256", "typ": "JWT"}
    for header in ({}, {"kid": "other"}):
        assert verified(jwt.encode(claims, KEY, algorithm="HS256", headers=header), KEY) == claims


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_with_a_changed_character_is_none(part: int) -> None:
    parts = sign({"typ": "identity", "sub": "u_1"}, KEY).split(".")
    for at, letter in enumerate(parts[part]):
        changed = parts[part][:at] + ("A" if letter != "A" else "B") + parts[part][at + 1 :]
        assert verified(".".join([*parts[:part], changed, *parts[part + 1 :]]), KEY) is None
    assert verified(".".join(parts), b"another key, which is long enough") is None
    assert verified(sign([], KEY), KEY) is None  # type: ignore[arg-type]


def test_an_identity_is_no_session() -> None:
    with pytest.raises(Refused):
        tokens.read_session(tokens.identity("u_1", NOW))


def test_ids_do_not_repeat() -> None:
    made = {new_id("p") for _ in range(5000)}
    assert len(made) == 5000
    assert all(len(text) == 18 and text.startswith("p_") for text in made)


def config(directory: Path, **settings: str) -> Config:
    return Config.from_env({"RECONVENE_STORE": f"sqlite:///{directory}/data/r.db"} | settings)


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: load_secret(config(tmp_path)), range(8)))
    assert len(secrets) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret"]
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert load_secret(config(tmp_path, RECONVENE_SECRET="one of my own, long")) == "one of my own, long"


def test_an_empty_secret_file_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret").touch()
    with pytest.raises(OSError, match="holds no secret"):
        load_secret(config(tmp_path))


def test_an_admin_key_is_only_the_one_that_is_set(tmp_path: Path) -> None:
    assert not is_admin_key(config(tmp_path), "")
    keyed = config(tmp_path, RECONVENE_ADMIN_KEY="k" * 20)
    assert is_admin_key(keyed, "k" * 20)
    assert not is_admin_key(keyed, "k" * 19)


def test_turn_credentials_are_what_a_turn_server_computes(tmp_path: Path) -> None:
    turn = config(tmp_path, RECONVENE_TURN_URLS="turn:t.example", RECONVENE_TURN_SECRET="north")
    (server,) = ice_servers(turn, "u_1", NOW)
    expiry, _, user = server["username"].partition(":")
    assert (int(expiry), user) == (NOW + 6 * 3600, "u_1")
    digest = hmac.new(b"north", server["username"].encode(), hashlib.sha1).digest()
    assert server["credential"] == base64.b64encode(digest).decode()
    assert server["urls"] == ["turn:t.example"]
