"""What a host lacks for us, and how to get it: the checks of ``hwagent doctor``, one function each.

Each looks at one thing and returns what it found; none changes anything or raises.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hwagent import __version__
from hwagent.collect.adjtimex import read_clock
from hwagent.collect.ipmi_device import DEVICES
from hwagent.collect.root import Root, Unreadable
from hwagent.config import Config, Group
from hwagent.config.groups import unsafe
from hwagent.daemon.places import places
from hwagent.daemon.stalls import read_book
from hwagent.model import Health
from hwagent.vip.timing import bearable, misfit

from .finding import SYSTEM, Finding
from .installation import holder, secrets, services
from .safety import sealing, slews

#: bpf_ktime_get_boot_ns, on whose clock the gate's deadlines are (include/uapi/linux/bpf.h).
GATE_KERNEL = (5, 8)
#: What keeps the holder on time, tried in a process of its own that ends at once.
_HARDEN = "from hwagent.vip.realtime import harden; print('\\n'.join(harden()))"


def install(root: Root, package: str, rpm: str = "") -> str:
    """The command that installs a package on this distribution (os-release(5), ID and ID_LIKE)."""
    try:
        told = root.text("etc/os-release")
    except Unreadable:
        told = ""
    names = [line.partition("=")[2] for line in told.splitlines() if line.startswith("ID")]
    like = {word for name in names for word in name.strip('"').split()}
    return f"dnf install {rpm or package}" if "rhel" in like else f"apt install {package}"


def pressure(root: Root) -> Finding:
    """Pressure stall information (Documentation/accounting/psi.rst)."""
    if root.exists("proc/pressure/memory"):
        return Finding("pressure", Health.OK, "the kernel tells of stalls")
    advice = "boot the kernel with psi=1"
    return Finding("pressure", Health.DEGRADED, "no /proc/pressure: stalls are not seen", advice)


def clock() -> Finding:
    """Whether a time server disciplines the clock; leases do not need it, times in logs do."""
    try:
        told = read_clock()
    except OSError as e:
        return Finding("clock", Health.UNKNOWN, f"adjtimex: {e.strerror}", "try as root")
    if told.synchronised:
        return Finding("clock", Health.OK, f"disciplined, within {told.max_error:.3g} s")
    advice = f"{install(Root(), 'chrony')}, and name time servers"
    return Finding("clock", Health.DEGRADED, "no time server disciplines the clock", advice)


def realtime() -> Finding:
    """Whether the holder gets locked memory and real-time priority, if it is run by this user."""
    try:
        tried = subprocess.run(
            [sys.executable, "-c", _HARDEN], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired) as e:
        return Finding("real-time", Health.UNKNOWN, str(e))
    lacks = tried.stdout.split("\n")[:-1] if tried.returncode == 0 else [tried.stderr.strip()]
    lacks = [line for line in lacks if line]
    if not lacks:
        return Finding("real-time", Health.OK, "locked memory and real-time priority are there")
    if os.geteuid() != 0:
        return Finding("real-time", Health.UNKNOWN, "; ".join(lacks), "try as root")
    advice = "LimitMEMLOCK=infinity and LimitRTPRIO=5, as hwagent-holder.service has them"
    return Finding("real-time", Health.DEGRADED, "; ".join(lacks), advice)


def gate(root: Root) -> Finding:
    """Whether the kernel takes the gate's program; it is attached to nothing, and closed again."""
    from hwagent.gate.kernel import Gate

    release = platform.release()
    numbers = tuple(int(n) for n in release.split("-")[0].split(".")[:2] if n.isdecimal())
    if numbers < GATE_KERNEL:
        found = f"kernel {release} is older than {'.'.join(map(str, GATE_KERNEL))}{_instead()}"
        return Finding("gate", Health.DEGRADED, found, "a newer kernel")
    try:
        Gate().close()
    except FileNotFoundError as e:
        advice = install(root, "libbpf1", "libbpf")
        return Finding("gate", Health.DEGRADED, f"{e.strerror or e}{_instead()}", advice)
    except OSError as e:
        if os.geteuid() != 0:
            return Finding("gate", Health.UNKNOWN, "only root can load it", "try as root")
        advice = "CAP_BPF and CAP_NET_ADMIN, and a kernel with CONFIG_BPF_SYSCALL and act_bpf"
        found = f"the kernel refuses it: {e.strerror}{_instead()}"
        return Finding("gate", Health.DEGRADED, found, advice)
    return Finding("gate", Health.OK, "the kernel takes it: a frozen holder answers to nobody")


