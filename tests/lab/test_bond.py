"""Bonds that lose a leg, or whose leg only looks alive. The other ends of the cables are in a
namespace of the same machine: a bridge for a switch, or a bond for a switch that speaks LACP."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.agent import Agent
from tests.lab.machine import Machine
from tests.lab.parts import Nic

HERE, FAR = "10.8.0.1", "10.8.0.2"
_PINGER = Path(__file__).parent / "inside/pinger.py"
_STREAM = Path(__file__).parent / "inside/stream.py"
#: Each leg is wired to the card of the same number at the far end.
NICS = tuple(
    Nic(f"{end}{leg}", f"hubport,hubid={leg}", f"52:54:00:08:{number:02d}:{leg:02d}")
    for number, end in enumerate(("near", "far"))
    for leg in (1, 2)
)
#: Where the cable of each leg ends.
_FAR = {"eth0": "eth2", "eth1": "eth3"}


class Wired(Agent):
    """A machine with a bond of eth0 and eth1, whose cables end at eth2 and eth3 in ``far``."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        machine.sh("modprobe bonding; modprobe sch_netem; ip netns add far; ip link del bond0;"
                   "for n in eth2 eth3; do ip link set $n netns far; done")  # fmt: skip
        machine.write("/run/lab/pinger.py", _PINGER.read_text())
        machine.sh("systemd-run --unit echo python3 /run/lab/pinger.py echo")
        self.configure()

    def bond(self, options: str, far: str) -> None:
        """Makes the bond, and what is at the other end: ``bridge``, or a bond with options."""
        self.machine.sh(
            "ip link del bond0 2>/dev/null; ip -n far link del far0 2>/dev/null;"
            f"ip link add bond0 type bond {options} &&"
            " for n in eth0 eth1; do ip link set $n down && ip link set $n master bond0; done &&"
            f" ip addr add {HERE}/24 dev bond0 && ip link set bond0 up &&"
            f" ip -n far link add far0 type {far} &&"
            " for n in eth2 eth3; do ip -n far link set $n down &&"
            " ip -n far link set $n master far0 && ip -n far link set $n up; done &&"
            f" ip -n far addr add {FAR}/24 dev far0 && ip -n far link set far0 up"
        )
        self.machine.until(self.reachable, "the bond to carry traffic")
        self.machine.until(lambda: self.metric("legs_up") == 2, "the agent to see both legs")

    def reachable(self) -> bool:
        """Whether the client reaches the machine."""
        ping = f"ip netns exec far ping -c 1 -W 1 {HERE}"
        return self.machine.run(ping).status == 0

    def metric(self, name: str) -> Any:
        """What the agent reads of the bond."""
        bond = self.component("bond:bond0")
        return bond["metrics"].get(name) if bond else None

    def active(self) -> str:
        """The kernel's name of the active leg."""
        return str(self.machine.read("/sys/class/net/bond0/bonding/active_slave")).strip()

    def gray(self, leg: str) -> None:
        """Has the far end of a leg pass nothing more, with its link up."""
        far = _FAR[leg]
        hook = f"type filter hook ingress device {far} priority 0;"
        self.machine.sh(
            f"tc -n far qdisc replace dev {far} root netem loss 100% && ip netns exec far"
            f" nft 'table netdev gray {{ chain deaf {{ {hook} drop; }}; }}'"
        )

    def good(self, leg: str) -> None:
        """Undoes it."""
        self.whole(leg)
        self.machine.sh("ip netns exec far nft delete table netdev gray")

    def worse(self, leg: str, how: str) -> None:
        """Has the far end of a leg send badly, as netem(8) can."""
        self.machine.sh(f"tc -n far qdisc replace dev {_FAR[leg]} root netem {how}")

    def lossy(self, leg: str, percent: int) -> None:
        """Has a leg's cable lose so many packets of a hundred, either way; ``good`` undoes it."""
        self.worse(leg, f"loss {percent}%")
        far = _FAR[leg]
        hook = f"type filter hook ingress device {far} priority 0;"
        lost = f"numgen random mod 100 < {percent} drop;"
        self.machine.sh(
            f"ip netns exec far nft 'table netdev gray {{ chain deaf {{ {hook} {lost} }}; }}'"
        )

    def whole(self, leg: str) -> None:
        """Undoes it."""
        self.machine.sh(f"tc -n far qdisc del dev {_FAR[leg]} root")

    def talk(self) -> None:
        """Has the machine say something by itself, as every host does, until ``quiet``."""
        self.machine.sh(f"systemd-run --unit talk ping -i 0.5 {FAR}")

    def quiet(self) -> None:
        """Ends that."""
        self.machine.sh("systemctl stop talk")


