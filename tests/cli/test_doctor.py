"""The doctor says what is missing, how to get it, and ends with the worst of it."""

import os
import subprocess
import sys

import pytest

from hwagent.cli import diagnosis
from hwagent.cli.diagnosis import agent, install, pressure, quorum, tools
from hwagent.cli.safety import sealing, slews
from hwagent.collect.root import Root
from hwagent.config import Config, Group
from hwagent.config.schema import Cluster
from hwagent.model import Health
from tests.cli.running import cli

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
UBUNTU = "ID=ubuntu\nID_LIKE=debian\n"
ROCKY = 'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n'
RHEL = 'ID="rhel"\nID_LIKE="fedora"\n'
STATUS = {"version": diagnosis.__version__, "mode": "observe", "problems": [], "members": []}


def tree(tmp_path, *paths: str, release: str = DEBIAN) -> Root:
    for path in ("etc/os-release", *paths):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(release)
    return Root(tmp_path)


def group(voters: str, quorum: str = "majority") -> Config:
    hosts = dict.fromkeys(voters.split(), ("192.0.2.1",))
    return Config(groups=[Group(name="g", voters=hosts, quorum=quorum)])


def members(alive: str) -> dict:
    return {**STATUS, "members": [{"name": n, "status": "alive"} for n in alive.split()]}


def test_the_command_ends_with_the_worst_that_it_found_and_says_the_same_as_json(sick):
    answer = cli("doctor", "-o", "json", socket=sick.socket)
    checks = {check["check"]: check for check in answer.json["checks"]}
    assert checks["configuration"]["health"] == checks["agent"]["health"] == "ok"
    assert {"gate", "real-time", "pressure", "clock", "smartctl"} <= checks.keys()
    assert answer.code == Health(answer.json["health"]).exit_status
    table = cli("doctor", socket=sick.socket)
    assert table.code == answer.code
    assert all(name in table.out for name in checks)


def test_a_missing_agent_is_a_failure_and_the_advice_starts_it(tmp_path):
    answer = cli("doctor", "-o", "json", socket=str(tmp_path / "none"))
    assert answer.code == 2
    found = next(c for c in answer.json["checks"] if c["check"] == "agent")
    assert "systemctl start hwagent" in found["advice"]


def test_a_bad_configuration_is_named_with_its_place(tmp_path, sick):
    (tmp_path / "bad.yaml").write_text("mode: obsrve\n")
    done = cli("doctor", "-c", str(tmp_path / "bad.yaml"), socket=sick.socket)
    assert done.code == 2
    assert "bad.yaml:1" in done.out


def test_an_agent_of_another_version_wants_a_restart():
    (found,) = agent({**STATUS, "version": "0.0.1"}, "")
    assert (found.health, found.advice) == (Health.DEGRADED, "systemctl restart hwagent")


def test_what_the_agent_says_is_wrong_with_itself_is_told():
    found = list(agent({**STATUS, "problems": ["journal: disk full"]}, ""))
    assert (found[1].health, found[1].found) == (Health.DEGRADED, "journal: disk full")


def test_an_agent_that_may_not_be_asked_is_unknown_not_dead():
    (found,) = agent(None, "/run/x: permission denied; try as root or in group hwagent")
    assert found.health == Health.UNKNOWN


@pytest.mark.parametrize(
    ("release", "command"),
    [(DEBIAN, "apt"), (UBUNTU, "apt"), (ROCKY, "dnf"), (RHEL, "dnf")],
    ids=["debian", "ubuntu", "rocky", "rhel"],
)
def test_packages_are_installed_as_the_distribution_does(tmp_path, release, command):
    root = tree(tmp_path, release=release)
    wanted = "libbpf" if command == "dnf" else "libbpf1"
    assert install(root, "libbpf1", "libbpf") == f"{command} install {wanted}"


def test_a_kernel_without_pressure_says_how_to_boot_it(tmp_path):
    assert pressure(tree(tmp_path, "proc/pressure/memory")).health == Health.OK
    assert "psi=1" in pressure(tree(tmp_path / "old")).advice


def test_a_program_is_missed_only_where_it_has_something_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(diagnosis, "SYSTEM", str(tmp_path))
    bare = {f.check: f for f in tools(tree(tmp_path / "bare"))}
    assert {f.health for f in bare.values()} == {Health.OK}
    root = tree(tmp_path / "full", "sys/block/sda/size", "sys/block/sdb/size", "sys/block/md0/size")
    full = {f.check: f for f in tools(root)}
    assert full["smartctl"].health == full["mdadm"].health == Health.DEGRADED
    assert "2 disks" in full["smartctl"].found
    assert full["smartctl"].advice == "apt install smartmontools"


