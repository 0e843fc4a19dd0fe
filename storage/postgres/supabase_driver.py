"""Calls a Supabase project through supabase-py, by the one function its API exposes.

The API is PostgREST behind a gateway. Errors are recognised by codes (PostgREST's or PostgreSQL's), never by messages;
where a gateway or a proxy answered instead, there is only the HTTP status. Nothing is retried here.

Importing this module without supabase-py raises `BadStore`.
"""

from __future__ import annotations

import asyncio
import functools
import re
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from storage.errors import BadStore, RowLocked, StoreError, StoreUnavailable
from storage.migrations import Applied, SchemaFiles
from storage.postgres.driver import CallFailed, Unheard

try:
    import httpx
    from supabase import AsyncClient, AsyncClientOptions, PostgrestAPIError, create_async_client
except ModuleNotFoundError as missing:
    raise BadStore(
        "RECONVENE_STORE=supabase needs supabase-py, which is not installed: "
        "pip install '.[supabase]' in the checkout (docs/install.md)"
    ) from missing

FUNCTION = "reconvene"

_CHECK = 5.0
"""Seconds for a call that is made once, at start-up or from the command line."""

_RELOAD = 15.0
"""Seconds that the API may take to notice a changed schema."""

_IDLE = 30.0
"""Seconds for which an idle connection is kept. Gateways keep connections for a minute or longer."""

_GET_MIGRATED = (
    "Run `reconvene migrate --sql` and paste what it prints into the SQL editor of the project, or run "
    "`reconvene migrate --export supabase/migrations` and `supabase db push`, or set SUPABASE_DB_URL to the "
    "project's connection string and run `reconvene migrate` (docs/supabase.md)"
)

_SQLSTATE = re.compile("([0-9]{2}|F0|HV|P0|XX)[0-9A-Z]{3}")
# Rolled back, and may succeed the next time: serialization, deadlock, full disk or too many connections, lock not
# granted, cancelled, starting up, read-only (as is a project with a full disk).
_ROLLED_BACK = re.compile("40...|53...|55...|57014|57P03|58...|25006")
_NOT_MIGRATED = re.compile("PGRST202|42883|42P01|3F000")
_LOST = re.compile("08...|57P0[125]")
# PostgREST has no connection, no schema cache yet, or none free: the call did not reach the database.
_NOT_REACHED = re.compile("PGRST00[023]")
_TRY_AGAIN = (408, 425, 429)


@dataclass(slots=True)
class _Attempt:
    """What is observed of a request below supabase-py, which reports none of it."""

    within: float
    sent: bool = False
    status: int = 0


_attempt: ContextVar[_Attempt] = ContextVar("attempt")


