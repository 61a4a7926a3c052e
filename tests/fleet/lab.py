"""A fleet: hosts as network namespaces on one switch, and a client that sees only the network.

Everything in it ends with ``close``. Needs root and iproute2.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tests.waiting import wait_for

VIP = "10.9.0.100"
CLIENT = "10.9.0.200"
#: Both interfaces hang on one switch: an address answers where it is, and a route without carrier
#: is none.
_SYSCTL = ("arp_ignore=1", "arp_announce=2", "ignore_routes_with_linkdown=1")


class Host:
    """One host: eth0, and eth1 for a second path, both to the switch."""

    def __init__(self, fleet: "Fleet", number: int) -> None:
        self.fleet = fleet
        self.number = number
        self.space = f"{fleet.prefix}h{number}"
        self.address = f"10.9.0.{number}"
        self.second = f"10.9.1.{number}"
        self.processes: list[subprocess.Popen[bytes]] = []

    def run(
        self, *argv: str, log: Path | None = None, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Starts a command on the host."""
        with open(log or os.devnull, "ab") as output:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.space, *argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, **environment},
            )
        self.processes.append(process)
        return process

    def ip(self, words: str) -> str:
        """Runs ip(8) on the host; what it printed."""
        return _ip(self.space, words)

    def macs(self) -> list[str]:
        """The addresses of its network cards."""
        return [json.loads(self.ip(f"-j link show eth{n}"))[0]["address"] for n in (0, 1)]

    def cable(self, plugged: bool, port: int = 0) -> None:
        """Pulls or plugs a cable at the switch."""
        state = "up" if plugged else "down"
        _ip(self.fleet.switch, f"link set h{self.number}p{port} {state}")

    def end(self) -> None:
        """Kills everything that was started here by ``run``."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGCONT)
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()

    def revive(self) -> None:
        """As after a boot: nothing runs, only its own addresses are there, its cables are in."""
        self.end()
        for port, address in enumerate((self.address, self.second)):
            self.ip(f"addr flush dev eth{port}")
            self.ip(f"addr add {address}/24 dev eth{port}")
            self.cable(plugged=True, port=port)


class Fleet:
    """Hosts numbered from 1, a switch, and a prober in the client's namespace."""

    def __init__(self, hosts: int, vips: int = 1) -> None:
        first = ip_address(VIP)
        self.vips = [str(first + n) for n in range(vips)]
        self.prefix = f"hwf{secrets.token_hex(2)}"
        self.switch, self.client = f"{self.prefix}s", f"{self.prefix}c"
        self.hosts = [Host(self, n + 1) for n in range(hosts)]
        self._helpers: list[subprocess.Popen[str]] = []
        self._probers: dict[str, subprocess.Popen[str]] = {}
        self._looker: subprocess.Popen[str] | None = None

    def build(self) -> None:
        """Makes the namespaces and cables, and starts the echo on every host."""
        for space in (self.switch, self.client, *(h.space for h in self.hosts)):
            subprocess.run(["ip", "netns", "add", space], check=True)
            _ip(space, "link set lo up")
        _ip(self.switch, "link add br0 type bridge")
        _ip(self.switch, "link set br0 up")
        self._plug("c", self.client, "eth0", f"{CLIENT}/24")
        for host in self.hosts:
            for setting in _SYSCTL:
                _exec(host.space, "sysctl", "-qw", f"net.ipv4.conf.all.{setting}")
            self._plug(f"h{host.number}p0", host.space, "eth0", f"{host.address}/24")
            self._plug(f"h{host.number}p1", host.space, "eth1", f"{host.second}/24")
            self.start(host.space, "-m", "tests.fleet.echo", str(host.number))

    def _plug(self, port: str, space: str, name: str, address: str) -> None:
        _ip(self.switch, f"link add {port} type veth peer name {name} netns {space}")
        _ip(self.switch, f"link set {port} master br0 up")
        _ip(space, f"addr add {address} dev {name}")
        _ip(space, f"link set {name} up")

    def start(self, space: str, *argv: str) -> subprocess.Popen[str]:
        """Starts a Python that says when it is ready, and is talked to."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", space, sys.executable, *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._helpers.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def _ask(self, which: str) -> subprocess.Popen[str]:
        """One of two probers: who is asked while the other probes must not be the same."""
        if which not in self._probers:
            argv = ("-m", "tests.fleet.prober", ",".join(self.vips), "eth0", CLIENT)
            self._probers[which] = self.start(self.client, *argv)
        return self._probers[which]

    def _say(self, which: str, word: str) -> None:
        print(word, file=self._ask(which).stdin, flush=True)

    def _hear(self, which: str) -> Any:
        output = self._ask(which).stdout
        assert output is not None
        return json.loads(output.readline())

    @contextmanager
    def probing(self) -> Iterator[dict[str, Any]]:
        """Probes while the block runs; after it there is the first address's summary."""
        with self.probing_all() as seen:
            summary: dict[str, Any] = {}
            yield summary
        summary.update(seen[VIP])

    @contextmanager
    def probing_all(self) -> Iterator[dict[str, dict[str, Any]]]:
        """Probes while the block runs; the dictionary holds a summary by address after it."""
        seen: dict[str, dict[str, Any]] = {}
        self._say("probes", "start")
        self._hear("probes")
        try:
            yield seen
        finally:
            self._say("probes", "stop")
            seen.update(self._hear("probes"))

    def answering(self) -> list[int]:
        """Numbers of the hosts that answer for the first address now."""
        return self.answers()[VIP]

    def answers(self) -> dict[str, list[int]]:
        """Numbers of the hosts that answer for each address now."""
        self._say("asks", "ask")
        found: dict[str, list[int]] = self._hear("asks")
        return found

    def owners(self) -> dict[str, int]:
        """Waits until each address is answered for by one host; their numbers."""

        def all() -> dict[str, int]:
            found = self.answers()
            alone = {vip: hosts[0] for vip, hosts in found.items() if len(hosts) == 1}
            return alone if len(alone) == len(found) else {}

        return wait_for(all, 120, lambda: f"one owner each: {self.answers()}")

    def owner(self) -> Host:
        """Waits until exactly one host answers for the address."""

        def one() -> Host | None:
            found = self.answering()
            return self.hosts[found[0] - 1] if len(found) == 1 else None

        found: Host = wait_for(one, 60, lambda: f"one owner of {VIP}")
        return found

    def settled(self, span: float) -> Host:
        """Waits until one host alone has answered, the same all the while, for ``span`` seconds."""
        last: tuple[list[int], float] = ([], 0.0)

        def quiet() -> Host | None:
            nonlocal last
            found, now = self.answering(), time.monotonic()
            if found != last[0] or len(found) != 1:
                last = (found, now)
            done = len(found) == 1 and now - last[1] >= span
            return self.hosts[found[0] - 1] if done else None

        what = f"one owner of {VIP} for {span:g} s"
        settled: Host = wait_for(quiet, 60, lambda: f"{what}; last answered: {last[0]}")
        return settled

    def part(self, side: Collection[Host]) -> None:
        """Cuts these hosts off from the others; the client reaches both sides."""
        rest = [host for host in self.hosts if host not in side]
        chains = [_cut(host, rest if host in side else side) for host in self.hosts]
        text = "table netdev parted {\n" + "\n".join(chains) + "\n}\n"
        _exec(self.switch, "nft", text)

    def heal(self) -> None:
        """Ends what ``part`` began."""
        _exec(self.switch, "nft", "delete table netdev parted")

    def versions(self) -> dict[str, dict[str, list[int]]]:
        """Which versions each host speaks in its gossip and in its leases, by its address."""
        looker = self._looker = self._looker or self.start(
            self.switch, "-m", "tests.fleet.versions"
        )
        assert looker.stdout is not None
        print("look", file=looker.stdin, flush=True)
        found: dict[str, dict[str, list[int]]] = json.loads(looker.stdout.readline())
        return found

    def close(self) -> None:
        """Ends all processes in the namespaces and removes these, whatever signal comes."""
        signals = {signal.SIGINT, signal.SIGTERM}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        try:
            for host in self.hosts:
                host.end()
            for process in self._helpers:
                process.kill()
                process.communicate()
            for space in (self.switch, self.client, *(h.space for h in self.hosts)):
                _empty(space)
                subprocess.run(["ip", "netns", "del", space], capture_output=True)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ip(space: str, words: str) -> str:
    argv = ["ip", "-n", space, *words.split()]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def _cut(host: Host, others: Collection[Host]) -> str:
    """A chain each for the host's two ports, that drops what it sends to others."""
    macs = ", ".join(mac for other in others for mac in other.macs())
    return "\n".join(
        f" chain h{host.number}p{port} {{ type filter hook ingress device h{host.number}p{port} "
        f"priority 0; ether daddr {{ {macs} }} drop\n }}"
        for port in (0, 1)
    )


def _exec(space: str, *argv: str) -> None:
    subprocess.run(["ip", "netns", "exec", space, *argv], check=True, capture_output=True)


def _empty(space: str) -> None:
    """Kills what is left in a namespace: children outlive an agent that is killed."""
    done = subprocess.run(["ip", "netns", "pids", space], capture_output=True, text=True)
    for number in map(int, done.stdout.split()):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


@contextmanager
def fleet(hosts: int, vips: int = 1) -> Iterator[Fleet]:
    """A fleet that is gone after the block; its addresses follow each other."""
    made = Fleet(hosts, vips)
    try:
        made.build()
        yield made
    finally:
        made.close()
