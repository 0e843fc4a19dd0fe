"""Programs show who they are and what lets them in; refused, each says in a line why, and what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from typer import Exit
from typer.testing import CliRunner

from reconvene.cli.main import cli
from reconvene.participants import echo, source
from reconvene.participants.credentials import Credentials
from reconvene.recorder import command as recorder
from tests.issuer import SECRET, login
from tests.process import ServerProcess
from tests.reconvene.command import running
from tests.reconvene.probing import fails, probed, states
from tests.server.client import bearer, playing
from tests.server.pages import Page

WITHIN = 30.0

Run = Callable[[str, str, Path, Credentials], Coroutine[Any, Any, int]]


async def sources(meeting: str, server: str, folder: Path, shown: Credentials) -> int:
    more: dict[str, Any] = {"file": None, "count": 1, "audio": True, "video": True, "create": False}
    return await source.run(meeting, server, name="Bot", seconds=0.2, credentials=shown, **more)


async def echoes(meeting: str, server: str, folder: Path, shown: Credentials) -> int:
    more: dict[str, Any] = {"until_left": False, "create": False, "reach": "any"}
    return await echo.run(meeting, server, name="Bot", seconds=0.2, credentials=shown, **more)


async def records(meeting: str, server: str, folder: Path, shown: Credentials) -> int:
    return await recorder.run(meeting, server, out=folder, seconds=0.2, credentials=shown)


PROGRAMS: list[Run] = [sources, echoes, records]


def made(*users: str, options: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Tokens by `reconvene token`, with a server's settings."""
    printed = CliRunner().invoke(cli, ["token", *users, *options], env=login(SECRET=SECRET))
    assert printed.exit_code == 0, printed.output
    return tuple(printed.stdout.split())


@pytest.fixture(scope="module")
async def closed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """A server that lets in nobody without a login, with a lobby in each new meeting."""
    settings = login(SECRET=SECRET) | {"RECONVENE_ANONYMOUS": "no", "RECONVENE_LOBBY": "everyone"}
    async with ServerProcess(tmp_path_factory.mktemp("closed"), **settings) as server:
        yield server


async def refused(run: Coroutine[Any, Any, int], capfd: pytest.CaptureFixture[str]) -> str:
    """The line that says why; the exit code is 1."""
    capfd.readouterr()
    with pytest.raises(Exit) as end:
        async with asyncio.timeout(WITHIN):
            await run
    assert end.value.exit_code == 1
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("reconvene: ")]
    return line


