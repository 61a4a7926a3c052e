"""Arrays on a machine, and the checksummed writer on them."""

import json
from pathlib import Path
from typing import Any

from tests.lab.machine import Machine
from tests.lab.parts import Disk

_WRITER = Path(__file__).parent / "inside/writer.py"


class Array:
    """An md array of a machine's disks, named by the kernel."""

    def __init__(
        self, machine: Machine, level: int, members: tuple[Disk, ...], spares: tuple[Disk, ...] = ()
    ) -> None:
        self.machine = machine
        self.name = f"md{len(machine.sh('ls -d /sys/block/md* 2>/dev/null || true').split())}"
        nodes = " ".join(self.nodes(*members, *spares))
        machine.sh(
            f"mdadm --create /dev/{self.name} --run --quiet --level={level} --bitmap=internal "
            f"--assume-clean --raid-devices={len(members)} --spare-devices={len(spares)} {nodes}"
        )

    def node(self, disk: Disk) -> str:
        """The device of a disk now."""
        return self.nodes(disk)[0]

    def nodes(self, *disks: Disk) -> list[str]:
        """The devices of disks now."""

        def found() -> list[str]:
            rows = map(str.split, self.machine.sh("lsblk -dnro SERIAL,NAME").splitlines())
            names = {row[0]: f"/dev/{row[1]}" for row in rows if len(row) == 2}
            nodes = [names[disk.name] for disk in disks if disk.name in names]
            return nodes if len(nodes) == len(disks) else []

        return self.machine.until(found, f"{[disk.name for disk in disks]} to be there")

    def read(self, file: str) -> str:
        """What sysfs says of it."""
        told = self.machine.read(f"/sys/block/{self.name}/md/{file}")
        assert told is not None, f"{self.name} has no {file}"
        return told.strip()

    def whole(self) -> None:
        """Waits until it has all its members, and nothing is left to rebuild."""
        self.machine.until(
            lambda: (self.read("degraded"), self.read("sync_action")) == ("0", "idle"),
            f"{self.name} to be whole",
        )


class Writer:
    """Writes to a device while the block runs; ``told`` is what became of it."""

    def __init__(self, machine: Machine, device: str) -> None:
        self.machine = machine
        self.device = device
        self.told: dict[str, Any] = {}

    def __enter__(self) -> "Writer":
        self.machine.sh("mkdir -p /run/lab && rm -f /run/lab/stop /run/lab/writing")
        self.machine.write("/run/lab/writer.py", _WRITER.read_text())
        command = f"python3 /run/lab/writer.py /dev/{self.device}"
        self._answer = self.machine.begin(command, 7200)
        self.machine.until(lambda: self.machine.has("/run/lab/writing"), "the first write")
        return self

    def __exit__(self, *_: object) -> None:
        self.machine.sh("touch /run/lab/stop")
        answer = self._answer.result(600)
        assert answer.status == 0, answer.text
        self.told = json.loads(answer.text)

    @property
    def lost(self) -> str:
        """For the table."""
        told = self.told
        return (
            f"nothing: {told['writes']} writes, {told['errors']} errors,"
            f" longest {told['longest_ms']} ms"
            if not told["lost"]
            else f"{len(told['lost'])} blocks"
        )
