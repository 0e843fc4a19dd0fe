"""Each attack of the campaign does what it is for, and leaves no error in the log. `make abuse` does them for long."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.abuse.attacker import Attacker
from tests.abuse.attacks import ATTACKS, FAILURES
from tests.process import ServerProcess


async def test_attacks_are_answered_without_an_error(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_LIMITS="0,lookups=1,failed_keys=1,identities=1") as server:
        for number, attack in enumerate(ATTACKS.values(), 1):
            attacker = Attacker(server.url, number)
            # The second time some are refused; what an attacker then meets is no failure of the server.
            for attacker.times in range(2):
                with contextlib.suppress(*FAILURES):
                    await attack(attacker)
            await attacker.let_go()
        limited = {str(line["limit"]) for line in server.logs if "limit" in line}
        assert {"lookups", "failed_keys"} <= limited
    assert server.exit_code == 0
    assert not [line for line in server.logs if line["level"] in {"error", "critical"}]
    assert len(server.logs) == len(server.output)
