"""The package's whole life on a machine that holds an address: installed, rebooted, upgraded,
downgraded, removed, purged."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lab.agent import STICK, Agent, stick
from tests.lab.image import PATIENT
from tests.lab.segment import VIP, Segment

CONFIGURATION = {
    "vips": [{"address": f"{VIP}/24", "interfaces": ["eth0"]}],
    "fitness": {"ttl": "120s"},  # emulated, an agent takes its time to start again
}
#: What a purged package may leave: nothing but what is the image's own.
_OTHERS = ("/run/lab", "/mnt", "/tmp", "/var/tmp", *(f"/{place}" for place in PATIENT))
_ELSEWHERE = " -o ".join(f"-path {place}" for place in _OTHERS)
_LEFT = rf"find / /run -xdev \( {_ELSEWHERE} \) -prune -o -iname '*hwagent*' -print"


@pytest.fixture
def older(deb: Path, tmp_path: Path) -> Path:
    """The same package, as its version before."""
    tree, file = tmp_path / "older", tmp_path / "older.deb"
    subprocess.run(["dpkg-deb", "-R", deb, tree], check=True)
    control = tree / "DEBIAN/control"
    lines = control.read_text().splitlines()
    lines = ["Version: 0.0.1-1" if line.startswith("Version:") else line for line in lines]
    control.write_text("\n".join(lines) + "\n")
    subprocess.run(["dpkg-deb", "-Znone", "-b", tree, file], check=True, capture_output=True)
    shutil.rmtree(tree)
    return file


@pytest.fixture
def segment():
    made = Segment()
    try:
        made.build(1)
        yield made
    finally:
        made.close()


class Owner(Agent):
    """A machine that holds the address alone."""

    def prepare(self) -> None:
        """Gives it its own address, as its network's configuration would."""
        self.machine.sh("ip addr add 10.9.0.1/24 dev eth0; ip link set eth0 up")

    def has(self) -> bool:
        """Whether the address is on its card."""
        return f"{VIP}/24" in self.machine.sh("ip -4 addr show eth0")

    def pid(self) -> str:
        """The holder's process."""
        return self.machine.sh("systemctl show -p MainPID --value hwagent-holder").strip()

    def plug_stick(self) -> None:
        """Plugs the stick with the packages in, and mounts it."""
        self.machine.plug(STICK)
        self.machine.sh("udevadm settle; mkdir -p /mnt/stick; mount -o ro LABEL=STICK /mnt/stick")

    def change(self, package: str) -> str:
        """Installs another version while a monitor notes what becomes of addresses; the notes."""
        self.machine.sh("mkdir -p /run/lab; systemd-run --unit notes"
                        " -p StandardOutput=file:/run/lab/notes ip -o monitor address")  # fmt: skip
        self.machine.sh(f"dpkg -i /mnt/stick/{package}")
        self.machine.sh("hwagent status --wait 600s > /dev/null; systemctl stop notes")
        return self.machine.sh("cat /run/lab/notes")


def test_the_whole_life_of_the_package(debian, deb, older, make_machine, segment, tmp_path, table):
    machine = make_machine(
        "life", debian, nics=(segment.nic(1),), space=segment.space,
        extra=stick(deb, tmp_path, older),
    )  # fmt: skip
    owner = Owner(machine)
    owner.prepare()
    owner.plug_stick()

    machine.sh("dpkg -i /mnt/stick/older.deb")
    owner.reconfigure(**CONFIGURATION)
    machine.sh("hwagent config check")
    machine.until(owner.has, "the address after the installation")

    machine.sh("umount /mnt/stick")
    machine.reboot()
    owner.prepare()
    machine.until(owner.has, "the address after the reboot")
    owner.plug_stick()

    for package, version in (("hwagent.deb", "0.1.0"), ("older.deb", "0.0.1")):
        held = owner.pid()
        notes = owner.change(package)
        assert f"Version: {version}" in machine.sh("dpkg -s hwagent")
        assert owner.has()
        assert owner.pid() == held
        assert VIP not in notes

    machine.sh("dpkg -r hwagent")
    assert not owner.has()
    assert VIP in machine.sh("cat /etc/hwagent/hwagent.yaml")
    assert machine.run("systemctl is-active hwagent hwagent-holder hwagent-helper").status != 0

    machine.sh("dpkg -P hwagent")
    assert machine.sh(_LEFT) == ""
    assert machine.run("id hwagent").status != 0
    table.add(
        "installed, rebooted, upgraded and downgraded while it holds an address, removed, purged",
        [("nobody needs to", "-")],
        "the holder goes on through both changes; removed, it gives the address up",
        "nothing until it was removed",
        "no",
    )
