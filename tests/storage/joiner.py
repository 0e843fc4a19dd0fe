"""A process that joins: `python joiner.py PREFIX USERS CALLERS`, with the store in its environment, says "ready", waits
for a line, then has CALLERS at once join one meeting as PREFIX-0, PREFIX-1, …, and prints each join as it is
acknowledged: `user session created`.
"""

from __future__ import annotations

import asyncio
import os
import sys

from tests.storage.place import Place
from tests.storage.script import request


async def main(place: Place, prefix: str, users: int, callers: int) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    store = place.store()
    await store.open()
    names = iter([f"{prefix}-{number}" for number in range(users)])

    async def join_next() -> None:
        for name in names:
            joined = await store.join(request(name))
            print(name, joined.stay.session_id, joined.created, flush=True)

    await asyncio.gather(*(join_next() for _ in range(callers)))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(Place.of(os.environ), sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
