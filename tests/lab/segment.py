"""Machines on one network segment, and a client on it that sees only the network."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab.agent import Agent
from tests.lab.machine import PATIENCE, Machine
from tests.lab.parts import Nic
from tests.waiting import wait_for

VIP, RIVAL = "10.9.0.100", "10.9.0.101"
CLIENT = "10.9.0.200"
#: Seconds between two questions of the client. Each reaches all machines, and emulated ones were as
#: busy with one every millisecond as with all else.
_EVERY = 0.005
_AGENT = "/run/hwagent/hwagent.sock"
_ECHO = Path(__file__).parents[1] / "fleet/echo.py"


class Segment:
    """A bridge in a namespace, in which QEMU runs, and the client in another one."""

    def __init__(self) -> None:
        self.space = f"hwl{secrets.token_hex(2)}"
        self.client = f"{self.space}c"
        self._prober: subprocess.Popen[str] | None = None

    def build(self, ports: int) -> None:
        """Makes the namespaces, and a port for each machine."""
        for space in (self.space, self.client):
            subprocess.run(["ip", "netns", "add", space], check=True)
        self._ip("link add br0 type bridge")
        self._ip("link set br0 up")
        self._ip(f"link add client type veth peer name eth0 netns {self.client}")
        for number in range(1, ports + 1):
            self._ip(f"tuntap add dev port{number} mode tap")
        for port in ("client", *(f"port{n}" for n in range(1, ports + 1))):
            self._ip(f"link set {port} master br0 up")
        for words in (f"addr add {CLIENT}/24 dev eth0", "link set eth0 up", "link set lo up"):
            subprocess.run(["ip", "-n", self.client, *words.split()], check=True)

    def nic(self, number: int) -> Nic:
        """The card of a machine, in its port."""
        network = f"tap,ifname=port{number},script=no,downscript=no"
        return Nic("front", network, f"52:54:00:09:00:{number:02d}")

    @contextmanager
    def probing(self) -> Iterator[dict[str, Any]]:
        """Asks one address, then the other, while the block runs; a summary of each after."""
        seen: dict[str, Any] = {}
        self._say("start")
        self._hear()
        try:
            yield seen
        finally:
            self._say("stop")
            seen.update(self._hear())

    def answering(self, vip: str = VIP) -> list[int]:
        """Numbers of the machines that answer for an address now."""
        self._say("ask")
        found: list[int] = self._hear()[vip]
        return found

    def owner(self, vip: str = VIP) -> int:
        """Waits until exactly one machine answers; its number."""

        def one() -> int:
            found = self.answering(vip)
            return found[0] if len(found) == 1 else 0

        return wait_for(one, PATIENCE, lambda: f"one owner of {vip}: {self.answering(vip)}")

    def settled(self, number: int) -> None:
        """Waits until this machine alone answers for both addresses."""
        wait_for(
            lambda: all(self.answering(vip) == [number] for vip in (VIP, RIVAL)),
            PATIENCE,
            lambda: f"machine {number} to have both: {self.answering()}, {self.answering(RIVAL)}",
        )

    def close(self) -> None:
        """Ends the prober and takes the namespaces away."""
        if self._prober is not None:
            self._prober.kill()
            self._prober.communicate()
        for space in (self.client, self.space):
            subprocess.run(["ip", "netns", "del", space], capture_output=True)

    def _ip(self, words: str) -> None:
        subprocess.run(["ip", "-n", self.space, *words.split()], check=True)

    def _voice(self) -> "subprocess.Popen[str]":
        if self._prober is None:
            words = ("-m", "tests.fleet.prober", f"{VIP},{RIVAL}", "eth0", CLIENT, str(_EVERY))
            argv = ["ip", "netns", "exec", self.client, sys.executable, *words]
            pipe = subprocess.PIPE
            self._prober = subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True)
            assert self._prober.stdout is not None
            assert self._prober.stdout.readline() == "ready\n"
        return self._prober

    def _say(self, word: str) -> None:
        print(word, file=self._voice().stdin, flush=True)

    def _hear(self) -> Any:
        output = self._voice().stdout
        assert output is not None
        return json.loads(output.readline())


class Node(Agent):
    """A machine on the segment with hwagent for one address and keepalived for the other."""

    #: Long, for emulated machines on a busy host: a beat that comes late is no fault of theirs. One
    #: that was seen to come too late would have them refused.
    TIMES = {"interval": "500ms", "lease": "3s", "longest": "6s", "insist": True}

    def __init__(self, machine: Machine, number: int) -> None:
        super().__init__(machine)
        self.number = number

    def begin_node(self, nodes: int) -> None:
        """Gives it its address, and starts what answers, hwagent's group and keepalived."""
        machine = self.machine
        machine.sh(f"ip addr add 10.9.0.{self.number}/24 dev eth0; ip link set eth0 up")
        machine.write("/run/lab/echo.py", _ECHO.read_text())
        machine.sh(f"systemctl is-active echo || systemd-run --unit echo -p OOMScoreAdjust=-999"
                   f" python3 /run/lab/echo.py {self.number}")  # fmt: skip
        machine.write("/etc/keepalived/keepalived.conf", self._keepalived())
        machine.sh("systemctl restart keepalived")
        voters = {f"h{n}": [f"10.9.0.{n}"] for n in range(1, nodes + 1)}
        self.configure(
            host=f"h{self.number}",
            vips=[{"address": f"{VIP}/24", "interfaces": ["eth0"], "group": "web"}],
            groups=[{"name": "web", "voters": voters, **self.TIMES}],
            cluster={"encryption": "none"},
            fitness={"ttl": "60s"},
        )

    def fit(self) -> bool:
        """Whether it may hold an address, as its agent says."""
        notes = self.records("note", f"host:h{self.number}", span=86400)  # its clock may be stepped
        words = [note["data"]["text"] for note in notes if note["name"] == "agent"]
        return [word for word in words if word == "fit" or word.startswith("unfit")][-1:] == ["fit"]

    def holds(self, vip: str) -> bool:
        """Whether its agent says that it holds an address."""
        status = self.machine.get("/v1/status")
        held = [v["address"] for v in status["vips"] if v["state"] == "held"] if status else []
        return any(address.startswith(f"{vip}/") for address in held)

    def moves(self, vip: str, host: str) -> bool:
        """Whether a host took an address that its agent was asked to move there, as ``hwagent vip
        move`` asks; to an emulated machine, starting that is more work than the move."""
        body = json.dumps({"address": vip, "to": host})
        ask = f"curl -sSf -m 75 --unix-socket {_AGENT} -d '{body}'"
        return self.machine.run(f"{ask} http://agent/v1/control/vip-move").status == 0

    def _keepalived(self) -> str:
        return f"""global_defs {{ vrrp_version 3
 script_user root
 dynamic_interfaces }}
vrrp_instance V {{ state BACKUP
 interface eth0
 virtual_router_id 51
 priority {220 - 20 * self.number}
 advert_int 1
 virtual_ipaddress {{ {RIVAL}/24 }} }}
"""
