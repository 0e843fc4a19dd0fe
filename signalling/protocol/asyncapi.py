"""The WebSocket as an AsyncAPI 3.0 document: `python -m signalling.protocol.asyncapi` prints it.

It describes the server: what it receives, with what it answers that, and what it sends by itself. The schema of a
message is that which msgspec makes from the struct.
"""

from __future__ import annotations

import functools
import json
from typing import Any, get_args

import msgspec

from signalling.protocol.answers import ANSWERS
from signalling.protocol.client_messages import MAX_SIZE, ClientMessage
from signalling.protocol.errors import CLOSE_REASONS, CloseCode
from signalling.protocol.knocks import Waiting
from signalling.protocol.server_messages import Error, ServerMessage

Json = dict[str, Any]

ANSWERING = frozenset(answer for answers in ANSWERS.values() for answer in answers)

UNASKED = frozenset({Waiting, Error})
"""Answers that the server also sends by itself."""

CHANNEL = "#/channels/meeting"

DESCRIPTION = f"""\
Text frames, one JSON object each, at most {MAX_SIZE // 1024} KiB from a client. The subprotocol is `reconvene.v1`.
The first message is `join` or `resume`. Ignore fields and types that you do not know."""


@functools.lru_cache(maxsize=1)
def document(base: str = "") -> Json:
    """`base`: the prefix of all paths. Making it takes hundredths of a second, so it is kept: change nothing in it."""
    received, sent = get_args(ClientMessage), get_args(ServerMessage)
    _, schemas = msgspec.json.schema_components(
        [ClientMessage, ServerMessage], ref_template="#/components/schemas/{name}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Reconvene: the WebSocket", "version": "1", "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {
            "meeting": {
                "address": f"{base}/ws",
                "messages": {
                    each.__name__: {"$ref": f"#/components/messages/{each.__name__}"}
                    for each in (*received, *sent)
                },
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
                "x-close-codes": {str(int(code)): _close(code) for code in CloseCode},
            }
        },
        "operations": {
            **{f"receive{each.__name__}": _received(each) for each in received},
            **{f"send{each.__name__}": _sent(each) for each in sent if each not in ANSWERING - UNASKED},
        },
        "components": {
            "messages": {each.__name__: _message(each) for each in (*received, *sent)},
            "schemas": _plain(schemas),
        },
    }


def text() -> str:
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _received(message: type[Any]) -> Json:
    """An operation of the server, which answers in the same channel."""
    answers = [_in_channel(answer) for answer in ANSWERS[message]]
    return _operation("receive", message) | {
        "reply": {"channel": {"$ref": CHANNEL}, "messages": answers},
    }


def _sent(message: type[Any]) -> Json:
    return _operation("send", message)


def _operation(action: str, message: type[Any]) -> Json:
    return {"action": action, "channel": {"$ref": CHANNEL}, "messages": [_in_channel(message)]}


def _in_channel(message: type[Any]) -> Json:
    return {"$ref": f"{CHANNEL}/messages/{message.__name__}"}


def _plain(schema: Any) -> Any:
    """Without msgspec's `discriminator`, which is OpenAPI's: AsyncAPI gives this word another meaning."""
    if isinstance(schema, dict):
        return {key: _plain(value) for key, value in schema.items() if key != "discriminator"}
    return [_plain(each) for each in schema] if isinstance(schema, list) else schema


def _message(message: type[Any]) -> Json:
    described: Json = {"description": message.__doc__} if message.__doc__ else {}
    if message in ANSWERS or message in ANSWERING:
        described["correlationId"] = {"location": "$message.payload#/id"}
    return {
        "name": message.__struct_config__.tag,
        "title": message.__name__,
        **described,
        "payload": {"$ref": f"#/components/schemas/{message.__name__}"},
    }


def _close(code: CloseCode) -> Json:
    # 4000 to 4099 tell a client to stay away.
    return {"reason": CLOSE_REASONS[code], "comeBack": not CloseCode.MISUSE <= code < CloseCode.TOO_SLOW}


if __name__ == "__main__":
    print(text(), end="")
