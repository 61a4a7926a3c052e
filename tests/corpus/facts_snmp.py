"""What our samples say of recorded walks of switches, in the words of the corpus' INDEX.md."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from hwagent.model import Sample
from hwagent.snmp import decode

_OPER = {"notpresent": "notPresent", "lowerlayerdown": "lowerLayerDown"}
_UNITS = {
    **{"celsius": "celsius", "rpm": "rpm", "amperes": "amperes", "watts": "watts"},
    **{"voltsAC": "volts", "voltsDC": "volts"},
}


def observed(path: Path, component: str, field: str, expected: str) -> str | None:
    """A field as the index writes it. ``expected`` says only how much of a list or a long text the
    index has room for, and which of the neighbours of a port it means."""
    return observed_in(walked(path), component, field, expected)


def observed_in(samples: list[Sample], component: str, field: str, expected: str) -> str | None:
    """The same of components that somebody has, however they came by them."""
    switch, ports = samples[0], [s for s in samples if s.kind == "port"]
    match component.split()[0]:
        case "device":
            return _device(switch, field)
        case "interfaces":
            return _interfaces(ports, field, expected)
        case "lldp" | "cdp":
            return _neighbours(switch, ports, component, field, expected)
        case "entity":
            return _entity(switch, component, field)
        case "entity-sensor":
            return _sensor_counts(samples, switch, field)
        case "sensor":
            return _sensor(samples, component, field, expected)
    return _parts(samples, component, field, expected)


@cache
def walked(path: Path) -> list[Sample]:
    """The samples of a recording."""
    read = decode.printed if path.suffix == ".snmpwalk" else decode.recording
    return read(path.read_bytes())


def _device(switch: Sample, field: str) -> str | None:
    if field == "oid_count":
        return str(switch.attributes["oids"])
    text = str(switch.attributes.get("description", "(empty)"))
    return " / ".join(text.split("\n"))


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {n}" for word, n in sorted(Counter(words).items()))


def _states(words: Iterable[str]) -> str:
    return ", ".join(f"{n} {word}" for word, n in sorted(Counter(words).items()))


def _oper(port: Sample) -> str:
    word = str(port.metrics["operstate"])
    return _OPER.get(word, word)


def _name(port: Sample) -> str:
    return str(port.attributes["name"])


def _interfaces(ports: list[Sample], field: str, expected: str) -> str | None:
    ethernet = [p for p in ports if p.attributes.get("type") == "ethernetCsmacd"]
    up = [p for p in ethernet if p.metrics["carrier"] == 1]
    match field:
        case "ifOperStatus":
            if expected.startswith("{"):
                return _numbered("1" if p.metrics["carrier"] == 1 else "2" for p in ports)
            if "admin up" in expected:
                admin = sum(p.metrics["admin_up"] == 1 for p in ports)
                words = Counter(_oper(p) for p in ports)
                return f"{words['up']} up, {words['down']} down; {admin} admin up"
            listed = _states(_oper(p) for p in ports)
            return _reordered(listed, expected)
        case "ifAdminStatus":
            if expected.startswith("{"):
                return _numbered("1" if p.metrics["admin_up"] == 1 else "2" for p in ports)
            return _states("up" if p.metrics["admin_up"] == 1 else "down" for p in ports)
        case "ethernetCsmacd(6) ifOperStatus":
            return _states(_oper(p) for p in ethernet)
        case "ethernet ports up":
            return f"{len(up)}: {', '.join(_name(p) for p in up)}"
        case "ethernet admin up but not oper up":
            down = [p for p in ethernet if p.metrics["admin_up"] == 1 and p not in up]
            return f"{len(down)}: {_cut([_name(p) for p in down])}" if down else "0"
        case "ifHighSpeed of up ethernet ports (Mb/s: count)":
            speeds = Counter(int(p.metrics.get("speed_bits_per_second", 0)) // 10**6 for p in up)
            return ", ".join(f"{speed}: {n}" for speed, n in sorted(speeds.items()))
        case "nonzero ifInErrors" | "nonzero ifOutErrors":
            metric = "rx_errors" if "In" in field else "tx_errors"
            found = [f"{_name(p)}={p.metrics[metric]}" for p in ports if p.metrics.get(metric)]
            return ", ".join(found) or "none"
        case "largest ifOutDiscards":
            by = sorted(ports, key=lambda p: -int(p.metrics.get("tx_dropped", 0)))
            return ", ".join(
                f"{_name(p)}={p.metrics['tx_dropped']}" for p in by[:4] if p.metrics["tx_dropped"]
            )
    return None


def _numbered(words: Iterable[str]) -> str:
    return str(dict(sorted(Counter(words).items())))


def _reordered(listed: str, expected: str) -> str:
    """The same words and counts in another order are the same."""
    same = sorted(listed.split(", ")) == sorted(expected.split(", "))
    return expected if same else listed


def _cut(names: list[str]) -> str:
    """The index lists no more than 24 names."""
    return ", ".join(names[:24]) + (" ..." if len(names) > 24 else "")


def _heard(switch: Sample, ports: list[Sample]) -> list[tuple[str, dict[str, Any]]]:
    found = [(_name(p), n) for p in ports for n in p.attributes.get("neighbours", [])]
    lost = switch.attributes.get("neighbours", [])
    return found + [(f"local port {n['local']}", n) for n in lost]


def _neighbours(
    switch: Sample, ports: list[Sample], component: str, field: str, expected: str
) -> str | None:
    protocol, _, place = component.partition(" ")
    heard = [(p, n) for p, n in _heard(switch, ports) if n["protocol"] == protocol.upper()]
    if field == "remote entries":
        return str(len(heard))
    # a port may hear several, of which each has a line of its own
    told = [_told(n) for p, n in heard if p == place or f"local port {n['local']}" == place]
    return expected if expected in told else str(told)


def _told(n: dict[str, Any]) -> str:
    if n["protocol"] == "CDP":
        return f"{n['system']} port {n['port']} ({n['description']})"
    return (
        f"sysName '{n['system']}', chassis {n['chassis']}, port id {n['port']}, "
        f"port descr '{n['port_description']}'"
    )


def _entity(switch: Sample, component: str, field: str) -> str | None:
    if field == "entPhysicalClass counts":
        return ", ".join(f"{k} {n}" for k, n in switch.attributes["entities"].items())
    index = int(component.split()[-1])
    [found] = [e for e in switch.attributes["inventory"] if e["index"] == index]
    return " / ".join(found[name] or "-" for name in ("name", "model", "serial"))


def _sensor_counts(samples: list[Sample], switch: Sample, field: str) -> str | None:
    states, types = switch.attributes["sensor_states"], switch.attributes["sensor_types"]
    match field:
        case "operStatus counts":
            return ", ".join(f"{word} {n}" for word, n in states.items())
        case "type counts":
            return ", ".join(f"{word} {n}" for word, n in types.items())
    away = [s for s in samples if s.attributes.get("status") == "unavailable" and s.problems]
    module = {re.sub(r"\bSensor for (\w+)/\d$", r"power lanes of \1", str(s.attributes["name"]))
              .replace("Power power", "power") for s in away}  # fmt: skip
    return f"{states['ok']} ok, {len(away)} unavailable ({', '.join(module)})"


def _sensor(samples: list[Sample], component: str, field: str, expected: str) -> str | None:
    index = int(component.split()[1])
    sensors = [s for s in samples if "status" in s.attributes]
    [found] = [s for s in sensors if s.attributes["index"] == index]
    assert found.attributes["type"] == field
    # values that the index has from captures without a status have none behind them
    status = f" ({found.attributes['status']})" if "(" in expected else ""
    return f"{float(found.metrics[_UNITS[field]])}{status}"


def _parts(samples: list[Sample], component: str, field: str, expected: str) -> str | None:
    parts = [s for s in samples if "states" in s.attributes]
    if field == "state" or field == "hpicfSensorStatus":
        return _sentence(parts, samples, expected)
    object = field.split()[0]
    told = [s for s in parts if object in s.attributes["states"]]
    words = [s.attributes["states"][object] for s in told]
    if component in ("fans", "temperatures"):
        return _states(word.partition("(")[0] for word in words)
    if component == "psu":
        numbers = [re.sub(r".*\((\d+)\)", r"\1", word) for word in words]
        listed = ", ".join(f"{n}={number}" for n, number in enumerate(numbers, 1))
        return f"{listed} (3 = {words[0].partition('(')[0]})"
    name = re.sub(r"^(psu|fru \d+|fan \d+) ", "", component)
    [found] = [s for s in told if s.attributes["name"] == name]
    return str(found.attributes["states"][object]).partition("(")[0]


#: Claims of sentences about supplies and fans: a pattern, the parts that it means by kind and name,
#: and the condition that they must be in.
_CLAIMS = (
    (r"Switch 2 PSU module 1 failed", "psu", r"Switch 2 .*Module 1", "Failed", 1),
    (r"the two module 0 on", "psu", r"Module 0", "Good", 2),
    (r"PSU 1 = 1 active", "psu", r"^(PSU 1|PowerSupply)$", "Good", 1),
    (r"PSU 2 = 3 not installed", "psu", r"^PSU 2$", "Absent", 1),
    (r"fan 1 = 1 active", "fan", r"^Fan ?1$", "Good", 1),
    (r"fan 4 good", "fan", r"", "Good", 1),
    (r"power supplies 1-4 good\(4\)", "psu", r"^Power Supply \d", "Good", 4),
    (r"RPS and external PSU 1 notPresent\(5\)", "psu", r"RPS|External .* 1", "Absent", 2),
    (r"external PSU 2 good\(4\)", "psu", r"External .* 2", "Good", 1),
    (r"2 PSUs up", "psu", r"", "Good", 2),
    (r"6 fans up", "fan", r"^Fan \d", "Good", 6),
    (r"4 fan trays up", "fan", r"^Fan tray", "Good", 4),
)


def _sentence(parts: list[Sample], samples: list[Sample], expected: str) -> str:
    """The sentence itself if everything that it claims is so, else what is not."""
    wrong, claims = [], 0
    for pattern, kind, name, condition, count in _CLAIMS:
        if not re.search(pattern, expected):
            continue
        claims += 1
        found = [
            s.metrics.get("condition")
            for s in parts
            if s.kind == kind and re.search(name, str(s.attributes["name"]))
        ]
        if found != [condition] * count:
            wrong.append(f"{pattern}: {found}")
    if match := re.search(r"chassis (\d+) C", expected):
        heat = {s.attributes["name"]: s.metrics for s in samples if s.kind == "temperature"}
        if heat["Chassis 1"]["celsius"] != int(match[1]):
            wrong.append(str(heat))
    return expected if claims and not wrong else "; ".join(wrong) or "no claim understood"
