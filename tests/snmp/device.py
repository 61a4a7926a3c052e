"""A switch made up for tests in virtual time: what it answers, how late, how wrong."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from hwagent.snmp.ber import OCTETS, SEQUENCE, inside, number, octets, packed, packed_number
from hwagent.snmp.ber import packed_oid as oid_bytes
from hwagent.snmp.names import OBJECTS
from hwagent.snmp.oid import Oid, parse_oid
from hwagent.snmp.pdu import COUNTER64, GET, RESPONSE, TICKS, TRAP, pdu_of

NO_VALUE, END = b"\x80\x00", b"\x82\x00"
UPTIME, TRAP_OID = (*OBJECTS["sysUpTime"], 0), (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
LINK_DOWN, LINK_UP, COLD_START = ((1, 3, 6, 1, 6, 3, 1, 1, 5, n) for n in (3, 4, 1))
Value = int | bytes | Oid | str


def oid(key: str) -> Oid:
    """``ifOperStatus.3`` or a dotted OID."""
    name, _, index = key.partition(".")
    return (*OBJECTS[name], *parse_oid(index)) if name in OBJECTS else parse_oid(key)


class Device(asyncio.DatagramProtocol):
    """Answers GET and GETBULK of its values; its clock runs on by itself."""

    def __init__(self, **values: Value) -> None:
        self.values: dict[Oid, Value] = {}
        self.delay = 0.0
        self.silent = False
        self.alter: Callable[[bytes], bytes] = lambda data: data
        #: What stands behind an OID; a liar has something else there.
        self.after: Callable[[Oid], Oid | None] = self._after
        self.other_request = 0
        self.asked = 0
        self.started = -1000.0 * 60
        self._order: list[Oid] = []
        self._transport: Any = None
        self.set(**values)

    def set(self, **values: Value | None) -> None:
        """Takes values by name and index, as in ``ifOperStatus_3``; None takes one away."""
        for key, value in values.items():
            name, _, index = key.partition("_")
            self.put(oid(f"{name}.{index or 0}"), value)

    def put(self, at: Oid, value: Value | None) -> None:
        """Takes one value; None takes it away."""
        if value is None:
            self.values.pop(at, None)
        else:
            self.values[at] = value
        self._order = []

    def port(self, index: int, name: str, up: bool = True, **more: Value) -> None:
        """A port as IF-MIB has it."""
        told = {"ifDescr": name, "ifName": name, "ifType": 6, "ifAdminStatus": 1,
                "ifOperStatus": 1 if up else 2, "ifHighSpeed": 10_000,
                "ifHCInOctets": 2**40, "ifInErrors": 3, "ifOutErrors": 0, **more}  # fmt: skip
        self.set(**{f"{key}_{index}": value for key, value in told.items()})

    def restart(self) -> None:
        """Starts anew, its clock at 0."""
        self.started = asyncio.get_running_loop().time()

    def trap(self, place: tuple[str, int], which: Oid, *more: tuple[Oid, Value]) -> None:
        """Sends a trap."""
        pairs = [_pair(UPTIME, self._value(UPTIME)), _pair(TRAP_OID, _packed(which))]
        pairs += [_pair(at, _packed(value)) for at, value in more]
        self._transport.sendto(_message(TRAP, 1, b"public", pairs), place)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.asked += 1
        if not self.silent:
            reply = self.alter(self._reply(data))
            loop = asyncio.get_running_loop()
            loop.call_later(self.delay, lambda: self._transport.sendto(reply, addr))

    def _reply(self, data: bytes) -> bytes:
        at, end = inside(data, 0, len(data), SEQUENCE)
        _, at = number(data, at, end)
        community, at = octets(data, at, end)
        pdu = pdu_of(data, at, end)
        oids = [o for o, _ in pdu.pairs]
        if pdu.tag == GET:
            pairs = [_pair(o, self._value(o)) for o in oids]
        else:
            pairs = self._bulk(oids, pdu.place)
        return _message(RESPONSE, pdu.request + self.other_request, community, pairs)

    def _bulk(self, at: list[Oid], repeat: int) -> list[bytes]:
        found = []
        for _ in range(repeat):
            for place, before in enumerate(at):
                later = self.after(before)
                found.append(
                    _pair(before, END) if later is None else _pair(later, self._value(later))
                )
                at[place] = later or before
        return found

    def _after(self, before: Oid) -> Oid | None:
        self._order = self._order or sorted(self.values)
        place = bisect_right(self._order, before)
        return self._order[place] if place < len(self._order) else None

    def _value(self, at: Oid) -> bytes:
        if at == UPTIME and at in self.values:
            passed = asyncio.get_running_loop().time() - self.started
            return packed_number(int(passed * 100) % 2**32, TICKS)
        return _packed(self.values[at]) if at in self.values else NO_VALUE


def _packed(value: Value) -> bytes:
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return packed(OCTETS, value)
    if isinstance(value, tuple):
        return oid_bytes(value)
    return packed_number(value, COUNTER64) if value >= 2**31 else packed_number(value)


def _pair(at: Oid, value: bytes) -> bytes:
    return packed(SEQUENCE, oid_bytes(at), value)


def _message(tag: int, request: int, community: bytes, pairs: list[bytes]) -> bytes:
    numbers = (packed_number(request), packed_number(0), packed_number(0))
    pdu = packed(tag, *numbers, packed(SEQUENCE, *pairs))
    return packed(SEQUENCE, packed_number(1), packed(OCTETS, community), pdu)
