"""Arrays that lose what they are made of, with a checksummed writer on them all the while."""

import json

import pytest
import yaml

from tests.lab.agent import Agent
from tests.lab.machine import Machine
from tests.lab.mirror import Array, Writer
from tests.lab.parts import Disk
from tests.lab.peers import listen, told
from tests.lab.table import REPOSITORY

SIZE = 24 << 20
_SCRAPE = "curl -sSf -m 60 -o /dev/null http://127.0.0.1:9100/metrics"


def disk(name: str, bus: str = "scsi") -> Disk:
    return Disk(name, bus, SIZE)


KERNEL = tuple(map(disk, ("krn1", "krn2", "krn3")))
ERRORS = tuple(map(disk, ("err1", "err2", "err3")))
SLOW = tuple(map(disk, ("slw1", "slw2", "slw3")))
SITE = tuple(map(disk, ("sit1", "sit2", "sit3")))
BACK = tuple(map(disk, ("bck1", "bck2")))
DYING = (disk("dying1", "nvme"), disk("dyn2"), disk("dyn3"))
SIX = (*map(disk, ("six1", "six2", "six3", "six4")), disk("six5", "nvme"))


class Storage(Agent):
    """A machine with one array for each fault."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.errors = Array(machine, 1, ERRORS[:2])
        self.kernel = Array(machine, 1, KERNEL[:2], KERNEL[2:])
        self.slow = Array(machine, 1, SLOW[:2])
        self.site = Array(machine, 1, SITE[:2])
        self.back = Array(machine, 1, BACK)
        self.dying = Array(machine, 1, DYING[:2])
        self.six = Array(machine, 6, SIX)
        arrays = (self.errors, self.slow, self.site, self.dying)
        spares = (ERRORS[2], SLOW[2], SITE[2], DYING[2])
        self.configure(
            spares=[{"disk": s.id, "arrays": [a.name]} for a, s in zip(arrays, spares)],
            limits={"disruptive_per_hour": 100, "rebuilds": 10, "cooldown": "1s"},
            collectors={"smart": {"interval": "60s"}},
            rules={"directories": ["/etc/hwagent/rules.d"]},
        )
        for array in (*arrays, self.kernel, self.back, self.six):
            machine.until(lambda a=array: self.component(f"array:{a.name}"), array.name)
        listen(machine)

    def state(self, array: Array, node: str) -> str:
        """What md says of a member."""
        return array.read(f"dev-{node.removeprefix('/dev/')}/state")


@pytest.fixture(scope="module")
def storage(keep_machine, installed):
    disks = (*KERNEL, *ERRORS, *SLOW, *SITE, *BACK, *DYING, *SIX)
    return Storage(keep_machine("storage", installed, disks=disks))


@pytest.fixture(scope="module")
def likes(storage):
    """Disks that are in use, a little, with which a slow one can be compared; past the writer's
    blocks. One process keeps the device open: udev looks at all that was closed after a write."""
    write = f"dd of=/dev/{storage.kernel.name} bs=4k iflag=fullblock seek=2048 oflag=direct"
    blocks = "while sleep 1; do head -c 4096 /dev/zero; done"
    storage.machine.sh(f"systemd-run --unit likes sh -c '({blocks}) | {write}'")


def test_the_kernel_takes_its_own_spare_and_the_agent_leaves_it_to_it(storage, table):
    machine, array = storage.machine, storage.kernel
    with Writer(machine, array.name) as writer:
        at = machine.now()
        machine.pull(KERNEL[0].name)
        noticed = storage.alert("DiskVanished", KERNEL[0].id, at.wall)
        array.whole()
    assert writer.told["lost"] == []
    assert writer.told["errors"] == 0
    assert not [
        r
        for r in storage.outcomes("array_add_spare", f"array:{array.name}", at.wall)
        if r["data"]["result"] == "done"
    ]
    table.add(
        "disk pulled from a mirror, spare of the array's own",
        [
            ("hwagent: DiskVanished", noticed - at.wall),
            ("mdadm --monitor: Fail", told(machine, f"Fail.*{array.name}", at.boot)),
        ],
        "the kernel",
        writer.lost,
    )


def test_a_member_with_errors_is_replaced_by_the_declared_spare(storage, table):
    machine, array = storage.machine, storage.errors
    with Writer(machine, array.name) as writer:
        at = machine.now()
        machine.spoil(ERRORS[1].name, bad=True)
        noticed = storage.alert("ArrayDegraded", f"array:{array.name}", at.wall)
        done = storage.outcome("array_add_spare", "done", f"array:{array.name}", at.wall)
        array.whole()
    assert writer.told["lost"] == []
    assert writer.told["errors"] == 0
    table.add(
        "member with I/O errors",
        [
            ("hwagent: ArrayDegraded", noticed - at.wall),
            ("mdadm --monitor: Fail", told(machine, f"Fail.*{array.name}", at.boot)),
        ],
        f"the kernel failed it; hwagent: array_add_spare, {done['time'] - at.wall:.1f} s after",
        writer.lost,
    )


def test_a_dying_nvme_is_replaced_while_it_still_works(storage, table):
    machine, array = storage.machine, storage.dying
    with Writer(machine, array.name) as writer:
        at = machine.now()
        machine.warn(DYING[0].name, 4)
        noticed = storage.alert("NvmeCriticalWarning", DYING[0].id, at.wall)
        done = storage.outcome("array_replace_member", "done", f"array:{array.name}", at.wall)
        array.whole()
        smartd = told(machine, "[Cc]ritical", at.boot)
    assert noticed <= done["time"]
    assert writer.told["lost"] == []
    assert writer.told["errors"] == 0
    table.add(
        "NVMe says that it is dying (critical warning), spare declared",
        [("hwagent: NvmeCriticalWarning (looks every minute)", noticed - at.wall),
         ("smartd (looks every 10 s)", smartd), ("mdadm --monitor", None)],
        f"hwagent: array_replace_member, {done['time'] - at.wall:.1f} s after",
        writer.lost,
    )  # fmt: skip


def test_a_member_whose_path_came_back_is_taken_back_by_its_bitmap(storage, table):
    machine, array = storage.machine, storage.back
    node = array.node(BACK[1])
    with Writer(machine, array.name) as writer:
        at = machine.now()
        machine.spoil(BACK[1].name, bad=True)
        noticed = storage.alert("ArrayDegraded", f"array:{array.name}", at.wall)
        left = storage.outcome("array_remove_faulty", "refused", f"array:{array.name}", at.wall)
        machine.spoil(BACK[1].name, bad=False)
        member = node.removeprefix("/dev/")
        action = f"hwagent do array_re_add array:{array.name} member={member}"
        machine.until(lambda: machine.run(action).status == 0, "the member to be taken back")
        array.whole()
    assert writer.told["lost"] == []
    assert writer.told["errors"] == 0
    table.add(
        "path to a member lost and back, bitmap",
        [
            ("hwagent: ArrayDegraded", noticed - at.wall),
            ("mdadm --monitor: Fail", told(machine, f"Fail.*{array.name}", at.boot)),
        ],
        f"hwagent: {left['data']['detail']}; the operator: hwagent do array_re_add",
        writer.lost,
    )


def test_a_scrub_finds_what_does_not_match(storage, table):
    machine, array = storage.machine, storage.six
    at = machine.now()
    with open(machine.file(SIX[0].name), "r+b") as file:
        file.seek(SIZE // 2)
        file.write(b"rot" * 20000)
    machine.sh(f"hwagent do array_check_start array:{array.name}")
    noticed = storage.alert("ArrayParityMismatch", f"array:{array.name}", at.wall)
    machine.sh(f"echo repair > /sys/block/{array.name}/md/sync_action")
    array.whole()
    table.add(
        "scrub finds parity that does not match",
        [
            ("hwagent: ArrayParityMismatch", noticed - at.wall),
            ("mdadm --monitor", told(machine, f"RebuildFinished.*{array.name}.*mism", at.boot)),
        ],
        "nobody: which copy is right, parity cannot tell",
        "nothing was read",
    )


def test_two_of_a_raid6_may_go_and_never_a_third(storage, table):
    machine, array = storage.machine, storage.six
    third = array.node(SIX[4])
    with Writer(machine, array.name) as writer:
        at = machine.now()
        machine.pull(SIX[0].name)
        machine.pull(SIX[1].name)
        noticed = storage.alert("ArrayDegraded", f"array:{array.name}", at.wall)
        machine.until(lambda: array.read("degraded") == "2", "two members to be gone")
        dying = machine.now()
        machine.warn(SIX[4].name, 4)
        warned = storage.alert("NvmeCriticalWarning", SIX[4].id, dying.wall)
        refused = storage.outcome(
            "array_replace_member", "refused", f"array:{array.name}", dying.wall
        )
        by_hand = machine.run(
            f"hwagent do array_replace_member array:{array.name} member={third[5:]}"
        )
    assert by_hand.status != 0
    assert "in_sync" in storage.state(array, third)
    assert writer.told["lost"] == []
    assert writer.told["errors"] == 0
    table.add(
        "two members of a raid6 pulled",
        [
            ("hwagent: ArrayDegraded", noticed - at.wall),
            ("mdadm --monitor: Fail", told(machine, f"Fail.*{array.name}", at.boot)),
        ],
        "nobody: no spare is declared for it",
        writer.lost,
    )
    table.add(
        "then a third says that it is dying (no redundancy left)",
        [
            ("hwagent: NvmeCriticalWarning (looks every minute)", warned - dying.wall),
            ("smartd (looks every 10 s)", told(machine, "[Cc]ritical", dying.boot)),
        ],
        f"nobody. hwagent: {refused['data']['detail']}",
        writer.lost,
    )


def test_a_slow_member_is_told_and_stays(storage, likes, table):
    machine, array = storage.machine, storage.slow
    node = array.node(SLOW[1])
    with Writer(machine, array.name) as writer:
        at = machine.now()
        machine.slow(SLOW[1].name, 10)
        noticed = storage.alert("DiskSlow", SLOW[1].id, at.wall)
        machine.sh("systemctl start prometheus-node-exporter")
        machine.until(lambda: machine.run(_SCRAPE).status == 0, "node_exporter to answer")
    machine.slow(SLOW[1].name, 0)
    assert "in_sync" in storage.state(array, node)
    assert not storage.alerted("DiskSlow", SLOW[0].id, at.wall)
    assert not storage.outcomes("array_replace_member", f"array:{array.name}", at.wall)
    assert writer.told["lost"] == []
    table.add(
        "disk 50 times slower (10 requests a second)",
        [
            ("hwagent: DiskSlow", noticed - at.wall),
            ("mdadm --monitor", told(machine, f"Fail.*{array.name}", at.boot)),
            ("smartd", told(machine, "slw2", at.boot)),
            ("node_exporter", "it is scraped; it judges nothing"),
        ],
        "nobody: slowness alone retires no member unless a rule of the site says so",
        writer.lost,
    )


def test_a_slow_member_is_retired_where_the_sites_own_rule_says_so(storage, likes, table):
    machine, array = storage.machine, storage.site
    text = (REPOSITORY / "conf/rules.d/disk.yaml").read_text()
    shipped = yaml.load(text, yaml.BaseLoader)["groups"]  # to others, "on" is a boolean
    (slow,) = (r for group in shipped for r in group["rules"] if r["alert"] == "DiskSlow")
    site = {"name": "site", "rules": [{**slow, "actions": ["array_replace_member"]}]}
    machine.write("/etc/hwagent/rules.d/site.yaml", json.dumps({"groups": [site]}))
    machine.sh("systemctl reload hwagent")
    with Writer(machine, array.name) as writer:
        at = machine.now()
        machine.slow(SITE[1].name, 10)
        noticed = storage.alert("DiskSlow", SITE[1].id, at.wall)
        done = storage.outcome("array_replace_member", "done", f"array:{array.name}", at.wall)
        array.whole()
        machine.slow(SITE[1].name, 0)
    assert writer.told["lost"] == []
    assert writer.told["errors"] == 0
    table.add(
        "disk 50 times slower, and the site's rule says that it is to go",
        [("hwagent: DiskSlow", noticed - at.wall), ("mdadm --monitor", None), ("smartd", None)],
        f"hwagent: array_replace_member, {done['time'] - at.wall:.1f} s after",
        writer.lost,
    )
