"""Two network namespaces, a host and what its cables lead to, with a real holder in the host."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_for

VIP = "10.0.0.10/24"
VIP6 = "fd00::10/64"
_GUARD = (
    "import asyncio, sys; from hwagent.vip.guardian import Guardian;"
    "asyncio.run(Guardian(sys.argv[1], float(sys.argv[2])).watch())"
)
_SNIFF = (
    "import socket\n"
    "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))\n"
    "s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)\n"  # SO_RCVBUFFORCE
    "print('ready', flush=True)\n"
    "while True:\n"
    "    data, where = s.recvfrom(2000)\n"
    "    print(where[0], where[2], data.hex(), flush=True)\n"
)


class Agent:
    """A plain client of the holder: lines of JSON over a socket, nothing of the product."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self._rest = b""
        self.status: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []
        self._number = self._answered = 0

    def send(self, message: str, **rest: Any) -> None:
        """Sends one message."""
        self.socket.sendall(json.dumps({"message": message, **rest}).encode() + b"\n")

    def plan(self, *addresses: str, interfaces: tuple[str, ...] = ("eth0", "eth1")) -> None:
        """A plan in which all addresses have the same interfaces."""
        self.send("plan", vips=[{"address": a, "interfaces": interfaces} for a in addresses])

    def fit(self, ttl: float = 600.0, fit: bool = True, reason: str = "") -> None:
        """A word of fitness, or of unfitness."""
        sent = time.clock_gettime(time.CLOCK_BOOTTIME)
        self.send("fitness", fit=fit, reason=reason, ttl=ttl, sent=sent)

    def read(self) -> None:
        """Takes what has come."""
        with suppress(BlockingIOError):
            while data := self.socket.recv(1 << 16, socket.MSG_DONTWAIT):
                self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            message = json.loads(line)
            if message["message"] == "status":
                self.status = message
            elif message["message"] == "event":
                self.events.append(message)
            elif message["message"] == "pong":
                self._answered = message["number"]

    def vip(self, address: str = VIP) -> dict[str, Any]:
        """The last status of one address; empty if it has none."""
        self.read()
        return next((v for v in self.status.get("vips", []) if v["address"] == address), {})

    def wait_status(self) -> dict[str, Any]:
        """The next status."""
        self.status = {}
        wait_for(lambda: self.read() or self.status, what="a status")
        return self.status

    def pong(self) -> None:
        """Waits until the holder has answered a question."""
        self._number += 1
        self.send("ping", number=self._number)
        wait_for(lambda: self.read() or self._answered == self._number, what="an answer")

    def carrier(self, interface: str) -> bool:
        """Whether the holder said last that an interface has carrier."""
        self.read()
        return bool(self.status["carriers"][interface])

    def happened(self, kind: str) -> list[dict[str, Any]]:
        """Events of a kind until now."""
        self.read()
        return [event for event in self.events if event["type"] == kind]


class Lab:
    """The two namespaces; everything started in them ends with the test."""

    def __init__(self, directory: Path) -> None:
        token = secrets.token_hex(3)
        self.host, self.switch = f"hwt-{token}-h", f"hwt-{token}-s"
        self.path = directory / "holder.sock"
        self.processes: list[subprocess.Popen[str]] = []
        self._agents: list[Agent] = []

    def set_up(self) -> None:
        """Makes eth0 and eth1, whose other ends sw0 and sw1 are ports of a bridge."""
        for name in (self.host, self.switch):
            subprocess.run(["ip", "netns", "add", name], check=True)
            self.ip("link set lo up", name)
        self.ip("link add br0 type bridge", self.switch)
        self.ip("link set br0 up", self.switch)
        for n in (0, 1):
            self.wire(n)

    def wire(self, n: int) -> None:
        """Makes ethN with its cable to the switch."""
        self.ip(f"link add eth{n} type veth peer name sw{n} netns {self.switch}")
        self.ip(f"link set eth{n} up")
        self.ip(f"link set sw{n} master br0 up", self.switch)

    def tear_down(self) -> None:
        """Ends the processes and removes the namespaces."""
        for agent in self._agents:
            agent.socket.close()
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.communicate()
        for name in (self.host, self.switch):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def ip(self, words: str, space: str = "") -> str:
        """Runs ip(8) in a namespace, by default the host's."""
        argv = ["ip", "-n", space or self.host, *words.split()]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def cable(self, n: int, plugged: bool) -> None:
        """Pulls or plugs the cable of ethN at its far end."""
        self.ip(f"link set sw{n} {'up' if plugged else 'down'}", self.switch)

    def addresses(self, interface: str, address: str = "") -> list[dict[str, Any]]:
        """Addresses of an interface, all or those equal to one, by ip(8)."""
        (link,) = json.loads(self.ip(f"-j addr show dev {interface}"))
        found: list[dict[str, Any]] = link.get("addr_info", [])
        return [item for item in found if address in ("", _text(item))]

    def where(self, address: str = VIP) -> list[str]:
        """Interfaces of the host that have the address, by ip(8)."""
        links = json.loads(self.ip("-j addr show"))
        return [
            link["ifname"]
            for link in links
            if address in [_text(item) for item in link.get("addr_info", [])]
        ]

    def python(self, code: str) -> str:
        """Output of Python code in the host's namespace."""
        argv = ["ip", "netns", "exec", self.host, sys.executable, "-c", code]
        return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout

    def start(self, *argv: str, space: str = "", talk: bool = False) -> subprocess.Popen[str]:
        """Starts Python in a namespace; ``talk`` gives it a standard input to be spoken to."""
        command = ["ip", "netns", "exec", space or self.host, sys.executable, *argv]
        return self.spawn(*command, talk=talk)

    def spawn(self, *argv: str, talk: bool = False) -> subprocess.Popen[str]:
        """Starts a command that ends with the test."""
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def holder(self, *options: str, path: Path | None = None) -> subprocess.Popen[str]:
        """A holder that listens."""
        path = path or self.path
        process = self.start("-m", "hwagent.vip", "--socket", str(path), *options)
        wait_for(lambda: process.poll() is not None or listens(path), what="a listening holder")
        return process

    def guardian(self, patience: float = 1.0) -> subprocess.Popen[str]:
        """A guardian of the holder."""
        return self.start("-c", _GUARD, str(self.path), str(patience))

    def guardian_without_ebpf(self, patience: float = 1.0) -> subprocess.Popen[str]:
        """A guardian to whom the kernel refuses programs, as it does to all when locked down."""
        drop = ("setpriv", "--bounding-set", "-bpf,-sys_admin", sys.executable)
        command = ("ip", "netns", "exec", self.host, *drop)
        return self.spawn(*command, "-c", _GUARD, str(self.path), str(patience))

    def agent(self, path: Path | None = None) -> Agent:
        """A connection to the holder."""
        self._agents.append(Agent(path or self.path))
        return self._agents[-1]

    def held(
        self, *options: str, address: str = VIP, interfaces: tuple[str, ...] = ("eth0", "eth1")
    ) -> tuple[subprocess.Popen[str], Agent]:
        """A holder that holds an address on eth0, and the agent that told it to."""
        process = self.holder(*options)
        agent = self.agent()
        agent.plan(address, interfaces=interfaces)
        agent.fit()
        wait_for(lambda: agent.vip(address).get("state") == "held", what="held")
        assert self.where(address) == ["eth0"]
        return process, agent

    def guarded(self, pid: int, others: int = 0) -> bool:
        """Whether somebody of the host's namespace, where the holder is, is connected to it besides
        some others; ``agent`` is not of that namespace."""
        lines = Path(f"/proc/{pid}/net/unix").read_text().splitlines()
        connected = [line for line in lines if line.split()[5] == "03"]
        return sum(line.endswith(f" {self.path}") for line in connected) > others

    def flood(self) -> None:
        """More events of addresses than anybody's receive buffer takes."""
        lines = "addr add 10.9.9.9/32 dev lo\naddr del 10.9.9.9/32 dev lo\n" * 10_000
        argv = ["ip", "-n", self.host, "-batch", "-"]
        subprocess.run(argv, input=lines, check=True, text=True)

    def sniff(self) -> "Sniffer":
        """Listens to all that reaches the switch."""
        process = self.start("-c", _SNIFF, space=self.switch)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return Sniffer(process)


