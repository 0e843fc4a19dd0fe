"""What goes wrong between the store and a Supabase project, and what it is taken for.

Errors of the database and of PostgREST come from the real ones, by way of a function that raises what it is asked to.
`StandIn` is for what these cannot be made to answer.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Awaitable

import pytest

from storage import open_store
from storage.errors import BadStore, StoreError, StoreUnavailable
from storage.migrations import Applied, SchemaFiles
from storage.postgres.driver import CallFailed
from storage.postgres.supabase_driver import SupabaseDatabase
from tests.databases import PostgrestServer
from tests.storage.backends import Servers
from tests.storage.stand_in import KEY, StandIn, http, page, told

WITHIN = 10.0

_RAISES_WHAT_IT_IS_ASKED_TO = """
CREATE FUNCTION public.reconvene(calls jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    IF calls -> 0 ? 'code' THEN
        RAISE EXCEPTION 'as asked' USING ERRCODE = calls -> 0 ->> 'code';
    END IF;
    RETURN calls;
END $$;
REVOKE ALL ON FUNCTION public.reconvene FROM PUBLIC, anon, authenticated;
"""


async def failure(call: Awaitable[object], key: str = KEY) -> StoreError:
    """What it raises, which repeats the key nowhere, in no cause either."""
    with pytest.raises(StoreError) as caught:
        await call
    assert key not in "".join(traceback.format_exception(caught.value))
    return caught.value


def certain(error: StoreError) -> bool:
    assert isinstance(error, StoreUnavailable), repr(error)
    return error.certain


# The real ones


@pytest.fixture(scope="module")
async def project(servers: Servers) -> AsyncIterator[PostgrestServer]:
    postgres = await servers.postgres()
    url = await postgres.make_database("raising", owner="raising")
    async with PostgrestServer(postgres, url) as project:
        await postgres.execute(_RAISES_WHAT_IT_IS_ASKED_TO, database="raising")
        await postgres.execute(
            "GRANT EXECUTE ON FUNCTION public.reconvene TO service_role", database="raising"
        )
        await project.has("reconvene")
        yield project


@pytest.fixture
async def database(project: PostgrestServer) -> AsyncIterator[SupabaseDatabase]:
    database = SupabaseDatabase(project.url, project.service_key)
    await database.open()
    yield database
    await database.close()


async def test_calls_go_out_and_answers_come_back_in_order(database: SupabaseDatabase) -> None:
    calls: list[dict[str, object]] = [{"call": "some", "number": 1.25}, {"call": "other", "text": "Zoë 🎥"}]
    assert await database.carry_out(calls, WITHIN) == calls


@pytest.mark.parametrize("code", ["23505", "23503", "23514", "22P02", "22003", "P0001", "42703"])
async def test_data_that_is_refused_is_the_calls_failure(database: SupabaseDatabase, code: str) -> None:
    error = await failure(database.carry_out([{"code": code}], WITHIN))
    assert isinstance(error, CallFailed)
    assert error.sqlstate == code


@pytest.mark.parametrize("code", ["40P01", "55P03", "57014", "53300", "25006"])
async def test_a_transaction_that_was_given_up_may_be_tried_again_and_left_nothing(
    database: SupabaseDatabase, code: str
) -> None:
    assert certain(await failure(database.carry_out([{"code": code}], WITHIN)))


@pytest.mark.parametrize("code", ["08006", "57P01"])
async def test_of_a_transaction_whose_connection_was_lost_nothing_is_certain(
    database: SupabaseDatabase, code: str
) -> None:
    assert not certain(await failure(database.carry_out([{"code": code}], WITHIN)))


@pytest.mark.parametrize("value", ["\0", "\ud800", float("nan")], ids=["NUL", "half a character", "NaN"])
async def test_what_json_or_postgresql_cannot_hold_is_the_calls_failure(
    database: SupabaseDatabase, value: object
) -> None:
    error = await failure(database.carry_out([{"value": value}], WITHIN))
    assert isinstance(error, CallFailed)
    assert error.sqlstate == "22P05"


@pytest.mark.parametrize(
    ("code", "named"),
    [("42501", "SUPABASE_SERVICE_KEY"), ("42P01", "reconvene migrate"), ("42883", "SQL editor")],
)
async def test_what_only_people_can_mend_says_what_to_do(
    database: SupabaseDatabase, code: str, named: str
) -> None:
    error = await failure(database.carry_out([{"code": code}], WITHIN))
    assert isinstance(error, BadStore)
    assert named in str(error)


async def test_a_function_of_that_name_that_is_not_ours_is_told(database: SupabaseDatabase) -> None:
    error = await failure(database.applied())
    assert isinstance(error, BadStore)
    assert "not Reconvene's" in str(error)


async def test_nothing_is_left_running(project: PostgrestServer) -> None:
    tasks, threads = asyncio.all_tasks(), threading.enumerate()
    database = SupabaseDatabase(project.url, project.service_key)
    await database.open()
    await database.carry_out([{}], WITHIN)
    assert asyncio.all_tasks() == tasks
    assert threading.enumerate() == threads
    await database.close()
    await database.close()
    assert certain(await failure(database.carry_out([{}], WITHIN), project.service_key))


# The stand-in


async def failed(answer: bytes | None, within: float = WITHIN) -> StoreError:
    """What a call comes to that is answered like this."""
    stand_in = StandIn(answer)
    async with stand_in as url:
        database = SupabaseDatabase(url, KEY)
        await database.open()
        error = await failure(database.carry_out([{"call": "some"}], within))
        if answer is None:
            await stand_in.gone.wait()
        await database.close()
    return error


@pytest.mark.parametrize(
    "answer",
    [
        page("502 Bad Gateway"),
        page("520 Web Server Returned an Unknown Error"),
        told("429 Too Many Requests", message="API rate limit exceeded"),
        told("504 Gateway Timeout", message="The upstream server is timing out"),
        told(
            "503 Service Unavailable",
            code="PGRST001",
            message="Database client error. Retrying the connection.",
        ),
        told("500 Internal Server Error", code="PGRSTX00", message="Something"),
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[",
        b"no HTTP at all\r\n\r\n",
        None,
    ],
    ids=[
        "502",
        "520",
        "429",
        "504",
        "PGRST001",
        "PGRSTX00",
        "hangs up",
        "half an answer",
        "no HTTP",
        "no answer",
    ],
)
async def test_trouble_on_the_way_may_have_been_after_the_deed(answer: bytes | None) -> None:
    assert not certain(await failed(answer, WITHIN if answer is not None else 0.3))


@pytest.mark.parametrize("code", ["PGRST000", "PGRST002", "PGRST003"])
async def test_what_never_got_to_the_database_left_nothing(code: str) -> None:
    assert certain(await failed(told("503 Service Unavailable", code=code, message="No connection")))


@pytest.mark.parametrize(
    "answer",
    [
        page("404 Not Found"),
        page("200 OK"),
        page("405 Method Not Allowed"),
        http("301 Moved Permanently", "", "location: https://elsewhere.invalid/"),
        http("204 No Content"),
        http("200 OK", b"\xff\xfe\xfd"),
        told("200 OK", state="fine"),
        http("200 OK", "[1, 2]"),
    ],
    ids=["404", "a page", "405", "redirect", "nothing", "bytes", "an object", "too many answers"],
)
async def test_an_answer_that_no_project_gives_names_the_url(answer: bytes) -> None:
    error = await failed(answer)
    assert isinstance(error, BadStore)
    assert "SUPABASE_URL" in str(error)


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (told("401 Unauthorized", code="PGRST301", message="JWT expired"), "SUPABASE_SERVICE_KEY"),
        (
            told("401 Unauthorized", code="PGRST302", message="Anonymous access is disabled"),
            "SUPABASE_SERVICE_KEY",
        ),
        (told("401 Unauthorized", message="Invalid API key"), "SUPABASE_SERVICE_KEY"),
        (page("403 Forbidden", f"You sent {KEY}"), "SUPABASE_SERVICE_KEY"),
        (told("401 Unauthorized", message=f"Not known: {KEY}"), "SUPABASE_SERVICE_KEY"),
        (told("406 Not Acceptable", code="PGRST106", message="The schema must be one of"), "schema public"),
        (told("404 Not Found", code="PGRST202", message="Could not find the function"), "migrate --sql"),
    ],
    ids=["PGRST301", "PGRST302", "401", "403 with the key", "401 with the key", "PGRST106", "PGRST202"],
)
async def test_settings_that_are_wrong_are_named(answer: bytes, named: str) -> None:
    error = await failed(answer)
    assert isinstance(error, BadStore)
    assert named in str(error)


async def test_a_project_without_the_function_is_at_version_0() -> None:
    async with StandIn(told("404 Not Found", code="PGRST202", message="Could not find the function")) as url:
        assert await SupabaseDatabase(url, KEY).applied() == Applied()


async def test_what_nobody_listens_to_was_not_sent() -> None:
    async with StandIn(b"") as url:
        pass
    error = await failure(SupabaseDatabase(url, KEY).applied())
    assert certain(error)
    assert "SUPABASE_URL" in str(error)


async def test_what_waits_for_a_greeting_was_not_sent() -> None:
    """A TLS handshake that is never answered."""
    met: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def listen(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.put_nowait(writer)

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        database = SupabaseDatabase(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", KEY)
        await database.open()
        assert certain(await failure(database.carry_out([{}], 0.5)))
        await database.close()
        (await met.get()).close()


# Settings


@pytest.mark.parametrize(
    "url",
    [
        "",
        "abc.supabase.co",
        "ftp://abc.supabase.co",
        "https://",
        "https://abc.supabase.co:port",
        "https://a b.co",
    ],
)
def test_a_url_that_cannot_be_is_named(url: str) -> None:
    with pytest.raises(BadStore, match="SUPABASE_URL"):
        SupabaseDatabase(url, KEY)


@pytest.mark.parametrize("key", ["", f"{KEY}\n", f"{KEY[:9]} {KEY[9:]}", f"„{KEY}“"])
def test_a_key_that_cannot_be_is_named_and_not_shown(key: str) -> None:
    with pytest.raises(BadStore, match="SUPABASE_SERVICE_KEY") as caught:
        SupabaseDatabase("https://abc.supabase.co", key)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("slash", ["", "/", "/rest/v1", "/rest/v1/"])
async def test_the_url_may_end_as_it_is_copied(project: PostgrestServer, slash: str) -> None:
    database = SupabaseDatabase(project.url + slash, project.service_key)
    await database.open()
    assert await database.carry_out([{}], WITHIN) == [{}]
    await database.close()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supabase", None)
    monkeypatch.delitem(sys.modules, "storage.postgres.supabase_driver")
    with pytest.raises(BadStore, match=r"pip install '\.\[supabase\]'"):
        open_store("supabase", supabase_url="https://abc.supabase.co", supabase_key=KEY)


async def test_without_a_connection_string_migrating_says_what_to_do() -> None:
    error = await failure(SupabaseDatabase("https://abc.supabase.co", KEY).migrate(SchemaFiles([])))
    assert isinstance(error, BadStore)
    for way in ("reconvene migrate --sql", "supabase db push", "SUPABASE_DB_URL"):
        assert way in str(error)
