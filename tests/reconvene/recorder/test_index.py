"""The index on the disk, and the line on the terminal."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import orjson
import pytest

from reconvene.recorder.index import MOST_CHANGES, NAME, Entry, Index, save
from reconvene.recorder.status_line import StatusLine, said


def test_changes_are_bounded() -> None:
    entry = Entry("file", "person", "p_ann", "Ann", "host", False, 0.0)
    for number in range(MOST_CHANGES + 3):
        entry.changed(float(number), hand=bool(number % 2))
    index = Index({"id": "ABC", "title": ""}, "http://x", {"id": "p_r", "name": "R"}, "webm", 0.0, 0.0)
    index.entries.append(entry)
    (said_of,) = index.document(1, complete=True)["files"]
    assert len(said_of["changes"]) == MOST_CHANGES
    assert said_of["changes_left_out"] == 3


def test_an_index_is_replaced_as_a_whole(tmp_path: Path) -> None:
    save(tmp_path, {"one": 1})
    save(tmp_path, {"two": 2})
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert orjson.loads((tmp_path / NAME).read_bytes()) == {"two": 2}


def test_one_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path, {"one": 1})

    def full(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path, {"two": 2})
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert orjson.loads((tmp_path / NAME).read_bytes()) == {"one": 1}


def test_a_line_below_says_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(3_725, 1, 12_340_000) == "● 1:02:05  1 person  12.3 MB"
    line = StatusLine(sys.stdout)
    line.write("before\n")
    line.show("so far")
    line.write("above\n")
    line.show("")
    assert capsys.readouterr().out == "before\n\r\x1b[2Kso far\r\x1b[2Kabove\nso far\r\x1b[2K"
