"""A whole recording, of events as the server sends them. Nothing is encoded here."""

from __future__ import annotations

import asyncio
import errno
import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame
from av.frame import Frame

from reconvene.participants.bot import Bot
from reconvene.recorder import recording as recording_module
from reconvene.recorder.index import NAME
from reconvene.recorder.recording import Recording
from reconvene.server_address import Address
from reconvene.webrtc.link import Link
from signalling.client.roster import Participant
from tests.reconvene.recorder.silent_writer import STARTED, SilentWriter, media, participant


class Meeting:
    """A recorder in it, with a clock that is set by hand. `writers` are those that were made, in order."""

    def __init__(self, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 100.0
        self.writers: list[SilentWriter] = []
        self.recording = Recording(out, clock=lambda: self.at, wall=lambda: STARTED - 0.5)
        self.bot = Bot(Address.parse("http://localhost:3000", "ABC123"), "Recorder", self.recording)
        self._numbers = itertools.count(2)

        def writer(path: Path, *form: str, **options: bool) -> SilentWriter:
            self.writers.append(SilentWriter(path, *form, **options))
            return self.writers[-1]

        monkeypatch.setattr(recording_module, "WriterThread", writer)

    def joined(self, *others: Participant) -> None:
        me = participant("p_me", recording=True, kind="bot", joined_at="2026-11-21T10:15:30.250Z")
        self.bot.client.membership.roster = {each["id"]: each for each in (me, *others)}
        said = {"you": me, "meeting": {"id": "ABC123", "title": "Stand-up"}, "participants": [me, *others]}
        self.recording.joined(self.bot, said)

    def event(self, kind: str, who: Participant | str, **more: Any) -> None:
        self.at += 10
        roster = dict(self.bot.roster)
        if isinstance(who, str):
            roster.pop(who, None)
        else:
            roster[who["id"]] = who
        self.bot.client.membership.roster = roster
        told = {"id": who} if isinstance(who, str) else who
        self.recording.event(self.bot, {"type": kind, "participant": told, **more})

    async def index(self) -> dict[str, Any]:
        """As it is when the recording ends now."""
        self.recording.end("recording stopped")
        await self.recording.complete()
        assert self.recording.folder is not None
        answer: dict[str, Any] = orjson.loads((self.recording.folder / NAME).read_bytes())
        return answer


@pytest.fixture
async def meeting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Meeting:
    return Meeting(tmp_path, monkeypatch)


async def test_a_stay_is_a_file(meeting: Meeting) -> None:
    """Also of bots; not of recorders. A reload goes on with it, who comes again has another."""
    meeting.joined(participant("p_ann", role="host"), participant("p_rec", kind="bot", recording=True))
    meeting.event("participant_joined", participant("p_bot", kind="bot"))
    meeting.event("participant_rejoined", participant("p_ann", role="host", instance="i_2"))
    meeting.event("participant_left", "p_bot", reason="lost")
    meeting.event(
        "participant_rejoined", participant("p_bot", kind="bot", joined_at="2026-11-21T10:16:10.250Z")
    )
    meeting.event("participant_joined", participant("p_rec2", kind="bot", recording=True))
    index = await meeting.index()
    told = [(file["file"], file["start_at"], file["end_at"], file["ended"]) for file in index["files"]]
    assert told == [
        ("ann-p_ann-1.webm", 0.0, 50.0, "recording stopped"),
        ("bot-p_bot-2.webm", 10.0, 30.0, "lost"),
        ("bot-p_bot-3.webm", 40.0, 50.0, "recording stopped"),
    ]
    assert [file["reconnects"] for file in index["files"]] == [1, 0, 0]
    assert [file.get("bot", False) for file in index["files"]] == [False, True, True]


async def test_times_are_the_servers(meeting: Meeting) -> None:
    meeting.joined()
    meeting.event("participant_joined", participant())
    meeting.at += 5
    index = await meeting.index()
    assert index["complete"] is True
    assert (index["started"], index["ended"]) == ("2026-11-21T10:15:30.250Z", "2026-11-21T10:15:45.250Z")
    assert (index["duration"], index["clock_offset"]) == (15.0, 0.5)
    assert index["meeting"] == {"id": "ABC123", "title": "Stand-up"}
    (file,) = index["files"]
    assert (file["start"], file["end"]) == ("2026-11-21T10:15:40.250Z", "2026-11-21T10:15:45.250Z")
    assert meeting.recording.folder is not None
    assert meeting.recording.folder.name == "ABC123-20261121T101530Z"


@pytest.mark.parametrize(
    ("made", "received", "offset"), [(-0.1, 0.2, 0.0), (-5.3, -5.0, 5.0), (2.9, 3.0, -3.0)]
)
async def test_clocks_are_equal_where_all_that_is_between_them_is_the_way(
    tmp_path: Path, made: float, received: float, offset: float
) -> None:
    times = iter([made, *[received] * 2])
    recording = Recording(tmp_path, wall=lambda: STARTED + next(times))
    bot = Bot(Address.parse("http://localhost:3000", "ABC123"), "Recorder", recording)
    me = participant("p_me", recording=True, kind="bot", joined_at="2026-11-21T10:15:30.250Z")
    recording.joined(bot, {"you": me, "meeting": {"id": "ABC123", "title": ""}, "participants": [me]})
    recording.end("recording stopped")
    await recording.complete()
    assert recording.folder is not None
    assert orjson.loads((recording.folder / NAME).read_bytes())["clock_offset"] == offset


async def test_the_end_is_when_it_was_told_to_stop(meeting: Meeting) -> None:
    """Not when all connections were closed, and all files written."""
    meeting.joined()
    meeting.at += 5
    meeting.recording.end("recording stopped")
    meeting.at += 3
    await meeting.recording.complete()
    assert meeting.recording.folder is not None
    assert orjson.loads((meeting.recording.folder / NAME).read_bytes())["duration"] == 5


async def test_who_was_gone_when_it_came_back_has_left(meeting: Meeting) -> None:
    """After a snapshot, and after having been given up: files of those who are still there go on."""
    meeting.joined(participant("p_ann"), participant("p_ben"))
    meeting.bot.client.membership.roster = {"p_ann": participant("p_ann"), "p_cem": participant("p_cem")}
    meeting.recording.resumed(meeting.bot, {"restarted": True, "replayed": 0, "snapshot": {}})
    assert meeting.recording.people == 2
    meeting.joined(
        participant("p_ann", instance="i_2"), participant("p_cem", joined_at="2026-11-21T10:20:00.000Z")
    )
    index = await meeting.index()
    told = [(file["participant"], file["ended"]) for file in index["files"]]
    assert told == [
        ("p_ann", "recording stopped"),
        ("p_ben", "left"),
        ("p_cem", "left"),
        ("p_cem", "recording stopped"),
    ]


class Track(MediaStreamTrack):
    """Sends whether it may or not: a frame each time one is asked for."""

    def __init__(self, kind: str, frame: Frame) -> None:
        super().__init__()
        self.kind = kind
        self.frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.frame = frame

    async def recv(self) -> Frame:
        try:
            return await self.frames.get()
        finally:
            self.frames.task_done()

    async def send(self) -> None:
        self.frames.put_nowait(self.frame)
        await self.frames.join()
        await asyncio.sleep(0)


SILENCED: list[tuple[dict[str, Any], dict[str, Any], set[str]]] = [
    ({"media": media(audio=True, video=True)}, {}, {"audio", "video"}),
    ({"media": media()}, {}, set()),
    ({"media": media(audio=True, video=True), "may": {"audio": False}}, {}, {"video"}),
    ({"media": media(audio=True, video=True)}, {"audio": False, "video": False}, set()),
    ({"media": media(audio=True), "may": {"audio": True}}, {"audio": False}, {"audio"}),
    ({"media": media(audio=True), "role": "cohost"}, {"audio": False}, {"audio"}),
    ({"media": media(screen=True)}, {}, {"screen", "sound"}),
    ({"media": media(screen=True)}, {"audio": False}, {"screen"}),
    ({"media": media(screen=True)}, {"screen": False}, set()),
]


@pytest.mark.parametrize(("who", "default", "recorded"), SILENCED)
async def test_who_goes_on_sending_after_being_silenced_is_not_recorded(
    meeting: Meeting, who: dict[str, Any], default: dict[str, Any], recorded: set[str]
) -> None:
    meeting.bot.client.membership.meeting = {"settings": {"may": default}}
    meeting.joined(participant("p_ann", **who))
    sends = {
        "audio": Track("audio", AudioFrame()),
        "video": Track("video", VideoFrame()),
        "screen": Track("video", VideoFrame()),
        "sound": Track("audio", AudioFrame()),
    }
    link = SimpleNamespace(participant_id="p_ann")
    reading = [
        asyncio.create_task(
            meeting.recording.incoming(cast("Link", link), track, name in {"screen", "sound"})
        )
        for name, track in sends.items()
    ]
    for track in sends.values():
        await track.send()
    # A shared screen has a file of its own, the second one.
    names = {(0, "sound"): "audio", (0, "picture"): "video", (1, "picture"): "screen", (1, "sound"): "sound"}
    given = {(file, what) for file, writer in enumerate(meeting.writers) for what, *_ in writer.given}
    told = {name for key, name in names.items() if key in given}
    for task in reading:
        task.cancel()
    await asyncio.wait(reading)
    assert told == recorded


async def test_the_end_of_the_meeting_ends_all_files(meeting: Meeting) -> None:
    meeting.joined(participant("p_ann"), participant("p_ben"))
    meeting.recording.event(meeting.bot, {"type": "meeting_ended", "reason": "ended"})
    assert meeting.recording.people == 0
    assert meeting.recording.size == 0
    assert {file["ended"] for file in (await meeting.index())["files"]} == {"meeting ended"}
    # Each is looked at once more when it is complete.
    assert meeting.recording.size == 2_000


async def test_while_it_goes_on_the_index_is_not_complete(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what fails is told there, of the file that it concerns."""
    saved: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def saving(_folder: Path, document: dict[str, Any]) -> None:
        loop.call_soon_threadsafe(saved.put_nowait, document)

    monkeypatch.setattr(recording_module, "save", saving)
    meeting.joined(participant("p_ann"), participant("p_ben"))
    meeting.writers[0].error = "No space left on device"
    meeting.writers[1].dropped = 7
    keeping = asyncio.create_task(meeting.recording.keep())
    index = await saved.get()
    while not any("error" in file for file in index["files"]):
        index = await saved.get()
    keeping.cancel()
    await asyncio.wait([keeping])
    assert index["complete"] is False
    assert index["ended"] is None
    first, second = index["files"]
    assert first["error"] == "No space left on device"
    assert "ended" not in first
    assert second["dropped"] == 7
    assert "error" not in second
    assert meeting.recording.failure == "ann-p_ann-1.webm ends early: No space left on device"


async def test_a_folder_that_cannot_be_made_ends_it_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    meeting = Meeting(tmp_path / "file", monkeypatch)
    meeting.joined(participant("p_ann"))
    assert meeting.recording.failure == f"cannot write to {tmp_path / 'file'}: File exists"
    meeting.joined(participant("p_ann"))
    assert meeting.writers == []
    assert meeting.bot.client.phase == "over"


async def test_an_index_that_cannot_be_written_is_told_once(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_anything: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    meeting.joined(participant("p_ann"))
    with monkeypatch.context() as patch:
        patch.setattr(recording_module, "save", full)
        meeting.recording.end("recording stopped")
        await meeting.recording.complete()
    assert "No space left on device" in (meeting.recording.failure or "")
    # There is space again.
    await meeting.recording.complete()
    assert meeting.recording.failure is None
