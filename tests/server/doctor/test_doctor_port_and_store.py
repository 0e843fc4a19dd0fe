"""`reconvene doctor` on port and store: what it finds there, and that it changes nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import cast

import pytest

from server.doctor import port, store_checks
from server.doctor.checks import Level
from server.settings.config import Config
from storage.errors import BadStore, StoreUnavailable
from storage.sqlite.store import SqliteStore
from storage.store import Store
from tests.process import ServerProcess
from tests.server.findings import examined, one, those

Answers = Mapping[str, tuple[int, object]] | bytes


@asynccontextmanager
async def answering(answers: Answers) -> AsyncIterator[str]:
    """The port of something that answers requests for these paths, or anybody with these bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(answers, bytes):
            writer.write(answers)
        else:
            path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
            status, body = answers[path]
            writer.write(
                f"HTTP/1.1 {status} so\r\nconnection: close\r\n\r\n".encode() + json.dumps(body).encode()
            )
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield str(server.sockets[0].getsockname()[1])


async def test_a_free_port_is_left_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
    one(await examined(tmp_path, PORT=number), "port", Level.OK, number, "free")
    with socket.create_server(("127.0.0.1", int(number))):
        pass


async def test_a_running_reconvene_is_known_and_not_disturbed(tmp_path: Path, server: ServerProcess) -> None:
    one(await examined(tmp_path, PORT=str(server.port)), "port", Level.OK, "a Reconvene", "ready")
    one(await examined(server.directory, PORT=str(server.port)), "store", Level.OK, "answers, in")


async def test_a_reconvene_that_is_not_ready_is_warned_of(tmp_path: Path) -> None:
    answers = {
        "/healthz": (200, {"status": "ok"}),
        "/readyz": (503, {"detail": "The store does not answer."}),
    }
    async with answering(answers) as number:
        one(
            await examined(tmp_path, PORT=number), "port", Level.WARNING, "does not answer", "RECONVENE_STORE"
        )


@pytest.mark.parametrize(
    "answers",
    [
        {"/healthz": (200, {"status": "healthy"}), "/readyz": (200, {})},
        {"/healthz": (404, {"status": "ok"}), "/readyz": (200, {})},
        b"220 mail.example.org ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nno json",
        b"HTTP/1.1 \r\n\r\n{}",
        b"x" * 100_000,
        b"",
    ],
    ids=lambda answers: repr(answers)[:24],
)
async def test_another_program_on_the_port_is_a_failure(tmp_path: Path, answers: Answers) -> None:
    async with answering(answers) as number:
        one(await examined(tmp_path, PORT=number), "port", Level.FAILURE, "no Reconvene", "RECONVENE_PORT")