def _instead() -> str:
    """What guards where the kernel takes no program; it is only tried, and nothing is set."""
    from hwagent.gate.nftables import Table

    try:
        return f"; nftables guards instead: {Table().weakness}"
    except OSError as e:
        return f"; nor can nftables guard: {e.strerror or e}"


def tools(root: Root) -> Iterator[Finding]:
    """Programs of others, needed where this host has what they are asked about."""
    blocks = root.names("sys/block")
    disks = sum(name.startswith(("sd", "nvme")) for name in blocks)
    arrays = sum(name.startswith("md") for name in blocks)
    bmcs = bool(root.names(DEVICES)) and not shutil.which("ipmi-sensors", path=SYSTEM)
    yield _tool(root, "smartctl", "smartmontools", disks, "disks whose SMART is not read")
    yield _tool(root, "mdadm", "mdadm", arrays, "arrays that cannot be repaired")
    yield _tool(root, "ipmitool", "ipmitool", bmcs, "BMC that is not asked")


def _tool(
    root: Root,
    program: str,
    package: str,
    needed: int,
    whose: str,
    missed: Health = Health.DEGRADED,
) -> Finding:
    if path := shutil.which(program, path=SYSTEM):
        return Finding(program, Health.OK, path)
    if not needed:
        return Finding(program, Health.OK, "not installed, and not needed here")
    return Finding(program, missed, f"not installed: {needed} {whose}", install(root, package))


def agent(status: Mapping[str, Any] | None, why: str) -> Iterator[Finding]:
    """Whether the agent runs, is of our version, and what it says is wrong with itself."""
    if status is None:
        advice = "systemctl start hwagent, or `hwagent run`"
        health = Health.UNKNOWN if "denied" in why else Health.FAILED
        yield Finding("agent", health, why, advice if health is Health.FAILED else "")
        return
    if status["version"] == __version__:
        yield Finding("agent", Health.OK, f"{status['version']} runs, mode {status['mode']}")
    else:
        found = f"{status['version']} runs, {__version__} is installed"
        yield Finding("agent", Health.DEGRADED, found, "systemctl restart hwagent")
    for problem in status["problems"]:
        yield Finding("agent", Health.DEGRADED, problem)


def quorum(config: Config, status: Mapping[str, Any] | None) -> Iterator[Finding]:
    """Whether each group has a majority, now and after a loss."""
    members = status["members"] if status is not None else []
    alive = {member["name"] for member in members if member["status"] == "alive"}
    for group in config.groups:
        yield _majority(group, alive)


def _majority(group: Group, alive: set[str]) -> Finding:
    check, count = f"quorum of {group.name}", len(group.voters)
    needed = count // 2 + 1
    there = len(alive & set(group.voters))
    if found := unsafe(group):
        advice = "a third host as a witness, and majority"
        return Finding(check, Health.DEGRADED, f"unsafe: {found}", advice)
    if alive and there < needed:
        found = f"{there} of {count} voters are alive, {needed} are needed: nobody holds anything"
        return Finding(check, Health.FAILED, found, "see `hwagent status` on the others")
    if count - needed < 1:
        found = f"{count} voters survive no loss"
        return Finding(check, Health.DEGRADED, found, "a third voter; it may be a witness")
    if alive and there - needed < 1:
        found = f"{there} of {count} voters are alive: no other may be lost"
        return Finding(check, Health.DEGRADED, found, "see `hwagent status` on the others")
    return Finding(check, Health.OK, f"{count} voters survive the loss of {count - needed}")


def intervals(config: Config) -> Iterator[Finding]:
    """Whether the holder of this host was on time for each group."""
    worst = read_book(places(config).stalls).worst()
    for group in config.groups:
        check, times = f"interval of {group.name}", group.interval.text()
        if worst is None:
            found = "how late the holder can be is not known yet"
            yield Finding(check, Health.UNKNOWN, found, "start hwagent, and look again")
        elif why := misfit(group, worst):
            yield Finding(check, Health.DEGRADED, why, "a longer interval and lease")
        else:
            found = f"{times}; the holder was {worst * 1000:g} ms late at worst, in a week"
            yield Finding(check, Health.OK, f"{found}: it bears {bearable(worst) * 1000:g} ms")


def diagnose(
    config: Config, ask: Callable[[], tuple[Mapping[str, Any] | None, str]]
) -> list[Finding]:
    """All checks; ``ask`` returns the agent's status, or none and why."""
    root = Root()
    status, why = ask()
    found = [*agent(status, why), *services(root), *holder(), *secrets(config)]
    found += [gate(root), realtime(), pressure(root), clock(), *tools(root)]
    found += [*quorum(config, status), *intervals(config)]
    return [*found, *sealing(config), *slews(config, root)]
