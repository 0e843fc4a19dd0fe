"""`reconvene person`: all that is known of one person, told or erased."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.process import ServerProcess
from tests.reconvene.command import running
from tests.server.client import bearer, playing


async def person(directory: Path, *arguments: str) -> tuple[int, str, str]:
    async with running("person", *arguments, directory=directory) as process:
        printed, complaints = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode(), complaints.decode()


async def test_a_person_is_told_all_and_erased_beside_a_running_server(tmp_path: Path) -> None:
    key = "an admin key that is long enough"
    async with ServerProcess(tmp_path, RECONVENE_ADMIN_KEY=key) as server, playing(server) as play:
        ann, bob = await play.pair("ABC123")
        with sqlite3.connect(server.database) as record:
            ((user,),) = record.execute("SELECT user_id FROM participants WHERE name = 'Bob'").fetchall()
        code, printed, _ = await person(tmp_path, user, "--export")
        assert (code, json.loads(printed)["participants"][0]["name"]) == (0, "Bob")
        file = tmp_path / "bob.json"
        assert (await person(tmp_path, user, "--export", "-o", str(file)))[:2] == (0, "")
        assert json.loads(file.read_text())["user_id"] == user
        # Over HTTP the same, for the admin key alone.
        path = f"/api/people/{user}"
        assert (await play.http.get(path, headers=bearer(ann.token))).status_code == 403
        told = (await play.http.get(path, headers=bearer(key))).json()
        assert told["stays"][0]["participant_id"] == bob.id
        # Of the report one knows the participant's id, which is another one: nobody is to be taken for erased.
        for method, wrong in (
            ("GET", f"/api/people/{bob.id}"),
            ("DELETE", f"/api/people/{bob.id}"),
            ("POST", f"/api/identities/{bob.id}/revoke"),
        ):
            assert (await play.http.request(method, wrong, headers=bearer(key))).status_code == 400
        # Nobody said yes.
        code, _, complaints = await person(tmp_path, user, "--erase")
        assert (code, "nothing was erased" in complaints) == (1, True)
        # Bob is there: he is put out, and then erased.
        answer = await play.http.delete(path, headers=bearer(key))
        assert (answer.status_code, answer.json()) == (200, {"meetings": 1})
        assert (await bob.closed())[0] == 4006
        (left,) = [row for row in await play.attendance("ABC123", ann.token) if row["id"] != ann.id]
        assert (left["name"], left["sessions"][0]["reason"]) == ("erased", "removed")
        assert left["id"] != bob.id
        code, _, complaints = await person(tmp_path, user, "--erase", "--yes")
        assert (code, complaints) == (0, f"{user} was erased before, or was never known\n")
        again = (await play.http.delete(path, headers=bearer(key))).json()
        assert again == {"meetings": 0}
        await server.stop()
        with sqlite3.connect(server.database) as record:
            assert user not in "\n".join(line for line in record.iterdump() if "revocations" not in line)


async def test_who_is_in_a_meeting_is_not_erased_by_the_command(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, playing(server) as play:
        _, bob = await play.pair("ABC123")
        with sqlite3.connect(server.database) as record:
            ((user,),) = record.execute("SELECT user_id FROM participants WHERE name = 'Bob'").fetchall()
        code, _, complaints = await person(tmp_path, user, "--erase", "--yes")
        assert code == 1
        assert "The person is in ABC123" in complaints
        # The server hears of it, and puts Bob out.
        assert (await bob.closed())[0] == 4006
        await play.recorded()
        assert (await person(tmp_path, user, "--erase", "--yes"))[0] == 0


async def test_wrong_arguments_are_told_in_a_line(tmp_path: Path) -> None:
    for arguments, why in (
        (["u_1"], "say either --export or --erase"),
        (["u_1", "--erase", "--export"], "say either --export or --erase"),
        (["u_1", "--erase", "-o", "x"], "--output is for --export: export first, then erase"),
        (["u_1", "--export"], "there is no record at"),
        # What the report shows, and what an application calls its user: nobody is to be taken for erased.
        (["p_zpxjevkecvz2bue5", "--erase", "--yes"], "'p_zpxjevkecvz2bue5' is no user id"),
        (["user_7", "--export"], "'user_7' is no user id"),
        (["u_", "--export"], "'u_' is no user id"),
    ):
        code, printed, complaints = await person(tmp_path, *arguments)
        assert (code, printed) == (2, "")
        assert complaints.startswith(f"reconvene: {why}")
        assert len(complaints.splitlines()) == 1
