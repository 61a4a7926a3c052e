"""The keys that members share: one seals, all of them open, so that keys change without a stop."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: Sizes of AES keys in bytes.
SIZES = (16, 24, 32)
#: A keyring holds no more than that: every key is one that somebody may still have.
KEYS_MAX = 8


class KeyProblem(ValueError):
    """Not a key, or nothing that can be done to this keyring."""


class Key:
    """One key: its text in base64, its number on the wire, its cipher."""

    def __init__(self, text: str) -> None:
        try:
            raw = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise KeyProblem("a key is 16, 24 or 32 bytes in base64") from None
        if len(raw) not in SIZES:
            raise KeyProblem(f"a key is 16, 24 or 32 bytes in base64, not {len(raw)} bytes")
        self.text = base64.b64encode(raw).decode()
        self.id = int.from_bytes(_digest(raw)[:4], "big")
        self.cipher = _cipher(raw)

    @property
    def fingerprint(self) -> str:
        """What people see instead of the key."""
        return f"{self.id:08x}"


def _cipher(raw: bytes) -> "AESGCM":
    # Imported where there is a key: it weighs 8 MiB, which an agent without a fleet does without
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(raw)


class Keyring:
    """The keys in order; the first seals. ``version`` grows with every change by a person."""

    def __init__(self, keys: Iterable[str], version: int = 0) -> None:
        self.version = version
        self._keys: list[Key] = []
        for text in keys:
            self._put(Key(text))

    def __bool__(self) -> bool:
        return bool(self._keys)

    @property
    def primary(self) -> Key:
        """The key that seals."""
        return self._keys[0]

    def texts(self) -> tuple[str, ...]:
        """All keys as base64, the sealing one first."""
        return tuple(key.text for key in self._keys)

    def fingerprints(self) -> list[str]:
        """All keys as people see them, the sealing one first."""
        return [key.fingerprint for key in self._keys]

    def find(self, id: int) -> Key | None:
        """The key with a number on the wire."""
        return next((key for key in self._keys if key.id == id), None)

    def add(self, text: str) -> None:
        """One more key that opens. Raises KeyProblem."""
        self._put(Key(text))
        self.version += 1

    def use(self, name: str) -> None:
        """From now on this key seals; it is there already. Raises KeyProblem."""
        key = self._named(name)
        self._keys.remove(key)
        self._keys.insert(0, key)
        self.version += 1

    def remove(self, name: str) -> None:
        """This key opens no more. Raises KeyProblem, also for the key that seals."""
        key = self._named(name)
        if key is self.primary:
            raise KeyProblem("the key that seals cannot be removed: use another one first")
        self._keys.remove(key)
        self.version += 1

    def adopt(self, keys: Iterable[str], version: int) -> bool:
        """Takes a newer keyring as a whole; false if this one is as new. Raises KeyProblem."""
        new = Keyring(keys, version)
        if (version, new.texts()) <= (self.version, self.texts()) or not new:
            return False
        self._keys, self.version = new._keys, version
        return True

    def _put(self, key: Key) -> None:
        if self.find(key.id):
            return
        if len(self._keys) >= KEYS_MAX:
            raise KeyProblem(f"a keyring holds {KEYS_MAX} keys at most: remove one first")
        self._keys.append(key)

    def _named(self, name: str) -> Key:
        for key in self._keys:
            if name in (key.text, key.fingerprint):
                return key
        raise KeyProblem(f"no such key; there are {', '.join(self.fingerprints())}")


def _digest(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=8, person=b"hwagent key").digest()
