"""In some runs people have logged in with an application: their tokens expire within seconds, and it gives new ones."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, Literal

from server.identity.identities import Identities
from server.identity.ids import outside_user
from server.identity.issuer import Issuer
from server.identity.outside_user import LEEWAY, RIGHTS
from server.identity.tokens import Tokens
from server.settings.config import Config
from tests.issuer import AUDIENCE, ISSUER, SECRET, Signer
from tests.simulation.clock import EPOCH, lots
from tests.simulation.notes import ROOM
from tests.simulation.page import Page

if TYPE_CHECKING:
    from tests.simulation.world import World


@functools.cache
def _settings() -> Config:
    return Config.from_env({"RECONVENE_SECRET": "a secret for simulations"})


ANSWERS = {"token_expired", "bad_token"}
"""What a page may be answered about a token while clocks are set and tokens expire: it asks for a newer one."""


class Application:
    """`is_there`: whether it is in front of the server in this run; otherwise everybody is anonymous."""

    def __init__(self, world: World) -> None:
        chance = lots("logins", world.seed)
        self.is_there = chance.random() < 0.35
        self._world = world
        self._chance = chance
        self._expired: Literal["keep", "leave"] = chance.choice(("keep", "leave", "leave"))
        self._lives = chance.choice((2.5, 5.0, 15.0))
        self._signer = Signer("HS256", None)
        self._names = lots("roles", world.seed).random() < 0.4
        # It changes its mind, with or without saying when.
        self._dates = lots("dates of roles", world.seed).choice((0.0, 0.5, 1.0))
        self._given = 0
        self._asking: set[Page] = set()

    @property
    def names_host(self) -> bool:
        """Whether its tokens say who is host, and whoever comes first creates the meeting, without being that. (What
        moderators do to roles is another matter.)"""
        return self.is_there and self._names and not self._world.moderators.acts

    @property
    def names_roles(self) -> bool:
        """Whether its tokens give roles, in a meeting in which those in charge do, too."""
        return self.is_there and self._names and self._world.moderators.acts

    def figures(self) -> dict[str, int]:
        return {
            "logins": int(self.is_there),
            "roles by token": int(self.names_host or self.names_roles),
            "newer tokens": self._given,
        }

    def settings(self, grace: float, heartbeat: float) -> Config:
        config = dataclasses.replace(_settings(), grace=grace, heartbeat=heartbeat)
        if not self.is_there:
            return config
        return dataclasses.replace(
            config, jwt_issuer=ISSUER, jwt_audience=AUDIENCE, jwt_secret=SECRET, jwt_expired=self._expired
        )

    def user_id(self, name: str) -> str:
        return outside_user(ISSUER, name) if self.is_there else f"u_{name}"

    def identities(self, config: Config, tokens: Tokens) -> Identities:
        login = config.login
        return Identities(config, tokens, None if login is None else Issuer(login))

    def token(self, name: str) -> str:
        """One that is taken for a few seconds more. Its clock is the server's."""
        now = EPOCH + self._world.loop.time() + self._world.loop.set_ahead
        claims: dict[str, Any] = {}
        if self.names_host:
            is_host = name == self._world.people[0].name
            claims = {"meeting": ROOM, "role": "host" if is_host else "participant"}
        if self.names_roles:
            claims = {"meeting": ROOM} | self._role(name)
        revoked = self._world.admin.revoked
        if revoked is not None and revoked.name == name:
            claims["iat"] = EPOCH - 20_000
        return self._signer.token(sub=name, now=now - LEEWAY, lasts=self._lives, **claims)

    def _role(self, name: str) -> dict[str, Any]:
        """What it gives the user now: another role every ten seconds, maybe, and rights."""
        count = self._world.loop.time() // 10.0
        chance = lots(f"role {count} of {name}", self._world.seed)
        role = chance.choice(("participant", "participant", "cohost", "cohost", "host"))
        is_dated = chance.random() < self._dates
        rights = lots(f"rights {count} of {name}", self._world.seed)
        may = {right: rights.random() < 0.5 for right in RIGHTS if rights.random() < 0.3}
        claims = {"role": role} | ({"may": may} if rights.random() < 0.4 else {})
        return claims | ({"role_at": EPOCH + count * 10.0} if is_dated else {})

    def calm_down(self) -> None:
        """From now on its tokens last longer than it may take to ask for one."""
        self._lives = 30.0

    def asked(self, page: Page, name: str) -> None:
        """It answers after a while, to whoever can be reached; those who are revoked it does not know."""
        if page not in self._asking:
            self._asking.add(page)
            self._wait(page, name)

    def _wait(self, page: Page, name: str) -> None:
        self._world.loop.call_later(self._chance.choice((0.05, 0.3, 2.0)), self._answer, page, name)

    def _answer(self, page: Page, name: str) -> None:
        world = self._world
        person = next(each for each in world.people if each.name == name)
        if page.unloaded:
            return
        if not person.online or person.asleep:
            self._wait(page, name)
            return
        self._asking.discard(page)
        if world.admin.revoked is person:
            page.run(page.client.no_token())
            return
        self._given += 1
        page.run(page.client.renew(self.token(name), person.now()))