class SupabaseDatabase:
    """The `Database` behind the API at `url` (`https://….supabase.co`), with the service role's `key`.

    `db_url`, a postgresql:// URL of the same database, is for `migrate` only. Raises `BadStore` when one of them is not
    valid. No exception's text contains the key.
    """

    # With more batches at once, more transactions would wait for the same rows.
    concurrency = 4

    def __init__(self, url: str, key: str, db_url: str | None = None) -> None:
        self._url = _checked_url(url)
        self._key = _checked_key(key)
        self._db_url = db_url
        self._client: AsyncClient | None = None
        self._http: httpx.AsyncClient | None = None

    async def open(self) -> None:
        if self._client is None:
            self._http, self._client = await self._connect()

    async def close(self) -> None:
        http, self._http, self._client = self._http, None, None
        # supabase-py's client has nothing to close, and does not close the HTTP client it was given.
        if http is not None:
            await http.aclose()

    async def carry_out(
        self, calls: Sequence[Mapping[str, Any]], within: float, before: float | None = None
    ) -> Sequence[Any]:
        if self._client is None:
            raise StoreUnavailable("the store is not open", certain=True)
        return await self._call(self._client, calls, within, before)

    async def applied(self) -> Applied:
        async with self._any_client() as client:
            try:
                answer, files = await self._call(
                    client, [{"call": "version"}, {"call": "function_files"}], _CHECK
                )
            except _NotMigrated:
                return Applied()
            except CallFailed as error:
                # The calls are right, so the role is wrong.
                raise BadStore(f"SUPABASE_SERVICE_KEY is not the service role's: {error}") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("value"), int):
            raise BadStore(f"public.{FUNCTION} in the Supabase project is not Reconvene's. {_GET_MIGRATED}")
        # A release before 0.6 does not know the second call.
        known = files["value"] if files else {}
        return Applied(answer["value"], known.get("hashes") or {}, tuple(known.get("release") or ()))

    async def migrate(self, files: SchemaFiles) -> Sequence[str]:
        if not self._db_url:
            raise BadStore(
                f"the Supabase project is not migrated to version {len(files.migrations)}, which its API cannot do. "
                f"{_GET_MIGRATED}"
            )
        from storage.postgres.asyncpg_driver import PostgresDatabase

        applied = await PostgresDatabase(self._db_url, "SUPABASE_DB_URL").migrate(files)
        await self._see_all(files)
        return applied

    async def _see_all(self, files: SchemaFiles) -> None:
        """Wait until the API knows the migrated functions, as the migration bypassed it."""
        deadline = time.monotonic() + _RELOAD
        while files.pending(await self.applied()).names:
            if time.monotonic() > deadline:
                raise BadStore(
                    "the database at SUPABASE_DB_URL is migrated, but the API at SUPABASE_URL does not show it. "
                    "If they are the same project, run NOTIFY pgrst, 'reload schema' in its SQL editor"
                )
            await asyncio.sleep(0.2)

    @asynccontextmanager
    async def _any_client(self) -> AsyncIterator[AsyncClient]:
        if self._client is not None:
            yield self._client
            return
        http, client = await self._connect()
        async with http:
            yield client

    async def _connect(self) -> tuple[httpx.AsyncClient, AsyncClient]:
        http = httpx.AsyncClient(
            verify=_certificates(),
            # More connections than calls: httpx is slow when calls queue. Each attempt has its own time-out.
            limits=httpx.Limits(max_connections=4 * self.concurrency, keepalive_expiry=_IDLE),
            event_hooks={"request": [_watch], "response": [_note_status]},
        )
        options = AsyncClientOptions(httpx_client=http, auto_refresh_token=False, persist_session=False)
        return http, await create_async_client(self._url, self._key, options)

    async def _call(
        self,
        client: AsyncClient,
        calls: Sequence[Mapping[str, Any]],
        within: float,
        before: float | None = None,
    ) -> Sequence[Any]:
        attempt = _Attempt(within)
        _attempt.set(attempt)
        try:
            async with asyncio.timeout(within):
                arguments = (
                    {"calls": list(calls)} if before is None else {"calls": list(calls), "before": before}
                )
                answer = (await client.rpc(FUNCTION, arguments).execute()).data
        except PostgrestAPIError as error:
            raise self._meaning(error.code or "", attempt.status, error.message or "") from None
        except TimeoutError:
            text = f"Supabase did not answer within {within:g} s"
            raise (Unheard(text) if attempt.sent else StoreUnavailable(text, certain=True)) from None
        except httpx.RequestError as error:
            why = self._without_key(str(error) or type(error).__name__)
            text = (
                f"the connection to Supabase broke: {why}"
                if attempt.sent
                else f"cannot reach Supabase: {why}; is SUPABASE_URL right, and the project not paused?"
            )
            raise (Unheard(text) if attempt.sent else StoreUnavailable(text, certain=True)) from None
        except ValueError as error:
            if attempt.sent:
                raise _not_supabase(attempt.status, "text that is no JSON") from None
            # The number or character does not exist in JSON. PostgreSQL raises the same code for those that it lacks.
            raise CallFailed("22P05", f"cannot be sent as JSON: {type(error).__name__}") from None
        if not isinstance(answer, list) or len(answer) != len(calls):
            raise _not_supabase(attempt.status, "something else than the outcomes of the calls")
        return answer

    def _meaning(self, code: str, status: int, message: str) -> StoreError:
        by_database = _SQLSTATE.fullmatch(code) is not None
        known = by_database or code.startswith("PGRST")
        message = self._without_key(message)[:200]
        text = f"{message} ({code if known else f'HTTP {status}'})"
        if code == "55P03":
            return RowLocked(f"Supabase: {text}")
        if _NOT_MIGRATED.fullmatch(code):
            return _NotMigrated(f"the Supabase project is not migrated: {text}. {_GET_MIGRATED}")
        if code == "0A000":
            return BadStore(f"the Supabase project's database will not do: {text}")
        if code == "42501":
            return BadStore(
                f"SUPABASE_SERVICE_KEY is not the service role's: {text}. It is the secret key (sb_secret_… or the "
                "JWT of service_role) under Project Settings, API Keys; not the publishable or anon one"
            )
        if code == "PGRST106":
            return BadStore(
                f"the Supabase project does not expose the schema public: {text}. "
                "Add it under Project Settings, Data API"
            )
        if code.startswith("PGRST3") or (status in (401, 403) and not known):
            return BadStore(
                f"SUPABASE_SERVICE_KEY is refused: {text}. It is the secret key under Project Settings, API Keys, of "
                "the project that SUPABASE_URL names"
            )
        if not by_database and status < 500 and status not in _TRY_AGAIN:
            return _not_supabase(status, message)
        nothing_kept = (_ROLLED_BACK.fullmatch(code) or _NOT_REACHED.fullmatch(code)) is not None
        if by_database and not nothing_kept and not _LOST.fullmatch(code):
            return CallFailed(code, message)
        # If the API itself answers, the call is over, whatever its outcome. A gateway's answer does not mean that.
        return (
            StoreUnavailable(f"Supabase: {text}", certain=nothing_kept)
            if known
            else Unheard(f"Supabase: {text}")
        )

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "…")


