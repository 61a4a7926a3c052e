"""Names of the standard objects that we read, as net-snmp prints them, and their OIDs.

Sources: RFC 3418 (SNMPv2-MIB), RFC 3411 (SNMP-FRAMEWORK-MIB), RFC 2863 (IF-MIB), RFC 3635
(EtherLike-MIB), RFC 6933 (ENTITY-MIB), RFC 3433 (ENTITY-SENSOR-MIB), RFC 4268 (ENTITY-STATE-MIB),
IEEE 802.1AB (LLDP-MIB), RFC 4188 (BRIDGE-MIB), RFC 4363 (Q-BRIDGE-MIB), IEEE 802.1AX
(IEEE8023-LAG-MIB), CISCO-CDP-MIB, CISCO-ENTITY-SENSOR-MIB.
"""

from .oid import Oid, parse_oid

_IF, _IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
_ENTITY, _SENSOR, _STATE = "1.3.6.1.2.1.47.1.1.1.1", "1.3.6.1.2.1.99.1.1.1", "1.3.6.1.2.1.131.1.1.1"
_LOCAL, _REMOTE = "1.0.8802.1.1.2.1.3.7.1", "1.0.8802.1.1.2.1.4.1.1"
_STP = "1.3.6.1.2.1.17.2"
_LAG, _LAG_PORT = "1.2.840.10006.300.43.1.1.1.1", "1.2.840.10006.300.43.1.2.1.1"
_CDP = "1.3.6.1.4.1.9.9.23.1.2.1.1"
_CISCO, _LIMIT = "1.3.6.1.4.1.9.9.91.1.1.1.1", "1.3.6.1.4.1.9.9.91.1.2.1.1"


def _columns(table: str, names: str) -> dict[str, str]:
    """``name:number`` words, as OIDs under a table."""
    pairs = (word.split(":") for word in names.split())
    return {name: f"{table}.{number}" for name, number in pairs}


_DOTTED = {
    **_columns(
        "1.3.6.1.2.1.1",
        "sysDescr:1 sysObjectID:2 sysUpTime:3 sysContact:4 sysName:5 sysLocation:6",
    ),
    **_columns("1.3.6.1.6.3.10.2.1", "snmpEngineBoots:2 snmpEngineTime:3"),
    **_columns(
        _IF,
        "ifIndex:1 ifDescr:2 ifType:3 ifMtu:4 ifSpeed:5 ifPhysAddress:6 ifAdminStatus:7"
        " ifOperStatus:8 ifLastChange:9 ifInOctets:10 ifInUcastPkts:11 ifInNUcastPkts:12"
        " ifInDiscards:13 ifInErrors:14 ifOutOctets:16 ifOutUcastPkts:17 ifOutNUcastPkts:18"
        " ifOutDiscards:19 ifOutErrors:20",
    ),
    **_columns(
        _IFX,
        "ifName:1 ifHCInOctets:6 ifHCInUcastPkts:7 ifHCInMulticastPkts:8 ifHCInBroadcastPkts:9"
        " ifHCOutOctets:10 ifHCOutUcastPkts:11 ifHCOutMulticastPkts:12 ifHCOutBroadcastPkts:13"
        " ifHighSpeed:15 ifConnectorPresent:17 ifAlias:18",
    ),
    "ifStackStatus": "1.3.6.1.2.1.31.1.2.1.3",
    "dot3StatsDuplexStatus": "1.3.6.1.2.1.10.7.2.1.19",
    **_columns(
        _ENTITY,
        "entPhysicalDescr:2 entPhysicalContainedIn:4 entPhysicalClass:5 entPhysicalName:7"
        " entPhysicalFirmwareRev:9 entPhysicalSoftwareRev:10 entPhysicalSerialNum:11"
        " entPhysicalMfgName:12 entPhysicalModelName:13",
    ),
    "entAliasMappingIdentifier": "1.3.6.1.2.1.47.1.3.2.1.2",
    **_columns(
        _SENSOR,
        "entPhySensorType:1 entPhySensorScale:2 entPhySensorPrecision:3 entPhySensorValue:4"
        " entPhySensorOperStatus:5",
    ),
    **_columns(_STATE, "entStateAdmin:2 entStateOper:3 entStateAlarm:5 entStateStandby:6"),
    **_columns(_LOCAL, "lldpLocPortIdSubtype:2 lldpLocPortId:3 lldpLocPortDesc:4"),
    **_columns(
        _REMOTE,
        "lldpRemChassisIdSubtype:4 lldpRemChassisId:5 lldpRemPortIdSubtype:6 lldpRemPortId:7"
        " lldpRemPortDesc:8 lldpRemSysName:9 lldpRemSysDesc:10",
    ),
    "lldpRemManAddrIfSubtype": "1.0.8802.1.1.2.1.4.2.1.3",
    "dot1dBasePortIfIndex": "1.3.6.1.2.1.17.1.4.1.2",
    **_columns(
        _STP,
        "dot1dStpTimeSinceTopologyChange:3 dot1dStpTopChanges:4 dot1dStpDesignatedRoot:5"
        " dot1dStpRootCost:6 dot1dStpRootPort:7",
    ),
    "dot1dStpPortState": f"{_STP}.15.1.3",
    "dot1dTpFdbPort": "1.3.6.1.2.1.17.4.3.1.2",
    "dot1qTpFdbPort": "1.3.6.1.2.1.17.7.1.2.2.1.2",
    **_columns(_LAG, "dot3adAggActorOperKey:7 dot3adAggPartnerSystemID:8"),
    **_columns(
        _LAG_PORT,
        "dot3adAggPortSelectedAggID:12 dot3adAggPortAttachedAggID:13"
        " dot3adAggPortActorOperState:21 dot3adAggPortPartnerOperState:23",
    ),
    **_columns(
        _CDP,
        "cdpCacheAddress:4 cdpCacheDeviceId:6 cdpCacheDevicePort:7 cdpCachePlatform:8",
    ),
    **_columns(
        _CISCO,
        "entSensorType:1 entSensorScale:2 entSensorPrecision:3 entSensorValue:4 entSensorStatus:5",
    ),
    **_columns(
        _LIMIT,
        "entSensorThresholdSeverity:2 entSensorThresholdRelation:3 entSensorThresholdValue:4",
    ),
}
#: Name of an object: its OID, without the index of a row.
OBJECTS: dict[str, Oid] = {name: parse_oid(text) for name, text in _DOTTED.items()}
#: Names that net-snmp prints in front of numbers it has no name for.
ROOTS: dict[str, Oid] = {
    name: parse_oid(text)
    for name, text in {
        "iso": "1",
        "org": "1.3",
        "dod": "1.3.6",
        "internet": "1.3.6.1",
        "mgmt": "1.3.6.1.2",
        "mib-2": "1.3.6.1.2.1",
        "transmission": "1.3.6.1.2.1.10",
        "private": "1.3.6.1.4",
        "enterprises": "1.3.6.1.4.1",
        "snmpV2": "1.3.6.1.6",
        "snmpModules": "1.3.6.1.6.3",
        "sysUpTimeInstance": "1.3.6.1.2.1.1.3.0",
    }.items()
}
