"""What of a switch is read when: states each round, counters and neighbours every fourth, what it
is made of after a change and every hour. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from .makers import Makers
from .names import OBJECTS
from .oid import Oid
from .pdu import Trap
from .walk import Column, Lasting, Value, Walk

#: Rounds between two reads of counters, and seconds between two of what it is made of.
COUNTERS_EVERY = 4
INVENTORY_EVERY = 3600.0

#: Single values that tell whether it is there, and whether it has started anew.
ALIVE = (
    *("sysUpTime", "sysName", "sysDescr", "sysObjectID", "sysLocation", "sysContact"),
    *("snmpEngineBoots", "snmpEngineTime", "dot1dStpTimeSinceTopologyChange"),
    *("dot1dStpTopChanges", "dot1dStpDesignatedRoot"),
)
STATES = (
    *("ifAdminStatus", "ifOperStatus", "entPhySensorValue", "entPhySensorOperStatus"),
    *("entSensorValue", "entSensorStatus", "entStateOper", "entStateAlarm"),
    *("dot1dStpPortState", "dot3adAggPortAttachedAggID"),
)
COUNTERS = (
    *("ifHCInOctets", "ifHCOutOctets", "ifHCInUcastPkts", "ifHCOutUcastPkts"),
    *("ifHCInMulticastPkts", "ifHCInBroadcastPkts", "ifHCOutMulticastPkts"),
    *("ifHCOutBroadcastPkts", "ifInErrors", "ifOutErrors", "ifInDiscards", "ifOutDiscards"),
    *("ifHighSpeed", "ifSpeed", "dot3StatsDuplexStatus"),
    *("lldpRemChassisIdSubtype", "lldpRemChassisId", "lldpRemPortIdSubtype", "lldpRemPortId"),
    *("lldpRemPortDesc", "lldpRemSysName", "lldpRemSysDesc", "lldpRemManAddrIfSubtype"),
    *("cdpCacheAddress", "cdpCacheDeviceId", "cdpCacheDevicePort", "cdpCachePlatform"),
)
#: Only of switches without 64-bit counters: those that count in 32 bits.
OLD_COUNTERS = (
    *("ifInOctets", "ifOutOctets", "ifInUcastPkts", "ifOutUcastPkts"),
    *("ifInNUcastPkts", "ifOutNUcastPkts"),
)
INVENTORY = (
    *("ifDescr", "ifType", "ifPhysAddress", "ifName", "ifAlias", "ifStackStatus"),
    *("entPhysicalDescr", "entPhysicalContainedIn", "entPhysicalClass", "entPhysicalName"),
    *("entPhysicalSerialNum", "entPhysicalModelName", "entAliasMappingIdentifier"),
    *("entPhySensorType", "entPhySensorScale", "entPhySensorPrecision"),
    *("entSensorType", "entSensorScale", "entSensorPrecision", "entSensorThresholdSeverity"),
    *("entSensorThresholdRelation", "entSensorThresholdValue"),
    *("lldpLocPortIdSubtype", "lldpLocPortId", "lldpLocPortDesc", "dot1dBasePortIfIndex"),
)


def alive() -> list[Oid]:
    """OIDs of the single values."""
    return [(*OBJECTS[name], 0) for name in ALIVE]


#: An OID's first numbers say which MIB, or which maker, it is of; states read after one trap.
_SUBTREE, MEANT_MAX = 7, 32


class Plan:
    """What one switch has been found to have, and what is due. Columns that were empty when what
    it is made of was read are not asked for again until then."""

    def __init__(self, makers: Makers, old: bool = False) -> None:
        self._makers = makers
        #: SNMPv1 has no numbers of 64 bits.
        self._counters = [n for n in COUNTERS if not (old and n.startswith("ifHC"))]
        self._known = Lasting()
        self._round = 0
        self._inventory_at = float("-inf")
        self._uptime = 0
        self._ports: set[Oid] = set()

    def due(self, now: float) -> list[Oid]:
        """Columns to read in this round."""
        if now - self._inventory_at >= INVENTORY_EVERY:
            return [*_oids(INVENTORY), *_oids(STATES), *_oids(self._counters), *_oids(OLD_COUNTERS),
                    *self._of_makers()]  # fmt: skip
        wanted = [*_oids(STATES), *self._of_makers(moving=True)]
        if self._round % COUNTERS_EVERY == 0:
            large = self._has(OBJECTS["ifHCInOctets"])
            wanted += [*_oids(self._counters), *(() if large else _oids(OLD_COUNTERS))]
        return [oid for oid in wanted if self._has(oid) or oid in _APPEARING]

    def doubtful(self, columns: Iterable[Oid]) -> list[Oid]:
        """Those columns that had no row when they were read last, or never were."""
        return [oid for oid in columns if not self._has(oid)]

    def doubtless(self, columns: Iterable[Oid], there: Collection[Oid]) -> list[Oid]:
        """Columns to walk: those that had rows, and those that turned out to have some."""
        return [oid for oid in columns if oid in there or self._has(oid)]

    def restarted(self, single: Mapping[Oid, Value]) -> bool:
        """Takes the single values; True if it has started anew: all of it is due."""
        uptime = single.get((*OBJECTS["sysUpTime"], 0))
        before, self._uptime = self._uptime, uptime if isinstance(uptime, int) else 0
        self._known.values = dict(single)
        if self._uptime < before:
            self._inventory_at = float("-inf")
        return self._uptime < before

    def read(self, now: float, columns: Iterable[Oid], values: Mapping[Oid, Value]) -> bool:
        """Takes what was read of columns. False if it shows rows that nothing is known of yet: what
        it is made of is due at once."""
        found: dict[Oid, Column] = {column: {} for column in columns}
        sizes = sorted({len(column) for column in found})
        for oid, value in values.items():
            for size in sizes:
                if oid[:size] in found:
                    found[oid[:size]][oid[size:]] = value
        for oid, column in found.items():
            self._known.replace(oid, column)
        self._round += 1
        if now - self._inventory_at >= INVENTORY_EVERY:
            self._inventory_at = now
            self._ports = self._rows("ifOperStatus")
            return True
        if self._rows("ifOperStatus") == self._ports:
            return True
        self._inventory_at = float("-inf")
        return False

    @property
    def complete(self) -> bool:
        """True once all of it was read."""
        return self._inventory_at > float("-inf")

    def meant(self, trap: Trap) -> list[Oid]:
        """States that a trap may be about: in the same MIB or of the same maker as one of its
        values, and of the same row. Not believed, only read anew."""
        found: dict[Oid, None] = {}
        states = [*_oids(STATES), *self._of_makers(moving=True)]
        for said in trap.values:
            for column in states:
                if said[:_SUBTREE] != column[:_SUBTREE]:
                    continue
                rows = (r for r in self._known.column(column) if said[-len(r) :] == r)
                found.update(dict.fromkeys((*column, *row) for row in rows))
        return list(found)[:MEANT_MAX]

    def refresh(self, oids: Sequence[Oid], values: Mapping[Oid, Value]) -> None:
        """Takes single states that were read between two rounds."""
        for column in [*_oids(STATES), *self._of_makers(moving=True)]:
            size = len(column)
            fresh = {o[size:]: values[o] for o in oids if o in values and o[:size] == column}
            self._known.replace(column, {**self._known.column(column), **fresh})

    def walk(self) -> Walk:
        """All that is known, old and new."""
        return self._known

    def _has(self, oid: Oid) -> bool:
        return bool(self._known.column(oid))

    def _rows(self, name: str) -> set[Oid]:
        return set(self._known.column(OBJECTS[name]))

    def _of_makers(self, moving: bool = False) -> list[Oid]:
        """Columns of the makers' tables; only those that change, if ``moving``."""
        wanted: dict[Oid, None] = {}
        for table in self._makers.tables:
            for name, oid in table.columns.items():
                if not moving or name in ("status", "reading"):
                    wanted[oid] = None
        if not moving:
            for limits in self._makers.limits:
                wanted.update(dict.fromkeys(limits.columns.values()))
        return list(wanted)


def _oids(names: Iterable[str]) -> list[Oid]:
    return [OBJECTS[name] for name in names]


#: Tables that are empty until a neighbour speaks up.
_APPEARING = frozenset(OBJECTS[n] for n in COUNTERS if n.startswith(("lldpRem", "cdpCache")))
