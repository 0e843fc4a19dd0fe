"""What docs/identity.md shows works."""

from __future__ import annotations

import re
import textwrap
import time
from typing import Any

from server.identity.ids import outside_user
from server.identity.issuer import Issuer
from server.settings.config import Config
from tests.process import ROOT

SECRET = "a secret of the example, long enough for all"


def blocks(language: str) -> list[str]:
    text = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
    return [
        textwrap.dedent(block)
        for block in re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    ]


def settings(block: str) -> dict[str, str]:
    return dict(re.findall(r"^export (\w+)=(.*)$", block, re.MULTILINE))


async def test_a_token_of_the_example_is_taken_by_a_server_with_its_settings() -> None:
    made: dict[str, Any] = {}
    exec(compile(blocks("python")[0], "docs/identity.md", "exec"), made)  # noqa: S102 - our own
    (shared,) = [block for block in blocks("sh") if "RECONVENE_JWT_SECRET" in block]
    login = Config.from_env(settings(shared) | {"RECONVENE_JWT_SECRET": SECRET}).login
    assert login is not None
    user = await Issuer(login).read(made["token"](SECRET, "user-7", "Ann Example"), time.time())
    assert user.name == "Ann Example"
    # And the id is made as is told.
    said = {"issuer": login.issuer, "subject": "user-7"}
    exec(compile(blocks("python")[-1], "docs/identity.md", "exec"), said)  # noqa: S102 - our own
    assert said["user"] == user.user_id == outside_user(login.issuer, "user-7")


def test_the_settings_of_the_examples_can_be_used() -> None:
    examples = [settings(block) for block in blocks("sh") if "RECONVENE_JWT" in block]
    assert len(examples) == 3
    for example in examples:
        secret = {"RECONVENE_JWT_SECRET": SECRET} if "RECONVENE_JWT_SECRET" in example else {}
        assert Config.from_env(example | secret).login is not None
