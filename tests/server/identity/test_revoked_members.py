"""Who was in a meeting while nobody looked, and was revoked meanwhile."""

from __future__ import annotations

import pytest

from server.identity.ids import outside_user
from server.identity.revocations import VOID_FOR, VOID_FOR_OUTSIDE, voids

AT = 2_000_000_000.0
OURS, OUTSIDE = "u_ours", outside_user("https://issuer.example", "ann")
REVOKED = {OURS: AT + VOID_FOR, OUTSIDE: AT + VOID_FOR_OUTSIDE}


@pytest.mark.parametrize(
    ("user", "since", "void"),
    [
        (OURS, AT - 10, True),
        (OURS, AT + 10, True),  # nobody gives them another token
        (OUTSIDE, AT - 10, True),
        (OUTSIDE, AT + 10, False),  # logged in again
        ("u_another", AT - 10, False),
    ],
)
def test_whose_credentials_are_void(user: str, since: float, void: bool) -> None:
    assert voids(REVOKED, user, since) is void