class Sniffer:
    """Frames that arrived at the switch: port, and the frame in hex."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._file = process.stdout.fileno()
        os.set_blocking(self._file, False)
        self._rest = ""
        self._frames: list[tuple[str, str]] = []

    def frames(self) -> list[tuple[str, str]]:
        """All frames until now."""
        with suppress(BlockingIOError):
            while data := os.read(self._file, 1 << 16):
                self._rest += data.decode()
        *lines, self._rest = self._rest.split("\n")
        for line in lines:
            port, kind, frame = line.split()
            if int(kind) != socket.PACKET_OUTGOING:  # the bridge floods what it took
                self._frames.append((port, frame))
        return self._frames

    def gratuitous(self, port: str, operation: int) -> list[str]:
        """Gratuitous ARP that came in at a port: request (1) or reply (2)."""
        head = f"08060001080006040{operation:03x}"
        found = [f for p, f in self.frames() if p == port and f[24:44] == head]
        return [f for f in found if f[56:64] == f[76:84]]

    def announced(self, port: str, operation: int) -> list[str]:
        """Those for 10.0.0.10."""
        return [f for f in self.gratuitous(port, operation) if f[56:64] == "0a00000a"]

    def advertised(self, port: str) -> list[str]:
        """Unsolicited neighbour advertisements for fd00::10, with override, at a port."""
        target = "fd00" + "0" * 26 + "10"
        found = [f for p, f in self.frames() if p == port and f[24:28] == "86dd"]
        return [f for f in found if f[108:112] == "8800" and f[116:156] == "20000000" + target]


class Monitor:
    """What ip(8) tells of addresses in the host from now on."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        process = lab.spawn("ip", "-n", lab.host, "monitor", "address")
        assert process.stdout is not None
        self._file = process.stdout.fileno()
        os.set_blocking(self._file, False)
        self._text = ""
        self._marks = 0
        self._catch_up()

    def deleted(self, address: str) -> int:
        """How often an address was taken away until now."""
        self._catch_up()
        lines = self._text.splitlines()
        return sum(1 for n in lines if n.startswith("Deleted") and f" {address} " in n)

    def _catch_up(self) -> None:
        """Waits until an address that was set just now is told of."""
        self._marks += 1
        mark = f"127.9.9.{self._marks}/32"
        self._lab.ip(f"addr add {mark} dev lo")
        wait_for(lambda: f" {mark} " in self._read() or self._again(mark), what="ip monitor")

    def _again(self, mark: str) -> None:
        """It may not have listened yet."""
        self._lab.ip(f"addr change {mark} dev lo")

    def _read(self) -> str:
        with suppress(BlockingIOError):
            while data := os.read(self._file, 1 << 16):
                self._text += data.decode()
        return self._text


def _text(item: dict[str, Any]) -> str:
    return f"{item.get('local')}/{item.get('prefixlen')}"


def slept(pid: int) -> int:
    """How often a process has slept until now."""
    about = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", about, re.M)[0])


def listens(path: Path) -> bool:
    """True if somebody takes connections at the path."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """The laboratory, set up."""
    made = Lab(tmp_path)
    try:
        made.set_up()
        yield made
    finally:
        made.tear_down()
