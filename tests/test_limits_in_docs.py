"""The tables of limits say what the code does: docs/operations.md, and of addresses docs/configuration.md."""

from __future__ import annotations

import inspect
import re

import pytest
import uvicorn

from server.http import http_protocol, invites, problems, request_progress, unread_answer
from server.identity import passwords, tokens, turn_credentials
from server.network.limits import LIMITS
from server.realtime import (
    change_writer,
    comings,
    ice_servers,
    liveness,
    open_sockets,
    socket_writer,
)
from server.settings.config import SETTINGS
from signalling.protocol import client_messages, identifiers
from signalling.rooms import event_log, telling
from signalling.rooms.flow import Flow
from storage.batching import BatchThread
from tests.test_docs import CONFIGURATION, OPERATIONS, text

KIB, MIB = 1024, 1024 * 1024
HOUR, DAY = 3600, 86_400
DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
WAITING_CALLS = inspect.signature(BatchThread).parameters["limit"].default

SAID: dict[str, list[float]] = {
    "a WebSocket message": [client_messages.MAX_SIZE / KIB],
    "the headers of an HTTP request, its first line included": [
        request_progress.MAX_HEAD / KIB,
        request_progress.MAX_FIELDS,
        431,
    ],
    "an HTTP request body": [problems.MAX_BODY / KIB],
    "connections that have not joined": [int(DEFAULTS["RECONVENE_MAX_UNJOINED"])],
    "file descriptors for clients": [open_sockets.RESERVE],
    "time from opening a socket, or from the first byte of a later request, to the end of the headers": [
        http_protocol.HEAD_TIMEOUT
    ],
    "time from there to the end of the body": [http_protocol.BODY_TIMEOUT, 408],
    "time without a request on a connection that had one": [
        uvicorn.Config("", log_config=None).timeout_keep_alive
    ],
    "time to read 64 KiB of an answer over HTTP": [http_protocol.READ_TIMEOUT],
    "people in a meeting": [int(DEFAULTS["RECONVENE_MAX_PARTICIPANTS"])],
    "people who wait to be let into a meeting": [
        int(DEFAULTS["RECONVENE_MAX_WAITING"]),
        LIMITS["waiting"].most,
        LIMITS["knocks"].most,
    ],
    "passwords of meetings that are checked": [
        passwords.AT_ONCE,
        128 * passwords.N * passwords.R / MIB,
        50,
        passwords.MOST_QUEUED,
    ],
    "changes of those in charge that wait for the store": [change_writer.LIMIT, change_writer.LIMIT_OF_ROOM],
    "invites of one meeting, with those that are void": [invites.MOST],
    "passwords that are being set": [passwords.MOST_SET],
    "a command about many people": [],
    "messages from one connection": [int(DEFAULTS["RECONVENE_MESSAGE_RATE"]), 500],
    "joins and resumes of one person in one meeting": [comings.RATE, comings.AT_ONCE],
    "events sent to everyone in one meeting": [telling.FRAMES, 100],
    "signals of one member to others": [Flow().rate / KIB, Flow().burst / MIB],
    "signals to somebody": [socket_writer.BEHIND / KIB],
    "time to join after connecting": [liveness.JOIN_TIMEOUT],
    "how far behind a reader may be": [socket_writer.WRITE_LIMIT / MIB],
    "time a closing handshake may take": [socket_writer.CLOSE_TIMEOUT],
    "a display name, a title": [identifiers.NAME_LENGTH, identifiers.TITLE_LENGTH],
    "a room's log": [event_log.MAX_COUNT, event_log.MAX_BYTES / MIB],
    "the logs of all rooms": [int(DEFAULTS["RECONVENE_LOG_MEMORY"])],
    "calls waiting for the store": [WAITING_CALLS],
    "an identity token": [],
    "a session token": [tokens.SESSION_LIFETIME / DAY],
    "TURN credentials": [turn_credentials.LASTING / HOUR],
}
"""By row, the numbers that are in it."""


def numbers(cell: str) -> list[float]:
    plain = re.sub(r"\]\([^)]*\)|`[^`]*`", "", cell)
    return [float(each.replace(",", "")) for each in re.findall(r"\d[\d,]*\b", plain)]


def rows(document: str, heading: str) -> list[list[str]]:
    _, _, section = document.partition(heading)
    table = re.findall(r"^\| ([^\s|].*) \|$", section.partition("\n#")[0], re.MULTILINE)
    return [each.split(" | ") for each in table]


def test_the_table_of_limits_has_the_numbers_of_the_code() -> None:
    told = {name: numbers(cell) for name, cell in rows(text(OPERATIONS), "\n## Limits\n")}
    assert told == SAID


def test_what_is_said_in_words_is_true() -> None:
    assert tokens.LIFETIME == 365 * DAY
    assert ice_servers.RENEWED == HOUR
    assert open_sockets.SHARE_OF_ONE == 4
    assert unread_answer.LEAST == 64 * KIB


@pytest.mark.parametrize("name", LIMITS)
def test_the_table_of_addresses_has_the_numbers_of_the_code(name: str) -> None:
    table = {
        first.strip("`"): [*numbers(most), *numbers(seconds)]
        for first, most, seconds, *_ in rows(text(CONFIGURATION), "\n#### RECONVENE_LIMITS\n")
    }
    limit = LIMITS[name]
    assert table[name] == [limit.most] + ([] if limit.seconds is None else [limit.seconds])
