"""Pages and what they are made of: kept by browsers for good, and never of two versions."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from server.http import pages, problems
from tests.process import ServerProcess

FOR_EVER = "public, max-age=31536000, immutable"
PAGES = ["/", "/m/ABC123", "/m/ABC123/attendance", "/attendance"]
ADDRESSES = re.compile(r'(?:href|src)="(/static/[^"]*)"')
OTHER_HASH = "0123456789abcdef"


@pytest.fixture
async def web(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as web:
        yield web


@pytest.fixture
async def edited(tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Path]]:
    """Pages served from a folder, and the folder."""
    folder = tmp_path / "static"
    shutil.copytree(pages.PAGE, folder, ignore=shutil.ignore_patterns("node_modules"))
    app = FastAPI()
    problems.install(app)
    pages.install(app, folder)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as web:
        yield web, folder


async def address(web: httpx.AsyncClient, file: str) -> str:
    """Where the page has it from."""
    found: str
    (found,) = {path for path in ADDRESSES.findall((await web.get("/")).text) if path.endswith(f"/{file}")}
    return found


@pytest.mark.parametrize("page", PAGES)
async def test_whatever_a_page_is_made_of_is_kept_for_good(web: httpx.AsyncClient, page: str) -> None:
    answer = await web.get(page)
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'self'", "connect-src 'self'", "img-src 'self' data: blob:"} <= set(policy)
    addresses = set(ADDRESSES.findall(answer.text))
    assert len({path.split("/")[2] for path in addresses}) == 1
    assert {path.rpartition(".")[2] for path in addresses} == {"js", "css", "svg"}
    for path in addresses:
        part = await web.get(path)
        assert (part.status_code, part.headers["Cache-Control"]) == (200, FOR_EVER), path
        name = path.split("/", 3)[3]
        if name in pages.MAINS:
            assert "\nimport" not in part.text
        else:
            assert part.content == (pages.PAGE / name).read_bytes()


async def test_parts_have_their_types(web: httpx.AsyncClient) -> None:
    types = {
        file: (await web.get(await address(web, file))).headers["Content-Type"]
        for file in ("js/main.js", "styles/base.css", "icon.svg")
    }
    assert types == {
        "js/main.js": "text/javascript; charset=utf-8",
        "styles/base.css": "text/css; charset=utf-8",
        "icon.svg": "image/svg+xml",
    }


async def test_an_unknown_hash_is_another_release_s_and_gets_what_is_there(web: httpx.AsyncClient) -> None:
    for name in ("js/ui/dom.js", "js/main.js"):
        answer = await web.get(f"/static/{OTHER_HASH}/{name}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        ours = (await address(web, "js/main.js")).removesuffix("js/main.js") + name
        assert answer.content == (await web.get(ours)).content
    assert answer.content.startswith(b"// Reconvene")


@pytest.mark.parametrize("prefix", ["", f"{OTHER_HASH}/"])
async def test_what_pages_of_earlier_releases_begin_with_is_there(
    web: httpx.AsyncClient, prefix: str
) -> None:
    """A page may come from one release and its parts, which import the rest by themselves, from the next."""
    entries = ["js/main.js", "js/attendance/main.js", "js/records/main.js", "icon.svg"]
    styles = ["attendance", "base", "lobby", "meeting", "people-table", "records", "tiles"]
    for name in (*entries, *(f"styles/{style}.css" for style in styles)):
        assert (await web.get(f"/static/{prefix}{name}")).status_code == 200, name


async def test_without_a_hash_files_are_asked_for_anew(web: httpx.AsyncClient) -> None:
    answer = await web.get("/static/js/main.js")
    assert answer.headers["Cache-Control"] == "no-cache"
    known = {"If-None-Match": answer.headers["ETag"]}
    assert (await web.get("/static/js/main.js", headers=known)).status_code == 304


async def test_parts_of_a_page_come_compressed_to_whoever_takes_that(web: httpx.AsyncClient) -> None:
    """Scripts, those that are made of many too, and styles."""
    main = await address(web, "js/main.js")
    for part in ("js/main.js", "js/ui/start-failure.js", "styles/base.css"):
        path = main.removesuffix("js/main.js") + part
        whole = await web.get(path, headers={"Accept-Encoding": "identity, gzip;q=0"})
        assert "Content-Encoding" not in whole.headers
        small = await web.get(path, headers={"Accept-Encoding": "gzip, deflate, br"})
        assert small.headers["Content-Encoding"] == "gzip"
        assert int(small.headers["Content-Length"]) * 2 < int(whole.headers["Content-Length"])
        assert small.content == whole.content
        for answer in (whole, small):
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert answer.headers["ETag"] == whole.headers["ETag"]


async def test_what_a_browser_has_is_not_sent_again(web: httpx.AsyncClient) -> None:
    for path in ("/", await address(web, "js/main.js")):
        etag = (await web.get(path)).headers["ETag"]
        # A proxy that compresses makes it weak.
        for known in (etag, f'"another", W/{etag.removeprefix("W/")}'):
            answer = await web.get(path, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)
        assert (await web.get(path, headers={"If-None-Match": '"another"'})).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "js/none.js",
        "js",
        "",
        "../server/app.py",
        "..%2f..%2fserver%2fapp.py",
        "%2e%2e/%2e%2e/pyproject.toml",
        "js/%00main.js",
        "//etc/passwd",
        f"{OTHER_HASH}/js/main.js",
    ],
)
async def test_nothing_else_is_served(web: httpx.AsyncClient, path: str) -> None:
    current = (await address(web, "js/main.js")).split("/")[2]
    for prefix in (current, OTHER_HASH):
        answer = await web.get(f"/static/{prefix}/{path}")
        assert answer.status_code == 404, answer.text
        # It may be there a moment later, of another release behind the same balancer.
        assert answer.headers["Cache-Control"] == "no-store"


async def test_static_files_are_only_read(web: httpx.AsyncClient) -> None:
    path = await address(web, "js/main.js")
    assert (await web.head(path)).status_code == 200
    assert (await web.post(path)).status_code == 405


async def test_an_edited_file_is_seen_at_the_next_load(edited: tuple[httpx.AsyncClient, Path]) -> None:
    web, folder = edited
    before = await address(web, "js/ui/start-failure.js")
    (folder / "js" / "ui" / "start-failure.js").write_text("// edited")
    # A page that was loaded before asks by the old hash: nothing new may be kept under that.
    stale = await web.get(before)
    assert (stale.text, stale.headers["Cache-Control"]) == ("// edited", "no-store")
    after = await address(web, "js/ui/start-failure.js")
    assert after != before
    fresh = await web.get(after)
    assert (fresh.text, fresh.headers["Cache-Control"]) == ("// edited", FOR_EVER)


async def test_an_edited_module_is_in_the_page_s_script_at_the_next_load(
    edited: tuple[httpx.AsyncClient, Path],
) -> None:
    web, folder = edited
    module = folder / "js" / "ui" / "dom.js"
    module.write_text(module.read_text() + "\nexport const edited = true;\n")
    assert "const edited = true;" in (await web.get(await address(web, "js/main.js"))).text


async def test_an_edited_page_is_seen_at_the_next_load(edited: tuple[httpx.AsyncClient, Path]) -> None:
    web, folder = edited
    etag = (await web.get("/")).headers["ETag"]
    page = folder / "index.html"
    page.write_text(page.read_text().replace("<title>", "<title>New "))
    assert "<title>New " in (await web.get("/", headers={"If-None-Match": etag})).text


async def test_the_page_is_told_where_people_log_in() -> None:
    app = FastAPI()
    pages.install(app, login_url='https://a.example/?a="b"&next={return}')
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as web:
        for page in ("/m/ABC123", "/m/ABC123/attendance"):
            said = '<meta name="login-url" content="https://a.example/?a=&quot;b&quot;&amp;next={return}">'
            assert said in (await web.get(page)).text


async def test_only_pages_that_are_named_may_have_a_meeting_in_a_frame(web: httpx.AsyncClient) -> None:
    embedding = FastAPI()
    pages.install(embedding, embed_origins=("https://a.example", "https://b.example"))
    transport = httpx.ASGITransport(embedding)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as named:
        for page in PAGES:
            policy = (await web.get(page)).headers["Content-Security-Policy"]
            assert policy.endswith("; frame-ancestors 'none'"), page
            meetings = page in {"/", "/m/ABC123"}
            answer = await named.get(page)
            ancestors = "https://a.example https://b.example" if meetings else "'none'"
            assert answer.headers["Content-Security-Policy"].endswith(f"; frame-ancestors {ancestors}"), page
            listed = '<meta name="embed-origins" content="https://a.example https://b.example">'
            assert (listed in answer.text) == meetings
