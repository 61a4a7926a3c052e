"""hwagent on a machine of the lab: installing it, configuring it, and what it says."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.lab.machine import Machine

STICK = "scsi-hd,id=stick,drive=stick,bus=hba.0"


def stick(deb: Path, place: Path, *others: Path) -> tuple[str, ...]:
    """A memory stick with the package on it, and others by their own names, as arguments of QEMU;
    STICK plugs it in."""
    tree, file = place / "stick", place / "stick.img"
    tree.mkdir(parents=True, exist_ok=True)
    shutil.copy(deb, tree / "hwagent.deb")
    for other in others:
        shutil.copy(other, tree)
    with open(file, "wb") as f:
        f.truncate(sum(p.stat().st_size for p in tree.iterdir()) + (16 << 20))
    subprocess.run(["mkfs.ext4", "-q", "-L", "STICK", "-d", tree, file], check=True)
    shutil.rmtree(tree)
    return ("-blockdev", f"driver=file,node-name=stick,filename={file},read-only=on")


class Agent:
    """The agent on one machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def install(self) -> None:
        """As an operator does it, who has a stick and no network. Raises Failed."""
        self.machine.plug(STICK)
        self.machine.sh("udevadm settle; mkdir -p /mnt/stick; mount -o ro LABEL=STICK /mnt/stick")
        self.machine.sh("dpkg -i /mnt/stick/hwagent.deb")
        self.machine.sh("umount /mnt/stick")
        self.machine.pull("stick")

    def configure(self, **configuration: Any) -> None:
        """Writes the configuration, and starts with it. Raises Failed.

        Another name needs that, a first NVMe disk (the helper may open what the kernel knew when it
        started), and a machine that was saved: its agent was stopped.
        """
        self.write(configuration)
        self.machine.sh("systemctl restart hwagent-helper hwagent-holder hwagent")
        self.ready()

    def reconfigure(self, **configuration: Any) -> None:
        """Writes the configuration, and has the agent go on with it. Raises Failed."""
        self.write(configuration)
        self.machine.sh("systemctl reload hwagent")
        self.ready()

    def write(self, configuration: dict[str, Any]) -> None:
        """Writes the configuration. Raises Failed."""
        text = json.dumps({"mode": "act", **configuration})  # JSON is YAML
        self.machine.write("/etc/hwagent/hwagent.yaml", text)

    def ready(self) -> None:
        """Waits until everything was looked at once, and the configuration counts."""

        def whole() -> bool:
            status = self.machine.get("/v1/status")
            return bool(status) and status["ready"] and status["mode"] == "act"

        self.machine.until(whole, "the agent to be ready")

    def component(self, id: str) -> Any:
        """A component, None if it is not known."""
        return self.machine.get(f"/v1/components/{id}")

    def records(self, types: str, component: str = "", span: float = 3600) -> list[Any]:
        """Records of the journal, oldest first."""
        query = f"/v1/history?types={types}&span={span}&limit=1000"
        told = self.machine.get(query + (f"&component={component}" if component else ""))
        return list(told["records"]) if told else []

    def alerted(self, rule: str, component: str = "", since: float = 0.0) -> Any:
        """The record of an alert that began to fire, if it did."""
        for record in self.records("alert", component):
            named = record["name"] == rule and record["data"].get("state") == "firing"
            if named and record["time"] >= since:
                return record
        return None

    def alert(self, rule: str, component: str = "", since: float = 0.0) -> float:
        """Waits until an alert fires; when it did, by the machine's wall clock."""
        what = f"{rule} on {component or 'anything'}"
        return float(self.machine.until(lambda: self.alerted(rule, component, since), what)["time"])

    def outcomes(self, action: str, component: str = "", since: float = 0.0) -> list[Any]:
        """How tries of an action ended."""
        records = self.records("outcome", component)
        return [r for r in records if r["name"] == action and r["time"] >= since]

    def outcome(self, action: str, result: str, component: str = "", since: float = 0.0) -> Any:
        """Waits until an action ended so; its record."""

        def found() -> Any:
            tries = self.outcomes(action, component, since)
            return next((r for r in tries if r["data"].get("result") == result), None)

        return self.machine.until(found, f"{action} {result}")

    def tell(self) -> str:
        """Everything that explains what it did, for a test that failed."""
        commands = (
            "journalctl --no-pager -b", "cat /proc/mdstat", "ip addr", "hwagent status",
            "hwagent events -n 200", "hwagent alerts --pending", "cat /run/lab/told", "dmesg",
        )  # fmt: skip
        return "\n".join(f"# {c}\n{self.machine.run(c, 120).text}" for c in commands)
