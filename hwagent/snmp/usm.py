"""Messages of SNMPv3 with the user-based security model (RFC 3412, RFC 3414). Pure.

Nothing in a message is believed before its signature is found good, but for a report of an engine
whose name is not known yet, which can tell that name and nothing else.
"""

import hmac
from typing import NamedTuple

from .ber import OCTETS, SEQUENCE, Damaged, inside, number, octets, packed, packed_number
from .keys import Keys
from .oid import Oid
from .pdu import REPORT, Pdu, pdu_of

#: Flags of a message: signed, encrypted, a report may be sent.
SIGNED, SECRET, REPORTABLE = 1, 2, 4
_VERSION, _MODEL = 3, 3
#: Largest answer that is taken: one datagram.
_SIZE_MAX = 65507
#: How far clocks may be apart, in seconds; an engine whose count of starts is at its end is mute.
WINDOW, BOOTS_MAX = 150, 2**31 - 1
#: usmStats: what reports tell of.
STATISTICS: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1)
#: What reports say, by the number of the counter in them (RFC 3414, 5).
NOT_IN_TIME, UNKNOWN_ENGINE = 2, 4
REPORTS = {
    1: "it does not want so little security",
    NOT_IN_TIME: "our clocks differ",
    3: "it does not know the user",
    UNKNOWN_ENGINE: "it has another engine",
    5: "the key to sign with is wrong",
    6: "the key to encrypt with is wrong",
}


class Clock:
    """What is known of an engine's clock, so that nothing old is taken for new (RFC 3414, 2.3)."""

    def __init__(self, engine: bytes, boots: int = 0, seconds: int = 0, now: float = 0.0) -> None:
        self.engine = engine
        self.boots = boots
        self._latest = seconds
        self._zero = now - seconds

    def seconds(self, now: float) -> int:
        """What the engine's clock should show."""
        return min(max(0, int(now - self._zero)), 2**31 - 1)

    def hears(self, boots: int, seconds: int, now: float) -> bool:
        """Takes the clock that a signed message shows; False if that message is an old one."""
        if boots > self.boots or (boots == self.boots and seconds > self._latest):
            self.boots, self._latest, self._zero = boots, seconds, now - seconds
        return boots == self.boots < BOOTS_MAX and seconds >= self.seconds(now) - WINDOW

    def near(self, boots: int, seconds: int, now: float) -> bool:
        """True for the clock of a signed trap of just now. It moves ours no further: answers do."""
        later = self.boots < boots < BOOTS_MAX
        return later or (
            boots == self.boots < BOOTS_MAX and abs(seconds - self.seconds(now)) <= WINDOW
        )


class Envelope(NamedTuple):
    """A message as it came: who says that it is from whom. Nothing of it is proven."""

    message: int
    flags: int
    engine: bytes
    boots: int
    seconds: int
    user: bytes
    signature: bytes
    salt: bytes
    #: Where in ``data`` the signature stands, and what follows the header.
    signed_at: int
    body_at: int
    end: int
    data: bytes


class Opened(NamedTuple):
    """What was in an envelope whose signature, if it had to have one, is good."""

    context_engine: bytes
    context: bytes
    pdu: Pdu
    #: The bytes of the PDU.
    raw: bytes


def sealed(
    message: int, user: str, keys: Keys, clock: Clock, now: float, salt: bytes, scope: bytes,
    flags: int = REPORTABLE,
) -> bytes:  # fmt: skip
    """A message for (or, of an answer, from) the engine of a clock."""
    flags |= (SIGNED if keys.auth else 0) | (SECRET if keys.privacy_key else 0)
    seconds, boots = clock.seconds(now), clock.boots
    if not keys.auth:
        seconds = boots = 0
    if keys.privacy_key:
        scope = packed(OCTETS, keys.encrypted(scope, boots, seconds, salt))
    header = packed(
        SEQUENCE,
        *(packed_number(message), packed_number(_SIZE_MAX)),
        *(packed(OCTETS, bytes((flags,))), packed_number(_MODEL)),
    )
    before = (
        *(packed(OCTETS, clock.engine), packed_number(boots), packed_number(seconds)),
        packed(OCTETS, user.encode()),
    )
    after = packed(OCTETS, salt if keys.privacy_key else b"")
    empty = packed(OCTETS, bytes(keys.size))
    security = packed(OCTETS, packed(SEQUENCE, *before, empty, after))
    whole = packed(SEQUENCE, packed_number(_VERSION), header, security, scope)
    if not keys.auth:
        return whole
    place = len(whole) - len(scope) - len(after) - keys.size
    return whole[:place] + keys.signature(whole) + whole[place + keys.size :]


