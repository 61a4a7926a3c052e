"""The head of every packet, and the seal: AES-GCM over the payload, head and label under it too.

Head, 32 bytes in network order: magic, version, flags, tag of the label, number of the key, session
and counter of the sender, session of the receiver. Session and counter together are the nonce of
AES-GCM (96 bits; sessions are random, counters never repeat within one) and what replays are told
by. The receiver's session makes a packet good for one life of one member only. Without keys a
digest takes the place of the seal: it finds damage, not forgers.
"""

import hashlib
import hmac
import struct
from enum import Enum
from typing import NamedTuple

from .keyring import Key, Keyring

MAGIC = b"hg"
#: The version that every receiver understands; the only one where a payload names its own.
FIRST = 1
HEAD = struct.Struct(">2sBBIIQIQ")
#: Bytes of the seal, or of the digest in its place.
SEAL = 16
#: What head and seal take from each packet.
OVERHEAD = HEAD.size + SEAL
#: Counters of one session end here; a new session is begun before.
COUNTERS = 1 << 32

SEALED, HELLO, STREAM, LAST, SQUEEZED = 1, 2, 4, 8, 16


class Unwelcome(Exception):
    """A packet that is dropped; the reason is the name of a counter."""


class Head(NamedTuple):
    """What stands before the payload."""

    version: int
    flags: int
    session: int
    counter: int
    to: int


class Sealed(Enum):
    """How what came in is sealed."""

    NOT = "not"
    OLD = "old"  # by a key that opens, but does not seal any more
    WELL = "well"


class Policy(NamedTuple):
    """Whether what goes out is sealed, and whether what comes in has to be."""

    seal: bool
    demand: bool


#: How a fleet goes from no encryption to encryption without a stop: accept, send, required.
POLICIES = {
    "none": Policy(False, False),
    "accept": Policy(False, False),
    "send": Policy(True, False),
    "required": Policy(True, True),
}


class Sealer:
    """Seals and opens with a keyring and a label."""

    def __init__(
        self,
        keyring: Keyring,
        label: str,
        policy: Policy,
        speaks: tuple[int, int] = (FIRST, FIRST),
    ) -> None:
        self.keyring = keyring
        self.speaks = speaks
        self.policy = policy
        self._label = label.encode()
        self._tag = int.from_bytes(_digest(self._label, b"")[:4], "big")

    def seal(self, head: Head, payload: bytes, key: Key | None = None) -> bytes:
        """A packet, sealed by a key or by the one that seals."""
        if self.policy.seal and self.keyring:
            key = key or self.keyring.primary
        flags = head.flags | SEALED if key else head.flags
        front = HEAD.pack(
            MAGIC,
            head.version,
            flags,
            self._tag,
            key.id if key else 0,
            head.session,
            head.counter,
            head.to,
        )
        if key is None:
            return front + payload + _digest(self._label, front + payload)
        return front + key.cipher.encrypt(_nonce(head), payload, front + self._label)

    def open(self, packet: bytes) -> tuple[Head, bytes]:
        """Head and payload of a packet that is whole and ours. Raises Unwelcome."""
        if len(packet) < OVERHEAD:
            raise Unwelcome("short")
        front, body = packet[: HEAD.size], packet[HEAD.size :]
        magic, version, flags, tag, id, session, counter, to = HEAD.unpack(front)
        if magic != MAGIC:
            raise Unwelcome("foreign")
        if not self.speaks[0] <= version <= self.speaks[1]:
            raise Unwelcome("version")
        if tag != self._tag:
            raise Unwelcome("label")
        head = Head(version, flags, session, counter, to)
        if flags & SEALED:
            return head, self._unseal(head, id, front, body)
        return head, self._check(front, body)

    def _unseal(self, head: Head, id: int, front: bytes, body: bytes) -> bytes:
        key = self.keyring.find(id)
        if key is None:
            raise Unwelcome("key")
        # Loaded with the key already; without one, no packet of a stranger may make us load it
        from cryptography.exceptions import InvalidTag

        try:
            return key.cipher.decrypt(_nonce(head), body, front + self._label)
        except InvalidTag:
            raise Unwelcome("forged") from None

    def _check(self, front: bytes, body: bytes) -> bytes:
        if self.policy.demand:
            raise Unwelcome("unsealed")
        payload, digest = body[:-SEAL], body[-SEAL:]
        if not hmac.compare_digest(digest, _digest(self._label, front + payload)):
            raise Unwelcome("damaged")
        return payload

    @staticmethod
    def squeezed(packet: bytes) -> bool:
        """Whether the stream of a packet that was opened is compressed."""
        flags: int = HEAD.unpack_from(packet)[2]
        return bool(flags & SQUEEZED)

    def key_of(self, packet: bytes) -> Key | None:
        """The key by which a packet that was opened is sealed."""
        return self.keyring.find(HEAD.unpack_from(packet)[4])

    def how(self, packet: bytes) -> Sealed:
        """How a packet that was opened is sealed."""
        _, _, flags, _, id, *_ = HEAD.unpack_from(packet)
        if not flags & SEALED:
            return Sealed.NOT
        return Sealed.WELL if id == self.keyring.primary.id else Sealed.OLD


def after(packet: bytes) -> int:
    """What the next packet of a stream is addressed to: it goes on after this one only."""
    return int.from_bytes(_digest(b"", packet[: HEAD.size])[:8], "big")


def _nonce(head: Head) -> bytes:
    return head.session.to_bytes(8, "big") + head.counter.to_bytes(4, "big")


def _digest(label: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=SEAL, key=label[:64], person=b"hwagent").digest()
