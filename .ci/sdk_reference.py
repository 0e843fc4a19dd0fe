"""Writes docs/sdk-reference.md from the types of the client library.

    python .ci/sdk_reference.py > docs/sdk-reference.md

Needs TypeScript (.tools, by tests/install.sh).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from client_package import ROOT, SOURCES, write_types

from server.http.client_library import ENTRY

BEGIN = (
    "Reconvene",
    "Meeting",
    "Me",
    "Moderate",
    "DeviceChoice",
    "LocalMedia",
    "LevelMeter",
    "SpeakingDetector",
    "canCall",
    "fetchAnswer",
    "request",
    "ReconveneError",
    "Snapshot",
    "MeetingEvents",
)
"""What comes first. What they speak of follows."""

INTERNAL = frozenset({"Own", "NewOrder", "Instance"})
"""What no page is given."""

TYPE = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
SAID = (rf"@(?:readonly|template {TYPE} \w+|type {TYPE})", rf"(?<=@param ){TYPE}|(?<=@returns ){TYPE}")
"""What the declaration says better."""

HEAD = """# The client library: reference

Made by `make sdk-reference` from the types, as `@reconvene/client` has them. [The client library](sdk.md) says how it
is used.
"""


def declarations(types: Path) -> Mapping[str, str]:
    """What the files declare, by name."""
    found: dict[str, str] = {}
    for file in sorted(types.glob("*.d.ts")):
        text = re.sub(
            r"/\*\*(?:(?!\*/).)*@typedef(?:(?!\*/).)*\*/\n",
            "",
            file.read_text(encoding="utf-8"),
            flags=re.DOTALL,
        )
        for declared in re.finditer(
            r"^(?:/\*\*(?:(?!\*/).)*\*/\n)?export (?:declare )?(?:class|type|interface|const|function) (\w+)"
            r"(?:.*?;\n|.*?\n\}(?: \| \w+)?;?\n)(?=export|/\*\*|import|declare|type|\Z)",
            text,
            flags=re.DOTALL | re.MULTILINE,
        ):
            name, whole = declared[1], declared[0]
            if not re.search(rf"type {name} = import\(", whole):
                found.setdefault(name, whole)
    return found


def plain(declared: str) -> str:
    """Without what only a compiler needs."""
    declared = re.sub(r'import\("[^"]*"\)\.', "", declared)
    declared = re.sub(r"^    #private;\n|^export \{.*\};\n?", "", declared, flags=re.MULTILINE)
    declared = re.sub(r"/\*\*(?:(?!\*/).)*\*/", lambda comment: remark(comment[0]), declared, flags=re.DOTALL)
    if not re.search(r"class (?:Reconvene|ReconveneError)\b", declared):
        declared = re.sub(r"^(?: +/\*\*[^\n]*\*/\n)? +constructor\(.*\n", "", declared, flags=re.MULTILINE)
    declared = re.sub(r"^ *\n", "", declared, flags=re.MULTILINE)
    return re.sub(r"^export (?:declare )?", "", declared, flags=re.MULTILINE).strip()


def remark(comment: str) -> str:
    """A comment without what the declaration says better."""
    for each in SAID:
        comment = re.sub(rf"{each} ?", "", comment, flags=re.DOTALL)
    comment = re.sub(r"@(?:param +\[?\w+\]?|returns)\s*(?=@|\*/|\n)", "", comment)
    comment = re.sub(r"(@(?:param|returns)) +", r"\1 ", comment)
    comment = re.sub(r" +$|\n *\*[ \t]*(?=\n)", "", comment, flags=re.MULTILINE)
    return "" if not re.search(r"\w", comment) else comment


def told(found: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    names = list(BEGIN)
    for name in names:
        text = plain(found[name])
        names += [
            each
            for each in dict.fromkeys(re.findall(r"\b[A-Z]\w+", text))
            if each in found and each not in names and each not in INTERNAL
        ]
        yield name, text


def reference() -> str:
    with TemporaryDirectory() as temporary:
        write_types(ROOT / "static" / "jsconfig.json", SOURCES / ENTRY, Path(temporary))
        parts = [f"## {name}\n\n```ts\n{text}\n```\n" for name, text in told(declarations(Path(temporary)))]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    print(reference(), end="")
