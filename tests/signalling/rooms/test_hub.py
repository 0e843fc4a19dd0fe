"""What the hub answers, event by event."""

from __future__ import annotations

from signalling.protocol.errors import CLOSE_REASONS, ERRORS, CloseCode, ErrorCode
from tests.signalling.script import Stage
from tests.signalling.socket import Socket


def test_each_is_told_about_the_other() -> None:
    stage = Stage()
    stage.join("host")
    (joined,) = stage.messages("host")
    assert joined["meeting"] == {"id": "ABC123", "title": "", "host": True, "created": False}
    assert (joined["rejoined"], joined["heartbeat"], joined["grace"]) == (False, 15.0, 30.0)
    assert joined["you"]["role"] == "host"

    stage.join("bob", audio=True)
    (joined,) = stage.messages("bob")
    assert [person["name"] for person in joined["participants"]] == ["Host", "Bob"]
    (event,) = stage.messages("host")
    assert event["type"] == "participant_joined"
    assert event["participant"]["media"] == {"audio": True, "video": False, "screen": False}
    assert event["seq"] == joined["seq"]


def test_programs_are_told_from_people_whatever_happens_to_them() -> None:
    def told() -> dict[str, tuple[object, object]]:
        people = stage.join("late").roster.values()
        return {person["name"]: (person.get("kind"), person.get("recording")) for person in people}

    stage = Stage()
    stage.join("host")
    stage.join("echo", kind="bot")
    stage.join("scribe", kind="recorder")
    *_, echo, scribe = stage.messages("host")
    assert (echo["participant"]["kind"], "recording" in echo["participant"]) == ("bot", False)
    assert (scribe["participant"]["kind"], scribe["participant"]["recording"]) == ("bot", True)
    expected = {
        "Host": (None, None),
        "Echo": ("bot", None),
        "Scribe": ("bot", True),
        "Late": (None, None),
    }
    assert told() == expected
    stage.say("echo", type="status", media={"audio": True})
    stage.lose("scribe")
    stage.wait(5.0)
    stage.resume("scribe")
    assert told() == expected
    stage.restart()
    assert told() == expected
    you, host = stage.messages("late")[-1]["you"], stage.sockets["late"].roster["p_host_ABC123"]
    # What the host's client can do is not known before it is back.
    assert you.keys() == host.keys() | {"obeys"}


def test_a_status_goes_to_everyone_the_author_included_and_is_acknowledged() -> None:
    stage = Stage()
    stage.join("ann")
    stage.join("bob")
    stage.silence()
    stage.say("ann", type="status", id=2, media={"audio": True}, hand=True)
    event, ack = stage.messages("ann")
    assert event["participant"] == {
        "id": "p_ann_ABC123",
        "media": {"audio": True, "video": False, "screen": False},
        "hand": True,
        "hand_at": "1970-01-12T13:46:40.000Z",
    }
    assert ack == {"type": "ack", "id": 2}
    assert stage.messages("bob") == [event]


def test_a_status_that_changes_nothing_is_acknowledged_and_not_told() -> None:
    stage = Stage()
    stage.join("ann")
    stage.join("bob")
    stage.silence()
    stage.say("ann", type="status", id=2, media={"video": False}, hand=False)
    assert stage.heard("ann") == ["ack"]
    assert stage.heard("bob") == []


def test_a_signal_goes_to_its_addressee_alone() -> None:
    stage = Stage()
    for user in ("ann", "bob", "cat"):
        stage.join(user)
    stage.silence()
    stage.say("ann", type="signal", to="p_bob_ABC123", data={"sdp": "x"}, id=9)
    (signal,) = stage.messages("bob")
    assert (signal["from"], signal["data"]) == ("p_ann_ABC123", {"sdp": "x"})
    assert stage.heard("ann") == ["ack"]
    assert stage.heard("cat") == []


def test_a_signal_to_nobody_to_oneself_or_to_another_room_is_refused() -> None:
    stage = Stage()
    stage.join("ann")
    stage.join("bob", room="OTHER")
    stage.silence()
    for to in ("p_nobody", "p_ann_ABC123", "p_bob_OTHER", ""):
        stage.say("ann", type="signal", to=to, data=1, id=3)
        (error,) = stage.messages("ann")
        assert (error["code"], error["id"]) == ("unknown_participant", 3)
    assert stage.heard("bob") == []


def test_leaving_is_told_recorded_acknowledged_and_closes() -> None:
    stage = Stage()
    ann = stage.join("ann")
    stage.join("bob")
    stage.silence()
    stage.now += 60
    stage.say("ann", type="leave", id=4)
    assert stage.heard(ann) == ["ack"]
    assert ann.closed is CloseCode.NORMAL
    (event,) = stage.messages("bob")
    assert (event["type"], event["reason"]) == ("participant_left", "left")
    (end,) = stage.ended
    assert (end.user_id, end.session_id, end.at, end.reason) == ("ann", "s_1", stage.now, "left")
    stage.lose(ann)
    assert stage.heard("bob") == []


def test_who_comes_back_after_leaving_has_rejoined() -> None:
    stage = Stage()
    stage.join("ann")
    stage.join("bob")
    stage.say("ann", type="leave")
    stage.silence()
    ann = stage.join("ann")
    assert stage.messages(ann)[0]["rejoined"] is True
    assert stage.heard("bob") == ["participant_rejoined"]


