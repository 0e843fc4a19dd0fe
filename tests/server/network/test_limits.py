"""One address takes no more of the server than its share."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from server.network.client_address import Client as Address
from server.network.limits import LIMITS, Limits, parse
from server.runtime.metrics import Metrics
from server.settings.config import Config
from signalling.protocol.errors import Refused
from tests.process import ServerProcess
from tests.server.client import Play, bearer, playing

ADMIN_KEY = "the admin key of this test"
NARROW = {
    "lookups": 2,
    "failed_keys": 2,
    "identities": 20,
    "meetings": 4,
    "meetings_per_identity": 2,
    "sockets": 6,
    "new_sockets": 20,
    "requests": 60,
}
"""Those of a few come back after half a minute at least: no test is so slow between two steps."""


@pytest.fixture(scope="module")
async def narrow(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    directory = tmp_path_factory.mktemp("narrow")
    limits = ",".join(f"{name}={most}" for name, most in NARROW.items())
    settings = {"RECONVENE_LIMITS": limits, "RECONVENE_ADMIN_KEY": ADMIN_KEY}
    async with ServerProcess(directory, **settings) as server:
        yield server
    assert not [line for line in server.logs if line["level"] == "error"]


@pytest.fixture
async def play(narrow: ServerProcess) -> AsyncIterator[Play]:
    async with playing(narrow) as play:
        yield play


async def ask(play: Play, address: str, method: str, path: str, **request: Any) -> httpx.Response:
    headers = {"X-Forwarded-For": address} | request.pop("headers", {})
    return await play.http.request(method, path, headers=headers, **request)


def is_limited(answer: httpx.Response) -> bool:
    """Whether it is refused for now, with the time after which to try again. Any other answer is a good one."""
    if answer.status_code != 429:
        assert answer.status_code < 429, answer.text
        return False
    problem = answer.json()
    assert problem["code"] == "rate_limited"
    assert 1 <= problem["retry_after"] <= 600
    assert int(answer.headers["Retry-After"]) == pytest.approx(problem["retry_after"], abs=0.6)
    assert problem["detail"].endswith(" s.")
    return True


async def until_limited(
    most: int, attempt: Callable[[int], Awaitable[httpx.Response]]
) -> tuple[list[httpx.Response], httpx.Response]:
    """Try until it is refused; answers what passed, `most` at least (on a slow machine more), and the refusal."""
    passed: list[httpx.Response] = []
    while not is_limited(answer := await attempt(len(passed))):
        passed.append(answer)
        assert len(passed) < 10 * most, "never limited"
    assert len(passed) >= most
    return passed, answer


# What it may be


def test_the_table_is_scaled_and_single_limits_are_set() -> None:
    assert parse("1") == {name: limit.most for name, limit in LIMITS.items()}
    assert parse("0") == {}
    assert parse("2")["failed_keys"] == 20
    assert parse("0.001")["echoes"] == 1
    assert parse("0, failed_keys=7") == {"failed_keys": 7}
    assert "sockets" not in parse("sockets=0")


def test_by_default_there_are_limits() -> None:
    assert Config.from_env({}).limits == parse("1")


def test_the_documented_numbers_are_those_of_the_table() -> None:
    document = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
    for name, limit in LIMITS.items():
        seconds = f"{limit.seconds} s" if limit.seconds else ""
        assert f"| `{name}` | {limit.most} | {seconds}".rstrip() in document


# Over HTTP


async def test_ids_that_do_not_exist_can_be_tried_for_a_while_only(play: Play) -> None:
    host = await play.identity()
    made = await play.http.post("/api/meetings", headers=bearer(host), json={"meeting": "REAL-ONE"})
    assert made.status_code == 201
    stranger = "203.0.113.1"
    assert not is_limited(await ask(play, stranger, "GET", "/api/meetings/REAL-ONE"))
    # Nobody guesses an ID who asks for what the meeting has not.
    for what in ("participants/p_1", "knocks/k_1/admit", "invites/v_1") * NARROW["lookups"]:
        method = {"p": "GET", "k": "POST", "i": "DELETE"}[what[0]]
        answer = await ask(play, stranger, method, f"/api/meetings/REAL-ONE/{what}", headers=bearer(host))
        assert answer.status_code == 404, answer.text
    await until_limited(
        NARROW["lookups"], lambda number: ask(play, stranger, "GET", f"/api/meetings/GUESS-{number}")
    )
    # One that exists is refused likewise: or else the refusal would tell.
    assert is_limited(await ask(play, stranger, "GET", "/api/meetings/REAL-ONE"))
    assert is_limited(
        await ask(play, stranger, "GET", "/api/meetings/REAL-ONE/attendance", headers=bearer(host))
    )
    assert not is_limited(await ask(play, "203.0.113.2", "GET", "/api/meetings/REAL-ONE"))
    await play.server.logged("an address is over a limit", limit="lookups", remote=stranger)
    assert '\nreconvene_limited_total{limit="lookups"} ' in (await play.http.get("/metrics")).text


async def test_keys_can_be_tried_for_a_while_only_and_each_is_logged_and_counted(play: Play) -> None:
    stranger = "203.0.113.3"

    async def ask_with(key: str) -> httpx.Response:
        return await ask(play, stranger, "GET", "/api/meetings", headers=bearer(key))

    right = [await ask_with(ADMIN_KEY) for _ in range(5)]
    assert [answer.status_code for answer in right] == [200] * 5
    wrong, _ = await until_limited(
        NARROW["failed_keys"], lambda number: ask_with(f"a key that is a guess {number}")
    )
    assert {answer.status_code for answer in wrong} == {401}
    # If the right key were let in, it could still be found.
    assert is_limited(await ask_with(ADMIN_KEY))
    # A token cannot be guessed: one that is valid is let in, and one that has become void is no guess.
    token = await play.identity()
    assert (await ask_with(token)).status_code == 200
    assert (await ask_with(token[:-4] + "AAAA")).status_code == 401
    await play.server.logged("key refused", remote=stranger)
    assert f"\nreconvene_failed_keys_total {len(wrong)}.0\n" in (await play.http.get("/metrics")).text
    assert not any("guess" in line for line in play.server.output)


async def test_meetings_are_limited_by_identity_and_by_address(play: Play) -> None:
    tokens = [await play.identity() for _ in range(3)]

    async def make(token: str, meeting: str, address: str) -> httpx.Response:
        body = {"meeting": meeting}
        return await ask(play, address, "POST", "/api/meetings", headers=bearer(token), json=body)

    made = [await make(tokens[0], f"MINE-{number}", f"203.0.113.{10 + number}") for number in range(3)]
    assert [is_limited(answer) for answer in made] == [False, False, True]
    there = "203.0.113.20"
    assert (await make(tokens[1], "MINE-0", there)).status_code == 200, "one that exists is not made"
    for number, token in enumerate([tokens[1], tokens[1], tokens[2], tokens[2]]):
        assert (await make(token, f"THERE-{number}", there)).status_code == 201
    assert is_limited(await make(await play.identity(), "THERE-9", there))


async def test_identities_and_requests_are_limited(play: Play) -> None:
    await until_limited(NARROW["identities"], lambda _: ask(play, "203.0.113.30", "POST", "/api/identity"))
    await until_limited(NARROW["requests"], lambda _: ask(play, "203.0.113.31", "GET", "/healthz"))


async def test_a_browser_asks_for_a_page_again_by_itself(play: Play) -> None:
    def look(_: int) -> Awaitable[httpx.Response]:
        return ask(play, "203.0.113.32", "GET", "/", headers={"Accept": "text/html"})

    _, refusal = await until_limited(NARROW["requests"], look)
    assert int(refusal.headers["Refresh"]) > refusal.json()["retry_after"] - 1


async def test_a_households_64_is_one_address(play: Play) -> None:
    await until_limited(
        NARROW["lookups"], lambda n: ask(play, f"2001:db8:1:2::{n}", "GET", f"/api/meetings/SIX-{n}")
    )
    assert not is_limited(await ask(play, "2001:db8:1:3::1", "GET", "/api/meetings/SIX-6"))


# On sockets


async def refused(play: Play, address: str, **join: Any) -> float:
    """That a join is told to come back, by a message; answers when."""
    client = await play.client(address=address)
    if join:
        await client.send("join", name="Eve", **join)
    code, messages = await client.closed()
    assert code == 4103
    (message,) = messages
    assert (message["type"], message["code"]) == ("error", "rate_limited")
    assert message["retry_after"] >= 1
    return float(message["retry_after"])


async def test_a_join_looks_ids_up_as_well(play: Play) -> None:
    ann = await play.joined("A-CALL", "Ann", create=True)
    stranger = "203.0.113.40"
    for number in range(NARROW["lookups"]):
        guesser = await play.client(address=stranger)
        await guesser.send("join", meeting=f"GUESS-{number}", name="Eve")
        await guesser.error("unknown_meeting")
        await guesser.close()
    await refused(play, stranger, meeting="A-CALL")
    assert is_limited(await ask(play, stranger, "GET", "/api/meetings/A-CALL")), "both ways count together"
    bob = await play.client(address="203.0.113.41")
    await bob.join("A-CALL", "Bob")
    # Somebody who was in the meeting comes back all the same; somebody who only claims it does not.
    back = await play.client(address=stranger)
    await back.join("A-CALL", "Ann", token=ann.token, session=ann.session)
    forger = await play.client(address=stranger)
    await forger.send("join", meeting="A-CALL", name="Eve", session=ann.session[:-4] + "AAAA")
    await forger.error("bad_token")


async def test_a_join_makes_meetings_within_the_limits_and_goes_on_joining_those_that_exist(
    play: Play,
) -> None:
    address = "203.0.113.42"
    # A meeting that exists is joined, however often, and not created.
    for number in [0] * 3 + list(range(NARROW["meetings"])):
        maker = await play.client(address=address)
        await maker.join(f"MADE-{number}", "Ann", create=True)
        await maker.leave()
    await refused(play, address, meeting="MADE-4", create=True)
    again = await play.client(address=address)
    await again.join("MADE-0", "Ann", create=True)
    # By one identity, from wherever.
    token = await play.identity()
    for number in range(2):
        maker = await play.client(address=f"203.0.113.{50 + number}")
        await maker.join(f"OWN-{number}", "Bob", create=True, token=token)
        await maker.leave()
    await refused(play, "203.0.113.59", meeting="OWN-2", create=True, token=token)


async def test_sockets_are_limited_at_a_time(play: Play) -> None:
    address = "203.0.113.60"
    for _ in range(NARROW["sockets"]):
        await (await play.client(address=address)).join("CROWD", "Ann", create=True)
    await refused(play, address)


async def test_sockets_are_limited_over_time(play: Play) -> None:
    for _ in range(10 * NARROW["new_sockets"]):
        client = await play.client(address="203.0.113.62")
        with contextlib.suppress(ConnectionClosed):
            await client.send("join", meeting="NOWHERE", name="Bob", token="none")
        answer = await client.next()
        await client.closed()
        if answer["code"] == "rate_limited":
            break
        assert answer["code"] == "bad_token"
    else:
        pytest.fail("never limited")
    good = await play.client(address="203.0.113.61")
    await good.join("GOOD", "Ann", create=True)


async def test_an_untrusted_private_proxy_is_warned_of_and_its_clients_share_wider_limits(
    tmp_path: Path,
) -> None:
    settings = {"RECONVENE_LIMITS": "0,lookups=1", "RECONVENE_TRUSTED_PROXIES": "none"}
    async with ServerProcess(tmp_path, **settings) as server, playing(server) as play:
        await until_limited(50, lambda n: ask(play, "203.0.113.1", "GET", f"/api/meetings/GUESS-{n}"))
        (warning,) = [line for line in server.logs if "advice" in line]
        assert warning["proxy"] == "127.0.0.1"
        assert "RECONVENE_TRUSTED_PROXIES=" in warning["advice"]


# The rest


def test_nobody_is_limited_whose_address_is_not_known() -> None:
    limits = Limits(parse("failed_keys=1"), Metrics())
    for _ in range(10):
        limits.take("failed_keys", Address("", ""))


def test_one_log_line_tells_of_many_refusals(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    limits = Limits(parse("0,failed_keys=1"), Metrics(), lambda: now[0])
    client = Address("203.0.113.1", "203.0.113.1")

    def tries(times: int) -> None:
        for _ in range(times):
            with pytest.raises(Refused):
                limits.take("failed_keys", client)

    limits.take("failed_keys", client)
    tries(5)
    now[0] += 11
    tries(2)
    told = [line for line in capsys.readouterr().out.splitlines() if "an address is over a limit" in line]
    assert len(told) == 2
    assert "refused=1" in told[0]
    assert "refused=5" in told[1]
