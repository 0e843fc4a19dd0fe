"""The protocol's messages both ways as JSON Schemas: `python -m signalling.protocol.schema` prints them."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from signalling.protocol.client_messages import ClientMessage
from signalling.protocol.server_messages import ServerMessage


def document() -> dict[str, Any]:
    """One JSON Schema (2020-12) for any message. In `$defs`, `ClientMessage` and `ServerMessage` match any message of
    one side. Unknown fields are allowed, because clients and servers ignore them."""
    sides, messages = msgspec.json.schema_components(
        [ClientMessage, ServerMessage], ref_template="#/$defs/{name}"
    )
    named = dict(zip(("ClientMessage", "ServerMessage"), sides, strict=True))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Reconvene protocol, version 1 (reconvene.v1)",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in named],
        "$defs": named | messages,
    }


def text() -> str:
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
