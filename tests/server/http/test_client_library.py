"""The client library for other people's pages: one file, without imports, which any page may load."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from importlib.metadata import version

import httpx
import pytest
from fastapi import FastAPI

from server.http import client_library, pages
from server.http.client_library import one_file
from tests.process import ServerProcess

LARGEST = 40_000
"""Bytes that a page has to load, compressed."""

MODULES = {
    "reconvene.js": 'import { a, b as c } from "./one.js";\nimport { d } from "./two-words.js";\n\n'
    "/** What it is. */\nexport const main = () => a + c + d;\nexport { d };\n",
    "one.js": '/**\n * Says `export const no`.\n */\nimport { d } from "./two-words.js";\nconst hidden = d;\n'
    'export const a = hidden;\n// export const no\nexport const b = "// kept";\n',
    "two-words.js": "const hidden = 1;\nexport const d = hidden;\nexport async function later() {}\n",
}


@pytest.fixture
async def web(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as web:
        yield web


def test_modules_become_one_file() -> None:
    text = one_file(MODULES)
    assert not re.search(r"^import\b", text, re.MULTILINE)
    assert re.findall(r"^export.*", text, re.MULTILINE) == ["export { main, d };"]
    assert text.index("$two_words =") < text.index("$one =") < text.index("$reconvene =")
    assert "const { a, b: c } = $one;" in text
    assert "return { d, later };" in text
    # No comments but its first line, and every string.
    assert "no" not in re.findall(r"\w+", text.partition("\n")[2])
    assert '"// kept"' in text


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("one.js", 'import { main } from "./reconvene.js";\nexport const a = 1, b = 2;\n'),
        ("one.js", "export let a = 1;\nexport const b = 2;\n"),
        ("one.js", 'export { d as a } from "./two-words.js";\nexport const b = 2;\n'),
        ("one.js", 'import * as all from "./two-words.js";\nexport const a = all.d;\n'),
    ],
    ids=["circle", "let", "passed on", "whole module"],
)
def test_what_would_not_be_the_same_in_one_file_is_refused(module: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"itself|export|import"):
        one_file(MODULES | {module: text})


@pytest.mark.parametrize("name", ["v1", version("reconvene")])
async def test_any_page_may_load_it(web: httpx.AsyncClient, name: str) -> None:
    answer = await web.get(f"/sdk/{name}/reconvene.js", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for_good = name != "v1" and ".dev" not in name
    assert ("immutable" in answer.headers["Cache-Control"]) == for_good
    assert ("no-cache" in answer.headers["Cache-Control"]) != for_good
    known = {"If-None-Match": answer.headers["ETag"]}
    again = await web.get(f"/sdk/{name}/reconvene.js", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Access-Control-Allow-Origin"] == "*"


async def test_it_is_small(web: httpx.AsyncClient) -> None:
    content = (await web.get("/sdk/v1/reconvene.js")).content
    assert b"class Reconvene " in content
    assert len(gzip.compress(content, 6)) < LARGEST


@pytest.mark.parametrize(
    "path", ["/sdk/v2/reconvene.js", "/sdk/0.0.1/reconvene.js", "/sdk/v1/other.js", "/sdk/v1", "/sdk"]
)
async def test_there_is_no_other(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_released_version_is_kept_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked of the application itself: what this checkout is called depends on the day."""
    monkeypatch.setattr(client_library, "version", lambda _: "9.8.7")
    app = FastAPI()
    pages.install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as here:
        answer = await here.get("/sdk/9.8.7/reconvene.js")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert (await here.get("/sdk/v1/reconvene.js")).content == answer.content