@pytest.mark.parametrize("run", PROGRAMS)
async def test_what_a_meeting_asks_for_is_shown_or_said(
    server: ServerProcess, room: str, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A password, the lobby, an invite link, a lock."""

    async def said(link: str = room, **shown: Any) -> str:
        return await refused(run(link, server.url, tmp_path, Credentials(**shown)), capfd)

    async def comes_in(link: str = room, **shown: Any) -> None:
        async with asyncio.timeout(WITHIN):
            assert await run(link, server.url, tmp_path, Credentials(**shown)) == 0

    async with Page(server.ws_url, room, "Ada") as ada, playing(server) as play:
        await ada.joined()
        ada.order("settings", settings={"password": "open sesame"})
        await ada.hears("answered")
        assert "asks for a password; give it (--password" in await said()
        assert "is not the password" in await said(password="wrong")
        await comes_in(password="open sesame")

        ada.order("settings", settings={"password": None, "lobby": "everyone"})
        await ada.sees(lambda: ada.count("answered") == 2)
        assert "nobody let it in within 0.1 s; have somebody in charge admit it" in await said(wait=0.1)

        # Somebody lets it in.
        before = len(ada.events("knock"))
        coming = asyncio.create_task(run(room, server.url, tmp_path, Credentials(wait=WITHIN)))
        await ada.sees(lambda: len(ada.events("knock")) > before)
        knock = ada.events("knock")[-1]["knock"]
        ada.order("admit", knocks=[knock["id"]])
        await ada.sees(lambda: len(ada.events("participant_joined")) == 2)
        async with asyncio.timeout(WITHIN):
            # An echo and a source leave when their time is over, wherever they have spent it.
            assert await coming == 0

        token = bearer(ada.client.membership.token or "")
        answer = await play.http.post(f"/api/meetings/{room}/invites", headers=token)
        link = answer.json()["url"]
        await comes_in(link)
        await comes_in(invite=link.partition("#invite=")[2])

        ada.order("settings", settings={"locked": True})
        await ada.sees(lambda: ada.count("answered") == 4)
        assert "is locked; have somebody in charge unlock it" in await said()


@pytest.mark.parametrize("run", PROGRAMS)
async def test_where_everybody_logs_in_programs_do(
    closed: ServerProcess, room: str, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line = await refused(run(room, closed.url, tmp_path, Credentials()), capfd)
    assert "nobody without a token of its application; give it one (--token" in line
    (expired,) = made("bot", options=("--for", "1", "--kind", "bot"))
    bad = await refused(run(room, closed.url, tmp_path, Credentials((expired[:-6] + "AAAAAA",))), capfd)
    assert "does not take its token" in bad
    elsewhere = made("bot", options=("--meeting", "OTHER"))
    assert "is not for the meeting" in await refused(
        run(room, closed.url, tmp_path, Credentials(elsewhere)), capfd
    )
    (host,) = made("host")
    async with playing(closed) as play, asyncio.timeout(WITHIN):
        body = {"meeting": room}
        answer = await play.http.post("/api/meetings", headers=bearer(host), json=body)
        assert answer.status_code == 201, answer.text
        assert await run(room, closed.url, tmp_path, Credentials((host,))) == 0


async def test_a_probe_logs_in_and_lets_its_own_in(closed: ServerProcess) -> None:
    """Its meeting has a lobby, as all new ones here have; and it knows its two by more than what they are called."""
    fails(await probed(closed.url), "identity", "everybody has to log in", "--token-file")
    tokens = made("one", "two", options=("--name", "Same", "--kind", "bot"))
    found = await probed(closed.url, credentials=Credentials(tokens))
    assert found.exit_code == 0, found.failure
    assert {name for name, state in states(found).items() if state != "ok"} == {"turn", "identity"}
    nobody = made("three", "four", options=("--no-create",))
    fails(await probed(closed.url, credentials=Credentials(nobody)), "meeting", "may not create", "--meeting")


async def test_a_probe_shows_what_a_meeting_asks_for(server: ServerProcess, room: str) -> None:
    async with Page(server.ws_url, room, "Ada") as ada:
        await ada.joined()
        ada.order("settings", settings={"password": "open sesame", "lobby": "everyone"})
        await ada.hears("answered")
        fails(await probed(server.url, meeting=room), "join", "asks for a password", "--password")
        shown = Credentials(password="open sesame", wait=0)
        fails(
            await probed(server.url, meeting=room, credentials=shown),
            "join",
            "have to wait to be let in. Have",
            "--wait",
        )


async def under_load(url: str, *options: str) -> tuple[int, str]:
    """Exit code, and all that was printed."""
    small = ("--rooms", "2", "--size", "2", "--for", "1")
    async with running("load", url, *small, *options) as process:
        out, complaints = await process.communicate()
    assert process.returncode is not None
    return process.returncode, (out + complaints).decode()


async def test_a_load_logs_in(closed: ServerProcess, tmp_path: Path) -> None:
    """Its meetings have a lobby, as all new ones here have, where nobody would let anybody in."""
    code, said = await under_load(closed.url)
    assert code == 1
    assert "has logged in with its application (401); everybody has to log in there" in said
    assert "--token-file" in said
    tokens = tmp_path / "tokens"
    tokens.write_text("\n".join(made("one", "two", options=("--kind", "bot"))))
    code, said = await under_load(closed.url, "--token-file", str(tokens))
    assert code == 0, said


async def test_where_guests_have_to_knock(tmp_path: Path) -> None:
    """A load is told so at once. A probe lets its own in."""
    settings = login(SECRET=SECRET) | {"RECONVENE_ANONYMOUS": "lobby"}
    async with ServerProcess(tmp_path, **settings) as server:
        code, said = await under_load(server.url)
        assert code == 1
        assert "waiting: 4" in said
        assert "RECONVENE_ANONYMOUS=lobby" in said
        found = await probed(server.url)
        assert found.exit_code == 0, found.failure