class _NotMigrated(BadStore):
    """The function, or something that it needs, is missing."""


def _not_supabase(status: int, answered: str) -> BadStore:
    return BadStore(
        f"what answers at SUPABASE_URL is not the API of a Supabase project: HTTP {status}, {answered}. "
        "It is the project's URL, such as https://abcdefghijklmnopqrst.supabase.co"
    )


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Cached, as reading certificates takes longer than a call."""
    return httpx.create_ssl_context()


async def _watch(request: httpx.Request) -> None:
    attempt = _attempt.get()

    async def trace(event: str, _info: Mapping[str, Any]) -> None:
        # "http11.…" or "http2.…"
        if event.endswith(".send_request_headers.started"):
            attempt.sent = True

    # Half for TCP, half for TLS: httpx leaves the socket open when it is cancelled in between.
    timeout = {"connect": attempt.within / 2, "read": None, "write": None, "pool": None}
    request.extensions = {"timeout": timeout, "trace": trace}


async def _note_status(response: httpx.Response) -> None:
    _attempt.get().status = response.status_code


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        usable = usable and re.fullmatch(r"[!-~]+", url) is not None
    except ValueError:
        usable = False
    if not usable or "@" in url or parts.query or parts.fragment:
        raise BadStore(
            "SUPABASE_URL must be the URL of a project, such as https://abcdefghijklmnopqrst.supabase.co"
        )
    return url.rstrip("/").removesuffix("/rest/v1")


def _checked_key(key: str) -> str:
    # Otherwise the HTTP library would raise an error whose text contains the key.
    if not re.fullmatch(r"[!-~]+", key):
        raise BadStore("SUPABASE_SERVICE_KEY has characters that no key has, such as spaces or line breaks")
    return key