def test_a_program_that_is_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(diagnosis, "SYSTEM", str(tmp_path))
    (tmp_path / "smartctl").touch(0o755)
    found = {f.check: f for f in tools(tree(tmp_path / "root", "sys/block/sda/size"))}
    assert found["smartctl"].found == str(tmp_path / "smartctl")


@pytest.mark.parametrize(
    ("config", "alive", "health", "word"),
    [
        (group("a b c"), "a b c", Health.OK, "the loss of 1"),
        (group("a b c d e"), "a b c d e", Health.OK, "the loss of 2"),
        (group("a b c"), "", Health.OK, "the loss of 1"),
        (group("a b c"), "a b", Health.DEGRADED, "no other may be lost"),
        (group("a b c"), "a", Health.FAILED, "nobody holds anything"),
        (group("a b c"), "a x y", Health.FAILED, "nobody holds anything"),
        (group("a b"), "a b", Health.DEGRADED, "survive no loss"),
        (group("a"), "a", Health.DEGRADED, "survive no loss"),
        (group("a b", "any"), "a b", Health.DEGRADED, "unsafe: quorum is any"),
    ],
    ids=["3", "5", "unasked", "2 of 3", "1 of 3", "others", "two", "one", "any"],
)
def test_a_group_is_as_well_as_its_majority(config, alive, health, word):
    (found,) = quorum(config, members(alive))
    assert (found.check, found.health) == ("quorum of g", health)
    assert word in found.found


@pytest.mark.parametrize(
    ("conf", "slew", "health", "says"),
    [
        ("", 0.1, Health.OK, "maxslewrate 1000"),
        ("", 0.01, Health.DEGRADED, "slew: 0.08333"),
        ("maxslewrate 500\n", 0.001, Health.OK, ""),
        ("maxslewrate 2000\n", 0.001, Health.DEGRADED, "maxslewrate 1000"),
    ],
    ids=["default", "too little", "little", "more than the group allows"],
)
def test_a_group_allows_for_what_chrony_may_bend_the_clock_by(tmp_path, conf, slew, health, says):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/chrony.conf").write_text(f"server a.example iburst\n{conf}")
    config = Config(groups=[Group(name="g", voters={}, slew=slew)])
    (found,) = slews(config, Root(tmp_path))
    assert (found.check, found.health) == ("slew of g", health)
    assert says in found.advice


def test_what_anybody_could_forge_is_called_unsafe():
    (found,) = sealing(
        Config(groups=[Group(name="g", voters={})], cluster=Cluster(encryption="none"))
    )
    assert (found.health, found.found[:7]) == (Health.DEGRADED, "unsafe:")
    assert list(sealing(Config(groups=[Group(name="g", voters={})]))) == []
    assert list(sealing(Config(cluster=Cluster(encryption="none")))) == []


def test_without_chrony_nothing_is_said_of_slew(tmp_path):
    config = Config(groups=[Group(name="g", voters={}, slew=0.01)])
    assert list(slews(config, Root(tmp_path))) == []


def test_without_groups_there_is_no_quorum():
    assert list(quorum(Config(), STATUS)) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_gate_is_tried_and_leaves_nothing_in_the_kernel():
    before = programs()
    assert diagnosis.gate(Root()).health == Health.OK
    assert programs() <= before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_where_the_kernel_takes_no_program_nftables_is_tried():
    code = (
        "from hwagent.cli import diagnosis; from hwagent.collect.root import Root;"
        "found = diagnosis.gate(Root()); print(found.health, found.found)"
    )
    argv = ["setpriv", "--bounding-set", "-bpf,-sys_admin", sys.executable, "-c", code]
    told = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert "degraded" in told
    assert "nftables guards instead" in told
    tables = subprocess.run(["nft", "list", "tables"], stdout=subprocess.PIPE, text=True)
    assert "hwagent" not in tables.stdout, "it was only tried"


def programs() -> set[str]:
    """Numbers of the BPF programs that this process holds open (proc_pid_fdinfo(5))."""
    found = set()
    for fd in os.listdir("/proc/self/fdinfo"):
        try:
            with open(f"/proc/self/fdinfo/{fd}") as file:
                found |= {line.split()[1] for line in file if line.startswith("prog_id")}
        except FileNotFoundError:
            continue
    return found
