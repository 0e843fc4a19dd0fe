"""What the server makes of somebody at the door of a meeting."""

from __future__ import annotations

import pytest

from server.identity.identities import Who
from server.identity.outside_user import OutsideUser
from server.identity.tokens import TabSession, Tokens
from server.realtime.credentials import Proof
from server.realtime.entry import HasToWait, answer_to, standing_of
from storage.errors import NotLetIn


@pytest.mark.parametrize(("anonymous", "standing"), [(True, "guest"), (False, "known")])
def test_whom_the_application_does_not_know_is_a_guest_by_the_session_too(
    anonymous: bool, standing: str
) -> None:
    who = Who("x_eve", outside=OutsideUser("x_eve", "https://app", 2e9, 1e9, anonymous=anonymous))
    place = TabSession("x_eve", "ABC123", "s_1", "i_1", voucher=who.voucher)
    tokens = Tokens("a secret of some length")
    session = tokens.read_session(tokens.session(place, 1e9))
    assert session.voucher == who.voucher
    assert standing_of(Proof("x_eve", None, None, who, who.voucher)) == standing
    assert standing_of(Proof("x_eve", None, session, None, session.voucher)) == standing


@pytest.mark.parametrize(("said", "shown"), [("", "Eve"), ("Evelyn", "Evelyn")])
def test_a_page_that_resumes_and_has_to_knock_does_so_by_the_name_of_before(said: str, shown: str) -> None:
    refused = NotLetIn("lobby", settings={}, revision=1, sitting=2, name="Eve")
    answer = answer_to(refused, Proof("u_eve", None, None), said)
    assert isinstance(answer, HasToWait)
    assert answer.name == shown
