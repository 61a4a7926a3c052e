"""What the failover path costs at rest: holder and guardian, with one address and with a thousand.

    python -m benchmarks.holder_cost [--seconds 60] [--addresses 1 1000] [--interval 0.1]

A group of three whole agents in network namespaces, sealed by a key; all addresses are held by one
host, the others vote. Processor time is the kernel's own count in nanoseconds (proc(5), schedstat),
in percent of one core, of the owner's processes and of a voter's. Needs root. Ends with one line of
JSON; the exit status is 1 if an owner's holder takes more than the issue's 2 %.
"""

import argparse
import base64
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.fleet.lab import VIP, Host, fleet
from tests.fleet.systems import Hwagent
from tests.waiting import wait_for

MOST = 2.0
ROLES = {
    "holder": "hwagent.vip --socket",
    "guardian": "hwagent.vip.guardian",
    "agent": "hwagent.cli run",
}
#: Seconds in which announcements of a thousand addresses end.
SETTLE = 15.0


class Crowd(Hwagent):
    """A group whose addresses are all held by the first host."""

    addresses = 1

    def config(self, host: Host) -> dict[str, Any]:
        config = super().config(host)
        key = self.place / "key"
        key.write_bytes(base64.b64encode(bytes(range(32))))
        key.chmod(0o600)
        config["cluster"] = {"key_file": str(key)}
        config["groups"][0]["witnesses"] = [f"h{h.number}" for h in self.fleet.hosts[1:]]
        more = [f"10.10.{n // 250}.{n % 250 + 1}/32" for n in range(self.addresses - 1)]
        (vip,) = config["vips"]
        crowd = [vip, *({**vip, "address": address} for address in more)]
        config["vips"] = crowd if host.number == 1 else []
        return config

    def seconds(self, host: Host, role: str) -> float:
        """Processor time of a process of a host until now."""
        (process,) = (n for n, line in self._running(host).items() if ROLES[role] in line)
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


def measure(addresses: int, options: argparse.Namespace) -> dict[str, Any]:
    """Percent of a core of each process, while nothing happens."""
    Crowd.addresses = addresses
    with tempfile.TemporaryDirectory() as place, fleet(3) as made:
        system = Crowd(made, Path(place), options.interval)
        for host in made.hosts:
            system.start(host)
        owner, voter = made.hosts[:2]
        wait_for(lambda: made.answering() == [owner.number], 120, f"{VIP} held")
        wait_for(lambda: held(owner) == addresses, 120, "every address held")
        time.sleep(SETTLE)
        sides = (("owner's", owner), ("voter's", voter))
        parts = [(f"{name} {role}", host, role) for name, host in sides for role in ROLES]
        before = {name: system.seconds(host, role) for name, host, role in parts}
        began = time.monotonic()
        time.sleep(options.seconds)
        spent = time.monotonic() - began
        return {
            name: round(100 * (system.seconds(host, role) - before[name]) / spent, 3)
            for name, host, role in parts
        }


def held(host: Host) -> int:
    """How many of the group's addresses the host has."""
    links = json.loads(host.ip("-j addr show dev eth0"))
    return sum(a["local"] == VIP or a["local"].startswith("10.10.") for a in links[0]["addr_info"])


def main() -> int:
    """Prints a table, and a line of JSON at the end."""
    parser = argparse.ArgumentParser(prog="benchmarks.holder_cost")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--addresses", type=int, nargs="+", default=[1, 1000])
    parser.add_argument("--interval", type=float, default=0.1)
    options = parser.parse_args()
    results = {}
    for count in options.addresses:
        results[count] = found = measure(count, options)
        print(f"{count} addresses, percent of a core: {found}", flush=True)
    print(json.dumps({"interval": options.interval, "core_percent": results,
                      "load": round(os.getloadavg()[0], 1)}))  # fmt: skip
    return int(any(found["owner's holder"] > MOST for found in results.values()))


if __name__ == "__main__":
    sys.exit(main())
