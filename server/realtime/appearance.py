"""What others see of somebody besides the name: whether they are a guest, and their picture; and who chose the name."""

from __future__ import annotations

from server.identity.ids import is_outside, kind_of
from server.network.hosts import origin_of
from server.realtime.credentials import Proof
from server.realtime.entry import standing_of
from server.settings.config import Config
from signalling.rooms.member import UNSEEN, Look


class Appearance:
    """Where no application says who people are, nobody is a guest: all names are what people say.

    Pictures are loaded by the browsers of everybody in the meeting, whose addresses the place that they come from
    learns. So only those of places are told that whoever runs the server has named.
    """

    def __init__(self, config: Config) -> None:
        self._has_login = config.login is not None
        self._origins = frozenset(config.picture_origins)

    def of(self, proof: Proof) -> Look:
        """Of somebody who joins."""
        if not self._has_login:
            return UNSEEN
        guest = self._could_be_guest(proof.user_id) and standing_of(proof) == "guest"
        return Look(guest, self._picture(proof), self._is_named(proof))

    def before(self, user_id: str) -> Look:
        """Of somebody who was there before a restart. Whom the application calls anonymous, or gives no name, is
        not known then."""
        return Look(self._could_be_guest(user_id) and not is_outside(user_id), named=is_outside(user_id))

    def _is_named(self, proof: Proof) -> bool:
        outside = proof.who.outside if proof.who is not None else None
        return is_outside(proof.user_id) if outside is None else bool(outside.name)

    def _picture(self, proof: Proof) -> str | None:
        outside = proof.who.outside if proof.who is not None else None
        if outside is None:
            return None
        picture = outside.picture
        return picture if picture is not None and origin_of(picture) in self._origins else ""

    def _could_be_guest(self, user_id: str) -> bool:
        return self._has_login and not kind_of(user_id)
