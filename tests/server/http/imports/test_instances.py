"""An import over HTTP, instance by instance."""

from __future__ import annotations

import pytest

from tests.server.client import Play, bearer
from tests.server.http.imports.reading import read, told
from tests.server.webinars import WEEKLY


async def test_of_one_instance_what_is_told_is_of_it_alone(play: Play) -> None:
    path = f"/{WEEKLY}/attendance"
    one = await told(play, path, instance="4AAA==")
    assert [person["name"] for person in one["participants"]] == ["Ada Lovelace"]
    assert one["meeting"]["created_at"] == "2026-03-09T09:00:00.000Z"
    totals = one["source"]["totals"]
    assert (totals["people"], totals["no_shows"], totals["total_duration"]) == (1, 2, 3600.0)
    assert [part["instance"] for part in one["source"]["parts"] if part["instance"]] == ["4AAA=="]
    assert [each["instance"] for each in one["source"]["instances"]] == ["/abc//d==", "4AAA=="]
    # Whoever writes such a URL by hand forgets the escapes.
    first = await told(play, path, instance="/abc//d==", limit=3)
    rest = await told(play, path, instance="/abc//d==", limit=3, after=first["next"])
    assert [person["name"] for person in (*first["participants"], *rest["participants"])] == [
        "Ada Lovelace",
        "Bob",
        "bob",
        "iPhone",
    ]
    assert (rest["next"], "totals" in rest) == (None, False)
    absent = await told(play, f"/{WEEKLY}/registrants", instance="4AAA==", came="no")
    assert [person["name"] for person in absent["registrants"]] == ["Bob", "Cléo", "Dora"]
    answer = await read(play, path, format="csv", rows="registrants", instance="4AAA==")
    assert answer.text.count('"yes"') == 1


async def test_all_instances_side_by_side(play: Play) -> None:
    path = f"/{WEEKLY}/attendance"
    page = await told(play, path, by="instance", limit=1)
    assert [each["starts_at"] for each in page["instances"]] == [
        "2026-03-02T09:00:00.000Z",
        "2026-03-09T09:00:00.000Z",
    ]
    rest = await told(play, path, by="instance", after=page["next"])
    assert [person["attended"] for person in (*page["participants"], *rest["participants"])] == [2, 1, 1, 1]
    answer = await read(play, path, by="instance", format="csv", zone="America/New_York")
    assert answer.headers["content-disposition"] == f'attachment; filename="{WEEKLY}-instances.csv"'
    # The clocks there were changed between the two.
    assert '"2026-03-02 04:00 -05:00","2026-03-09 05:00 -04:00"' in answer.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"instance": "nothing"}, "there is no instance 'nothing'"),
        ({"by": "instance", "zone": "Nowhere/At_All"}, "no time zone"),
        ({"by": "instance", "zone": "../../etc/passwd"}, "no time zone"),
        ({"by": "instance", "zone": "Europe"}, "no time zone"),
        ({"instance": "4AAA==", "after": "p_nobody"}, "nobody in the meeting"),
    ],
)
async def test_what_is_no_instance_and_no_zone_is_said(play: Play, wrong: dict[str, str], said: str) -> None:
    answer = await read(play, f"/{WEEKLY}/attendance", **wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")
    assert said in answer.json()["detail"]


async def test_a_meeting_that_was_held_here_has_no_instances(play: Play) -> None:
    token = await play.identity()
    made = (await play.http.post("/api/meetings", headers=bearer(token))).json()["id"]
    for asked in ({"by": "instance"}, {"instance": "4AAA=="}):
        answer = await read(play, f"/{made}/attendance", token, **asked)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")