async def test_one_that_says_nothing_is_not_waited_for_long(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        findings = await examined(tmp_path, 1, PORT=str(silent.getsockname()[1]))
    one(findings, "port", Level.FAILURE, "does not answer", "RECONVENE_PORT")


async def test_a_host_that_is_not_this_machines_is_a_failure(tmp_path: Path) -> None:
    one(await examined(tmp_path, HOST="192.0.2.1"), "port", Level.FAILURE, "RECONVENE_HOST")
    one(
        await examined(tmp_path, HOST="no.such.host.invalid"),
        "port",
        Level.FAILURE,
        "RECONVENE_HOST",
        "resolved",
    )


async def test_a_port_that_takes_rights_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(port, "bind", refuse)
    one(
        await examined(tmp_path, PORT="80"),
        "port",
        Level.FAILURE,
        "80",
        "RECONVENE_PORT",
        "CAP_NET_BIND_SERVICE",
    )


# The store


@contextmanager
def database(directory: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(directory / "reconvene.db", isolation_level=None)) as connection:
        yield connection


@pytest.fixture
async def _stored(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reconvene.db")
    await store.open()
    await store.close()


async def test_a_store_that_is_not_there_yet_is_only_noted_and_not_made(tmp_path: Path) -> None:
    one(await examined(tmp_path), "store", Level.NOTE, "first start", str(tmp_path))
    assert not (tmp_path / "reconvene.db").exists()


@pytest.mark.usefixtures("_stored")
async def test_a_store_in_order_says_how_fast_it_answers(tmp_path: Path) -> None:
    findings = await examined(tmp_path)
    one(findings, "store", Level.OK, "SQLite", "ms")
    one(findings, "migrations", Level.OK, "up to date")


@pytest.mark.usefixtures("_stored")
async def test_migrations_are_told_of_and_not_made(tmp_path: Path) -> None:
    with database(tmp_path) as connection:
        connection.execute("PRAGMA user_version = 1")
    one(await examined(tmp_path), "migrations", Level.NOTE, "0002", "reconvene migrate")
    with database(tmp_path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


@pytest.mark.usefixtures("_stored")
async def test_a_newer_schema_is_a_failure(tmp_path: Path) -> None:
    with database(tmp_path) as connection:
        connection.execute("PRAGMA user_version = 99")
    one(await examined(tmp_path), "migrations", Level.FAILURE, "99", "RECONVENE_STORE")


async def test_what_is_no_store_is_a_failure(tmp_path: Path) -> None:
    file = tmp_path / "reconvene.db"
    file.write_text("this is no database at all, but long enough to be looked at" * 20)
    one(await examined(tmp_path), "store", Level.FAILURE, "is not a SQLite database", "RECONVENE_STORE")
    file.unlink()
    with database(tmp_path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    one(await examined(tmp_path), "store", Level.FAILURE, "another program's", "RECONVENE_STORE")
    for url in (
        "mysql://me:geheim@host/x",
        "sqlite:///:memory:",
        "sqlite:///",
        f"sqlite:///{tmp_path}/new.db?x=1",
    ):
        one(await examined(tmp_path, STORE=url), "store", Level.FAILURE, "RECONVENE_STORE may be")


class Stub:
    """A database elsewhere, as far as it is asked here."""

    def __init__(self, error: Exception | None = None, *, clock: float = 0.0) -> None:
        self.error = error
        self.offset = clock

    async def schema(self) -> None:
        if self.error:
            raise self.error
        await asyncio.Event().wait()

    async def clock(self) -> float:
        return time.time() + self.offset

    async def close(self) -> None:
        raise StoreUnavailable("gone")


@pytest.mark.parametrize(
    ("stub", "told"),
    [
        (Stub(StoreUnavailable("no route to it")), "no route to it"),
        (
            Stub(BadStore("the role may not; grant it what docs say, or change RECONVENE_STORE")),
            "Grant it what docs say",
        ),
        (Stub(BadStore("x is refused: why (401). It is that; not this")), "It is that; not this"),
        (Stub(BadStore("something is wrong (first this; then that)")), "Correct RECONVENE_STORE"),
        (Stub(BadStore("something is wrong; do this (or that)")), "Do this (or that)"),
        (Stub(), "does not answer within"),
        (Stub(LookupError("a mistake")), "a mistake"),
    ],
)
async def test_a_store_that_does_not_answer_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stub: Stub, told: str
) -> None:
    monkeypatch.setattr(Config, "make_store", lambda _: stub)
    findings = await examined(tmp_path, 1, STORE="postgresql://me:geheim@db.example/x")
    (finding,) = those(findings, "store")
    assert finding.level is Level.FAILURE
    assert told in finding.found + finding.advice
    assert finding.advice


@pytest.mark.parametrize(
    ("offset", "level"),
    [(0.0, Level.OK), (1.0, Level.OK), (5.0, Level.WARNING), (-5.0, Level.WARNING), (-60.0, Level.FAILURE)],
)
async def test_the_clock_of_the_database_is_compared(offset: float, level: Level) -> None:
    finding = await store_checks.compare_clocks(cast(Store, Stub(clock=offset)))
    assert finding.level is level
    assert bool(finding.advice) is (level is not Level.OK)
    if level is not Level.OK:
        assert ("behind" if offset < 0 else "ahead") in finding.found
