"""Three machines share an address: what happens to the one that has it, and who answers when, as a
client on the segment sees it. keepalived holds another address on the same machines."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.lab.machine import ROOT
from tests.lab.segment import RIVAL, VIP, Node, Segment
from tests.lab.table import Table

_EAT = Path(__file__).parent / "inside/eat.py"
MACHINES = 3
Noticed = list[tuple[str, float | str | None]]


@pytest.fixture(scope="module")
def segment():
    made = Segment()
    try:
        made.build(MACHINES)
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def nodes(segment, keep_machine, installed):
    found = {}
    for number in range(1, MACHINES + 1):
        machine = keep_machine(
            f"vip{number}", installed, nics=(segment.nic(number),), space=segment.space,
        )  # fmt: skip
        found[number] = Node(machine, number)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda node: node.begin_node(MACHINES), found.values()))
    segment.owner()
    return found


class Three:
    """The machines; the one that has both addresses is broken, the other two are the majority."""

    OLD = 1  # keepalived's by priority, and hwagent's is moved there

    def __init__(self, segment: Segment, nodes: dict[int, Node]) -> None:
        self.segment = segment
        self.nodes = nodes

    @property
    def old(self) -> Node:
        """The machine that is broken."""
        return self.nodes[self.OLD]

    def ready(self) -> None:
        """Waits until both addresses are on the first machine and nowhere else."""
        self.segment.owner(RIVAL)
        # what it is recovering from may keep it from taking the address for a while
        self.old.machine.until(self._moved, f"h{self.OLD} to take {VIP}")
        self.segment.settled(self.OLD)

    def _moved(self) -> bool:
        """Whether the first machine has the address; asks its owner of now to move it there."""
        owner = self.segment.owner()
        if owner == self.OLD:
            return True
        return self.old.fit() and self.nodes[owner].moves(VIP, f"h{self.OLD}")

    def taken(self) -> int:
        """Waits until another machine says that it holds the address: its number."""

        def one() -> int:
            others = [n for n in self.nodes if n != self.OLD]
            return next((n for n in others if self.nodes[n].holds(VIP)), 0)

        return self.nodes[2].machine.until(one, f"another owner of {VIP}")


@pytest.fixture(scope="module")
def three(segment, nodes):
    return Three(segment, nodes)


def row(table: Table, fault: str, seen: dict[str, Any], noticed: Noticed, acted: str) -> None:
    """A line of the table: what both systems cost the client."""
    ours, rival = seen[VIP], seen[RIVAL]

    def owners(found: dict[str, Any]) -> str:
        return f"{found['overlaps']} questions had two answers" if found["overlaps"] else "no"

    table.add(
        fault,
        noticed,
        acted,
        f"hwagent {ours['outage_ms'] / 1000:.1f} s<br>keepalived {rival['outage_ms'] / 1000:.1f} s",
        f"hwagent: {owners(ours)}<br>keepalived: {owners(rival)}",
    )


#: How long is what the client lost.
VOTERS: Noticed = [
    ("hwagent's voters, when the lease of 3 s is over", "-"),
    ("keepalived's peers, after 3 s", "-"),
]
NOBODY: Noticed = [("nobody needs to", "-")]


def watch() -> None:
    """Lets the client look on: what is looked for is that something does not happen."""
    time.sleep(10)


def test_frozen_with_its_clock_running_it_answers_no_packet_after_thawing(three, table):
    three.ready()
    with three.segment.probing() as seen:
        watch()
        three.old.machine.freeze()
        watch()
        new = three.taken()
        three.old.machine.thaw()
        watch()
    row(table, "owner frozen for 10 s, clock runs on (as metal does)", seen, VOTERS,
        f"hwagent: h{new} took the address")  # fmt: skip
    assert seen[VIP]["overlaps"] == 0
    assert [who for _, who in seen[VIP]["owners"]] == [three.OLD, new]


def test_frozen_with_its_clock_stopped_it_ends_with_one_owner(three, table):
    three.ready()
    with three.segment.probing() as seen:
        three.old.machine.qmp("stop")
        watch()
        new = three.taken()
        three.old.machine.qmp("cont")
        watch()
    three.segment.owner()
    row(table, "owner frozen for 10 s, clock stopped (as hypervisors do)", seen, VOTERS,
        f"hwagent: h{new} took the address; by its clock the old one's lease was good for up to 3 s"
        " more: it answered until then, or until it heard of its successor")  # fmt: skip


def test_a_clock_stepped_both_ways_moves_nothing(three, table):
    three.ready()
    with three.segment.probing() as seen:
        for step in ("+1 hour", "-2 hours", "+1 hour"):
            three.old.machine.sh(f'date -s "$(date -d "{step}")"')
            watch()
    row(table, "owner's clock stepped by an hour, both ways", seen, NOBODY, "nobody")
    assert seen[VIP]["overlaps"] == 0
    assert [who for _, who in seen[VIP]["owners"]] == [three.OLD]


_BURN = "for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; wait"


def test_all_cores_busy(three, table):
    three.ready()
    with three.segment.probing() as seen:
        three.old.machine.sh(f"systemd-run --unit burn sh -c '{_BURN}'")
        watch()
        three.old.machine.sh("systemctl stop burn")
    row(table, "owner's processors at 100 % (8 busy loops)", seen, NOBODY, "nobody")
    assert seen[VIP]["overlaps"] == 0


def test_memory_exhausted(three, table):
    three.ready()
    machine = three.old.machine
    machine.write("/run/lab/eat.py", _EAT.read_text())
    machine.sh("fallocate -l 64M /swap && chmod 600 /swap && mkswap -q /swap && swapon /swap")
    machine.sh("sysctl -q vm.swappiness=200")  # else it reads its programs anew for minutes first
    with three.segment.probing() as seen:
        machine.run("systemd-run --wait --unit eat python3 /run/lab/eat.py")
        killed = "oom-kill" in machine.sh("dmesg")
        watch()
        machine.sh("swapoff /swap; rm /swap; sysctl -q vm.swappiness=60")
    assert machine.has("/run/lab/exhausted")
    three.segment.owner()
    row(
        table,
        "owner's memory exhausted, with swap",
        seen,
        [("the kernel", "-")],
        "its OOM killer" if killed else "nobody: it was let go after a minute",
    )
    assert seen[VIP]["overlaps"] == 0


def test_a_root_file_system_turned_read_only_gives_the_address_away(three, table):
    three.ready()
    with three.segment.probing() as seen:
        at = three.old.machine.now()
        three.old.machine.sh("echo u > /proc/sysrq-trigger")
        new = three.taken()
        alerts = three.old.machine.get("/v1/alerts")["alerts"]
    noticed = next(a["since"] for a in alerts if a["rule"] == "FilesystemReadOnly")
    three.old.machine.sh("mount -o remount,rw /")
    row(table, "owner's root file system turned read-only", seen,
        [("hwagent: FilesystemReadOnly", noticed - at.wall), ("keepalived", None)],
        f"hwagent gave the address to h{new}")  # fmt: skip
    assert seen[VIP]["overlaps"] == 0


def test_a_root_disk_that_dies_gives_the_address_away(three, table):
    three.ready()
    machine = three.old.machine
    with three.segment.probing() as seen:
        at = machine.now()
        machine.spoil(ROOT, bad=True)
        new = three.taken()
        alerts = machine.get("/v1/alerts")["alerts"]
    found = [a for a in alerts if a["component"].startswith(("filesystem:", "disk:"))]
    row(table, "owner's root disk dies", seen,
        [(f"hwagent: {found[0]['rule']}", found[0]["since"] - at.wall), ("keepalived", None)],
        f"hwagent gave the address to h{new}")  # fmt: skip
    assert seen[VIP]["overlaps"] == 0
    machine.replace()
    three.old.begin_node(MACHINES)


def test_a_kernel_panic(three, table):
    three.ready()
    machine = three.old.machine
    with three.segment.probing() as seen:
        machine.begin("echo c > /proc/sysrq-trigger")
        new = three.taken()
        watch()
    row(table, "owner's kernel panics", seen, VOTERS, f"hwagent: h{new} took the address")
    assert seen[VIP]["overlaps"] == 0
    machine.process.wait(600)
    machine.replace()
    three.old.begin_node(MACHINES)


def test_the_power_is_cut(three, table):
    three.ready()
    with three.segment.probing() as seen:
        three.old.machine.cut()
        new = three.taken()
        watch()
    row(table, "owner's power cut", seen, VOTERS, f"hwagent: h{new} took the address")
    assert seen[VIP]["overlaps"] == 0
