"""What SNMP messages are about: requests, answers, traps (RFC 3416; RFC 1157 for SNMPv1). Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from .ber import (
    INTEGER,
    NULL,
    OCTETS,
    OID,
    SEQUENCE,
    Damaged,
    head,
    inside,
    number,
    number_of,
    oid_of,
    packed,
    packed_number,
    packed_oid,
)
from .oid import Oid
from .walk import Value

GET, GET_NEXT, RESPONSE, TRAP_V1, GET_BULK, INFORM, TRAP, REPORT = (
    *(0xA0, 0xA1, 0xA2, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8),
)
ADDRESS, COUNTER32, GAUGE32, TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
#: Tags of numbers that have no sign, and how large they may be.
_UNSIGNED = {
    **dict.fromkeys((COUNTER32, GAUGE32, TICKS), 2**32 - 1),
    COUNTER64: 2**64 - 1,
}
_BYTES = (OCTETS, ADDRESS, OPAQUE)
#: NULL, and noSuchObject, noSuchInstance, endOfMibView.
_NOTHING = (NULL, 0x80, 0x81, 0x82)
#: sysUpTime.0, snmpTrapOID.0, and the subtree of the generic traps.
_UPTIME, _TRAP_OID = (1, 3, 6, 1, 2, 1, 1, 3, 0), (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
_GENERIC, _ENTERPRISE_SPECIFIC = (1, 3, 6, 1, 6, 3, 1, 1, 5), 6

#: An OID and its value; None where there is none.
Pair = tuple[Oid, Value | None]


class Pdu(NamedTuple):
    """``status`` and ``place`` are the error and its index; in GETBULK the number of values that
    are not repeated, and of repetitions."""

    tag: int
    request: int
    pairs: list[Pair]
    status: int = 0
    place: int = 0


class Trap(NamedTuple):
    """What a trap or inform says: which one it is, uptime in hundredths of seconds (-1 if it does
    not say), and further values."""

    oid: Oid
    uptime: int
    values: dict[Oid, Value]


def packed_pdu(tag: int, request: int, oids: Iterable[Oid], repeat: int = 0) -> bytes:
    """A request. ``repeat`` is for GETBULK: how often each OID is followed."""
    pairs = (packed(SEQUENCE, packed_oid(oid), b"\x05\x00") for oid in oids)
    numbers = (packed_number(request), packed_number(0), packed_number(repeat))
    return packed(tag, *numbers, packed(SEQUENCE, *pairs))


def answered(data: bytes, start: int, stop: int) -> bytes:
    """The answer to an inform whose PDU stands there: the same under another tag (RFC 3416,
    4.2.7)."""
    _, content, end = head(data, start, stop)
    return packed(RESPONSE, data[content:end])


def pdu_of(data: bytes, at: int, end: int) -> Pdu:
    """The PDU at a place. Raises Damaged."""
    try:
        tag, at, end = head(data, at, end)
        if tag == TRAP_V1:
            return _old_trap(data, at, end)
        request, at = number(data, at, end)
        status, at = number(data, at, end)
        place, at = number(data, at, end)
        return Pdu(tag, request, _pairs(data, at, end), status, place)
    except IndexError:
        raise Damaged("it ends early") from None


def trap_of(pdu: Pdu) -> Trap:
    """What a trap or inform says. Raises Damaged if it does not say which one it is."""
    values = {oid: value for oid, value in pdu.pairs if value is not None}
    uptime, oid = values.get(_UPTIME), values.get(_TRAP_OID)
    if not isinstance(oid, tuple):
        raise Damaged("a trap without snmpTrapOID")
    return Trap(oid, uptime if isinstance(uptime, int) else -1, values)


def _old_trap(data: bytes, at: int, end: int) -> Pdu:
    """A trap of version 1, as one of version 2 (RFC 3584, 3.1)."""
    enterprise, at = _value(data, at, end)
    _, at = _value(data, at, end)
    generic, at = number(data, at, end)
    specific, at = number(data, at, end)
    uptime, at = _value(data, at, end)
    if not isinstance(enterprise, tuple):
        raise Damaged("a trap without its enterprise")
    which: Oid = (*_GENERIC, generic + 1)
    if generic == _ENTERPRISE_SPECIFIC:
        which = (*enterprise, 0, specific)
    first: list[Pair] = [(_UPTIME, uptime), (_TRAP_OID, which)]
    return Pdu(TRAP_V1, 0, first + _pairs(data, at, end))


def _pairs(data: bytes, at: int, end: int) -> list[Pair]:
    at, end = inside(data, at, end, SEQUENCE)
    found: list[Pair] = []
    while at < end:
        start, stop = inside(data, at, end, SEQUENCE)
        name, value_at = inside(data, start, stop, OID)
        value, _ = _value(data, value_at, stop)
        found.append((oid_of(data[name:value_at]), value))
        at = stop
    return found


def _value(data: bytes, at: int, end: int) -> tuple[Value | None, int]:
    tag, start, stop = head(data, at, end)
    content = data[start:stop]
    if tag == INTEGER:
        return number_of(content, True), stop
    if tag in _UNSIGNED:
        value = number_of(content, False)
        if value > _UNSIGNED[tag]:
            raise Damaged(f"{value} is too large for tag {tag:#x}")
        return value, stop
    if tag in _BYTES:
        return content, stop
    if tag == OID:
        return oid_of(content), stop
    if tag in _NOTHING:
        return None, stop
    raise Damaged(f"a value of tag {tag:#x}")