def scoped(engine: bytes, context: str, pdu: bytes) -> bytes:
    """A PDU with the context that it is about."""
    return packed(SEQUENCE, packed(OCTETS, engine), packed(OCTETS, context.encode()), pdu)


def envelope(data: bytes) -> Envelope:
    """The outside of a message. Raises Damaged."""
    try:
        return _envelope(data)
    except IndexError:
        raise Damaged("it ends early") from None


def _envelope(data: bytes) -> Envelope:
    at, end = inside(data, 0, len(data), SEQUENCE)
    version, at = number(data, at, end)
    head_at, at = inside(data, at, end, SEQUENCE)
    message, head_at = number(data, head_at, at)
    _, head_at = number(data, head_at, at)
    flags, head_at = octets(data, head_at, at)
    model, _ = number(data, head_at, at)
    if (version, model, len(flags)) != (_VERSION, _MODEL, 1):
        raise Damaged("no message of SNMPv3 with users")
    part, body = inside(data, at, end, OCTETS)
    part, stop = inside(data, part, body, SEQUENCE)
    engine, part = octets(data, part, stop)
    boots, part = number(data, part, stop)
    seconds, part = number(data, part, stop)
    user, part = octets(data, part, stop)
    signed_at, part = inside(data, part, stop, OCTETS)
    salt, _ = octets(data, part, stop)
    if not (0 <= boots <= BOOTS_MAX and 0 <= seconds <= BOOTS_MAX):
        raise Damaged("no clock")
    return Envelope(
        *(message, flags[0], engine, boots, seconds, user, data[signed_at:part], salt),
        *(signed_at, body, end, data),
    )


def opened(letter: Envelope, keys: Keys) -> Opened:
    """What is in an envelope, which must be signed and encrypted as the keys can. Raises Damaged if
    it is not, or not by who has these keys."""
    wanted = (SIGNED if keys.auth else 0) | (SECRET if keys.privacy_key else 0)
    if letter.flags & (SIGNED | SECRET) != wanted:
        raise Damaged("it is not as secure as it should be")
    if keys.auth:
        place, size = letter.signed_at, keys.size
        blank = letter.data[:place] + bytes(size) + letter.data[place + size :]
        if len(letter.signature) != size or not hmac.compare_digest(
            letter.signature, keys.signature(blank[: letter.end])
        ):
            raise Damaged("a wrong signature")
    return _body(letter, keys)


def report(letter: Envelope) -> int:
    """What an unsigned report is about: the last number of the counter in it; 0 if it is no such
    report. It can be anybody's."""
    try:
        pdu = _body(letter, Keys()).pdu if not letter.flags & SECRET else None
    except Damaged:
        return 0
    return reported(pdu) if pdu is not None else 0


def reported(pdu: Pdu) -> int:
    """The number of the counter that a report tells of; 0 if the PDU is no report."""
    if pdu.tag != REPORT or not pdu.pairs:
        return 0
    oid = pdu.pairs[0][0]
    return oid[len(STATISTICS)] if oid[: len(STATISTICS)] == STATISTICS != oid else 0


def _body(letter: Envelope, keys: Keys) -> Opened:
    data, at, end = letter.data, letter.body_at, letter.end
    try:
        if keys.privacy_key:
            secret, _ = octets(data, at, end)
            data = keys.decrypted(secret, letter.boots, letter.seconds, letter.salt)
            at, end = 0, len(data)
        at, end = inside(data, at, end, SEQUENCE)
        engine, at = octets(data, at, end)
        context, at = octets(data, at, end)
        return Opened(engine, context, pdu_of(data, at, end), data[at:end])
    except IndexError:
        raise Damaged("it ends early") from None
