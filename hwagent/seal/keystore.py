"""The keyring on disk: the keys that people wrote, and what was changed since while it ran.

Two files: ``key_file`` of the configuration, one key a line, the first one seals; and the keyring
as it was last, in the state directory. Changed while the agent ran, the last one counts, as long as
people did not write another ``key_file`` since: then theirs comes first, and what was there opens.
(Consul's old keyring file beat the configuration for ever: consul#719, #8129.)
"""

import hashlib
import os
from pathlib import Path

import msgspec

from .keyring import KeyProblem, Keyring


class Stored(msgspec.Struct):
    """The keyring as it was last, and a digest of the ``key_file`` of then."""

    version: int
    keys: tuple[str, ...]
    origin: str


def load_keyring(key_file: str, state: Path) -> Keyring:
    """The keyring to start with. Raises OSError, KeyProblem for files that are no good."""
    written = _read(key_file) if key_file else []
    stored = _stored(state)
    if stored is None:
        return Keyring(written)
    if stored.origin == _origin(written):
        return Keyring(stored.keys, stored.version)
    if not written:
        return Keyring(())
    return Keyring([*written, *(k for k in stored.keys if k not in written)], stored.version + 1)


def save_keyring(key_file: str, state: Path, keyring: Keyring) -> None:
    """Keeps the keyring, for root's eyes only, whole or not at all. Raises OSError."""
    origin = _origin(_read(key_file) if key_file else [])
    data = msgspec.json.encode(Stored(keyring.version, keyring.texts(), origin))
    temporary = state.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, state)


def _read(key_file: str) -> list[str]:
    mode = os.stat(key_file).st_mode
    if mode & 0o007:
        raise KeyProblem(f"{key_file} can be read by everybody: chmod o= {key_file}")
    lines = [line.strip() for line in Path(key_file).read_text().splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:
        raise KeyProblem(f"{key_file} holds no key")
    return keys


def _stored(state: Path) -> Stored | None:
    try:
        return msgspec.json.decode(state.read_bytes(), type=Stored)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _origin(keys: list[str]) -> str:
    return hashlib.blake2b("\n".join(keys).encode(), digest_size=16).hexdigest()
