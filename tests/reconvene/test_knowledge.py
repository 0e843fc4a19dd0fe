"""What a program is told after it was away: the difference between two rooms."""

from __future__ import annotations

from typing import Any

import reconvene
from reconvene.events import Event
from reconvene.knowledge import Knowledge
from signalling.client.actions import Emit
from signalling.protocol.rights import MeetingSettings


def entry(name: str, **fields: Any) -> dict[str, Any]:
    """A `<participant>` with this name."""
    media = {"audio": False, "video": False, "screen": False}
    return {
        "id": f"p_{name}",
        "name": name,
        "role": "participant",
        "media": media,
        "hand": False,
        "state": "connected",
        "instance": f"i_{name}",
        "joined_at": "2026-11-21T04:54:36.752Z",
        **fields,
    }


def room(*entries: dict[str, Any], knocks: tuple[str, ...] = (), **meeting: Any) -> dict[str, Any]:
    at = "2026-11-21T05:01:10.204Z"
    waiting = [{"id": f"k_{name}", "name": name, "at": at, "anonymous": True} for name in knocks]
    return {
        "meeting": {"id": "ABC123", "title": "Stand-up", **meeting},
        "participants": list(entries),
        "knocks": waiting,
    }


def joined(*entries: dict[str, Any], knocks: tuple[str, ...] = (), **meeting: Any) -> Emit:
    """As the first of the entries."""
    return Emit("joined", {"you": entries[0], "ice_servers": []} | room(*entries, knocks=knocks, **meeting))


def told(knowledge: Knowledge, kind: str, **detail: Any) -> list[Event]:
    return knowledge.heard(Emit(kind, detail))


ME, BEN, EVE = entry("me", role="host"), entry("ben"), entry("eve")


def test_those_who_are_there_already_are_no_event() -> None:
    knowledge = Knowledge()
    assert knowledge.heard(joined(ME, BEN, knocks=("ann",))) == [reconvene.StateChanged("joined")]
    assert [each.name for each in knowledge.participants.values()] == ["me", "ben"]
    assert list(knowledge.knocks) == ["k_ann"]


def test_a_snapshot_is_told_as_what_has_changed() -> None:
    knowledge = Knowledge()
    knowledge.heard(joined(ME, BEN, EVE, knocks=("ann", "joe")))
    assert told(knowledge, "away") == [reconvene.StateChanged("reconnecting")]
    eve, ben = knowledge.participants["p_eve"], knowledge.participants["p_ben"]
    ann = knowledge.knocks["k_ann"]
    raised = BEN | {"hand": True, "hand_at": "2026-11-21T04:58:03.418Z"}
    now = room(ME, entry("zoe"), raised, knocks=("joe", "kim"), settings={"locked": True}, revision=3)
    events = told(knowledge, "resumed", ice_servers=[], snapshot=now)
    assert events == [
        reconvene.StateChanged("joined"),
        reconvene.MeetingChanged(MeetingSettings(locked=True), 3, None),
        reconvene.ParticipantLeft(eve, "unseen", None),
        reconvene.ParticipantJoined(knowledge.participants["p_zoe"], False),
        reconvene.ParticipantChanged(knowledge.participants["p_ben"], ben, None),
        reconvene.KnockEnded(ann, "left", None),
        reconvene.Knocked(knowledge.knocks["k_kim"]),
    ]
    assert (knowledge.participants["p_ben"].hand, ben.hand) == (True, False)
    assert list(knowledge.participants) == ["p_me", "p_zoe", "p_ben"]
    assert list(knowledge.knocks) == ["k_joe", "k_kim"]
    assert told(knowledge, "resumed", ice_servers=[], snapshot=now) == []


def test_a_resume_with_a_replay_changes_nothing_by_itself() -> None:
    knowledge = Knowledge()
    knowledge.heard(joined(ME, BEN))
    told(knowledge, "away")
    assert told(knowledge, "resumed", ice_servers=[{"urls": "stun:a"}]) == [reconvene.StateChanged("joined")]
    assert knowledge.ice_servers == ({"urls": "stun:a"},)


def test_another_page_of_somebody_is_told_as_that() -> None:
    knowledge = Knowledge()
    knowledge.heard(joined(ME, BEN))
    anew = BEN | {"instance": "i_2"}
    assert told(knowledge, "resumed", ice_servers=[], snapshot=room(ME, anew))[-1] == (
        reconvene.ParticipantJoined(knowledge.participants["p_ben"], True)
    )


def test_settings_that_are_left_out_are_the_defaults_again() -> None:
    knowledge = Knowledge()
    knowledge.heard(joined(ME, settings={"locked": True}, revision=2))
    assert (knowledge.settings.locked, knowledge.revision) == (True, 2)
    knowledge.heard(joined(ME))
    assert (knowledge.settings.locked, knowledge.revision) == (False, 0)


def test_what_a_newer_server_tells_is_passed_over() -> None:
    knowledge = Knowledge()
    knowledge.heard(joined(ME, BEN))
    assert told(knowledge, "event", type="of_a_newer_server", seq=7) == []
    assert told(knowledge, "event", type="participant_updated", participant={"id": "p_nobody"}) == []
    assert (
        told(knowledge, "event", type="participant_left", participant={"id": "p_nobody"}, reason="left") == []
    )
    (changed,) = told(knowledge, "event", type="participant_updated", participant={"id": "p_ben", "new": 1})
    assert isinstance(changed, reconvene.ParticipantChanged)
    settings = {"locked": True, "of_a_newer_server": 1}
    told(knowledge, "event", type="meeting_updated", meeting={"settings": settings, "revision": 4})
    assert (knowledge.settings.locked, knowledge.revision) == (True, 4)


def test_who_is_no_longer_in_charge_knows_of_no_knocks() -> None:
    knowledge = Knowledge()
    knowledge.heard(joined(ME, BEN, knocks=("ann",)))
    told(knowledge, "event", type="participant_updated", participant={"id": "p_me", "role": "cohost"})
    assert list(knowledge.knocks) == ["k_ann"]
    told(knowledge, "event", type="participant_updated", participant={"id": "p_me", "role": "participant"})
    assert knowledge.knocks == {}


def test_an_error_after_which_the_server_closes_is_told_by_the_end() -> None:
    knowledge = Knowledge()
    assert told(knowledge, "error", code="removed", message="You were removed.") == []
    assert told(knowledge, "error", code="busy", message="Later.") == [
        reconvene.CommandRefused("busy", "Later.")
    ]
