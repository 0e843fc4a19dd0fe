"""Checks the data directory, the secret in it, and their disk."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from server.doctor.checks import Finding, failure, note, ok, warning
from server.settings.config import Config

AREA = "data"

MIB = 1024 * 1024
LITTLE_SPACE, NO_SPACE = 512 * MIB, 16 * MIB

NETWORK_FILE_SYSTEMS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "fuse.sshfs",
    "fuse.s3fs",
    "ceph",
    "glusterfs",
}
"""File systems whose locks and shared memory do not support SQLite's write-ahead log."""

MOUNTS = Path("/proc/self/mounts")


def check_directory(config: Config) -> Iterator[Finding]:
    keeps_record = config.store.startswith("sqlite:")
    if not keeps_record and config.secret is not None:
        yield ok(AREA, "no directory is needed: record and secret are kept elsewhere")
        return
    setting = "RECONVENE_STORE" if keeps_record else "RECONVENE_SECRET"
    elsewhere = (
        "Name a file in another directory in RECONVENE_STORE" if keeps_record else "Set RECONVENE_SECRET"
    )
    directory = config.data_directory.absolute()
    existing = next((path for path in (directory, *directory.parents) if os.path.lexists(path)), directory)
    if not existing.is_dir():
        yield failure(AREA, f"{existing} is no directory", f"Remove it, or: {elsewhere}")
        return
    refused = _refuses(existing)
    if refused:
        yield failure(
            AREA,
            f"{existing} cannot be written by this user: {refused}",
            f"Make it writable for the user the server runs as, or: {elsewhere}",
        )
    elif existing != directory:
        yield note(AREA, f"{directory} is not there yet: it is made at the first start ({setting})")
    else:
        yield ok(AREA, f"{directory} can be written")
        yield from _open_to_others(directory, elsewhere)
    file = sqlite_file(config)
    for part in [file.with_name(f"{file.name}{end}") for end in ("", "-wal", "-shm")] if file else []:
        yield from _check_part(part)
    yield _space(existing)
    if keeps_record and (kind := file_system(existing)) in NETWORK_FILE_SYSTEMS:
        yield warning(
            AREA,
            f"{existing} is on a network file system ({kind}), on which SQLite databases break",
            "Name a file on a local disk in RECONVENE_STORE",
        )


def _open_to_others(directory: Path, elsewhere: str) -> Iterator[Finding]:
    mode = stat.S_IMODE(directory.stat().st_mode)
    if mode & stat.S_ISVTX:
        yield warning(AREA, f"{directory} is for everybody's files (mode {mode:04o})", elsewhere)
    elif mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield warning(
            AREA,
            f"others than its owner may look into {directory} (mode {mode:04o}), where the server keeps its files",
            f"chmod 700 {directory}. {elsewhere}, if other files are there",
        )


def _check_part(part: Path) -> Iterator[Finding]:
    """Check a file of the record, if it exists."""
    try:
        mode = stat.S_IMODE(part.stat().st_mode)
    except OSError:
        return
    # SQLite opens an unwritable file read-only, so the fault would only show at the first join.
    if not os.access(part, os.R_OK | os.W_OK):
        yield failure(
            AREA,
            f"{part} cannot be written by this user",
            "Let it belong to the user the server runs as (and run this as that user), or name another file in"
            " RECONVENE_STORE",
        )
    elif mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield warning(
            AREA,
            f"others than its owner may open {part} (mode {mode:04o}), which says who was in which meeting",
            f"chmod 600 {part}",
        )


def check_secret(config: Config) -> Iterator[Finding]:
    path = config.data_directory.absolute() / "secret"
    if config.secret is not None:
        yield ok(AREA, "the secret is given by RECONVENE_SECRET")
        return
    try:
        status = path.stat()
        held = path.read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        yield note(
            AREA, f"{path} is not there yet: a secret is made at the first start (or set RECONVENE_SECRET)"
        )
        return
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        yield failure(
            AREA,
            f"the secret in {path} cannot be read: {reason}",
            "Make it readable for the user the server runs as (and run this as that user), or set RECONVENE_SECRET",
        )
        return
    if len(held) < 16:
        yield failure(AREA, f"{path} holds no secret", "Remove it and one is made, or set RECONVENE_SECRET")
    elif status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield warning(
            AREA,
            f"others than its owner may use the secret in {path} (mode {stat.S_IMODE(status.st_mode):04o}), and whoever"
            " has it can be anyone",
            f"chmod 600 {path}, or set RECONVENE_SECRET",
        )
    else:
        yield ok(AREA, f"the secret in {path} is readable by its owner only")


def sqlite_file(config: Config) -> Path | None:
    """The database, if it is a file."""
    scheme, _, path = config.store.partition(":///")
    return Path(path).absolute() if scheme == "sqlite" and path else None


def file_system(path: Path) -> str:
    """The type of the file system that holds `path`, as in /proc/mounts; empty if unknown."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    # Spaces in the names of mount points are written as \040. Later mounts hide earlier ones.
    mounts = {Path(where.replace("\\040", " ")): kind for _, where, kind, *_ in map(str.split, lines)}
    real = path.resolve()
    return next((mounts[place] for place in (real, *real.parents) if place in mounts), "")


def _refuses(directory: Path) -> str:
    """Why no file can be made in the directory; empty if one can. Makes one, as permissions alone do not tell."""
    try:
        # On Linux this file never has a name, so nobody sees it.
        with tempfile.TemporaryFile(dir=directory):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _space(directory: Path) -> Finding:
    free = shutil.disk_usage(directory).free
    found = f"{free / MIB:,.0f} MiB are free on the disk of {directory}"
    if free < NO_SPACE:
        return failure(
            AREA, found, "Make room, or nobody can join; or name a file on another disk in RECONVENE_STORE"
        )
    if free < LITTLE_SPACE:
        return warning(
            AREA,
            found,
            "Make room before joins are refused, or name a file on another disk in RECONVENE_STORE",
        )
    return ok(AREA, found)
