"""`reconvene token`: what it prints a server takes, and what it is asked for in vain it says."""

from __future__ import annotations

import time

import pytest
from typer.testing import CliRunner

from reconvene.cli.main import cli
from server.identity.issuer import Issuer
from server.settings.config import Config
from tests.issuer import SECRET, login

SUPABASE = {"RECONVENE_JWT": "supabase", "SUPABASE_URL": "https://abc.supabase.co"}
TAKEN = login(SECRET=SECRET)


async def test_a_token_is_taken_by_a_server_with_these_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for environ, options in (
        (TAKEN, ["--name", "Ann", "--meeting", "abc123", "--role", "host", "--no-create"]),
        (SUPABASE | {"RECONVENE_JWT_SECRET": SECRET}, ["--name", "Ann", "--picture", "https://a.example/a"]),
    ):
        made = CliRunner().invoke(cli, ["token", "ann", *options], env=environ)
        assert made.exit_code == 0, made.output
        configured = Config.from_env(environ).login
        assert configured is not None
        user = await Issuer(configured).read(made.stdout.strip(), time.time())
        assert user.name == "Ann"
        assert user.user_id in made.stderr


async def test_all_that_an_application_may_say_can_be_tried() -> None:
    options = ["--meeting", "abc123", "--role", "participant", "--role-at", "1700000000", "--no-lobby"]
    options += ["--may-not", "chat", "--may", "audio", "--may-not", "screen"]
    options += ["--picture", "https://app.example.org/ann.png"]
    made = CliRunner().invoke(cli, ["token", "ann", *options], env=TAKEN)
    assert made.exit_code == 0, made.output
    configured = Config.from_env(TAKEN).login
    assert configured is not None
    user = await Issuer(configured).read(made.stdout.strip(), time.time())
    assert (user.role, user.role_at, user.lobby) == ("participant", 1_700_000_000.0, False)
    assert user.may == {"audio": True, "chat": False, "screen": False}
    assert user.picture == "https://app.example.org/ann.png"


async def test_several_users_have_a_token_each() -> None:
    made = CliRunner().invoke(cli, ["token", "ann", "bob"], env=TAKEN)
    configured = Config.from_env(TAKEN).login
    assert configured is not None
    issuer = Issuer(configured)
    users = [await issuer.read(text, time.time()) for text in made.stdout.split()]
    told = [line.split()[1].rstrip(",") for line in made.stderr.splitlines()]
    assert len(set(told)) == 2
    assert [user.user_id for user in users] == told


@pytest.mark.parametrize(
    ("environ", "options", "text"),
    [
        ({}, [], "there is no login"),
        (login(), [], "must be set"),
        (login(JWKS_URL="https://a.example/keys"), [], "a key of its own"),
        (login(SECRET=SECRET, ALGORITHMS="HS512"), [], "HS256"),
        (TAKEN, ["--role", "host"], "needs the claim meeting"),
        (TAKEN, ["--meeting", "?"], "has to be a meeting ID"),
        (TAKEN, ["--may", "chat", "--may-not", "chat"], "chat is one or the other"),
        (TAKEN, ["--may", "fly"], "claim may has to be an object of audio"),
        (TAKEN, ["--picture", "http://a.example/ann.png"], "by https"),
        (SUPABASE | {"RECONVENE_JWT_SECRET": SECRET}, ["--kind", "bot"], "--kind"),
        (SUPABASE | {"RECONVENE_JWT_SECRET": SECRET}, ["--role-at", "1"], "--role-at"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(environ: dict[str, str], options: list[str], text: str) -> None:
    refused = CliRunner().invoke(cli, ["token", "ann", *options], env=environ)
    assert refused.exit_code != 0
    assert text in refused.output
    assert "Traceback" not in refused.output
