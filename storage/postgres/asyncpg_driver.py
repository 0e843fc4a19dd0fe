"""Calls the functions in a PostgreSQL database through asyncpg. No other module imports asyncpg."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from storage.errors import BadStore, RowLocked, SchemaTooNew, StoreUnavailable
from storage.migrations import LOCK, Applied, SchemaFiles
from storage.postgres.driver import Call, CallFailed

if TYPE_CHECKING:
    import asyncpg

CONNECT_WITHIN = 2.5
MIGRATE_WITHIN = 60.0
LATENESS = 0.5
"""Seconds after its time-out in which a call may still be cancelled cleanly."""
POOL_SIZE = 8
BATCHES = 2
"""The database works on one batch while the answers of the other are read. More would only make each smaller."""

# What SQLSTATEs, or their classes, say about the call (PostgreSQL appendix A). Not listed: it failed for good.
_NOTHING_KEPT = ("40", "53", "55", "58", "57014", "57P03", "25006")
"""Rolled back: deadlock, full disk, lock not granted, disk error, cancelled; or never begun: starting up, read-only."""
_POOLED = ("26000", "42P05")
"""A prepared statement is not on this server."""
_GONE = ("08", "57P01", "57P02", "57P05")
"""The connection ended, and the call with it; how far the call had got is unknown."""
_SETTINGS = ("28", "3D", "42501", "42P01", "42883", "3F", "0A000")
"""Wrong user, password, database or permission; tables, functions or schema missing; an isolation level that the
functions refuse."""


class PostgresDatabase:
    """`url`: postgresql://user:password@host:port/database, with libpq's options and two of our own: `pool_size`
    (connections) and `statement_cache_size` (0 behind a transaction pooler, which gives each transaction another
    connection)."""

    concurrency = BATCHES

    def __init__(self, url: str, setting: str = "RECONVENE_STORE") -> None:
        """`setting`: where the URL comes from, for error messages. Raises `BadStore` when the URL cannot be used."""
        _driver()
        self._setting = setting
        try:
            parts = urlsplit(url)
            self.place = f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
        except ValueError:
            raise BadStore(
                f"{setting} is no URL of a PostgreSQL database, such as postgresql://user:password@host:5432/database "
                "(the port is a number; of /, ?, #, [ and ] in a password, their percent-encoding)"
            ) from None
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        self._pool_size = self._number(options, "pool_size", POOL_SIZE, 2)
        self._cache_size = self._number(options, "statement_cache_size", 100, 0)
        self._dsn = urlunsplit(parts._replace(query=urlencode(options)))
        self._pool: asyncpg.Pool[Any] | None = None

    async def open(self) -> None:
        asyncpg = _driver()
        with self._explained(sent=False):
            self._pool = await asyncpg.create_pool(
                min_size=0,
                max_size=self._pool_size,
                max_inactive_connection_lifetime=300.0,
                # Our calls leave nothing in a session that would need a reset.
                reset=_leave_as_it_is,
                statement_cache_size=self._cache_size,
                **self._how(),
            )

    async def close(self) -> None:
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await pool.close()
        except (TimeoutError, OSError):
            pool.terminate()

    async def carry_out(
        self, calls: Sequence[Call], within: float, before: float | None = None
    ) -> Sequence[Any]:
        batch = orjson.dumps(calls).decode()
        pool = self._pool
        if pool is None:
            raise StoreUnavailable("the store is not open", certain=True)
        connection: Any = None
        try:
            with self._explained(sent=False):
                connection = await pool.acquire(timeout=within)
            with self._explained(sent=True), _ended_after(connection, within + LATENESS):
                async with self._pinned(connection):
                    text = await connection.fetchval(
                        "SELECT reconvene.carry_out($1::jsonb, $2)::text", batch, before, timeout=within
                    )
        except StoreUnavailable as error:
            if connection is not None and not error.certain:
                # Its state is unknown, so it must not be handed out again.
                _terminate(connection)
            raise
        finally:
            if connection is not None:
                # The pool drops a broken connection.
                with contextlib.suppress(Exception):
                    await pool.release(connection, timeout=CONNECT_WITHIN)
        answers: list[Any] = orjson.loads(text)
        return answers

    async def applied(self) -> Applied:
        async with self._one_connection() as connection, connection.transaction():
            return await _applied(connection)

    async def migrate(self, files: SchemaFiles) -> Sequence[str]:
        async with self._one_connection() as connection, connection.transaction():
            # One process migrates; the others find it done.
            await connection.execute(LOCK, timeout=MIGRATE_WITHIN)
            applied = await _applied(connection)
            if applied.version > len(files.migrations):
                raise SchemaTooNew(applied.version, len(files.migrations))
            pending = files.pending(applied)
            for migration in pending.migrations:
                await connection.execute(migration.sql, timeout=MIGRATE_WITHIN)
            if pending.functions:
                await connection.execute(pending.functions_sql, timeout=MIGRATE_WITHIN)
        return pending.names

    @contextlib.asynccontextmanager
    async def _pinned(self, connection: Any) -> AsyncIterator[None]:
        """Behind a transaction pooler, a statement is prepared and executed on one server only within a transaction."""
        if self._cache_size:
            yield
            return
        async with connection.transaction():
            yield

    @contextlib.asynccontextmanager
    async def _one_connection(self) -> AsyncIterator[Any]:
        asyncpg = _driver()
        with self._explained(sent=False):
            # Each statement is sent once, perhaps through a pooler: prepared statements are of no use.
            connection = await asyncpg.connect(statement_cache_size=0, **self._how())
        try:
            with self._explained(sent=True):
                yield connection
        finally:
            with contextlib.suppress(Exception):
                await connection.close(timeout=CONNECT_WITHIN)

    def _how(self) -> dict[str, Any]:
        return {
            "dsn": self._dsn,
            "timeout": CONNECT_WITHIN,
            "server_settings": {"application_name": "reconvene"},
        }

    @contextlib.contextmanager
    def _explained(self, *, sent: bool) -> Iterator[None]:
        """Translates the driver's errors into ours. `sent`: the call may have reached the database."""
        asyncpg = _driver()
        try:
            yield
        except asyncpg.PostgresError as error:
            raise self._meaning(error, sent=sent) from error
        except TimeoutError as error:
            text = f"PostgreSQL at {self.place} did not answer in time"
            raise StoreUnavailable(text, certain=not sent) from error
        except (asyncpg.exceptions.ClientConfigurationError, UnicodeError) as error:
            # The second error is raised for an invalid host name.
            raise BadStore(f"{self._setting} cannot be used: {error}") from error
        except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            # The last error is raised when the connection had ended without the driver noticing.
            text = (
                f"the connection to PostgreSQL at {self.place} broke: {error}"
                if sent
                else f"cannot reach PostgreSQL at {self.place}: {error}; start it, or correct {self._setting}"
            )
            raise StoreUnavailable(text, certain=not sent) from error

    def _meaning(self, error: asyncpg.PostgresError, *, sent: bool) -> Exception:
        state = getattr(error, "sqlstate", None) or ""
        text = f"PostgreSQL at {self.place}: {error.args[0] if error.args else state}"
        if state == "55P03":
            return RowLocked(text)
        if state.startswith(_NOTHING_KEPT):
            return StoreUnavailable(text, certain=True)
        if state in _POOLED:
            hint = f"behind a transaction pooler, {self._setting} needs ?statement_cache_size=0"
            return StoreUnavailable(f"{text}; {hint}", certain=True)
        if state.startswith(_GONE):
            return StoreUnavailable(text, certain=not sent)
        if state.startswith(_SETTINGS):
            return BadStore(f"{text}; {self._advice(state)}")
        if not sent:
            return BadStore(f"{text}; correct {self._setting}")
        return CallFailed(state, text)

    def _advice(self, state: str) -> str:
        if state.startswith("28"):
            return f"correct the user and password in {self._setting}"
        if state.startswith("3D"):
            return f"create the database (createdb), or name another in {self._setting}"
        if state == "0A000":
            return "ALTER DATABASE … RESET default_transaction_isolation (or ALTER ROLE)"
        if state == "42501":
            return (
                f"let the user in {self._setting} do this (for the tables: GRANT CREATE ON DATABASE, or run "
                "`reconvene migrate` once as a user who may), or name another"
            )
        return f"the tables in the database of {self._setting} are not whole: run `reconvene migrate`, or restore them"

    def _number(self, options: dict[str, str], option: str, default: int, least: int) -> int:
        try:
            number = int(options.pop(option, default))
        except ValueError:
            number = -1
        if not least <= number <= 1000:
            raise BadStore(f"{self._setting}: {option} must be a number from {least} to 1000")
        return number


