"""Output of lldpd's lldpcli in its forms: ``-f json``, ``json0`` and ``keyvalue``. Pure.

Source: lldpcli(8); lldpd's JSON leaves lists of one out and makes names keys, json0 does neither.
"""

import re
from collections.abc import Iterator
from typing import Any

from .document import dig, objects, text

Neighbour = dict[str, Any]
#: More than any host hears.
NEIGHBOURS_MAX = 4096
#: ``lldp.IF.KEY=VALUE``; names of interfaces may have dots in them.
_LINE = re.compile(
    r"lldp\.(?P<interface>.+?)\.(?P<key>(?:via|rid|age|chassis|port|vlan|ppvid|pi|lldp-med|lldp-dot\d"
    r"|unknown-tlvs)(?:\.[^=]*)?)=(?P<value>.*)"
)
_CHASSIS_IDS = ("mac", "ip", "ifname", "ifalias", "local", "chassis", "port")


def from_json(document: Any) -> list[tuple[str, Neighbour]]:
    """Interfaces and neighbours in decoded JSON; an interface stands there once per neighbour.

    Raises ValueError if it is none of lldpcli's.
    """
    top = dig(document, "lldp")
    root = top[0] if isinstance(top, list) and top else top
    if not isinstance(root, dict) and top != []:
        raise ValueError("no output of lldpcli: no lldp in it")
    listed = _named(dig(root, "interface"))
    return [(name, _neighbour(node)) for name, node in listed][:NEIGHBOURS_MAX]


def from_keyvalue(content: str) -> list[tuple[str, Neighbour]]:
    """Interfaces and neighbours in lines of ``key=value``. Raises ValueError for other lines."""
    found: dict[tuple[str, int], dict[str, list[str]]] = {}
    turn: dict[str, int] = {}
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise ValueError(f"line {number}: no line of lldpcli -f keyvalue: {line[:60]!r}")
        name, key = match["interface"], match["key"]
        if key == "via":  # each neighbour begins with it
            turn[name] = turn.get(name, 0) + 1
        keys = found.setdefault((name, turn.get(name, 1)), {})
        keys.setdefault(key, []).append(match["value"].strip())
    return [(name, _of_keys(keys)) for (name, _), keys in found.items()][:NEIGHBOURS_MAX]


def _named(node: Any) -> Iterator[tuple[str, Any]]:
    """Names and nodes: of a list of one-key objects, of one object, or of objects with a name."""
    for entry in node if isinstance(node, list) else [node]:
        if not isinstance(entry, dict):
            continue
        if isinstance(entry.get("name"), str):
            yield entry["name"], entry
        else:
            yield from ((name, value) for name, value in entry.items() if isinstance(value, dict))


def _neighbour(node: Any) -> Neighbour:
    name, chassis = _chassis(dig(node, "chassis"))
    port = _first(dig(node, "port"))
    return {
        "protocol": text(node, "via") or "LLDP",
        "system": name,
        "chassis": text(_first(dig(chassis, "id")), "value"),
        "port": text(_first(dig(port, "id")), "value"),
        "port_type": text(_first(dig(port, "id")), "type"),
        "port_description": _text(port, "descr"),
        "description": _text(chassis, "descr"),
        "management": _texts(chassis, "mgmt-ip"),
        "vlans": [v for n in _list(dig(node, "vlan")) if (v := text(n, "vlan-id"))],
        "age": text(node, "age"),
    }


def _chassis(node: Any) -> tuple[str, Any]:
    """Name of a chassis, and what is said of it: the name may be a key, a value, or missing."""
    node = _first(node)
    if not isinstance(node, dict):
        return "", {}
    if "id" in node:
        return _text(node, "name"), node
    name, inner = next(((k, v) for k, v in node.items() if isinstance(v, dict)), ("", {}))
    return name.strip(), inner


def _of_keys(keys: dict[str, list[str]]) -> Neighbour:
    def one(*names: str) -> tuple[str, str]:
        return next(((n.rpartition(".")[2], keys[n][0]) for n in names if keys.get(n)), ("", ""))

    port_type, port = one(*(f"port.{kind}" for kind in ("ifname", "local", "mac", "ip", "ifalias")))
    return {
        "protocol": one("via")[1] or "LLDP",
        "system": one("chassis.name")[1],
        "chassis": one(*(f"chassis.{kind}" for kind in _CHASSIS_IDS))[1],
        "port": port,
        "port_type": port_type,
        "port_description": one("port.descr")[1],
        "description": one("chassis.descr")[1],
        "management": keys.get("chassis.mgmt-ip", []),
        "vlans": keys.get("vlan.vlan-id", []),
        "age": one("age")[1],
    }


def _list(node: Any) -> list[Any]:
    if isinstance(node, list):
        return objects(node)
    return [node] if isinstance(node, dict) else []


def _first(node: Any) -> Any:
    return node[0] if isinstance(node, list) and node else node


def _text(node: Any, key: str) -> str:
    """A text that may stand by itself or as a value of a list."""
    return next(iter(_texts(node, key)), "")


def _texts(node: Any, key: str) -> list[str]:
    value = dig(node, key)
    listed = value if isinstance(value, list) else [value]
    found = (text(v, "value") if isinstance(v, dict) else text(v) for v in listed)
    return [t for t in found if t]
