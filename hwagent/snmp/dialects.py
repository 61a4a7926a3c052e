"""How a switch is spoken to: by community (SNMPv1, v2c), or as a user (SNMPv3). Pure.

A dialect packs requests and unpacks answers. What is no answer of the switch raises Damaged and is
dropped as if it had not come; only the reason is kept, for people.
"""

import os
from collections.abc import Sequence

from .access import Access
from .ber import OCTETS, SEQUENCE, Damaged, inside, packed, packed_number
from .keys import SALT, Keys, keys
from .oid import Oid
from .pdu import Pdu, packed_pdu, pdu_of
from .usm import (
    NOT_IN_TIME,
    REPORTS,
    SECRET,
    UNKNOWN_ENGINE,
    Clock,
    Envelope,
    Opened,
    envelope,
    opened,
    report,
    reported,
    scoped,
    sealed,
)

_VERSIONS = {"1": 0, "2c": 1}


class Again(Exception):
    """The switch has told what it takes to be asked: the same has to be asked once more."""


class Community:
    """SNMPv1 and v2c: the community stands in each message for everybody to read."""

    def __init__(self, access: Access) -> None:
        community = packed(OCTETS, access.community.encode())
        self._before = packed_number(_VERSIONS[access.version]) + community

    def pack(self, now: float, tag: int, request: int, oids: Sequence[Oid], repeat: int) -> bytes:
        """A request."""
        return packed(SEQUENCE, self._before, packed_pdu(tag, request, oids, repeat))

    def unpack(self, now: float, data: bytes) -> Pdu:
        """An answer. Raises Damaged."""
        return self.unpacked(data)[0]

    def mine(self, data: bytes) -> bool:
        """True for a message of this version and community. Raises IndexError, Damaged."""
        at, _ = inside(data, 0, len(data), SEQUENCE)
        return data[at : at + len(self._before)] == self._before

    def unpacked(self, data: bytes) -> tuple[Pdu, int, int]:
        """The PDU of a message of this community, and where it stands. Raises Damaged."""
        try:
            if not self.mine(data):
                raise Damaged("another community")
            at, end = inside(data, 0, len(data), SEQUENCE)
        except IndexError:
            raise Damaged("it ends early") from None
        at += len(self._before)
        return pdu_of(data, at, end), at, end

    def answer(self, pdu: bytes) -> bytes:
        """A message with a finished PDU."""
        return packed(SEQUENCE, self._before, pdu)


class User:
    """SNMPv3. The engine's name is asked for first, then its clock; both are kept."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._context = access.context
        self._keys = Keys()
        self._salt = int.from_bytes(os.urandom(SALT))
        #: None until the engine has told its name.
        self.clock: Clock | None = None
        #: True once a signed answer has shown the engine's clock.
        self.synchronised = False

    def pack(self, now: float, tag: int, request: int, oids: Sequence[Oid], repeat: int) -> bytes:
        """A request; an empty one, that asks for the engine's name, as long as that is unknown."""
        if self.clock is None:
            nobody = scoped(b"", "", packed_pdu(tag, request, (), 0))
            return sealed(request, "", Keys(), Clock(b""), now, b"", nobody)
        scope = scoped(self.clock.engine, self._context, packed_pdu(tag, request, oids, repeat))
        return self._sealed(now, request, scope)

    def unpack(self, now: float, data: bytes) -> Pdu:
        """An answer. Raises Damaged, or Again when it tells of the engine instead."""
        letter = envelope(data)
        said = report(letter) if not letter.flags & 3 else 0
        if said == UNKNOWN_ENGINE and letter.engine:
            self._meet(letter.engine)
            raise Again
        if said and self._access.auth:  # anybody could have sent it
            raise Damaged(REPORTS.get(said, f"report {said}"))
        if self.clock is None or letter.engine != self.clock.engine:
            raise Damaged("another engine")
        found = self._open(letter)
        in_time = self.clock.hears(letter.boots, letter.seconds, now) or not self._access.auth
        if reported(found.pdu) == NOT_IN_TIME and in_time:
            raise Again
        if reported(found.pdu):
            raise Damaged(REPORTS.get(reported(found.pdu), "a report"))
        if not in_time:
            raise Damaged("an old answer")
        self.synchronised = True
        return found.pdu

    def _open(self, letter: Envelope) -> Opened:
        """What is in an answer. Reports of clocks are signed and not encrypted (RFC 3414, 3.2)."""
        if letter.flags & SECRET or not self._keys.privacy_key:
            return opened(letter, self._keys)
        found = opened(letter, self._keys._replace(privacy_key=b""))
        if not reported(found.pdu):
            raise Damaged("it is not encrypted")
        return found

    def fits(self, user: bytes) -> bool:
        """True if a message says that it is from this user."""
        return user == self._access.user.encode()

    @property
    def keys(self) -> Keys:
        """The user's keys at the engine of the switch."""
        return self._keys

    def _sealed(self, now: float, message: int, scope: bytes) -> bytes:
        assert self.clock is not None
        self._salt = (self._salt + 1) % 2 ** (8 * SALT)
        salt = self._salt.to_bytes(SALT)
        return sealed(message, self._access.user, self._keys, self.clock, now, salt, scope)

    def _meet(self, engine: bytes) -> None:
        """Another engine: a new switch, or somebody who says so and has not the keys."""
        if self.clock is not None and self.clock.engine == engine:
            return
        of = self._access
        self._keys = keys(of.auth, of.auth_key, of.privacy, of.privacy_key, engine)
        self.clock, self.synchronised = Clock(engine), False


Dialect = Community | User


def dialect(access: Access) -> Dialect:
    """How a switch is spoken to."""
    return User(access) if access.version == "3" else Community(access)
