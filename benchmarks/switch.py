"""A made-up switch of 48 ports and 300 sensors: as a recording of snmpsim, and as many of them.

``python -m benchmarks.switch COUNT PORT`` answers as COUNT switches at 127.0.1.1 and so on, which
snmpsim is too slow for. Sensors and counters move with time, as real ones do.
"""

import asyncio
import sys
import time
from bisect import bisect_right
from typing import Any

from hwagent.snmp.ber import (
    OCTETS,
    OID,
    SEQUENCE,
    inside,
    number,
    octets,
    packed,
    packed_number,
    packed_oid,  # fmt: skip
)
from hwagent.snmp.names import OBJECTS
from hwagent.snmp.oid import Oid, show_oid
from hwagent.snmp.pdu import COUNTER64, GAUGE32, GET, RESPONSE, TICKS, pdu_of

PORTS, SENSORS = 48, 300
#: Tables that a full poll reads, for net-snmp to walk.
TABLES = (
    *("1.3.6.1.2.1.1", "1.3.6.1.2.1.2.2", "1.3.6.1.2.1.31.1.1", "1.3.6.1.2.1.47.1.1.1"),
    *("1.3.6.1.2.1.99.1.1", "1.0.8802.1.1.2.1.4.1"),
)
_TAGS = {2: 2, 4: 4, 6: 6, GAUGE32: 66, TICKS: 67, COUNTER64: 70}
Table = dict[Oid, tuple[int, Any]]


def _rows(name: str, values: dict[int, tuple[int, Any]]) -> Table:
    return {(*OBJECTS[name], index): value for index, value in values.items()}


def switch(now: float = 0.0) -> Table:
    """Tags and values by OID, as they are at a time in seconds."""
    found: Table = {
        (*OBJECTS["sysDescr"], 0): (OCTETS, b"a switch that was made up"),
        (*OBJECTS["sysObjectID"], 0): (OID, (1, 3, 6, 1, 4, 1, 30065, 1, 1)),
        (*OBJECTS["sysUpTime"], 0): (TICKS, int(100 * (1000 + now % 10**6))),
        (*OBJECTS["sysName"], 0): (OCTETS, b"sw1"),
    }
    ports = range(1, PORTS + 1)
    texts = {"ifDescr": "Ethernet{}", "ifName": "Et{}", "ifAlias": "to host {}"}
    for name, text in texts.items():
        found |= _rows(name, {n: (OCTETS, text.format(n).encode()) for n in ports})
    found |= _rows("ifPhysAddress", {n: (OCTETS, bytes((2, 0, 0, 0, 0, n))) for n in ports})
    for name, value in (("ifType", 6), ("ifAdminStatus", 1), ("ifOperStatus", 1)):
        found |= _rows(name, dict.fromkeys(ports, (2, value)))
    for name, value in (("ifSpeed", 2**32 - 1), ("ifHighSpeed", 10_000), ("ifMtu", 9214)):
        found |= _rows(name, dict.fromkeys(ports, (GAUGE32, value)))
    for name in OBJECTS:
        if name.startswith("ifHC"):
            found |= _rows(name, {n: (COUNTER64, int(n * (10**9 + now * 10**5))) for n in ports})
    for name in ("ifInErrors", "ifOutErrors", "ifInDiscards", "ifOutDiscards"):
        found |= _rows(name, dict.fromkeys(ports, (GAUGE32, 0)))
    return found | _entities() | _sensors(now) | _neighbours()


def _entities() -> Table:
    sensors = range(100, 100 + SENSORS)
    found = {(*OBJECTS["entPhysicalDescr"], 1): (OCTETS, b"chassis")}
    classes = {1: (2, 3), **dict.fromkeys(sensors, (2, 8))}
    found |= _rows("entPhysicalDescr", dict.fromkeys(sensors, (OCTETS, b"temperature sensor")))
    found |= _rows("entPhysicalContainedIn", {1: (2, 0), **dict.fromkeys(sensors, (2, 1))})
    found |= _rows("entPhysicalClass", classes)
    found |= _rows("entPhysicalName", {n: (OCTETS, f"sensor {n}".encode()) for n in sensors})
    found |= _rows("entPhysicalSerialNum", dict.fromkeys((1, *sensors), (OCTETS, b"")))
    return found | _rows("entPhysicalModelName", dict.fromkeys((1, *sensors), (OCTETS, b"")))


