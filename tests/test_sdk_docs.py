"""docs/sdk.md tells of everything that the client library has, and of nothing else."""

from __future__ import annotations

import itertools
import re

import pytest

from tests.process import ROOT
from tests.test_docs import rows, text

SDK = ROOT / "docs" / "sdk.md"


def public_names(script: str, class_name: str) -> set[str]:
    """The methods, getters and fields of a class of static/sdk that are not marked as internal."""
    source = text(ROOT / "static" / "sdk" / script).partition(f"export class {class_name} {{")[2]
    source = re.sub(
        r"/\*\*(?:(?!\*/).)*@internal \*/\n[^\n]*\n", "", source.partition("\n}\n")[0], flags=re.DOTALL
    )
    return set(re.findall(r"^  (?:async |get )?([a-z]\w*)(?: = |;|\()", source, re.MULTILINE)) - {
        "constructor"
    }


@pytest.mark.parametrize(
    ("script", "class_name"),
    [
        ("reconvene.js", "Reconvene"),
        ("meeting.js", "Meeting"),
        ("me.js", "Me"),
        ("moderate.js", "Moderate"),
        ("chat.js", "Chat"),
    ],
)
def test_what_the_client_library_can_do_is_documented(script: str, class_name: str) -> None:
    names = public_names(script, class_name)
    assert len(names) >= 6
    reference = text(SDK).partition("## Reference")[2]
    assert {name for name in names if not re.search(rf"\b{name}\b", reference)} == set()


def test_every_event_of_the_client_library_is_documented_and_no_other() -> None:
    typedef = (
        text(ROOT / "static" / "sdk" / "views.js")
        .partition("{object} MeetingEvents")[2]
        .partition("\n *\n")[0]
    )
    events = set(re.findall(r"^ \* @property \{.*\} (\w+)", typedef, re.MULTILINE))
    assert len(events) > 14
    table = rows(text(SDK).partition("### Events")[2].partition("###")[0])
    documented = set(itertools.chain.from_iterable(re.findall(r"\w+", first) for first in table))
    assert documented - {"event"} == events
