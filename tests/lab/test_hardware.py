"""Cards that report errors or are gone, and a BMC whose power supply fails."""

import json
import socket
from pathlib import Path

import pytest

from tests.bmc.simulator import free_port, simulator
from tests.lab.agent import Agent
from tests.lab.parts import Disk, Nic
from tests.lab.peers import listen, told

SICK = Disk("sick1", "nvme")
GONE = Disk("gone1", "nvme")
#: QEMU's NVMe disks cannot tell of errors of their link; its network cards can. The kernel injects
#: them: QEMU 7.2 passes none on that are corrected.
BAD = Nic("bad", "hubport,hubid=1", "52:54:00:0a:00:01")
_AER = Path(__file__).parent / "inside/aer.py"


@pytest.fixture(scope="module")
def server(keep_machine, installed):
    agent = Agent(keep_machine("cards", installed, disks=(SICK, GONE), nics=(BAD,)))
    agent.configure(collectors={"smart": {"interval": "10s"}})
    listen(agent.machine)
    return agent


def errors_of(server, kind, rule):
    """Has the card's link report errors until a rule tells of them; after how many seconds."""
    machine = server.machine
    machine.write("/run/lab/aer.py", _AER.read_text())
    slot = machine.sh("basename $(dirname $(readlink -f /sys/class/net/eth0/device))").strip()
    at = machine.now()
    machine.sh(f"modprobe aer_inject; python3 /run/lab/aer.py {slot.split(':')[1]} {kind}")
    return server.alert(rule, f"pcie:{slot}", at.wall) - at.wall


def test_corrected_pcie_errors_are_told(server, table):
    noticed = errors_of(server, "corrected 150", "PcieCorrectableErrors")
    table.add(
        "PCI Express: corrected errors (AER), five a second",
        [("hwagent: PcieCorrectableErrors, from 100 an hour on", noticed), ("smartd", None)],
        "nobody: it is told",
        "nothing",
    )


def test_an_uncorrected_pcie_error_is_told(server, table):
    noticed = errors_of(server, "nonfatal 1", "PcieNonfatalErrors")
    table.add(
        "PCI Express: an error that is not corrected (AER)",
        [("hwagent: PcieNonfatalErrors", noticed), ("smartd", None)],
        "nobody: it is told",
        "-",
    )


def test_a_critical_warning_is_told(server, table):
    machine = server.machine
    at = machine.now()
    machine.warn(SICK.name, 8)
    noticed = server.alert("NvmeCriticalWarning", SICK.id, at.wall)
    table.add(
        "NVMe in no array turns read-only (critical warning)",
        [("hwagent: NvmeCriticalWarning (looks every 10 s)", noticed - at.wall),
         ("smartd (looks every 10 s)", told(machine, "[Cc]ritical", at.boot))],
        "nobody: nothing to replace",
        "-",
    )  # fmt: skip


def test_a_device_that_falls_off_its_bus_is_told(server, table):
    machine = server.machine
    at = machine.now()
    machine.pull(GONE.name)
    noticed = server.alert("DiskVanished", GONE.id, at.wall)
    table.add(
        "NVMe gone from its slot",
        [("hwagent: DiskVanished", noticed - at.wall),
         ("smartd (looks every 10 s)", told(machine, "nvme1|removed|open", at.boot))],
        "nobody: it is told",
        "-",
    )  # fmt: skip


def test_a_disk_that_gets_too_hot_is_told(server, table):
    machine = server.machine
    place = machine.sh(f"dirname $(grep -l {SICK.name} /sys/class/nvme/*/serial)").strip()
    at = machine.now()
    # it has 50 degrees Celsius for ever, so its limit (NVMe: temperature threshold) comes down
    machine.sh(f"echo 40000 > $(find {place}/ -name temp1_max)")
    noticed = server.alert("NvmeTemperature", SICK.id, at.wall)
    table.add(
        "NVMe hotter than its limit",
        [("hwagent: NvmeTemperature (looks every 10 s)", noticed - at.wall),
         ("smartd (looks every 10 s)", told(machine, "[Cc]ritical|[Tt]emperature", at.boot))],
        "nobody: it is told",
        "-",
    )  # fmt: skip


@pytest.fixture(scope="module")
def board(installed, keep_machine, tmp_path_factory):
    """A machine with a BMC on its board, and that BMC."""
    port, place = free_port(socket.SOCK_STREAM), tmp_path_factory.mktemp("bmc")
    with simulator(place, machine=port) as bmc:
        # a driver finds a BMC that was there at boot
        machine = keep_machine("board", installed, cold=True, extra=(
            "-chardev", f"socket,id=bmc,host=127.0.0.1,port={port},reconnect=1",
            "-device", "ipmi-bmc-extern,id=bmc0,chardev=bmc", "-device", "isa-ipmi-kcs,bmc=bmc0",
        ))  # fmt: skip
        agent = Agent(machine)
        agent.configure(collectors={"ipmi_device": {"interval": "10s"}})
        machine.until(lambda: agent.component("psu:ipmi/PS1_Status"), "the supply to be known")
        yield agent, bmc


def test_the_service_sees_from_its_sandbox_what_root_sees(board):
    agent, _ = board
    seen = {row["id"] for row in agent.machine.get("/v1/components")["components"]}
    root = json.loads(agent.machine.run("hwagent collect -o json 2> /dev/null").text)
    assert {row["id"] for row in root["components"]} <= seen


def test_a_power_supply_that_fails_is_told_by_the_bmc(board, table):
    agent, bmc = board
    at = agent.machine.now()
    bmc.supply(1, on=True)  # failure detected
    noticed = agent.alert("PsuFailed", "", at.wall)
    table.add(
        "power supply fails (BMC, through the kernel's device)",
        [("hwagent: PsuFailed (looks every 10 s)", noticed - at.wall)],
        "nobody: it is told",
        "-",
    )


def test_a_processor_that_gets_too_hot_is_told_by_the_bmc(board, table):
    agent, bmc = board
    at = agent.machine.now()
    bmc.heat(0x95)
    noticed = agent.alert("TemperatureCriticalAlarm", "", at.wall)
    table.add(
        "processor hotter than its critical limit (BMC)",
        [("hwagent: TemperatureCriticalAlarm (looks every 10 s)", noticed - at.wall)],
        "nobody: it is told",
        "-",
    )
