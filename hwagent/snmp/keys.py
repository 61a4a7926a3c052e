"""Keys of SNMPv3's users: from passphrases, made local to an engine; signing, encrypting. Pure.

Sources: RFC 3414, 2.6 and A.2 (keys); RFC 7860 (SHA-2); RFC 3826 (AES-128);
draft-reeder-snmpv3-usm-3desede-00, 2.1 (how keys are made longer for AES-192 and AES-256: what the
makers do).
"""

import hashlib
import hmac
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from .ber import Damaged

try:  # what is old moved there in cryptography 47; CFB is what RFC 3826 asks for
    from cryptography.hazmat.decrepit.ciphers.modes import CFB
except ImportError:
    from cryptography.hazmat.primitives.ciphers.modes import CFB

#: By name in the configuration: the hash, and how many bytes of its HMAC are sent.
SIGNATURES: dict[str, tuple[Callable[..., Any], int]] = {
    "sha": (hashlib.sha1, 12),
    "sha224": (hashlib.sha224, 16),
    "sha256": (hashlib.sha256, 24),
    "sha384": (hashlib.sha384, 32),
    "sha512": (hashlib.sha512, 48),
}
#: Bytes of the key of each cipher.
_CIPHERS = {"aes": 16, "aes192": 24, "aes256": 32}
#: Bytes of repeated passphrase that a key is made from.
_STRETCH = 2**20
SALT = 8


class Keys(NamedTuple):
    """Keys of a user at one engine, and what they are for; empty where there is none."""

    auth: str = ""
    auth_key: bytes = b""
    privacy_key: bytes = b""

    def __repr__(self) -> str:
        return f"Keys({self.auth or 'none'})"

    @property
    def size(self) -> int:
        """Bytes of a signature."""
        return SIGNATURES[self.auth][1] if self.auth else 0

    def signature(self, message: bytes) -> bytes:
        """Signature of a message in which its own place is filled with zeros."""
        kind, size = SIGNATURES[self.auth]
        return hmac.digest(self.auth_key, message, kind().name)[:size]

    def encrypted(self, text: bytes, boots: int, at: int, salt: bytes) -> bytes:
        """A text under AES in CFB, with the clock of the engine and a salt that is used once."""
        return bytes(self._cipher(boots, at, salt).encryptor().update(text))

    def decrypted(self, text: bytes, boots: int, at: int, salt: bytes) -> bytes:
        """The text again. Raises Damaged if the salt is none."""
        return bytes(self._cipher(boots, at, salt).decryptor().update(text))

    def _cipher(self, boots: int, at: int, salt: bytes) -> Any:
        if len(salt) != SALT:
            raise Damaged(f"a salt of {len(salt)} bytes")
        start = boots.to_bytes(4) + at.to_bytes(4) + salt
        return Cipher(AES(self.privacy_key), CFB(start))


def keys(auth: str, auth_phrase: str, privacy: str, privacy_phrase: str, engine: bytes) -> Keys:
    """A user's keys at an engine."""
    if not auth:
        return Keys()
    auth_key = _local(auth, _stretched(auth, auth_phrase.encode()), engine)
    if not privacy:
        return Keys(auth, auth_key)
    privacy_key = _local(auth, _stretched(auth, privacy_phrase.encode()), engine)
    while len(privacy_key) < _CIPHERS[privacy]:
        privacy_key += _local(auth, _stretched(auth, privacy_key), engine)
    return Keys(auth, auth_key, privacy_key[: _CIPHERS[privacy]])


@lru_cache(maxsize=256)
def _stretched(auth: str, phrase: bytes) -> bytes:
    """Key of a passphrase. Takes some milliseconds, which is what it is for."""
    whole = phrase * (_STRETCH // len(phrase) + 1)
    return bytes(SIGNATURES[auth][0](whole[:_STRETCH]).digest())


def _local(auth: str, key: bytes, engine: bytes) -> bytes:
    return bytes(SIGNATURES[auth][0](key + engine + key).digest())
