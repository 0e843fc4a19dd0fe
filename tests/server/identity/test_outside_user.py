"""What a token says of somebody: which claims are taken, which are refused, and what is made of them."""

from __future__ import annotations

from typing import Any

import pytest

from server.identity.ids import kind_of, outside_user
from server.identity.issuer import Issuer
from server.identity.key_cache import KeyCache
from server.identity.outside_user import LEEWAY, OutsideUser
from server.settings.config import Config
from signalling.protocol import identifiers
from signalling.protocol.errors import ErrorCode, Refused
from storage.records import PROGRAMS
from tests.issuer import SECRET, Signer, jwks
from tests.server.identity.issuers import NOW, issuer, refusal

BAD: dict[str, dict[str, Any]] = {
    "of another issuer": {"iss": "https://login.example.org"},
    "of another issuer (iss)": {"iss": None},
    "another audience": {"aud": "another"},
    "another audience (aud)": {"aud": ["another"]},
    "for another audience": {"aud": None},
    "never expires": {"exp": None},
    "claim exp has to be a number": {"exp": "tomorrow"},
    "claim iat has to be a number": {"iat": True},
    "not valid yet": {"nbf": NOW + LEEWAY + 1},
    "valid yet (nbf, iat)": {"iat": NOW + LEEWAY + 1},
    "names no user": {"sub": None},
    "names no user (sub)": {"sub": ""},
    "a role in no meeting": {"role": "host"},
    "claim role has to be": {"role": "moderator", "meeting": "ABC123"},
    "claim meeting": {"meeting": "*"},
    "meeting has to be": {"meeting": [5]},
    "or a list": {"meeting": []},
    "claim kind": {"kind": "person"},
    "claim lobby": {"lobby": "no"},
    "claim create": {"create": 1},
    "claim may": {"may": {"audio": 1}},
    "may has to be": {"may": {"fly": True}},
    "claim role_at": {"role_at": "yesterday"},
}


@pytest.mark.parametrize("text", BAD)
async def test_a_claim_that_is_wrong_is_named(text: str) -> None:
    refused = await refusal(issuer(), Signer("HS256", None).token(now=NOW, **BAD[text]))
    assert refused.code is ErrorCode.BAD_TOKEN
    assert text in refused.text


# What tokens say


async def said(**claims: Any) -> OutsideUser:
    return await issuer().read(Signer("HS256", None).token(now=NOW, **claims), NOW)


async def test_claims_are_read() -> None:
    user = await said(
        name=" Ann\u202e Example\u200b ",
        picture="https://example.org/ann.png",
        meeting=["abc123", "K7P-2MX-9QD"],
        role="cohost",
        role_at=NOW - 5,
        may={"audio": False, "chat": True},
        lobby=False,
        create=True,
        something_else={"of": "the application"},
    )
    assert (user.name, user.picture) == ("Ann Example", "https://example.org/ann.png")
    assert user.meetings == frozenset({"ABC123", "K7P-2MX-9QD"})
    assert (user.role, user.role_at, user.may) == ("cohost", NOW - 5, {"audio": False, "chat": True})
    assert (user.lobby, user.create, user.anonymous) == (False, True, False)
    user.refuse_elsewhere("ABC123")
    user.refuse_elsewhere(identifiers.echo_id(b"x" * 20))
    with pytest.raises(Refused, match="another meeting"):
        user.refuse_elsewhere("ABC124")


async def test_a_token_without_meeting_is_for_all() -> None:
    user = await said(meeting=None)
    user.refuse_elsewhere("ABC123")
    assert (user.name, user.role, user.may, user.lobby, user.create) == (None, None, {}, None, None)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("A" * 500, "A" * 80), ("Ann\nLee\0", "AnnLee"), ("\u200b", None), ("", None), (5, None), (" ", None)],
)
async def test_a_name_is_made_to_fit(name: Any, shown: str | None) -> None:
    """Whoever bears the token could not correct it."""
    assert (await said(name=name)).name == shown


