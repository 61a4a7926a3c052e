"""The systems that keep an address alive on a fleet: ours, and keepalived beside it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from hwagent.cli.client import NoAgent, request
from tests.fleet.lab import VIP, Fleet, Host
from tests.waiting import wait_for

_NEWER = Path(__file__).parent / "newer"


class System:
    """What the faults need of a system: starting, ending in order, and its processes by role.

    ``interval`` lies between heartbeats, in seconds; ``interfaces`` is where the address may be.
    """

    name = ""
    #: The roles that its processes can have.
    roles: tuple[str, ...] = ("holder", "all")

    def __init__(
        self, fleet: Fleet, place: Path, interval: float, interfaces: tuple[str, ...] = ("eth0",)
    ) -> None:
        self.fleet = fleet
        self.place = place
        self.interval = interval
        self.interfaces = interfaces

    def start(self, host: Host) -> None:
        """Starts it on a host, with all its processes."""
        raise NotImplementedError

    def move(self, host: Host) -> None:
        """Has the owner give the address to another host, as an operator would."""
        raise NotImplementedError

    def moved(self, host: Host) -> None:
        """Makes the host that gave the address away one that could take it again."""

    def processes(self, host: Host, role: str) -> list[int]:
        """Processes of a role: ``holder`` keeps the address, ``agent`` judges, ``all``."""
        raise NotImplementedError

    def ready(self) -> None:
        """Waits until one host answers and nothing moves any more."""
        self.fleet.settled(max(1.0, 10 * self.interval))

    def rescue(self) -> None:
        """Starts all over on every host, after something that it did not mend itself."""
        for host in self.fleet.hosts:
            self.signal(host, "all", signal.SIGKILL)
        for host in self.fleet.hosts:
            host.revive()
            self.start(host)

    def signal(self, host: Host, role: str, number: signal.Signals) -> None:
        """Sends a signal to the processes of a role."""
        for process in self.processes(host, role):
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def _running(self, host: Host) -> dict[int, str]:
        """Command lines of the processes in a host's namespace, without the lab's own."""
        argv = ["ip", "netns", "pids", host.space]
        numbers = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
        found = {}
        for number in map(int, numbers):
            with suppress(OSError):
                line = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                if "tests.fleet" not in line:
                    found[number] = line
        return found


class Hwagent(System):
    """The whole agent with holder and guardian, one group of all hosts."""

    name = "hwagent"
    #: The lease, in intervals.
    lease = 2.8
    #: What it is started by.
    prefix: tuple[str, ...] = ()
    roles = ("holder", "agent", "all")
    _ROLES = {"holder": "hwagent.vip --socket", "agent": "hwagent.cli run", "all": ""}

    def __init__(
        self, fleet: Fleet, place: Path, interval: float, interfaces: tuple[str, ...] = ("eth0",)
    ) -> None:
        super().__init__(fleet, place, interval, interfaces)
        #: Hosts that start as the next version would.
        self.newer: set[Host] = set()

    def start(self, host: Host) -> None:
        place = self._place(host)
        place.mkdir(parents=True, exist_ok=True)
        (place / "hwagent.yaml").write_text(json.dumps(self.config(host)))
        argv = [*self.prefix, sys.executable, "-m", "hwagent.cli", "run"]
        argv += ["--config", str(place / "hwagent.yaml")]
        argv += ["--runtime-directory", str(place / "run")]
        argv += ["--state-directory", str(place / "lib")]
        newer = {"PYTHONPATH": str(_NEWER)} if host in self.newer else {}
        host.run(*argv, log=place / "log", **newer)

    def config(self, host: Host) -> dict[str, Any]:
        """The configuration of a host; only what this lab's machine really has is watched."""
        networks = len(self.interfaces)
        voters = {f"h{h.number}": [h.address, h.second][:networks] for h in self.fleet.hosts}
        where = {"interfaces": list(self.interfaces), "group": "web"}
        times = {"interval": _ms(self.interval), "lease": _ms(self.lease * self.interval)}
        return {
            "host": f"h{host.number}",
            "mode": "act",
            "vips": [{"address": f"{vip}/24", **where} for vip in self.fleet.vips],
            "groups": [{"name": "web", "voters": voters, **times}],
            "cluster": self._cluster(host),
            "fitness": {"kinds": ["service"]},
            "notify": {"journald": False},
        }

    def _cluster(self, host: Host) -> dict[str, Any]:
        """Gossip over every network of the lab."""
        own = [host.address, host.second][: len(self.interfaces)]
        seeds = [h.address for h in self.fleet.hosts if h is not host]
        networks = [{"name": f"net{number}", "bind": a} for number, a in enumerate(own)]
        return {"encryption": "none", "networks": networks, "seeds": seeds}

    def move(self, host: Host) -> None:
        target = next(h for h in self.fleet.hosts if h is not host)
        self.cli(host, "vip", "move", VIP, f"h{target.number}")

    def processes(self, host: Host, role: str) -> list[int]:
        mark = self._ROLES[role]
        return [number for number, line in self._running(host).items() if mark in line]

    def ready(self) -> None:
        """Waits until one host answers and each of them has a gate and a last will."""
        for host in self.fleet.hosts:
            wait_for(lambda host=host: self._whole(host), 60, f"{host.space} whole")  # type: ignore[misc]
        super().ready()

    def status(self, host: Host) -> Any:
        """The status of a host's agent, None if it does not answer."""
        try:
            code, body = request(self.socket(host), "GET", "/v1/status")
        except NoAgent:
            return None
        return json.loads(body) if code == 200 else None

    def socket(self, host: Host) -> str:
        """Where a host's agent answers."""
        return str(self._place(host) / "run/hwagent.sock")

    def cli(self, host: Host, *words: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command on a host."""
        environment = {**os.environ, "HWAGENT_SOCKET": self.socket(host)}
        argv = [sys.executable, "-m", "hwagent.cli", *words]
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)

    def restart(self, host: Host) -> None:
        """Ends it in order and starts it again, as an upgrade does; waits until it is whole."""
        [agent] = self.processes(host, "agent")
        os.kill(agent, signal.SIGTERM)
        wait_for(lambda: not self.processes(host, "all"), 60, f"the end of {host.space}")
        host.end()
        self.start(host)
        wait_for(lambda: self._whole(host), 120, f"{host.space} whole")

    def _whole(self, host: Host) -> bool:
        status = self.status(host)
        return bool(status) and status["ready"] and not status["problems"]

    def _place(self, host: Host) -> Path:
        return self.place / f"h{host.number}"


class Keepalived(System):
    """keepalived with VRRPv3 (Debian's package), one router with falling priorities.

    Who returns does not preempt, as ours does not: else a round would begin before the one before
    has ended.
    """

    name = "keepalived"
    _CONFIGURATION = """
global_defs {{ vrrp_version 3
 script_user root }}
vrrp_instance V {{ state BACKUP
 nopreempt
 interface {interface}
 virtual_router_id 51
 priority {priority}
 advert_int {interval}
 virtual_ipaddress {{ {vip}/24 }} }}
"""

    @staticmethod
    def installed() -> bool:
        """Whether it can be compared with."""
        return shutil.which("keepalived") is not None

    def start(self, host: Host) -> None:
        place = self.place / f"k{host.number}"
        place.mkdir(parents=True, exist_ok=True)
        text = self._CONFIGURATION.format(
            interface=self.interfaces[0],
            priority=220 - 20 * host.number,
            interval=self.interval,
            vip=VIP,
        )
        (place / "conf").write_text(text)
        for name in ("log", "pid", "pid2", "pid3"):
            (place / name).unlink(missing_ok=True)
        argv = ["keepalived", "-n", "-l", "-f", str(place / "conf")]
        argv += ["-p", str(place / "pid"), "-r", str(place / "pid2"), "-c", str(place / "pid3")]
        host.run(*argv, log=place / "log")

    def ready(self) -> None:
        """Waits until each has begun to take part and one host answers."""
        for host in self.fleet.hosts:
            log = self.place / f"k{host.number}" / "log"
            wait_for(lambda log=log: b" STATE" in log.read_bytes(), 60, f"{host.space} begun")  # type: ignore[misc]
        super().ready()

    def move(self, host: Host) -> None:
        """It is ended in order: what operators do, for it has no command for this."""
        self.signal(host, "all", signal.SIGTERM)

    def moved(self, host: Host) -> None:
        self.start(host)

    def processes(self, host: Host, role: str) -> list[int]:
        lines = self._running(host)
        return [number for number, line in lines.items() if line.startswith("keepalived")]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:g}ms"
