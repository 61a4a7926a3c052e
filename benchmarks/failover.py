"""From a cable pulled at its far end to the virtual IP gone, or announced on the other NIC.

``python -m benchmarks.failover [--pulls 200]`` runs a holder and an agent in a network namespace,
with veth pairs to a bridge in another. Meanwhile five probes of the agent's helper hang in files on
FUSE that never answer: four in open(2), one in read(2). Each case is measured with the kernel's
link events, and without them, as if it held them back (it does so for up to a second with physical
NICs, net/core/link_watch.c). Time runs from before the far end is switched off until this process
has seen the kernel's word that the address is gone, or the first gratuitous ARP at the switch.
keepalived, if it is installed, loses the same cable in the same run. Needs root. Ends with one line
of JSON; the exit status is 1 if a figure is worse than promised.
"""

import argparse
import contextlib
import ctypes
import json
import os
import random
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from hwagent.net.rtnetlink import Address, Events, Netlink
from hwagent.testing.server import Server
from tests.agents import RunningAgent
from tests.vip.lab import VIP, Lab
from tests.waiting import wait_for

from .fuse import HangingFile

#: The issue's promise for each case, in milliseconds.
MEDIAN, WORST = 30.0, 100.0
PSS_MAX = 30.0
DISKS = ("sda", "sdb", "sdc", "sdd", "sde")
REST = 10.0
_NEWNET = 0x40000000
_ETH_P_ALL = 0x0003
_ARP = bytes.fromhex("0806")
_GRATUITOUS = bytes.fromhex("0a00000a")
KEEPALIVED = """
global_defs {{ vrrp_version 3 }}
vrrp_instance v {{
  state MASTER
  interface eth0
  virtual_router_id 51
  priority 200
  advert_int 0.1
  virtual_ipaddress {{ {vip} dev eth0 }}
}}
"""
T = TypeVar("T")


def inside(space: str, make: Callable[[], T]) -> T:
    """Makes something, such as a socket, that belongs to a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as home, open(f"/run/netns/{space}") as there:
        assert libc.setns(there.fileno(), _NEWNET) == 0, os.strerror(ctypes.get_errno())
        try:
            return make()
        finally:
            libc.setns(home.fileno(), _NEWNET)


def listener(port: str) -> socket.socket:
    """Hears what comes in at a port of the switch, before the bridge takes it."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.bind((port, _ETH_P_ALL))
    return opened


