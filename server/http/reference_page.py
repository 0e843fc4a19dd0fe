"""The page `/docs`: the OpenAPI document as plain HTML for people, without any script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import Any

Json = dict[str, Any]

_CODE = re.compile(r"`([^`]+)`")


def page(document: Json, base: str = "") -> bytes:
    """`base`: the prefix of all paths."""
    info = document["info"]
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    operations.sort(key=_group)
    body = "".join(
        f"<section><h2>{escape(tag)}</h2>{''.join(_operation(*each) for each in group)}</section>"
        for tag, group in groupby(operations, key=_group)
    )
    below = f" All paths are below <code>{escape(base)}</code>." if base else ""
    schemas = "".join(_schema(name, each) for name, each in sorted(document["components"]["schemas"].items()))
    return f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>API · {escape(info["title"])}</title>
  <link rel="icon" type="image/svg+xml" href="/static/icon.svg">
  <link rel="stylesheet" href="/static/styles/base.css">
  <link rel="stylesheet" href="/static/styles/reference.css">
</head>
<body>
<main class="reference">
<h1>{escape(info["title"])} {escape(info["version"])}: the HTTP API</h1>
<p>For programs it is <a href="openapi.json">openapi.json</a> (OpenAPI {escape(document["openapi"])}).{below} The
messages of the WebSocket are <a href="asyncapi.json">asyncapi.json</a> (AsyncAPI).</p>
{body}
<section><h2>What is sent and answered</h2>{schemas}</section>
</main>
</body>
</html>
""".encode()


def _group(operation: tuple[str, str, Json]) -> str:
    tags: list[str] = operation[2].get("tags", ["other"])
    return tags[0]


def _operation(method: str, path: str, operation: Json) -> str:
    parts = [
        f"<h3><b>{method}</b> <code>{escape(path)}</code></h3>",
        _prose(operation.get("description", "")),
    ]
    if "security" in operation:
        parts.append("<p><code>Authorization: Bearer …</code>, an identity token or the admin key.</p>")
    parameters = [
        (each["name"], f"{_kind(each['schema'])}, in the {escape(each['in'])}", each.get("description", ""))
        for each in operation.get("parameters", [])
    ]
    parts.append(_table("Parameters", parameters))
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        parts.append(f"<p>It is sent {_kind(schema)}, as JSON.</p>")
    parts.append(_table("Answers", _answers(operation["responses"])))
    return f"<article>{''.join(parts)}</article>"


def _answers(responses: Json) -> Iterator[tuple[str, str, str]]:
    for status, answer in responses.items():
        types = [
            _kind(content["schema"]) if "$ref" in content.get("schema", {}) else escape(media_type)
            for media_type, content in answer.get("content", {}).items()
        ]
        yield status, " or ".join(types), answer["description"]


def _schema(name: str, schema: Json) -> str:
    required = schema.get("required", [])
    fields = [
        (field, _kind(each) + ("" if field in required else ", optional"), each.get("description", ""))
        for field, each in schema.get("properties", {}).items()
    ]
    described = _prose(schema.get("description", ""))
    return (
        f'<article id="{escape(name)}"><h3>{escape(name)}</h3>{described}{_table("Fields", fields)}</article>'
    )


def _kind(schema: Json) -> str:
    """What a value may be, as HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_kind, schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    if schema.get("type") == "array":
        return f"a list of {_kind(schema['items'])}"
    return escape(schema.get("type", "anything"))


def _table(caption: str, rows: Iterable[tuple[str, str, str]]) -> str:
    """The second cell is HTML, the others are texts."""
    lines = "".join(
        f"<tr><th scope=row><code>{escape(name)}</code><td>{kind}<td>{_inline(text)}"
        for name, kind, text in rows
    )
    return f"<table><caption>{caption}</caption>{lines}</table>" if lines else ""


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in text.split("\n\n") if part.strip())


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text))
