"""What of a switch is read when: states each round, counters and neighbours every fourth, what it
is made of after a change and every hour. Pure."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from .gathering import Gathering
from .makers import Makers
from .names import OBJECTS
from .oid import Oid
from .pdu import Trap
from .walk import Column, Lasting, Value, Walk

#: Rounds between two reads of counters, and seconds between two of what it is made of.
COUNTERS_EVERY = 4
INVENTORY_EVERY = 3600.0
#: Seconds by which its clock and ours may drift apart between two rounds; more is another start.
CLOCKS_DIFFER = 30.0

#: Single values that tell whether it is there, and whether it has started anew.
ALIVE = (
    *("sysUpTime", "sysName", "sysDescr", "sysObjectID", "sysLocation", "sysContact"),
    *("snmpEngineBoots", "snmpEngineTime", "dot1dStpTimeSinceTopologyChange"),
    *("dot1dStpTopChanges", "dot1dStpDesignatedRoot", "dot1dStpRootPort"),
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
#: Asked for by address and never walked: a large switch knows tens of thousands.
LEARNED = ("dot1dTpFdbPort", "dot1qTpFdbPort")


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
        self._read_at = self._asked_at = -math.inf
        self._gathering: Gathering | None = None
        self._ports: set[Oid] = set()
        #: True once it is known what it is made of; not any more when it starts anew, as rows may
        #: have other numbers then.
        self.complete = False

    def due(self) -> list[Oid]:
        """Columns to read in each round, of those that it has."""
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

    def restarted(self, now: float, single: Mapping[Oid, Value]) -> bool:
        """Takes the single values; True if all of it is due: it has started anew, or was never
        read."""
        before, passed = self.uptime, now - self._asked_at
        self._known.values, self._asked_at = dict(single), now
        since = passed >= self.uptime < before + passed - CLOCKS_DIFFER
        if self.uptime < before or since:
            self._gathering, self.complete, self._read_at = None, False, -math.inf
        return not self.complete

    @property
    def uptime(self) -> float:
        """Seconds since it started, as it said last; infinite if it does not say."""
        value = self._known.number("sysUpTime")
        return math.inf if value is None else value / 100

    def read(self, columns: Iterable[Oid], values: Mapping[Oid, Value]) -> None:
        """Takes the columns of a round. Rows of ports that nothing is known of yet are left out:
        what it is made of is due then."""
        for oid, column in _sorted(columns, values).items():
            if oid in _OF_PORTS:
                if column.keys() != self._ports:
                    self._read_at = -math.inf
                column = {row: value for row, value in column.items() if row in self._ports}
            self._known.replace(oid, column)
        self._round += 1

    def gathering(self, now: float) -> Gathering | None:
        """What is left to read of what it is made of; None while that is not due."""
        if self._gathering is None and now - self._read_at >= INVENTORY_EVERY:
            columns = [*_oids(INVENTORY), *_oids(STATES), *_oids(self._counters),
                       *_oids(OLD_COUNTERS), *self._of_makers()]  # fmt: skip
            self._gathering = Gathering(columns, self._has)
        return self._gathering

    def gathered(self, now: float, single: Mapping[Oid, Value]) -> None:
        """All of that has been read, and the single values once more: it replaces what was known
        before, at once, unless the switch has started anew meanwhile."""
        self.restarted(now, single)
        if self._gathering is None:
            return
        for oid, column in _sorted(self._gathering.columns, self._gathering.values).items():
            self._known.replace(oid, column)
        self._gathering, self.complete, self._read_at = None, True, now
        self._ports = set(self._known.column(OBJECTS["ifOperStatus"]))
        self._round += 1

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

    def learned(self, values: Mapping[Oid, Value]) -> None:
        """Takes the ports behind which the switch has seen the addresses that it was asked for."""
        for oid, column in _sorted(_oids(LEARNED), values).items():
            self._known.replace(oid, column)

    def walk(self) -> Walk:
        """All that is known, old and new."""
        return self._known

    def _has(self, oid: Oid) -> bool:
        return bool(self._known.column(oid))

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


def _sorted(columns: Iterable[Oid], values: Mapping[Oid, Value]) -> dict[Oid, Column]:
    """Values by column, those of each by row."""
    found: dict[Oid, Column] = {column: {} for column in columns}
    sizes = sorted({len(column) for column in found})
    for oid, value in values.items():
        for size in sizes:
            if oid[:size] in found:
                found[oid[:size]][oid[size:]] = value
    return found


#: Columns of states whose rows are ports.
_OF_PORTS = frozenset(_oids(("ifAdminStatus", "ifOperStatus")))
#: Tables that are empty until a neighbour speaks up, or while an agent has lost its ports.
_APPEARING = frozenset(
    OBJECTS[n]
    for n in (*COUNTERS, "ifOperStatus")
    if n.startswith(("lldpRem", "cdpCache", "ifOper"))
)