@pytest.mark.parametrize(
    "picture",
    [
        "http://example.org/a",
        "javascript:alert(1)",
        5,
        "https://" + "a" * 3000,
        "https://a/\0",
        "https://a/ b",
    ],
)
async def test_a_picture_that_is_no_address_is_left_out(picture: Any) -> None:
    assert (await said(picture=picture)).picture is None


async def test_no_subject_becomes_a_user_of_ours_or_a_program() -> None:
    for subject in ("u_abc", "b_abc", "b_rec_abc", "xb_abc", "xb_rec_abc", "admin"):
        user_id = (await said(sub=subject)).user_id
        assert user_id.startswith("x_")
        assert subject not in user_id
    assert (await said(sub="ann")).user_id == (await said(sub="ann", name="Ann")).user_id


@pytest.mark.parametrize("kind", ["bot", "recorder"])
async def test_a_program_of_the_application_counts_nowhere(kind: Any) -> None:
    user = await said(sub="ann", kind=kind)
    assert (user.kind, kind_of(user.user_id)) == (kind, kind)
    assert user.user_id.startswith(PROGRAMS)
    assert not (await said(sub="ann")).user_id.startswith(PROGRAMS)


def test_issuer_and_subject_make_the_user() -> None:
    assert outside_user("a", "bc") != outside_user("ab", "c")
    assert outside_user("a", "b") == outside_user("a", "b") != outside_user("b", "a")


# Supabase


def of_supabase(signer: Signer, **claims: Any) -> str:
    """As Supabase Auth makes them."""
    return signer.token(
        now=NOW,
        **{
            "iss": "https://abc.supabase.co/auth/v1",
            "aud": "authenticated",
            "sub": "5b5c9a6e-0000-4000-8000-000000000001",
            "role": "authenticated",
            "aal": "aal1",
            "session_id": "5b5c9a6e-0000-4000-8000-000000000002",
            "email": "ann@example.org",
            "phone": "",
            "is_anonymous": False,
            "app_metadata": {"provider": "github", "providers": ["github"]},
            "user_metadata": {"full_name": "Ann Example", "avatar_url": "https://example.org/ann.png"},
            **claims,
        },
    )


async def test_a_token_of_supabase_is_taken() -> None:
    settings = {"RECONVENE_JWT": "supabase", "SUPABASE_URL": "https://abc.supabase.co"}
    found = Config.from_env(settings).login
    assert found is not None
    assert found.jwks_url == "https://abc.supabase.co/auth/v1/.well-known/jwks.json"
    signer = Signer("ES256")

    async def fetch() -> bytes:
        return jwks(signer)

    project = Issuer(found, KeyCache(fetch, "the test"))
    user = await project.read(of_supabase(signer), NOW)
    assert (user.name, user.picture) == ("Ann Example", "https://example.org/ann.png")
    assert (user.role, user.meetings, user.anonymous) == (None, None, False)
    # Users edit their metadata: no right is taken from it.
    mine = {"role": "host", "meeting": "ABC123", "kind": "bot", "create": True, "may": {}, "name": 5}
    edited = await project.read(of_supabase(signer, user_metadata=mine), NOW)
    assert (edited.role, edited.meetings, edited.kind, edited.create, edited.name) == (
        None,
        None,
        "",
        None,
        None,
    )
    assert (await project.read(of_supabase(signer, is_anonymous=True), NOW)).anonymous
    anon_key = signer.token(now=NOW, iss="supabase", ref="abc", role="anon", sub=None)
    assert (await refusal(project, anon_key)).code is ErrorCode.BAD_TOKEN


async def test_an_older_project_of_supabase_has_a_secret() -> None:
    settings = {
        "RECONVENE_JWT": "supabase",
        "SUPABASE_URL": "https://abc.supabase.co",
        "RECONVENE_JWT_SECRET": SECRET,
    }
    found = Config.from_env(settings).login
    assert found is not None
    assert (found.jwks_url, found.algorithms) == (None, frozenset({"HS256"}))
    assert (await Issuer(found).read(of_supabase(Signer("HS256", None)), NOW)).user_id
