"""The gate in a real kernel: what passes, what does not, and that it shuts by itself."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hwagent.gate.deadlines import boot_ns
from hwagent.gate.kernel import key
from hwagent.gate.tickets import TICK, TICKET, TIMES, code
from tests.vip.lab import Lab
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root and network namespaces")

OWN, VIP, OTHER = "10.0.0.2", "10.0.0.10", "10.0.0.11"
OWN6, VIP6 = "fd00::2", "fd00::10"


class Talk:
    """A process that answers each line with one."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def __call__(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(line, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()


class Bench:
    """A host with a gate on eth0 and addresses, a client on the switch."""

    def __init__(self, lab: Lab, kind: str) -> None:
        self.lab, self.kind = lab, kind
        lab.cable(1, plugged=False)  # Linux answers ARP for any of its addresses on any interface
        for address in (f"{OWN}/24", f"{VIP}/32", f"{OTHER}/32"):
            lab.ip(f"addr add {address} dev eth0")
        for address in (f"{OWN6}/64", f"{VIP6}/128"):
            lab.ip(f"addr add {address} dev eth0 nodad")
        lab.ip("addr add 10.0.0.1/24 dev br0", lab.switch)
        lab.ip("addr add fd00::1/64 dev br0 nodad", lab.switch)
        echo = lab.start("-m", "tests.gate.echo")
        assert echo.stdout is not None
        assert echo.stdout.readline() == "ready\n"
        self.client = Talk(lab.start("-m", "tests.gate.client", space=lab.switch, talk=True))
        self.gate = self.driver()

    def driver(self) -> Talk:
        """A process with a gate."""
        return Talk(self.lab.start("-m", "tests.gate.driver", self.kind, talk=True))

    def guard(self, *addresses: str) -> None:
        """Attaches the gate to eth0 for some addresses, one slot each."""
        for slot, address in enumerate(addresses):
            assert self.gate(f"bear {address} {slot}") == "ok"
        assert self.gate("attach eth0") == "ok"

    def udp(self, *addresses: str) -> list[str]:
        """Those that answer; the last one always does."""
        return self.client(" ".join(("udp", *addresses))).split()

    def arp(self, *addresses: str) -> list[str]:
        """Those that answer ARP; the last one always does."""
        return self.client(" ".join(("arp", *addresses))).split()


@pytest.fixture(params=["ebpf", "nftables"])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    yield from made(tmp_path, request.param)


@pytest.fixture
def ebpf(tmp_path: Path) -> Iterator[Bench]:
    yield from made(tmp_path, "ebpf")


@pytest.fixture
def nftables(tmp_path: Path) -> Iterator[Bench]:
    yield from made(tmp_path, "nftables")


def made(directory: Path, kind: str) -> Iterator[Bench]:
    lab = Lab(directory)
    try:
        lab.set_up()
        yield Bench(lab, kind)
    finally:
        lab.tear_down()


def test_without_a_deadline_an_address_is_silent_and_the_others_are_not(bench: Bench) -> None:
    bench.guard(VIP, VIP6)
    assert bench.udp(VIP, VIP6, OTHER, OWN6, OWN) == sorted([OTHER, OWN6, OWN])
    assert bench.arp(VIP, OTHER, OWN) == [OTHER, OWN]


def test_before_its_deadline_an_address_answers(bench: Bench) -> None:
    bench.guard(VIP, VIP6)
    assert bench.gate("open 0 600") == bench.gate("open 1 600") == "ok"
    assert bench.udp(VIP6, VIP) == sorted([VIP, VIP6])
    assert bench.arp(VIP) == [VIP]


def test_an_address_has_a_deadline_of_its_own(bench: Bench) -> None:
    bench.guard(VIP, OTHER)
    bench.gate("open 1 600")
    assert bench.udp(VIP, OTHER) == [OTHER]
    bench.gate("open 0 600")
    bench.gate("shut 1")
    assert bench.udp(OTHER, VIP) == [VIP]


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_it_shuts_by_itself_whatever_becomes_of_its_owner(
    bench: Bench, number: signal.Signals
) -> None:
    bench.guard(VIP, VIP6)
    bench.gate("open 0 2")
    bench.gate("open 1 2")
    opened = boot_ns()
    bench.gate.process.send_signal(number)
    wait_for(lambda: boot_ns() > opened + 2 * 10**9, what="the deadline")
    assert bench.udp(VIP, VIP6, OWN) == [OWN]
    assert bench.arp(VIP, OWN) == [OWN]


def test_a_write_that_comes_late_opens_nothing(bench: Bench) -> None:
    bench.guard(VIP)
    bench.gate("open 0 -0.001")
    assert bench.udp(VIP, OWN) == [OWN]


def announced(bench: Bench) -> int:
    """How many of three announcements (ARP request and reply, neighbour advertisement) got out."""
    heard = bench.lab.sniff()
    bench.lab.python(_ANNOUNCE)
    bench.arp(OWN)  # its answer comes after all of them
    wait_for(lambda: any("0a000002" in f for _, f in heard.frames()), what="an answer")
    frames = [frame for port, frame in heard.frames() if port == "sw0"]
    return sum("0a00000a" in f or "fd00" + 26 * "0" + "10" in f for f in frames)


