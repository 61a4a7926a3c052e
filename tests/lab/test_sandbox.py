"""What somebody could do who has taken over one of the processes: tried from inside its sandbox.

SECURITY.md says it in words; a word that is not true any more fails here.
"""

import json

import pytest

from tests.lab.parts import Disk
from tests.lab.table import REPOSITORY

UNITS = REPOSITORY / "systemd"
TRIES = REPOSITORY / "tests/lab/inside/tries.py"
#: Lines of a unit that make it a service that stays; its sandbox is all the others.
_SERVICE = ("ExecStart=", "ExecReload=", "Type=", "NotifyAccess=", "Restart=", "RestartSec=",
            "WatchdogSec=", "RuntimeDirectory", "Requires=", "After=", "Wants=")  # fmt: skip

#: What each may do; all else that is tried must fail.
ALLOWED = {
    "hwagent": {
        "write to /var/lib/hwagent",
        "run a program",
        "connect anywhere",
        "read the cluster's key",
    },
    "hwagent-holder": {
        "run a program",
        "connect anywhere",
        "raw packets",
        "raw IP",
        "add an address",
        "real-time priority",
        "read the cluster's key",
    },
    "hwagent-helper": {
        "read /etc/shadow",
        "read the cluster's key",
        "read a disk",
        "write to a disk",
        "write to /proc/sys/net",
        "write to /sys/class/net",
        "write to /sys/block",
        "load a program into the kernel",
        "become root",
        "add an address",
        "real-time priority",
        "run a program",
        "connect anywhere",
        "end another process",
    },
}


@pytest.fixture(scope="module")
def machine(installed, keep_machine):
    machine = keep_machine("sandbox", installed, disks=(Disk("tried"),))
    machine.write("/run/lab/tries.py", TRIES.read_text())
    # some tries go to their sockets, which would refuse nobody if they were not there
    machine.sh("systemctl start hwagent-helper hwagent-holder hwagent")
    machine.sh("chmod 755 /run/lab /run/lab/tries.py; install -m 640 -g hwagent /dev/null "
               "/etc/hwagent/cluster.key")  # fmt: skip
    return machine


@pytest.mark.parametrize("unit", sorted(ALLOWED))
def test_what_can_be_done_from_inside(machine, unit):
    lines = (UNITS / f"{unit}.service").read_text().split("[Install]")[0].splitlines()
    kept = [line for line in lines if not line.startswith(_SERVICE)]
    at = kept.index("[Service]") + 1
    kept[at:at] = [
        "Type=oneshot",
        "ExecStart=/usr/bin/python3 /run/lab/tries.py",
        f"StandardOutput=truncate:/run/lab/{unit}.json",
    ]
    machine.write(f"/run/systemd/system/try-{unit}.service", "\n".join(kept))
    machine.sh(f"systemctl daemon-reload && systemctl start try-{unit}.service")
    told = json.loads(machine.sh(f"cat /run/lab/{unit}.json"))
    went_through = {what for what, result in told.items() if result == "yes"}
    surprises = {what: told.get(what) for what in went_through ^ ALLOWED[unit]}
    assert not surprises, f"{surprises} of {told}"
    assert not machine.has("/run/lab/root-was-here")
