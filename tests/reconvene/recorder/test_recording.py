"""`reconvene record`: Chromium in front of it, a server that goes and comes back, a kill in mid-file."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.async_api import expect
from typer import Exit

from reconvene.http_api import Api
from reconvene.recorder import run
from reconvene.recorder.index import NAME
from reconvene.server_address import Address
from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.e2e.waiting import until
from tests.process import ServerProcess
from tests.reconvene.command import Command
from tests.reconvene.made import frames_of, played, probed

Index = dict[str, Any]


async def written(folder: Path, holds: Callable[[Index], bool], what: str) -> Index:
    """The index of a recording that goes on, once it says this."""

    async def read() -> Index:
        path = folder / NAME
        return dict(orjson.loads(path.read_bytes())) if path.exists() else {"files": []}

    return await until(read, holds, what)


async def goes_on(folder: Path, number: int, seconds: float = 1.0) -> None:
    """This file gets longer, with pictures as a camera sends them."""
    before = await written(folder, lambda index: len(index["files"]) > number, "a file")
    file = before["files"][number]

    def longer(index: Index) -> bool:
        now = index["files"][number]
        return bool(
            now["duration"] > file["duration"] + seconds and now["frames"] > file["frames"] + 5 * seconds
        )

    await written(folder, longer, f"{file['file']} gets longer")


@pytest.mark.one_browser
async def test_who_is_recorded_is_told_and_finds_it_in_files(
    tmp_path: Path, server: ServerProcess, newcomer: Newcomer, room: str
) -> None:
    """The whole way of a person: muted, sharing a screen, reloading, leaving and coming again. A second recorder is
    killed in the middle of it."""
    ada = await newcomer("Ada Löve")
    (mine,) = await meet(room, ada)
    arguments = ("record", room, "--server", server.url, "--out", str(tmp_path))
    async with (
        Command(*arguments, "--name", "Recorder") as one,
        Command(*arguments, "--name", "Other") as other,
    ):
        folders = [Path((await each.tells("recording into"))["folder"]) for each in (one, other)]
        await is_told(ada)
        for each in (one, other):
            await each.tells("connected", participant=mine)
        await ada.press("Turn off microphone")
        await ada.press("Share screen")
        await asyncio.gather(*(goes_on(folder, 0, seconds=4) for folder in folders))
        await written(folders[1], lambda index: len(index["files"]) > 1, "the screen")

        other.process.send_signal(signal.SIGKILL)
        assert await other.end() == -signal.SIGKILL
        was_killed(folders[1])

        await ada.press("Stop sharing")
        await ada.page.reload()
        await ada.seated()
        await one.tells("came again", participant=mine)
        await goes_on(folders[0], 0)
        await ada.press("Leave")
        await one.tells("left", participant=mine)
        assert await ada.come(room) == mine
        await goes_on(folders[0], 2)
        assert await one.stop() == 0
    # A slow machine is no failure.
    loud = [line for line in one.log if line["level"] != "info" and "too slow" not in line["event"]]
    assert not loud, one.lines
    was_recorded(folders[0], mine)


async def is_told(ada: Person) -> None:
    await ada.told("Recorder is recording this meeting")
    await expect(ada.others).to_have_count(2)
    await expect(ada.others.filter(has_text="Recording")).to_have_count(2)


def was_recorded(folder: Path, ada: str) -> None:
    index = orjson.loads((folder / NAME).read_bytes())
    assert index["complete"] is True
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [NAME, *(file["file"] for file in index["files"])]
    )
    assert {file["participant"] for file in index["files"]} == {ada}
    told = [(file["kind"], file["name"], file["role"], file["ended"]) for file in index["files"]]
    assert told == [
        ("person", "Ada Löve", "host", "left"),
        ("screen", "Ada Löve", "host", "stopped"),
        ("person", "Ada Löve", "host", "recording stopped"),
    ]
    stay, screen, again = index["files"]
    assert stay["file"].startswith("ada-löve-p_")
    assert stay["reconnects"] == 1
    assert stay["end_at"] <= again["start_at"]
    muted = [change["at"] for change in stay["changes"] if not change.get("media", {"audio": True})["audio"]]
    shared = [change["at"] for change in stay["changes"] if change.get("media", {"screen": False})["screen"]]
    assert 0 < muted[0] < shared[0] < screen["end_at"]
    for file in index["files"]:
        path = folder / file["file"]
        probe = probed(path)
        assert {stream["codec_name"] for stream in probe["streams"]} == {"vp8", "opus"}
        assert frames_of(probe, "video") == file["frames"] > 5
        assert float(probe["format"]["duration"]) == pytest.approx(file["duration"], abs=0.5)
        assert file["end_at"] - file["start_at"] == pytest.approx(file["duration"], abs=0.5)
        assert path.stat().st_size == file["bytes"]
        assert "error" not in file
    # Chromium's fake camera moves, and its fake microphone beeps twice a second.
    assert len({luma for _, luma in played(folder / stay["file"]).pictures}) > 1
    assert again["changes"][0]["media"]["audio"]
    assert any(played(folder / again["file"]).heard)


def was_killed(folder: Path) -> None:
    """In mid-file: what there is can be played, and the index says that it is not all."""
    index = orjson.loads((folder / NAME).read_bytes())
    assert index["complete"] is False
    assert index["ended"] is None
    assert [file["kind"] for file in index["files"]] == ["person", "screen"]
    for file in index["files"]:
        assert "ended" not in file
        found = played(folder / file["file"])
        assert found.seconds > file["duration"] - 3
        assert found.pictures[-1][0] > file["duration"] - 3
        assert frames_of(probed(folder / file["file"]), "video") == len(found.pictures)


async def test_it_goes_on_while_the_server_is_away_and_ends_with_the_meeting(
    tmp_path: Path, room: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "recordings"
    async with ServerProcess(tmp_path, RECONVENE_GRACE="20") as mortal:
        address = Address.parse(mortal.url)
        async with Api(address) as api:
            host = await api.identity()
            await api.create_meeting(host, room)
            async with (
                recorded(run(room, mortal.url, out=out)) as recording,
                Command("source", room, "--server", mortal.url) as source,
            ):
                await source.tells("connected")
                folder = only(out)
                await goes_on(folder, 0)

                await mortal.kill()
                await source.tells("the server is away; media goes on meanwhile")
                await goes_on(folder, 0)
                await mortal.start(RECONVENE_PORT=str(mortal.port))
                await source.tells("the server is back")
                await goes_on(folder, 0)

                await api.end_meeting(host, room)
                assert await recording == 0
                assert await source.end() == 0
    index = orjson.loads((folder / NAME).read_bytes())
    (file,) = index["files"]
    assert (file["ended"], file["bot"], file["reconnects"]) == ("meeting ended", True, 0)
    assert played(folder / file["file"]).seconds == pytest.approx(file["duration"], abs=0.5)
    assert f"\n{folder}: 1 file, " in capsys.readouterr().out


@contextlib.asynccontextmanager
async def recorded(running: Coroutine[Any, Any, int]) -> AsyncIterator[asyncio.Task[int]]:
    """A recording in this process, which does not outlive a test that fails."""
    recording = asyncio.create_task(running)
    try:
        yield recording
    finally:
        recording.cancel()
        await asyncio.wait([recording])


def only(folder: Path) -> Path:
    """What is in it."""
    (path,) = folder.iterdir()
    return path


async def test_what_is_in_the_way_is_told_in_one_line(
    tmp_path: Path, server: ServerProcess, room: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    over = f"{room}-OVER"
    async with Api(Address.parse(server.url)) as api:
        host = await api.identity()
        await api.create_meeting(host, over)
        await api.end_meeting(host, over)
    told = {}
    for why, meeting, url, out in [
        ("no meeting", room, server.url, tmp_path),
        ("ended", over, server.url, tmp_path),
        ("no folder", room, server.url, tmp_path / "file"),
        ("no server", room, "http://127.0.0.1:9", tmp_path),
    ]:
        with pytest.raises(Exit) as ended:
            await run(meeting, url, out=out)
        assert ended.value.exit_code == 1
        told[why] = capsys.readouterr().err
    assert f"there is no meeting {room} on {server.url}" in told["no meeting"]
    assert told["ended"] == f"reconvene: the meeting {over} has ended\n"
    assert told["no folder"] == f"reconvene: cannot write to {tmp_path / 'file'}: File exists\n"
    assert "nothing listens on TCP port 9" in told["no server"]
    assert only(tmp_path).name == "file"


async def test_for_a_while_and_in_mp4(tmp_path: Path, server: ServerProcess, room: str) -> None:
    """Where nobody comes, there is an index of nothing."""
    assert await run(room, server.url, out=tmp_path, create=True, seconds=0.1, form="mp4") == 0
    index = orjson.loads((only(tmp_path) / NAME).read_bytes())
    assert (index["complete"], index["format"], index["files"]) == (True, "mp4", [])