def test_the_host_announces_only_while_it_is_open(bench: Bench) -> None:
    bench.guard(VIP, VIP6)
    assert announced(bench) == 0
    bench.gate("open 0 600")
    bench.gate("open 1 600")
    assert announced(bench) == 3


def test_an_address_that_is_spared_is_left_alone(bench: Bench) -> None:
    bench.guard(VIP)
    assert bench.gate(f"spare {VIP} 0") == "ok"
    assert bench.udp(VIP) == [VIP]


def test_a_gate_that_is_cleared_away_leaves_all_alone(bench: Bench) -> None:
    bench.guard(VIP, VIP6)
    assert bench.gate("clear") == "ok"
    assert bench.udp(VIP, VIP6) == sorted([VIP, VIP6])


def test_the_guardian_shuts_all_at_once(bench: Bench) -> None:
    bench.guard(VIP, VIP6)
    bench.gate("open 0 600")
    bench.gate("open 1 600")
    assert bench.gate("shut-all") == "ok"
    assert bench.udp(VIP, VIP6, OWN) == [OWN]


def test_an_interface_that_is_detached_is_left_alone(ebpf: Bench) -> None:
    ebpf.guard(VIP)
    assert ebpf.gate("detach eth0") == "ok"
    assert ebpf.udp(VIP) == [VIP]


def test_a_new_gate_takes_the_place_of_the_old_one(bench: Bench) -> None:
    bench.guard(VIP)
    bench.gate.process.kill()
    bench.gate = bench.driver()
    bench.guard(VIP)
    bench.gate("open 0 600")
    assert bench.udp(VIP) == [VIP]


def test_what_cannot_be_done_is_told(ebpf: Bench) -> None:
    assert "slot 4096" in ebpf.gate(f"bear {VIP} 4096")
    assert "does not appear to be" in ebpf.gate("bear 10.0.0.256 0")
    assert "cannot detach" in ebpf.gate("detach eth0")


def test_nftables_tells_what_it_refuses(nftables: Bench) -> None:
    assert nftables.gate(f"spare {VIP} 0") not in ("", "ok")


@pytest.mark.parametrize("address", [VIP, VIP6])
def test_what_was_paused_with_a_ticket_in_hand_opens_nothing(nftables: Bench, address: str) -> None:
    nftables.guard(address)
    nftables.gate("pause")
    nftables.gate("open 0 -1")
    began = boot_ns()
    wait_for(lambda: boot_ns() > began + 2 * TICKET * 10**6, what="the ticket's end")
    nftables.gate("open 0 600")
    assert nftables.udp(address, OWN) == [OWN]


def test_a_shut_address_can_be_opened_again(bench: Bench) -> None:
    bench.guard(VIP)
    for _ in range(3):
        bench.gate("open 0 600")
        assert bench.udp(VIP) == [VIP]
        bench.gate("shut 0")
        assert bench.udp(VIP, OWN) == [OWN]


def test_a_frame_of_somebody_without_a_ticket_opens_nothing(nftables: Bench) -> None:
    nftables.guard(VIP)
    nftables.lab.python(_FORGED)
    assert nftables.udp(VIP, OWN) == [OWN]


def test_nothing_is_opened_for_longer_than_is_left() -> None:
    for left in range(0, 10**11, 12345678):
        told = code(left)
        assert told == 0 or TIMES[told - 1] * 10**6 <= left
        assert told or left < TICK * 10**6


def test_addresses_of_both_families_have_keys_of_one_length() -> None:
    assert key("10.0.0.10") == bytes(10) + b"\xff\xff\x0a\x00\x00\x0a"
    assert len(key("fd00::10")) == 16


_FORGED = """
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
packet = struct.pack("!BBHHHBBH4x", 0x45, 0, 20, 0, 0, 50, 253, 0) + socket.inet_aton("10.0.0.10")
for number in range(5):
    s.sendto(bytes(6) + number.to_bytes(6, "big") + b"\\x08\\0" + packet, ("lo", 0x0800))
"""
_ANNOUNCE = """
import socket, struct
from contextlib import suppress
vip, mac = socket.inet_aton("10.0.0.10"), bytes.fromhex("020000000002")
target = socket.inet_pton(socket.AF_INET6, "fd00::10")
frames = [
    b"\\xff" * 6 + mac + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, operation)
    + mac + vip + bytes(6) + vip
    for operation in (1, 2)
]
head = struct.pack("!IHBB", 6 << 28, 24, 58, 255)
source = socket.inet_pton(socket.AF_INET6, "fd00::2")
everybody = socket.inet_pton(socket.AF_INET6, "ff02::1")
frames.append(
    b"\\x33\\x33\\x00\\x00\\x00\\x01" + mac + b"\\x86\\xdd" + head + source + everybody
    + struct.pack("!BBHI", 136, 0, 0, 0) + target
)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
for frame in frames:
    with suppress(OSError):  # the sender is told that it was dropped
        s.send(frame)
"""