async def _applied(connection: Any) -> Applied:
    # Not with to_regclass: for a while, a session caches that the table was missing.
    tables = await connection.fetchval(
        "SELECT array_agg(tablename::text) FROM pg_tables "
        "WHERE schemaname = 'reconvene' AND tablename IN ('migrations', 'function_files')",
        timeout=CONNECT_WITHIN,
    )
    if not tables:
        return Applied()
    number = await connection.fetchval("SELECT max(number) FROM reconvene.migrations", timeout=CONNECT_WITHIN)
    if "function_files" not in tables:
        return Applied(number or 0)
    files = await connection.fetch(
        "SELECT name, hash, release FROM reconvene.function_files", timeout=CONNECT_WITHIN
    )
    hashes = {file["name"]: file["hash"] for file in files}
    return Applied(number or 0, hashes, max((tuple(file["release"]) for file in files), default=()))


def _terminate(connection: Any) -> None:
    # A connection that ended by itself is back in the pool, and raises this error.
    with contextlib.suppress(_driver().InterfaceError):
        connection.terminate()


@contextlib.contextmanager
def _ended_after(connection: Any, seconds: float) -> Iterator[None]:
    """Ends the connection after `seconds`. The driver's own time-out asks the server to cancel, and waits for ever for
    the outcome when a pooler has lost its server. The end of the connection ends every wait."""
    timer = asyncio.get_running_loop().call_later(seconds, _terminate, connection)
    try:
        yield
    finally:
        timer.cancel()


async def _leave_as_it_is(_connection: Any) -> None:
    pass


def _driver() -> Any:
    try:
        import asyncpg
    except ImportError:
        raise BadStore(
            "RECONVENE_STORE names a PostgreSQL database, which needs asyncpg: "
            "pip install '.[postgres]' in the checkout (docs/install.md)"
        ) from None
    return asyncpg