class Client:
    """Asks the machine from the far end while the block runs."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.told: dict[str, Any] = {}

    def __enter__(self) -> "Client":
        self.machine.sh("rm -f /run/lab/enough /run/lab/asking")
        command = f"ip netns exec far python3 /run/lab/pinger.py {HERE}"
        self._answer = self.machine.begin(command, 7200)
        self.machine.until(lambda: self.machine.has("/run/lab/asking"), "the first answer")
        return self

    def __exit__(self, *_: object) -> None:
        self.machine.sh("touch /run/lab/enough")
        self.told = json.loads(self._answer.result(600).text)

    @property
    def lost(self) -> str:
        """For the table."""
        told = self.told
        gone = told["sent"] - told["answered"]
        return f"{gone} of {told['sent']} questions, longest silence {told['outage_ms']} ms"


@pytest.fixture(scope="module")
def wired(keep_machine, installed):
    return Wired(keep_machine("wired", installed, nics=NICS))


BACKUP = "mode active-backup miimon 100"
LACP = "mode 802.3ad miimon 100 lacp_rate fast"


def test_a_leg_is_pulled_and_plugged(wired, table):
    machine = wired.machine
    wired.bond(BACKUP, "bridge")
    with Client(machine) as client:
        at, active = machine.now(), wired.active()
        machine.cable("near1" if active == "eth0" else "near2", plugged=False)
        noticed = wired.alert("BondDegraded", "bond:bond0", at.wall)
        assert wired.active() != active
        machine.cable("near1" if active == "eth0" else "near2", plugged=True)
        machine.until(lambda: wired.metric("legs_up") == 2, "both legs")
    assert wired.reachable()
    table.add(
        "leg of a bond pulled (active-backup)",
        [("hwagent: BondDegraded, which lasts 2 s first", noticed - at.wall)],
        "the kernel",
        client.lost,
    )


def test_both_legs_are_pulled(wired, table):
    machine = wired.machine
    wired.bond(BACKUP, "bridge")
    with Client(machine) as client:
        at = machine.now()
        for nic in ("near1", "near2"):
            machine.cable(nic, plugged=False)
        noticed = wired.alert("BondDown", "bond:bond0", at.wall)
        for nic in ("near1", "near2"):
            machine.cable(nic, plugged=True)
        machine.until(wired.reachable, "the bond to carry traffic again")
    table.add(
        "both legs of a bond pulled, and plugged again",
        [("hwagent: BondDown, which lasts 2 s first", noticed - at.wall)],
        "nobody: no leg is left",
        client.lost,
    )


def test_the_partner_speaks_no_lacp_any_more(wired, table):
    machine = wired.machine
    wired.bond(LACP, f"bond {LACP}")
    with Client(machine) as client:
        at = machine.now()
        # the switch forgets its aggregation: its ports are still up
        machine.sh("ip -n far link del far0; for n in eth2 eth3; do ip -n far link set $n up; done")
        noticed = wired.alert("BondPartnerMissing", "bond:bond0", at.wall)
        assert wired.metric("legs_up") == 2
    table.add(
        "LACP partner gone, links up (802.3ad)",
        [("hwagent: BondPartnerMissing, which lasts 90 s first", noticed - at.wall),
         ("kernel bonding alone", None)],
        "nobody: what is missing is at the switch",
        client.lost,
    )  # fmt: skip


def test_a_gray_leg_is_left_by_the_agent(wired, table):
    machine = wired.machine
    wired.bond(BACKUP, "bridge")
    wired.talk()
    with Client(machine) as client:
        at, active = machine.now(), wired.active()
        wired.gray(active)
        noticed = wired.alert("BondActiveLegSilent", "bond:bond0", at.wall)
        done = wired.outcome("bond_failover", "done", "bond:bond0", at.wall)
        assert wired.active() not in ("", active)
        machine.until(wired.reachable, "the bond to carry traffic again")
    wired.quiet()
    wired.good(active)
    table.add(
        "gray leg: carrier, but nothing passes (active-backup, miimon)",
        [("hwagent: BondActiveLegSilent", noticed - at.wall), ("kernel bonding alone", None)],
        f"hwagent: bond_failover, {done['time'] - at.wall:.1f} s after",
        client.lost,
    )


def test_a_gray_leg_is_left_by_the_kernel_that_watches_by_arp(wired, table):
    machine = wired.machine
    # half a second: an emulated machine may be late
    arp = f"mode active-backup arp_interval 500 arp_ip_target {FAR} arp_validate all"
    wired.bond(arp, "bridge")
    with Client(machine) as client:
        at, active = machine.now(), wired.active()
        wired.gray(active)
        noticed = wired.alert("BondDegraded", "bond:bond0", at.wall)
        machine.until(lambda: wired.active() not in ("", active), "the other leg")
        machine.until(wired.reachable, "the bond to carry traffic again")
    wired.good(active)
    table.add(
        "gray leg: carrier, but nothing passes (active-backup, ARP monitor)",
        [("hwagent: BondDegraded, which lasts 2 s first", noticed - at.wall)],
        "the kernel, by ARP",
        client.lost,
    )


def test_a_leg_whose_switch_damages_packets_is_told_by_the_kernels_checksums(wired, table):
    """An emulated card counts no damaged frame. A real one does, and is left for that:
    BondActiveLegBad (conf/rules.d/tests/bond.yaml)."""
    machine = wired.machine
    wired.bond(BACKUP, "bridge")
    with Client(machine) as client:
        at, active = machine.now(), wired.active()
        wired.worse(active, "corrupt 5%")
        noticed = wired.alert("HostPacketsDamaged", "", at.wall)
    wired.whole(active)
    assert client.told["damaged"] == 0
    table.add(
        "leg whose switch damages 5 % of what it sends (active-backup)",
        [("hwagent: HostPacketsDamaged, from 100 on", noticed - at.wall),
         ("kernel bonding alone", None)],
        "nobody: the emulated card counts no errors, so which leg it is cannot be told. By the"
        " counters of a real one: BondActiveLegBad, bond_failover",
        client.lost,
    )  # fmt: skip


def test_a_leg_that_loses_packets_is_told_by_what_tcp_sends_again(wired, table):
    """What was never received is counted nowhere, so no counter of a card or a bond says it."""
    machine = wired.machine
    wired.bond(BACKUP, "bridge")
    machine.write("/run/lab/stream.py", _STREAM.read_text())
    machine.sh("systemd-run --unit sink ip netns exec far python3 /run/lab/stream.py sink;"
               f" systemd-run --unit stream python3 /run/lab/stream.py {FAR}")  # fmt: skip
    with Client(machine) as client:
        at, active = machine.now(), wired.active()
        wired.lossy(active, 5)
        noticed = wired.alert("HostRetransmits", "", at.wall)
    wired.good(active)
    machine.sh("systemctl stop stream sink")
    assert wired.active() == active
    table.add(
        "leg that loses 5 % in both directions (active-backup)",
        [("hwagent: HostRetransmits, which lasts 1 min first", noticed - at.wall),
         ("kernel bonding alone", None)],
        "nobody: a packet that never came is counted nowhere on this host, so which leg it is"
        " cannot be told. The switch's counters tell it, where hwagent watches the switch",
        client.lost,
    )  # fmt: skip
