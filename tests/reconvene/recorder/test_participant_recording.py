"""Which file what they send goes into, and what the index says of them. Nothing is encoded here."""

from __future__ import annotations

from typing import Any

from reconvene.recorder.index import Entry
from reconvene.recorder.participant_recording import RecordedFile, Stay
from signalling.client.roster import Participant
from tests.reconvene.made import picture, sound
from tests.reconvene.recorder.silent_writer import SilentWriter, media, participant


class Shelf:
    """Makes a stay's files, and keeps them."""

    def __init__(self) -> None:
        self.files: list[RecordedFile] = []

    def new(self, who: Participant, kind: Any, now: float) -> RecordedFile:
        entry = Entry(f"{kind}-{len(self.files)}", kind, who["id"], who["name"], who["role"], False, now)
        self.files.append(RecordedFile(entry, SilentWriter()))
        return self.files[-1]

    def given(self, number: int) -> list[tuple[Any, ...]]:
        writer = self.files[number].writer
        assert isinstance(writer, SilentWriter)
        return writer.given


def test_what_they_send_is_timed_from_their_coming() -> None:
    shelf = Shelf()
    stay = Stay(participant(), shelf.new, 10.0)
    stay.frame(0, sound(77), 10.5, screen=False)
    stay.frame(1, picture(77), 12.5, screen=False)
    stay.end("left", 20.0)
    assert shelf.given(0) == [("sound", 0, 0.5), ("picture", 1, 2.5), ("finish", 10.0)]
    entry = shelf.files[0].entry
    assert (entry.start_at, entry.end_at, entry.ended) == (10.0, 20.0, "left")


def test_what_became_of_them_is_in_the_index() -> None:
    shelf = Shelf()
    stay = Stay(participant(), shelf.new, 1.0)
    steps: list[tuple[float, dict[str, Any]]] = [
        (2.0, {"media": media(audio=True, video=True)}),
        (3.0, {"media": media(audio=True, video=True), "hand": True}),
        (3.5, {"media": media(audio=True, video=True), "hand": True}),
        (4.0, {"media": media(audio=True), "state": "reconnecting"}),
        (5.0, {"media": media(audio=True), "instance": "i_other"}),
    ]
    assert [stay.update(participant(**change), at, 0) for at, change in steps] == [
        True,
        True,
        False,
        True,
        True,
    ]
    entry = shelf.files[0].entry
    assert entry.changes == [
        {"at": 1.0, "media": media(), "hand": False, "state": "connected"},
        {"at": 2.0, "media": media(audio=True, video=True)},
        {"at": 3.0, "hand": True},
        {"at": 4.0, "media": media(audio=True), "hand": False, "state": "reconnecting"},
        {"at": 5.0, "state": "connected", "rejoined": True},
    ]
    assert entry.reconnects == 1
    assert shelf.given(0) == [("camera", True, 1.0), ("camera", False, 3.0)]


def test_a_screen_has_a_file_for_each_time_it_is_shared() -> None:
    shelf = Shelf()
    stay = Stay(participant(), shelf.new, 0.0)
    # Its sound alone begins nothing; and it may come before it is told.
    stay.frame(0, sound(0), 1.0, screen=True)
    stay.frame(1, picture(0), 2.0, screen=True)
    stay.frame(0, sound(0), 2.5, screen=True)
    assert [file.entry.kind for file in shelf.files] == ["person", "screen"]
    assert shelf.given(1) == [("picture", 1, 0.0), ("sound", 0, 0.5)]
    # A connection that is renewed goes on with it.
    stay.update(participant(media=media(screen=True)), 3.0, 1)
    stay.track_ended(3.5, screen=True)
    stay.frame(2, picture(0), 4.0, screen=True)
    assert shelf.given(1)[-1] == ("picture", 2, 2.0)
    # The last pictures come after it was told that there are no more.
    stay.update(participant(), 5.0, 2)
    stay.frame(2, picture(0), 5.1, screen=True)
    stay.track_ended(5.2, screen=True)
    assert shelf.given(1)[-1] == ("finish", 3.0)
    assert shelf.files[1].entry.ended == "stopped"
    stay.frame(3, picture(0), 6.0, screen=True)
    stay.end("lost", 7.0)
    assert [file.entry.ended for file in shelf.files] == ["lost", "stopped", "lost"]


def test_a_screen_that_nobody_spoke_of_ends_with_its_track() -> None:
    shelf = Shelf()
    stay = Stay(participant(), shelf.new, 0.0)
    stay.frame(0, picture(0), 1.0, screen=True)
    stay.track_ended(2.0, screen=False)
    assert not shelf.files[1].over
    stay.track_ended(2.0, screen=True)
    assert shelf.files[1].over
