"""The page has words for whatever those in charge do."""

from __future__ import annotations

import re

from tests.process import ROOT


def test_every_action_of_the_audit_has_its_text() -> None:
    protocol = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"^meeting\. `action`: (.*?)\. `settings`", protocol, re.MULTILINE | re.DOTALL)
    page = (ROOT / "static" / "js" / "attendance" / "audit.js").read_text(encoding="utf-8")
    texts = page.partition("const TEXTS = {")[2].partition("\n};")[0]
    actions = set(re.findall(r"`(\w+)`", told))
    assert {"end", "chat_delete"} <= actions
    assert actions == set(re.findall(r"^  (\w+): \(", texts, re.MULTILINE))


def test_every_setting_is_named() -> None:
    protocol = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    table = protocol.partition("### Settings")[2].partition("\n### ")[0]
    settings = {
        name
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    page = (ROOT / "static" / "js" / "attendance" / "audit.js").read_text(encoding="utf-8")
    named = set(
        re.findall(
            r"^  (\w+): t\(", page.partition("const SETTINGS = {")[2].partition("\n};")[0], re.MULTILINE
        )
    )
    # These have sentences of their own.
    assert settings - {"locked", "spotlight"} == named
