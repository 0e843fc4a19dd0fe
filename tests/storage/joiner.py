"""A process that joins: `python joiner.py URL PREFIX USERS CALLERS` says "ready", waits for a line, then has CALLERS
at once join one meeting as PREFIX-0, PREFIX-1, …, and prints each join as it is acknowledged: `user session created`.
"""

from __future__ import annotations

import asyncio
import sys

from storage import open_store
from tests.storage.script import request


async def main(url: str, prefix: str, users: int, callers: int) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    store = open_store(url)
    await store.open()
    names = iter([f"{prefix}-{number}" for number in range(users)])

    async def join_next() -> None:
        for name in names:
            joined = await store.join(request(name))
            print(name, joined.stay.session_id, joined.created, flush=True)

    await asyncio.gather(*(join_next() for _ in range(callers)))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
