"""What today's tools say in the same run: mdadm --monitor, smartd, keepalived."""

import re

from tests.lab.machine import Machine

_TOLD = "/run/lab/told"
_SMARTD = "/run/lab/smartd.conf"


def listen(machine: Machine) -> None:
    """Starts mdadm --monitor and smartd. smartd looks as often as it can be told to: every 10 s,
    where it does by itself every 30 minutes."""
    machine.sh(f"mkdir -p /run/lab; touch {_TOLD}; systemctl start mdmonitor")
    machine.write(_SMARTD, "DEVICESCAN -a -m root -M exec /usr/local/lib/lab/told.sh")
    # QEMU's SCSI disks have no SMART: beside them alone it would end
    machine.sh(f"smartd -q never -c {_SMARTD} -i 10 -p /run/lab/smartd.pid")


def told(machine: Machine, pattern: str, since: float) -> float | None:
    """Seconds since ``since``, of the machine's clock since boot, until a peer said it; None if it
    has not."""
    for line in machine.sh(f"cat {_TOLD}").splitlines():
        at, _, words = line.partition(" ")
        if float(at) >= since and re.search(pattern, words):
            return float(at) - since
    return None
