"""Seals what must not be read by whoever can read the engine: frames in which credentials are, and their clients.

The key is made of the secret that all nodes share. What was sealed by the previous secret is read too.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

PURPOSE = b"reconvene: what nodes say to each other\0"


class NotSealed(ValueError):  # noqa: N818 - named for what it is about
    """It was sealed by a secret that this node does not know, or by nobody."""


class Seal:
    def __init__(self, secret: str, previous: str | None = None) -> None:
        keys = [_key(each) for each in (secret, previous) if each is not None]
        self._keys = MultiFernet([Fernet(key) for key in keys])

    def seal(self, data: bytes) -> bytes:
        return self._keys.encrypt(data)

    def unseal(self, data: bytes) -> bytes:
        """Raises `NotSealed`."""
        try:
            return self._keys.decrypt(data)
        except InvalidToken:
            raise NotSealed("sealed by a secret that is not known here") from None


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(PURPOSE + secret.encode()).digest())
