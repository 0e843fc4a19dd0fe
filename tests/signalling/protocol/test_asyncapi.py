"""The AsyncAPI document, read by AsyncAPI's own parser."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest

from signalling.protocol import asyncapi
from signalling.protocol.answers import ANSWERS
from signalling.protocol.client_messages import ClientMessage
from signalling.protocol.server_messages import ServerMessage
from tests.process import ROOT

VALIDATE = Path(__file__).with_name("validate_asyncapi.cjs")
MODULES = ROOT / ".tools" / "node_modules"

ERROR, WARNING = 0, 1
"""Severities; what is above them is advice."""


def validated(*documents: dict[str, Any]) -> list[Any]:
    """What the parser makes of each: `found` and, of a valid one, `operations` by id."""
    done = subprocess.run(
        ["node", str(VALIDATE)],
        input=json.dumps([json.dumps(document) for document in documents]),
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


@pytest.mark.programs
def test_the_parser_finds_nothing_wrong_in_it_and_notices_what_leads_nowhere() -> None:
    document = asyncapi.document()
    dangling = copy.deepcopy(document)
    dangling["components"]["messages"]["Joined"]["payload"]["$ref"] = "#/components/schemas/Nothing"
    right, wrong = validated(document, dangling)
    assert [each for each in right["found"] if each["severity"] <= WARNING] == []
    assert right["operations"]["receiveJoin"] == {
        "action": "receive",
        "reply": ["Joined", "Waiting", "Error"],
    }
    assert right["operations"]["receivePing"] == {"action": "receive", "reply": ["Pong", "Error"]}
    assert right["operations"]["sendBatch"] == {"action": "send", "reply": None}
    assert [found for found in wrong["found"] if found["severity"] == ERROR]


def test_every_message_is_in_an_operation() -> None:
    """A client's is received, and a server's is sent or answers."""
    assert set(ANSWERS) == set(get_args(ClientMessage))
    operations = asyncapi.document()["operations"].values()
    named = {
        message["$ref"].rpartition("/")[2]
        for operation in operations
        for message in (*operation["messages"], *operation.get("reply", {"messages": []})["messages"])
    }
    assert named == {message.__name__ for message in (*get_args(ClientMessage), *get_args(ServerMessage))}


def test_what_is_answered_has_the_id_of_the_message() -> None:
    messages = asyncapi.document()["components"]["messages"]
    uncorrelated = {name for name, message in messages.items() if "correlationId" not in message}
    assert {"Batch", "GoingAway", "KnockEnded", "RelayedSignal"} <= uncorrelated
    assert {"Join", "Joined", "Waiting", "Ack", "Error", "Ping", "Pong"}.isdisjoint(uncorrelated)


def test_the_channel_is_below_the_prefix_of_all_paths() -> None:
    assert asyncapi.document("/meet")["channels"]["meeting"]["address"] == "/meet/ws"
    assert asyncapi.document()["channels"]["meeting"]["address"] == "/ws"
