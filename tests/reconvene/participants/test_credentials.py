"""The options by which programs say who they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from reconvene.cli.main import cli
from reconvene.participants.credentials import BadCredentials, Credentials, tokens_of


def test_tokens_are_given_as_such_or_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("one\ntwo\n\n three\n")
    assert tokens_of(None, None, 5) == ()
    assert tokens_of("one", None, 1) == ("one",)
    assert tokens_of(" one two\n", None, 2) == ("one", "two")
    assert tokens_of(None, file, 2) == ("one", "two", "three")
    shown = Credentials(tokens_of(None, file, 2), invite="i", password="p", wait=3)
    assert shown.of(2) == {"token": "two", "invite": "i", "password": "p", "wait": 3}
    assert Credentials().of(2) == {"token": None, "invite": None, "password": None, "wait": None}
    assert not {"one", "'i'", "'p'"} & set(repr(shown).split()), "no secret is printed"


def test_what_cannot_be_is_said_in_a_line(tmp_path: Path) -> None:
    empty, odd = tmp_path / "empty", tmp_path / "odd"
    empty.write_bytes(b"\n")
    odd.write_bytes(b"\xff\xfe")
    for given, file, count, text in (
        ("one", empty, 1, "not both"),
        (None, empty, 1, "there is no token in"),
        (None, odd, 1, "something else than tokens"),
        (None, tmp_path, 1, "cannot be read"),
        ("one", None, 3, "1 is given, and 3 programs need a token each"),
        ("one two two", None, 3, "2 are given"),
    ):
        with pytest.raises(BadCredentials, match=text):
            tokens_of(given, file, count)


@pytest.mark.parametrize(
    "command",
    [
        ("source", "ABC123", "--count", "2"),
        ("probe", "http://localhost"),
        ("load", "http://localhost", "--size", "2"),
    ],
)
def test_too_few_tokens_are_refused_with_2(command: tuple[str, ...]) -> None:
    ended = CliRunner().invoke(cli, [*command], env={"RECONVENE_TOKEN": "one"})
    assert ended.exit_code == 2
    assert "2 programs need a token each" in ended.stderr
    assert ended.stderr.count("\n") == 1
