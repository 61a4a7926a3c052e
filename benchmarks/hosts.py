"""Simulated servers of a given size for benchmarks."""

from pathlib import Path
from typing import Any

from hwagent.testing.server import Server

#: The large server of the issue: 60 disks, 24 arrays, 16 NICs, 300 sensors.
LARGE = {"disks": 60, "arrays": 24, "nics": 16, "sensors": 300}
_PER_CHIP = 10


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
        "chips": [_chip(n) for n in range(sensors // _PER_CHIP)],
        "dimms": [{"label": f"DIMM{n}"} for n in range(16)],
    }
    return Server.build(path, **parts)


def work(server: Server, seconds: float) -> None:
    """Lets the server live: disks are read, packets come, every other temperature moves."""
    now = server.now
    for number, nic in enumerate(now.nics):
        nic.rx_packets += round(1000 * seconds) + number
        nic.tx_packets += round(900 * seconds) + number
    for number, chip in enumerate(now.chips):
        for channel, sensor in list(chip.sensors.items())[::2]:
            step = (round(now.load.uptime) + number + len(channel)) % 3 - 1
            sensor.value = min(max(sensor.value + step, 40.0), 60.0)
    server.advance(seconds)


def _chip(number: int) -> dict[str, Any]:
    channels = range(1, _PER_CHIP + 1)
    limits = {"max": 85, "crit": 95}
    sensors = {f"temp{c}": {"value": 40 + c, "label": f"T{number}.{c}", **limits} for c in channels}
    return {"name": f"chip{number}", "device": f"chip{number}.0", "sensors": sensors}