def test_a_reload_keeps_place_and_stay_and_takes_a_new_instance() -> None:
    stage = Stage()
    stage.join("bob")
    stage.join("ann", audio=True)
    stage.say("ann", type="status", hand=True)
    stage.silence()
    stage.lose("ann")
    stage.wait(0.5)
    assert stage.heard("bob") == []
    stage.join("ann")
    (event,) = stage.messages("bob")
    assert event["type"] == "participant_rejoined"
    assert event["participant"]["instance"] == "i_3.j_3"
    assert event["participant"]["hand"] is True, "a raised hand outlasts a reload"
    assert event["participant"]["media"]["audio"] is False, "a new page sends what it says it sends"
    assert stage.ended == []


def test_a_second_socket_replaces_the_first_whose_late_words_and_close_are_void() -> None:
    stage = Stage()
    stage.join("bob")
    old = stage.join("ann")
    new = stage.join("ann")
    assert old.closed is CloseCode.REPLACED
    stage.silence()
    stage.messages(new)
    stage.say(old, type="status", media={"audio": True})
    stage.say(old, type="leave")
    stage.lose(old)
    stage.wait(120)
    assert stage.heard("bob") == []
    assert stage.ended == []
    stage.say(new, type="status", media={"audio": True})
    assert stage.heard("bob") == ["participant_updated"]


def test_a_lost_connection_is_shown_after_a_second_and_given_up_after_grace() -> None:
    stage = Stage(grace=30)
    stage.join("bob")
    stage.join("ann")
    stage.silence()
    stage.lose("ann")
    lost_at = stage.now
    stage.wait(0.9)
    assert stage.heard("bob") == []
    stage.wait(0.2)
    (event,) = stage.messages("bob")
    assert event["participant"] == {"id": "p_ann_ABC123", "state": "reconnecting"}
    stage.wait(28)
    assert stage.heard("bob") == []
    stage.wait(1)
    (event,) = stage.messages("bob")
    assert (event["type"], event["reason"]) == ("participant_left", "lost")
    (end,) = stage.ended
    assert (end.at, end.reason) == (lost_at, "lost"), "the stay ended when the connection was lost"


def test_a_signal_to_someone_away_is_kept_and_acknowledged() -> None:
    stage = Stage()
    stage.join("ann")
    stage.join("bob")
    stage.lose("bob")
    stage.silence()
    stage.say("ann", type="signal", to="p_bob_ABC123", data=1, id=3)
    assert stage.heard("ann") == ["ack"]
    missed = stage.hub.rooms["ABC123"].log.since(2, "p_bob_ABC123")
    assert missed is not None
    assert len(missed) == 1


def test_ending_tells_and_closes_everyone_and_forgets_the_room() -> None:
    stage = Stage()
    ann, bob = stage.join("ann"), stage.join("bob")
    other = stage.join("cat", room="OTHER")
    stage.join("dan")
    stage.lose("dan")
    stage.silence()
    stage.end()
    assert (stage.heard(ann), stage.heard(bob)) == (["meeting_ended"], ["meeting_ended"])
    assert ann.closed is bob.closed is CloseCode.MEETING_ENDED
    assert other.closed is None
    assert list(stage.hub.rooms) == ["OTHER"]
    stage.wait(60)
    stage.end()
    assert stage.ended == [], "the store closed the stays in the call that ended the meeting"


def test_rooms_do_not_mix() -> None:
    stage = Stage()
    stage.join("ann", room="ONE")
    stage.join("bob", room="TWO")
    stage.silence()
    stage.say("ann", type="status", media={"audio": True})
    stage.say("ann", type="leave")
    assert stage.heard("bob") == []


def test_a_room_is_forgotten_with_its_last_member_and_begins_a_new_epoch() -> None:
    stage = Stage()
    first = stage.messages(stage.join("ann"))[0]["epoch"]
    stage.say("ann", type="leave")
    assert stage.hub.rooms == {}
    assert stage.messages(stage.join("ann"))[0]["epoch"] != first


def test_before_a_join_only_a_ping_is_answered() -> None:
    stage = Stage()
    stranger = Socket("stranger")
    stage.say(stranger, type="ping", t=1.5)
    assert stage.messages(stranger) == [{"type": "pong", "t": 1.5}]
    stage.say(stranger, type="status", id=2)
    (error,) = stage.messages(stranger)
    assert (error["code"], error["id"]) == ("not_joined", 2)
    assert stranger.closed is CloseCode.MISUSE


def test_a_second_join_is_refused_and_nothing_breaks() -> None:
    stage = Stage()
    stage.join("ann")
    stage.silence()
    stage.say("ann", type="join", id=8, meeting="other", name="Ann")
    (error,) = stage.messages("ann")
    assert (error["code"], error["id"]) == ("already_joined", 8)
    stage.say("ann", type="ping", id=9)
    assert stage.messages("ann") == [{"type": "pong", "id": 9}]


def test_every_error_and_close_code_has_its_text() -> None:
    assert set(ERRORS) == set(ErrorCode)
    assert set(CLOSE_REASONS) == set(CloseCode)
    assert all(len(reason.encode()) <= 123 for reason in CLOSE_REASONS.values()), "RFC 6455 section 5.5"
