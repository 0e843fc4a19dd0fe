"""What operators see of several nodes: `reconvene cluster`, metrics, the doctor, the log; and who is turned away."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from server.doctor.checks import Level
from server.doctor.runner import examine
from server.identity.outside_user import LEEWAY
from signalling.protocol.errors import CloseCode
from tests.forking import begin
from tests.issuer import SECRET, Signer, login
from tests.process import ServerProcess, environment
from tests.server.client import playing
from tests.server.findings import one, those
from tests.server.sharing.started import nodes_in


@pytest.fixture(scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sequence[ServerProcess]]:
    async with nodes_in(tmp_path_factory.mktemp("nodes")) as nodes:
        yield await nodes.start(2, **login(SECRET=SECRET, EXPIRED="leave"))


async def command(server: ServerProcess, *arguments: str, **more: str) -> tuple[int, str, str]:
    """With the server's settings: exit code, what it printed and what it said."""
    environ = environment(server.directory, server.settings | more)
    process = await begin("reconvene.cli.main", arguments, environ, printing=True)
    printed, said = await process.communicate()
    return await process.wait(), printed.decode(), said.decode()


async def seen(server: ServerProcess) -> dict[str, Any]:
    _, printed, _ = await command(server, "cluster", "--json")
    told: dict[str, Any] = json.loads(printed)
    return told


async def test_the_nodes_are_shown(both: Sequence[ServerProcess], room: str) -> None:
    async with playing(both[0]) as one_play, playing(both[1]) as other:
        await one_play.joined(room, "Ann", create=True)
        await other.joined(room, "Bob")
        told = await seen(both[0])
        while any(sum(node[what] for node in told["nodes"]) < 2 for what in ("people", "connections")):
            # With its next beat each node says so.
            told = await seen(both[0])
    ids = {server.lines("listening")[0]["node"] for server in both}
    assert {node["id"] for node in told["nodes"]} == ids
    assert {node["pid"] for node in told["nodes"]} == {server.pid for server in both}
    assert sorted(node["rooms"] for node in told["nodes"]) == [0, 1]
    assert sorted(node["connections"] for node in told["nodes"]) == [1, 1]
    assert not any(node["dead"] or node["leaving"] for node in told["nodes"])
    assert "secrets" not in told["nodes"][0]
    # The command that `make cluster` prints names no other setting.
    alone = {"RECONVENE_STORE": "", "RECONVENE_SECRET": ""}
    code, printed, _ = await command(both[0], "cluster", **alone)
    assert code == 0
    assert all(each in printed for each in ids)
    assert "2 nodes" in printed
    code, _, said = await command(both[0], "cluster", RECONVENE_ENGINE="")
    assert (code, "RECONVENE_ENGINE is not set" in said) == (2, True)


async def test_a_node_is_measured(both: Sequence[ServerProcess], room: str) -> None:
    async with playing(both[0]) as owner, playing(both[1]) as other:
        ann = await owner.joined(room, "Ann", create=True)
        bob = await other.joined(room, "Bob")
        await ann.expect("participant_joined")
        await bob.signal(ann, {"offer": 1})
        of_owner, of_other = [(await play.http.get("/metrics")).text for play in (owner, other)]
    assert "\nreconvene_nodes 2.0\n" in of_owner
    assert "\nreconvene_engine_available 1.0\n" in of_owner
    assert "\nreconvene_rooms_owned 0.0\n" not in of_owner
    assert "\nreconvene_edges 1.0\n" in of_owner
    assert "\nreconvene_edges 0.0\n" in of_other
    assert "\nreconvene_commits_fenced_total 0.0\n" in of_owner
    assert "reconvene_rooms_taken_over_total" in of_owner
    assert "\nreconvene_commit_seconds_count 0.0\n" not in of_owner
    assert "\nreconvene_inbox_lag_seconds_count 0.0\n" not in of_other


async def test_the_doctor_looks_at_the_engine(both: Sequence[ServerProcess]) -> None:
    findings = await examine(both[0].settings | {"RECONVENE_PORT": "0"}, 20)
    one(findings, "engine", Level.OK, "answers, in")
    one(findings, "engine", Level.OK, "2 nodes live there, with the same secret")
    one(findings, "engine", Level.NOTE, "in its memory alone")
    assert len(those(findings, "engine")) == 4
    other = both[0].settings | {"RECONVENE_PORT": "0", "RECONVENE_SECRET": "quite another secret"}
    one(await examine(other, 20), "engine", Level.FAILURE, "another RECONVENE_SECRET", "Set the same")


async def test_who_has_another_secret_does_not_start(both: Sequence[ServerProcess], tmp_path: Path) -> None:
    code, _, said = await command(both[0], "serve", RECONVENE_SECRET="quite another secret")
    assert code == 2
    assert "RECONVENE_ENGINE cannot be used: nodes with another RECONVENE_SECRET use it" in said
    assert "Traceback" not in said
    # Nobody noticed.
    assert len((await seen(both[0]))["nodes"]) == 2


async def test_a_take_over_is_told_as_a_story(both: Sequence[ServerProcess], room: str) -> None:
    """And until when somebody may stay, the next owner knows."""
    async with playing(both[0]) as one_play, playing(both[1]) as other:
        await one_play.joined(room, "Ann", create=True)
        signer = Signer("HS256", kid=None)
        token = signer.token(sub="bob", iat=int(time.time()) - 600, lasts=8 - LEEWAY)
        bob = await other.joined(room, "Bob", token=token)
        node = both[0].lines("listening")[0]["node"]
        await both[0].kill()
        died = await both[1].logged("a node has died", node=node)
        assert died["silent"] > 3
        assert died["host"]
        taken = await both[1].logged("room taken over", meeting=room)
        assert taken["last_owner"] == node
        await both[1].logged("all rooms of the node that died have other owners", node=node)
        code, printed, _ = await command(both[1], "cluster", "--json")
        assert code == 1
        assert [each["id"] for each in json.loads(printed)["nodes"] if each["dead"]] == [node]
        assert (await bob.closed())[0] == CloseCode.TOKEN_EXPIRED
