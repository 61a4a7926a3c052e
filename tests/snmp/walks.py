"""Walks made up for tests: as a switch would answer, by the names of its objects."""

from hwagent.snmp.names import OBJECTS
from hwagent.snmp.oid import parse_oid, show_oid
from hwagent.snmp.walk import Walk

#: Tags of snmpsim by Python type.
_TAGS = {int: "2", str: "4", bytes: "4x", tuple: "6"}


def recording(values: dict[str, int | str | bytes | tuple[int, ...]]) -> bytes:
    """A recording of snmpsim; keys are ``name.index`` or dotted OIDs."""
    lines = []
    for key, value in values.items():
        text = {bytes: lambda v: v.hex(), tuple: show_oid}.get(type(value), str)(value)
        lines.append((_oid(key), f"{_TAGS[type(value)]}|{text}"))
    return "".join(f"{show_oid(oid)}|{rest}\n" for oid, rest in sorted(lines)).encode()


def _oid(key: str) -> tuple[int, ...]:
    name, _, index = key.partition(".")
    return (*OBJECTS[name], *parse_oid(index)) if name in OBJECTS else parse_oid(key)


def port(index: int, name: str, up: bool = True, **more: int | str) -> dict[str, int | str]:
    """A port of IF-MIB; ``more`` are further objects of it."""
    values: dict[str, int | str] = {
        f"ifDescr.{index}": name,
        f"ifType.{index}": 6,
        f"ifAdminStatus.{index}": 1,
        f"ifOperStatus.{index}": 1 if up else 2,
    }
    return {**values, **{f"{key}.{index}": value for key, value in more.items()}}


def entity(index: int, kind: int, name: str, parent: int = 0) -> dict[str, int | str]:
    """An entity of ENTITY-MIB; kinds: 3 chassis, 6 supply, 7 fan, 8 sensor, 10 port."""
    return {
        f"entPhysicalClass.{index}": kind,
        f"entPhysicalName.{index}": name,
        f"entPhysicalContainedIn.{index}": parent,
    }


def sensor(
    index: int, type: int, value: int, scale: int = 9, precision: int = 0, status: int = 1
) -> dict[str, int]:
    """A sensor of ENTITY-SENSOR-MIB; types: 5 amperes, 6 watts, 8 celsius, 10 rpm."""
    return {
        f"entPhySensorType.{index}": type,
        f"entPhySensorScale.{index}": scale,
        f"entPhySensorPrecision.{index}": precision,
        f"entPhySensorValue.{index}": value,
        f"entPhySensorOperStatus.{index}": status,
    }


def recorded(walk: Walk) -> bytes:
    """A walk as a recording of snmpsim; what a printed walk does not tell is guessed by size."""
    lines = []
    for oid, value in sorted(walk.values.items()):
        if isinstance(value, int):
            lines.append(f"{show_oid(oid)}|{2 if -(2**31) <= value < 2**31 else 70}|{value}")
        elif isinstance(value, bytes):
            lines.append(f"{show_oid(oid)}|4x|{value.hex()}")
        else:
            lines.append(f"{show_oid(oid)}|6|{show_oid(value)}")
    return "\n".join(lines).encode() + b"\n"