class Bench:
    """The far ends of the cables, and what the kernel of the host and the switch are told."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._far = inside(lab.switch, Netlink)
        self._events = inside(lab.host, lambda: Events(links=False))
        self._ports = [inside(lab.switch, lambda n=n: listener(f"sw{n}")) for n in (0, 1)]
        self._chance = random.Random(3)

    def plug(self, number: int, plugged: bool) -> float:
        """Pulls or plugs a cable at its far end; returns when that began."""

        def switch() -> float:
            began = time.monotonic()
            self._far.set_up(f"sw{number}", plugged)
            return began

        return inside(self.lab.switch, switch)

    def gone(self, until: float = 5.0) -> float:
        """When the kernel said that the address was gone. Raises TimeoutError."""
        return self._heard(self._events, until, self._says_gone)

    def announced(self, number: int, until: float = 5.0) -> float:
        """When a gratuitous ARP of the address came in at a port. Raises TimeoutError."""
        return self._heard(self._ports[number], until, lambda: _is_gratuitous(self._ports[number]))

    def forget(self) -> None:
        """Passes over all that was heard until now."""
        while select.select([self._events, *self._ports], [], [], 0)[0]:
            self._says_gone()
            for port in self._ports:
                _is_gratuitous(port)

    def wait_any_moment(self) -> None:
        """A pull hits the holder at no moment of its round in particular."""
        time.sleep(0.02 + self._chance.random() * 0.05)

    def _heard(self, what: Any, until: float, right: Callable[[], bool]) -> float:
        end = time.monotonic() + until
        while (left := end - time.monotonic()) > 0:
            if select.select([what], [], [], left)[0] and right():
                return time.monotonic()
        raise TimeoutError(f"nothing within {until:g} s")

    def _says_gone(self) -> bool:
        found = self._events.read() or []
        return any(isinstance(a, Address) and a.gone and a.address == VIP for a in found)


def _is_gratuitous(port: socket.socket) -> bool:
    try:
        frame, where = port.recvfrom(2000, socket.MSG_DONTWAIT)
    except OSError:  # nothing, or the port went down
        return False
    if where[2] == socket.PACKET_OUTGOING or frame[12:14] != _ARP:
        return False
    return frame[28:32] == frame[38:42] == _GRATUITOUS


def settle(bench: Bench, held: Callable[[], object]) -> None:
    """Waits until all is as before a pull."""
    wait_for(held, what="the address held, and all cables in")
    bench.wait_any_moment()
    bench.forget()


def lose(bench: Bench, pulls: int) -> list[float]:
    """Milliseconds until the address was gone, with one NIC in the plan."""
    found = []
    for _ in range(pulls):
        settle(bench, lambda: bench.lab.where() == ["eth0"])
        began = bench.plug(0, plugged=False)
        found.append((bench.gone() - began) * 1000)
        bench.plug(0, plugged=True)
    return found


def move(bench: Bench, pulls: int) -> list[float]:
    """Milliseconds until the address was announced on the other of two NICs."""
    found, watch = [], bench.lab.agent()
    for _ in range(pulls):
        settle(bench, lambda: watch.vip() and watch.carrier("eth0") and watch.carrier("eth1"))
        number = int(watch.vip()["interface"][3:])
        began = bench.plug(number, plugged=False)
        found.append((bench.announced(1 - number) - began) * 1000)
        wait_for(lambda n=number: watch.vip()["interface"] == f"eth{1 - n}", what="the status")
        bench.plug(number, plugged=True)
    return found


def kill(bench: Bench, rounds: int) -> list[float]:
    """Milliseconds until the address was gone after its holder was killed."""
    found = []
    for _ in range(rounds):
        holder = bench.lab.holder()
        settle(bench, lambda h=holder: bench.lab.where() == ["eth0"] and bench.lab.guarded(h.pid))
        began = time.monotonic()
        holder.kill()
        found.append((bench.gone() - began) * 1000)
        holder.wait()
    return found


def server(path: Path) -> Server:
    """A server with five disks, that of each smartctl tells something."""
    return Server.build(path, disks=[{"name": name} for name in DISKS])


@contextlib.contextmanager
def hanging(tree: Path) -> Iterator[list[HangingFile]]:
    """What smartctl says of each disk, in files that can hang."""
    files = [HangingFile(tree / f"commands/smartctl-{name}") for name in DISKS]
    try:
        yield files
    finally:
        for file in files:
            file.close()


@contextlib.contextmanager
def laboratory(place: Path) -> Iterator[Lab]:
    """The two namespaces."""
    place.mkdir(parents=True, exist_ok=True)
    lab = Lab(place)
    try:
        lab.set_up()
        yield lab
    finally:
        lab.tear_down()


def with_agent(place: Path, pulls: int) -> dict[str, Any]:
    """All cases of ours, with a whole agent of which five probes hang."""
    found: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(laboratory(place / "agent/run"))
        machine = server(place / "tree")
        files = stack.enter_context(hanging(machine.tree.path))
        enter = ["ip", "netns", "exec", lab.host]
        agent = RunningAgent(place / "agent", machine, enter, mode="act")
        agent.config["collectors"]["smart"] = {"interval": "1s"}
        agent.configure(vips=[{"address": VIP, "interfaces": ["eth0"]}])
        holder = lab.holder()
        stack.enter_context(agent)
        for file in files:  # before the agent, which cannot end those who wait
            stack.callback(file.close)
        for number, file in enumerate(files):
            file.hang(in_open=number < 4)
        wait_for(lambda: all(file.waiting for file in files), 60, "five probes that hang")
        bench = Bench(lab)
        for option in ("", "--ignore-link-events"):
            if option:
                holder.terminate()
                holder.wait()
                holder = lab.holder(option)
            late = ", events held back" if option else ""
            plan(agent, "eth0")
            found[f"gone{late}"] = lose(bench, pulls)
            plan(agent, "eth0", "eth1")
            found[f"announced on the other NIC{late}"] = move(bench, pulls)
            found["stall"] = max(found.get("stall", 0.0), lab.agent().wait_status()["stall_ms_max"])
        found["waiting"] = [file.waiting for file in files]
        found |= weigh(holder)
        plan(agent, "eth0")
        holder.terminate()
        holder.wait()
        lab.guardian()
        found["gone after SIGKILL of the holder"] = kill(bench, max(1, pulls // 10))
    return found


def plan(agent: RunningAgent, *interfaces: str) -> None:
    """Has the agent take a new plan."""
    agent.configure(vips=[{"address": VIP, "interfaces": interfaces}])
    status, answer = agent.post("reload")
    assert status == 200, answer


def weigh(holder: "subprocess.Popen[str]") -> dict[str, float]:
    """What the holder weighs, and what it needs of a core while nothing happens."""
    spent = schedstat(holder)
    began = time.monotonic()
    time.sleep(REST)
    used = (schedstat(holder) - spent) / (time.monotonic() - began)
    lines = Path(f"/proc/{holder.pid}/smaps_rollup").read_text().splitlines()
    (pss,) = [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    return {"pss_mib": pss / 1024, "core_percent": used * 100}


def schedstat(process: "subprocess.Popen[str]") -> float:
    """Seconds of processor time (proc(5))."""
    return int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9


def with_keepalived(place: Path, pulls: int) -> list[float]:
    """The same with keepalived; nothing if it is not installed."""
    if shutil.which("keepalived") is None:
        print("keepalived is not installed (apt-get install keepalived): no comparison")
        return []
    with laboratory(place) as lab:
        (place / "conf").write_text(KEEPALIVED.format(vip=VIP))
        lab.ip("addr add 10.0.0.1/24 dev eth0")
        argv = ["keepalived", "-n", "-l", "-f", "conf", "-p", "pid", "-r", "vrrp", "-c", "checkers"]
        enter = ["ip", "netns", "exec", lab.host]
        with open(place / "log", "wb") as log:
            process = subprocess.Popen([*enter, *argv], cwd=place, stdout=log, stderr=log)
            try:
                return lose(Bench(lab), pulls)
            finally:
                process.terminate()
                process.wait(30)


def show(cases: dict[str, list[float]]) -> None:
    """The table, in milliseconds."""
    print(f"{'milliseconds until':56}{'pulls':>6}{'median':>8}{'p95':>8}{'worst':>8}")
    for name, times in cases.items():
        p95 = sorted(times)[int(len(times) * 0.95)]
        middle = statistics.median(times)
        print(f"{name:56}{len(times):6}{middle:8.1f}{p95:8.1f}{max(times):8.1f}")


def main() -> int:
    """Runs all cases; 1 if one is worse than promised."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pulls", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        found = with_agent(Path(directory), options.pulls)
        peer = with_keepalived(Path(directory) / "keepalived", options.pulls)
    cases = {name: times for name, times in found.items() if isinstance(times, list)}
    cases.pop("waiting")
    killed = cases.pop("gone after SIGKILL of the holder")  # promised to nobody
    good = all(statistics.median(t) <= MEDIAN and max(t) <= WORST for t in cases.values())
    cases["gone after SIGKILL of the holder"] = killed
    if peer:
        cases["gone, keepalived"] = peer
    show(cases)
    print(f"hanging probes, looks each: {found['waiting']}; holder: worst stall "
          f"{found['stall']:.1f} ms, {found['pss_mib']:.1f} MiB PSS, "
          f"{found['core_percent']:.2f} % of a core at rest")  # fmt: skip
    figures = {
        name: [round(statistics.median(t), 1), round(max(t), 1)] for name, t in cases.items()
    }
    rest = {name: round(found[name], 2) for name in ("stall", "pss_mib", "core_percent")}
    print(json.dumps({"benchmark": "failover", "pulls": options.pulls, "ms": figures, **rest}))
    return 0 if good and found["pss_mib"] <= PSS_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
