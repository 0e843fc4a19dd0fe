"""The secret that signs tokens: from the settings, or kept in the data directory."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from server.settings.config import Config


def load_secret(config: Config) -> str:
    """The configured secret, or the one in the data directory, which is made once and readable by its owner only.

    Raises `OSError` if it can be neither read nor made.
    """
    if config.secret is not None:
        return config.secret
    path = config.data_directory / "secret"
    if not path.exists():
        _make_secret(path)
    secret = path.read_text().strip()
    if len(secret) < 16:
        raise OSError(
            f"{path} holds no secret; remove it and one is made (tokens given out before become invalid)"
        )
    return secret


def _make_secret(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written completely under a temporary name, then linked: servers that start together agree on one secret, and
    # none reads a partial file. mkstemp gives mode 0600.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix="secret.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(os.urandom(32).hex())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        Path(draft).unlink()
