"""Simulated servers of a given size for benchmarks."""

from pathlib import Path
from typing import Any

from hwagent.testing.server import Server

#: The large server of the issue: 60 disks, 24 arrays, 16 NICs, 300 sensors.
LARGE = {"disks": 60, "arrays": 24, "nics": 16, "sensors": 300}


def disk_name(number: int) -> str:
    """sda ... sdz, sdaa ..."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return f"sd{letters}"


def large(path: Path, disks: int, arrays: int, nics: int, sensors: int) -> Server:
    """A server with so many of each."""
    names = [disk_name(n) for n in range(disks)]
    pairs = [(names[2 * n], names[2 * n + 1]) for n in range(arrays)]
    parts: dict[str, Any] = {
        "disks": [{"name": n} for n in names],
        "arrays": [
            {"name": f"md{n}", "members": [{"device": a, "slot": 0}, {"device": b, "slot": 1}]}
            for n, (a, b) in enumerate(pairs)
        ],
        "nics": [{"name": f"eth{n}"} for n in range(nics)],
        "psus": [{"name": "PSU1"}, {"name": "PSU2"}],
        "chips": [
            {
                "name": f"chip{n}",
                "device": f"chip{n}.0",
                "sensors": {
                    f"temp{c}": {"value": 40 + c, "max": 85, "crit": 95, "label": f"T{n}.{c}"}
                    for c in range(1, 11)
                },
            }
            for n in range(sensors // 10)
        ],
        "dimms": [{"label": f"DIMM{n}"} for n in range(16)],
    }
    return Server.build(path, **parts)
