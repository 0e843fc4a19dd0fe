"""The documents tell of everything that is there, and of nothing that is not."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import json
import re
import typing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

import reconvene
import reconvene.events
from reconvene.conformance.modes import MODES
from reconvene.moderation import Moderation
from reconvene.participants.behaviour import Behaviour
from reconvene.probe.steps import STEPS, Step
from server.runtime.metrics import Metrics
from server.settings.config import FOR_PROGRAMS, SETTINGS
from server.settings.setting import Setting
from server.sharing.figures import Figures
from server.sharing.measured import Measured
from signalling.protocol import asyncapi, client_messages, errors, schema, server_messages
from signalling.rooms.hub import Hub
from tests.http_app import over_nothing
from tests.signalling.frames import check_client_frame, check_server_frame

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PROTOCOL = ROOT / "docs" / "protocol.md"
SCHEMA = ROOT / "docs" / "protocol.schema.json"
ASYNCAPI = ROOT / "docs" / "asyncapi.json"
CONFIGURATION = ROOT / "docs" / "configuration.md"
OPERATIONS = ROOT / "docs" / "operations.md"
PEER = ROOT / "docs" / "peer.md"
CONFORMANCE = ROOT / "docs" / "conformance.md"
PYTHON = ROOT / "docs" / "python.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "bench" / "README.md"])


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_blocks(document: str, language: str = r"\w*") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)


# Settings


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_has_a_section_with_its_default(setting: Setting) -> None:
    section = re.search(rf"^#+ {setting.name}$(.*?)(?=^#|\Z)", text(CONFIGURATION), re.MULTILINE | re.DOTALL)
    assert section is not None
    expected = f"Default `{setting.default}`." if setting.default else "Default: no"
    assert section[1].strip().startswith(expected)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_only_settings_that_exist_are_mentioned(document: Path) -> None:
    mentioned = set(re.findall(r"RECONVENE_[A-Z_]+", text(document)))
    assert mentioned <= {setting.name for setting in SETTINGS} | FOR_PROGRAMS


# The protocol


def rows(document: str) -> dict[str, list[str]]:
    """Table rows by what stands in their first cell, without backquotes."""
    cells = (line.strip("|").split("|") for line in document.splitlines() if line.startswith("|"))
    return {first.strip(" `"): [cell.strip() for cell in rest] for first, *rest in cells}


def types_of(message: Any) -> dict[str, type[msgspec.Struct]]:
    """The structs of a union by their types on the wire."""
    return {structure.__struct_config__.tag: structure for structure in typing.get_args(message)}


CLIENT_MESSAGES = types_of(client_messages.ClientMessage)
SERVER_MESSAGES = types_of(server_messages.ServerMessage)
EVENTS = {*typing.get_args(server_messages.Event), server_messages.Batch}


def missing_fields(structure: type[msgspec.Struct], row: str) -> list[str]:
    """Those that a row does not name, with a question mark if they are optional. Of events it says nothing of `seq`."""
    marks = {
        field.encode_name: "" if field.required else r"\?" for field in msgspec.structs.fields(structure)
    }
    if structure in EVENTS:
        del marks["seq"]
    return [name for name, mark in marks.items() if not re.search(rf"\b{name}{mark}(?!\w|\?)", row)]


@pytest.mark.parametrize("type_", CLIENT_MESSAGES)
def test_a_client_message_has_its_row_and_its_fields(type_: str) -> None:
    section = text(PROTOCOL).partition("### Client to server")[2].partition("####")[0]
    assert missing_fields(CLIENT_MESSAGES[type_], rows(section)[type_][0]) == []


@pytest.mark.parametrize("type_", SERVER_MESSAGES)
def test_a_server_message_has_its_row_and_its_fields(type_: str) -> None:
    section = text(PROTOCOL).partition("### Server to client")[2].partition("## Coming back")[0]
    assert missing_fields(SERVER_MESSAGES[type_], rows(section)[type_][0]) == []


def test_the_schemas_are_those_of_the_messages() -> None:
    assert text(SCHEMA) == schema.text(), "run `make protocol`"
    assert text(ASYNCAPI) == asyncapi.text(), "run `make protocol`"


@pytest.mark.parametrize("code", errors.ErrorCode)
def test_an_error_is_documented_as_the_table_has_it(code: errors.ErrorCode) -> None:
    entry = errors.ERRORS[code]
    table = text(PROTOCOL).partition("## Errors and close codes")[2].partition("| close code |")[0]
    said, closes, status = rows(table)[code]
    assert said.startswith(entry.text)
    assert closes == ("–" if entry.close is None else str(entry.close.value))
    assert status == str(entry.status)


@pytest.mark.parametrize("code", errors.CloseCode)
def test_a_close_code_is_documented(code: errors.CloseCode) -> None:
    table = rows(text(PROTOCOL).partition("| close code |")[2])
    assert str(code.value) in table
    if code >= errors.CloseCode.MISUSE:
        assert table[str(code.value)][-1] == ("yes" if code >= errors.CloseCode.TOO_SLOW else "no")


@pytest.mark.parametrize("mode", MODES)
def test_what_happens_to_a_client_that_is_tried_is_documented(mode: str) -> None:
    assert f"| `{mode}` | {MODES[mode].__doc__} |" in text(CONFORMANCE)


def test_every_route_is_documented() -> None:
    documented = rows(text(PROTOCOL).partition("## HTTP")[2])
    paths: dict[str, dict[str, Any]] = over_nothing().openapi()["paths"]
    routes = [f"{method.upper()} {path}" for path, operations in paths.items() for method in operations]
    assert len(routes) > 30
    assert [route for route in routes if route not in documented] == []


def test_every_json_example_can_be_read() -> None:
    decoder = msgspec.json.Decoder()
    blocks = [block for document in DOCUMENTS for block in code_blocks(text(document), "json")]
    assert blocks
    for block in blocks:
        # One value, or one on each line that begins with a brace.
        for value in re.split(r"\n(?=\{)", block):
            decoder.decode(value)


def test_client_messages_in_examples_are_valid() -> None:
    """What an example shows a client sending, the server understands."""
    section = text(PROTOCOL).partition("#### `join`")[2].partition("### Server to client")[0]
    examples = code_blocks(section, "json")
    assert len(examples) >= 3
    for example in examples:
        check_client_frame(example)
        client_messages.decode(example.encode())


def test_server_messages_in_examples_are_right() -> None:
    """Participants of whom only the id is shown are as in another example."""
    section = text(PROTOCOL).partition("### Server to client")[2].partition("## Coming back")[0]
    examples = [example for block in code_blocks(section, "json") for example in re.split(r"\n(?=\{)", block)]
    assert len(examples) > 20
    people: dict[str, Any] = {}
    for example in examples:
        json.loads(
            example, object_hook=lambda one: people.setdefault(one["id"], one) if "instance" in one else one
        )
    for example in examples:
        whole = json.loads(example, object_hook=lambda one: people[one["id"]] if "…" in one else one)
        check_server_frame(json.dumps(whole))


# Operation


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_what_a_probe_checks_is_documented_with_its_exit_code(step: Step) -> None:
    assert f"| {step.code} | `{step.name}`: {step.checks} |" in text(PEER)


def test_every_metric_is_documented_and_no_other() -> None:
    metrics = Metrics()
    alone = SimpleNamespace(id="n_1", others=(), is_well=True, at=lambda: 0.0)
    node: Any = SimpleNamespace(membership=alone, owned_rooms=SimpleNamespace(rooms={}, taken_over=0))
    Figures(node, Hub(), metrics, Measured(node), ())
    page = metrics.page().decode()
    kinds = re.findall(r"^# TYPE (\w+) (\w+)$", page, re.MULTILINE)
    exposed = {metric for metric, kind in kinds if not (kind == "gauge" and metric.endswith("_created"))}
    documented = set(re.findall(r"`(reconvene_\w+)(?:\{\w+\})?` \|", text(OPERATIONS)))
    assert documented == exposed


def test_the_unit_for_systemd_keeps_files_to_the_server() -> None:
    (unit,) = code_blocks(text(OPERATIONS), "ini")
    assert {"UMask=0077", "StateDirectoryMode=0700"} <= set(unit.splitlines())


# Links, commands, examples


def anchors(document: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", document, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", text(document), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(text(linked)), target


@pytest.mark.parametrize(
    ("document", "heading"),
    [("reconnect.md", "## Guarantees"), ("moderation.md", "## What holds")],
)
def test_tests_that_are_named_exist(document: str, heading: str) -> None:
    """These link each guarantee to what proves it, by the test's name in words."""
    table = text(ROOT / "docs" / document).partition(heading)[2].partition("\n## ")[0]
    named = re.findall(r"\[([^\]]+)\]\(\.\./(tests/[^)]+)\)", table)
    assert len(named) > 20
    for words, path in named:
        # A part of a test has a name, too.
        assert re.search(rf"def (test_)?{words.replace(' ', '_')}\(", text(ROOT / path)), words


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_make_targets_that_are_mentioned_exist(document: Path) -> None:
    spans = re.findall(r"`([^`\n]+)`", text(document))
    lines = itertools.chain.from_iterable(block.splitlines() for block in code_blocks(text(document)))
    commands = [line for line in [*spans, *lines] if re.search(r"\bmake\b", line)]
    mentioned = {target for line in commands for target in re.findall(r"\bmake ([a-z-]+)", line)}
    assert mentioned <= make_targets()


