"""The application in front: verifies the tokens with which it says who somebody is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from server.identity import jws, key_sources, keys, outside_user
from server.identity.key_cache import KeyCache
from server.identity.outside_user import OutsideUser
from server.settings.login import Login


class Issuer:
    """Call `start` first, and `stop` in the end."""

    def __init__(self, login: Login, cache: KeyCache | None = None) -> None:
        self.login = login
        self._secrets = keys.of_secrets(login.secrets)
        if cache is None and login.jwks_url is not None:
            key_sources.load()
            cache = KeyCache(partial(key_sources.from_url, login.jwks_url), login.jwks_url)
        if cache is None and login.keys_file is not None:
            cache = KeyCache(partial(key_sources.from_file, login.keys_file), str(login.keys_file))
        if cache is not None:
            keys.load()
        self._cache = cache

    def start(self) -> None:
        if self._cache is not None:
            self._cache.start()

    async def stop(self) -> None:
        if self._cache is not None:
            await self._cache.stop()

    async def read(self, token: str, now: float) -> OutsideUser:
        """The user that the token names. `now`: epoch seconds.

        Raises `Refused`: bad_token with a text that says what is wrong with it; token_expired; unavailable while the
        key that it is signed with cannot be had.
        """
        apart = jws.taken_apart(token)
        if apart.algorithm not in self.login.algorithms:
            raise jws.bad(
                "The token is signed with an algorithm that is not taken (RECONVENE_JWT_ALGORITHMS)."
            )
        # Before the signature: what is wrong in any case need not wait for keys. Nothing of it is believed yet.
        user = outside_user.read(apart.claims, self.login, now)
        if not await self._is_signed(apart):
            raise jws.bad("The token's signature is not the issuer's.")
        return user

    async def _is_signed(self, apart: jws.Jws) -> bool:
        if self._cache is None:
            return _fits(self._secrets, apart)
        cache = self._cache
        if _fits(await cache.candidates(apart), apart):
            return True
        # It may be signed with a key that is new, under the same id or without one.
        if await cache.look_again():
            return _fits(await cache.candidates(apart), apart)
        cache.refuse_unknown(apart)
        return False


def _fits(candidates: Iterable[keys.Key], apart: jws.Jws) -> bool:
    return any(key.has_signed(apart.algorithm, apart.signed, apart.signature) for key in candidates)
