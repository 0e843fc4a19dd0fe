"""The contents of a recording's `index.json`, and writing it atomically.

    {"version": 1,
     "complete": true,                     # false during the recording, and for ever if the recorder was killed
     "meeting": {"id": "ABC123", "title": "Stand-up"},
     "server": "https://meet.example.org",
     "recorder": {"id": "p_…", "name": "Recorder"},
     "format": "webm",
     "started": "2026-11-21T10:15:30.250Z", "ended": "2026-11-21T10:45:31.004Z", "duration": 1800.754,
     "clock_offset": 2.013,
     "files": [
       {"file": "ann-p_ng6rbqtdelc3hrad-1.webm", "kind": "person",
        "participant": "p_ng6rbqtdelc3hrad", "name": "Ann", "role": "host",
        "start": "2026-11-21T10:15:30.250Z", "start_at": 0.0, "end": "2026-11-21T10:20:00.100Z", "end_at": 269.85,
        "ended": "left",
        "duration": 269.85, "frames": 5402, "dropped": 0, "bytes": 21002113, "reconnects": 1,
        "changes": [
          {"at": 0.0, "media": {"audio": true, "video": true, "screen": false}, "hand": false, "state": "connected"},
          {"at": 62.4, "media": {"audio": false, "video": true, "screen": false}},
          {"at": 80.1, "hand": true},
          {"at": 91.7, "state": "reconnecting"},
          {"at": 93.2, "state": "connected", "rejoined": true}]}]}

Moments are RFC 3339, in UTC and by the server's clock, like those of the attendance report. `started` is when the
recorder joined, and every `…at` counts seconds from it. `ended` is null during the recording. `clock_offset`: seconds
that the server's clock is ahead of the recorder's; 0 if that is no more than messages take on their way.

`file` is in the same folder and begins at `start`. A person has one file for each stay; reloads and new connections
continue it. `kind` is `screen` for a shared screen, which has a file for each time it is shared. `bot`: true, present
for bots only. `role`: the role when the file was begun.

`ended`: `left` (also for participants who left while the recorder was cut off from the server), `lost` (did not come
back in time), `meeting ended`, `stopped` (the screen was no longer shared), `recording stopped`. `end`, `end_at` and
`ended` are absent during the recording, and for ever if the recorder was killed.

`duration` (seconds), `frames` (pictures), `bytes`: of the file as written so far. `dropped`: pictures left out because
this machine was too slow. `error`: why the file ends early; absent otherwise. `reconnects`: how often the participant
came back with a new page. `changes`: the status, first in full as it was at the start, then only what changed; beyond
`MOST_CHANGES` in one file, changes are only counted in `changes_left_out`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from signalling.rooms.member import rfc3339

VERSION = 1
NAME = "index.json"
MOST_CHANGES = 5_000

Kind = Literal["person", "screen"]


@dataclass(slots=True)
class Entry:
    """One file. Moments are seconds from the recording's start."""

    file: str
    kind: Kind
    participant: str
    name: str
    role: str
    bot: bool
    start_at: float
    end_at: float | None = None
    ended: str = ""
    duration: float = 0.0
    frames: int = 0
    dropped: int = 0
    size: int = 0
    reconnects: int = 0
    changes: list[dict[str, Any]] = field(default_factory=list)
    changes_left_out: int = 0
    error: str | None = None

    def changed(self, at: float, **what: Any) -> None:
        if len(self.changes) < MOST_CHANGES:
            self.changes.append({"at": round(at, 3), **what})
        else:
            self.changes_left_out += 1

    def ends(self, at: float, how: str) -> None:
        self.end_at, self.ended = at, how


@dataclass(slots=True)
class Index:
    """`started`: seconds since the epoch, by the server's clock."""

    meeting: dict[str, str]
    server: str
    recorder: dict[str, str]
    form: str
    started: float
    clock_offset: float
    entries: list[Entry] = field(default_factory=list)

    def document(self, duration: float, *, complete: bool) -> dict[str, Any]:
        """As described above, `duration` seconds after the start."""
        return {
            "version": VERSION,
            "complete": complete,
            "meeting": self.meeting,
            "server": self.server,
            "recorder": self.recorder,
            "format": self.form,
            "started": rfc3339(self.started),
            "ended": rfc3339(self.started + duration) if complete else None,
            "duration": round(duration, 3),
            "clock_offset": round(self.clock_offset, 3),
            "files": [self._entry(entry) for entry in self.entries],
        }

    def _entry(self, entry: Entry) -> dict[str, Any]:
        said: dict[str, Any] = {
            "file": entry.file,
            "kind": entry.kind,
            "participant": entry.participant,
            "name": entry.name,
            "role": entry.role,
        }
        if entry.bot:
            said["bot"] = True
        said |= {"start": rfc3339(self.started + entry.start_at), "start_at": round(entry.start_at, 3)}
        if entry.end_at is not None:
            said |= {"end": rfc3339(self.started + entry.end_at), "end_at": round(entry.end_at, 3)}
            said["ended"] = entry.ended
        said |= {
            "duration": round(entry.duration, 3),
            "frames": entry.frames,
            "dropped": entry.dropped,
            "bytes": entry.size,
            "reconnects": entry.reconnects,
            "changes": list(entry.changes),
        }
        if entry.changes_left_out:
            said["changes_left_out"] = entry.changes_left_out
        if entry.error is not None:
            said["error"] = entry.error
        return said


def save(folder: Path, document: dict[str, Any]) -> None:
    """Replace the index atomically: readers find the old one or the new one, whole. Raises OSError."""
    path = folder / NAME
    unfinished = path.with_suffix(".json.new")
    try:
        unfinished.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        unfinished.replace(path)
    except OSError:
        # The partial file only takes up space, and the disk may be full.
        unfinished.unlink(missing_ok=True)
        raise