def test_the_contributing_page_knows_every_make_target() -> None:
    mentioned = set(re.findall(r"`make ([a-z-]+)", text(ROOT / "CONTRIBUTING.md")))
    assert mentioned == make_targets()


def test_the_example_of_a_bot_fits_what_it_is_made_of() -> None:
    (example,) = code_blocks(text(PEER), "python")
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(example.replace("asyncio.run(main())", ""), "docs/peer.md", "exec"), names)  # noqa: S102
    assert issubclass(names["Counter"], Behaviour)
    assert set(vars(names["Counter"])) & set(vars(Behaviour)) >= {"incoming"}


def test_every_event_of_the_python_client_is_documented_with_its_fields() -> None:
    table = rows(text(PYTHON).partition("## What happens")[2])
    for event in typing.get_args(reconvene.events.Event):
        (row,) = (
            cells[0]
            for name, cells in table.items()
            if f"`{event.__name__}`" in f"`{name}`".replace(" `", "`")
        )
        for field in dataclasses.fields(event):
            assert f"`{field.name}`" in row, (event, field.name)


def test_everything_of_the_python_client_is_documented() -> None:
    names = {
        *reconvene.__all__,
        *inspect.signature(reconvene.join).parameters,
        *(name for shown in (reconvene.Meeting, Moderation) for name in vars(shown) if name[0] != "_"),
        *(field.name for field in dataclasses.fields(reconvene.Participant)),
    }
    # Those of which only instances are met.
    names -= {"Event", "State", "Moderation", "Knock", "server", "meeting"}
    assert {name for name in names if not re.search(rf"\b{name}\b", text(PYTHON))} == set()