def _sensors(now: float) -> Table:
    sensors = range(100, 100 + SENSORS)
    found: Table = {}
    for name, value in (("Type", 8), ("Scale", 9), ("Precision", 1), ("OperStatus", 1)):
        found |= _rows(f"entPhySensor{name}", dict.fromkeys(sensors, (2, value)))
    # as real ones do, a third of them moves within half a minute
    heat = {n: (2, 300 + (int(now / 30) * (n % 3 == 0) * n) % 40) for n in sensors}
    return found | _rows("entPhySensorValue", heat)


def _neighbours() -> Table:
    names = ("lldpRemChassisIdSubtype", "lldpRemPortIdSubtype")
    found: Table = {(*OBJECTS[x], 0, n, 1): (2, 4) for x in names for n in range(1, PORTS + 1)}
    for x in ("lldpRemChassisId", "lldpRemPortId", "lldpRemPortDesc", "lldpRemSysName"):
        found |= {(*OBJECTS[x], 0, n, 1): (OCTETS, b"host%d" % n) for n in range(1, PORTS + 1)}
    return found


def recording() -> bytes:
    """The switch as snmpsim reads it."""
    lines = []
    for oid, (tag, value) in sorted(switch().items()):
        if isinstance(value, bytes):
            lines.append(f"{show_oid(oid)}|4x|{value.hex()}")
        else:
            text = show_oid(value) if isinstance(value, tuple) else str(value)
            lines.append(f"{show_oid(oid)}|{_TAGS[tag]}|{text}")
    return "\n".join(lines).encode() + b"\n"


class Farm(asyncio.DatagramProtocol):
    """One of many switches; all have the same values."""

    table: dict[Oid, bytes] = {}
    order: list[Oid] = []
    made = 0.0

    def connection_made(self, transport: Any) -> None:
        """The socket is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answers GET and GETBULK."""
        self._refresh()
        at, end = inside(data, 0, len(data), SEQUENCE)
        _, at = number(data, at, end)
        community, at = octets(data, at, end)
        pdu = pdu_of(data, at, end)
        oids = [oid for oid, _ in pdu.pairs]
        pairs = self._get(oids) if pdu.tag == GET else self._bulk(oids, pdu.place)
        repeat = packed(
            RESPONSE,
            *(packed_number(pdu.request), packed_number(0), packed_number(0)),
            packed(SEQUENCE, *pairs),
        )
        head = (packed_number(1), packed(OCTETS, community))
        self._transport.sendto(packed(SEQUENCE, *head, repeat), addr)

    def _get(self, oids: list[Oid]) -> list[bytes]:
        return [self.table.get(o) or packed(SEQUENCE, packed_oid(o), b"\x80\x00") for o in oids]

    def _bulk(self, oids: list[Oid], repeat: int) -> list[bytes]:
        columns = [bisect_right(self.order, oid) for oid in oids]
        return [
            self.table[self.order[at + n]]
            if at + n < len(self.order)
            else packed(SEQUENCE, packed_oid(oids[0]), b"\x82\x00")
            for n in range(repeat)
            for at in columns
        ]

    @classmethod
    def _refresh(cls) -> None:
        if time.time() - cls.made > 5:
            cls.made = time.time()
            cls.table = {oid: _pair(oid, value) for oid, value in switch(cls.made).items()}
            cls.order = sorted(cls.table)


def _pair(oid: Oid, value: tuple[int, Any]) -> bytes:
    tag, plain = value
    if isinstance(plain, bytes):
        return packed(SEQUENCE, packed_oid(oid), packed(tag, plain))
    if isinstance(plain, tuple):
        return packed(SEQUENCE, packed_oid(oid), packed_oid(plain))
    return packed(SEQUENCE, packed_oid(oid), packed_number(plain, tag))


async def serve(count: int, port: int) -> None:
    """Answers until it is killed."""
    loop = asyncio.get_running_loop()
    for n in range(1, count + 1):
        await loop.create_datagram_endpoint(Farm, (f"127.0.1.{n}", port))
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
