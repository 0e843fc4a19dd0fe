"""In place of a thread that encodes and writes; and participants as the server tells of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from av import AudioFrame, VideoFrame

from signalling.client.roster import Participant

STARTED = 1_795_256_130.25
"""2026-11-21T10:15:30.250Z"""


class SilentWriter:
    """In place of a writer: remembers what it was given."""

    def __init__(self, path: Path = Path("file"), *_form: str, **_options: bool) -> None:
        self.path = path
        self.given: list[tuple[Any, ...]] = []
        self.finished = asyncio.Event()
        self.pictures, self.seconds, self.dropped = 0, 0.0, 0
        self.error: str | None = None

    def size(self) -> int:
        return 1_000

    def picture(self, source: int, frame: VideoFrame, arrival: float) -> None:
        self.given.append(("picture", source, arrival))

    def sound(self, source: int, frame: AudioFrame, arrival: float) -> None:
        self.given.append(("sound", source, arrival))

    def camera(self, on: bool, now: float) -> None:
        self.given.append(("camera", on, now))

    def tick(self, now: float) -> None:
        pass

    def finish(self, now: float) -> None:
        self.given.append(("finish", now))
        self.finished.set()


def participant(key: str = "p_ann", **more: Any) -> Participant:
    return {
        "id": key,
        "name": key.removeprefix("p_").title(),
        "role": "participant",
        "media": media(),
        "hand": False,
        "state": "connected",
        "instance": f"i_{key}",
        "joined_at": "2026-11-21T10:00:00.000Z",
        **more,
    }


def media(**on: bool) -> dict[str, bool]:
    return {"audio": False, "video": False, "screen": False, **on}
