"""The host as a whole: load, memory, pressure, out-of-memory kills, clock, hung tasks.

All from /proc and the firmware's table, so that captures and live hosts are read by the same code,
except the clock.
Sources: proc(5), Documentation/accounting/psi.rst, Documentation/admin-guide/tainted-kernels.rst.
"""

import os
import re
from collections.abc import Mapping
from typing import ClassVar

from hwagent.model import Sample, counter, gauge

from .adjtimex import read_clock
from .base import Collector
from .gather import Gather
from .identity import safe
from .interface import text_or_empty
from .packets import counts, damaged, tcp
from .root import Root

_PROC = "proc(5)"
_PSI = "Documentation/accounting/psi.rst"
_TAINT = "Documentation/admin-guide/tainted-kernels.rst"
_SNMP = "/proc/net/snmp"
_KIB = 1024
_MEMORY = {
    "MemTotal": "memory_total_bytes",
    "MemAvailable": "memory_available_bytes",
    "SwapTotal": "swap_total_bytes",
    "SwapFree": "swap_free_bytes",
    "HardwareCorrupted": "hardware_corrupted_bytes",
}
#: Bits of /proc/sys/kernel/tainted that tell of trouble since the boot.
_TAINTS = {"machine_check": 4, "kernel_oops": 7, "soft_lockup": 14}
#: What the firmware says of the machine: drivers/firmware/dmi-id.c.
_DMI = {
    "vendor": "sys_vendor",
    "product": "product_name",
    "serial": "product_serial",
    "board": "board_name",
    "bios_version": "bios_version",
}
_DECIMAL = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")
_PRESSURE = re.compile(r"(some|full) avg10=[\d.]+ avg60=(\d{1,3}\.\d\d)")
#: Reasons of a kernel without PSI; Python names the same error either way.
_WITHOUT_PSI = ("ENOTSUP", "EOPNOTSUPP")
_LOAD = re.compile(r"(\d{1,9}\.\d\d) (\d{1,9}\.\d\d) (\d{1,9}\.\d\d) \d+/(\d{1,9}) ")

_METRICS = (
    gauge("load1", "tasks that run or wait, mean over 1 minute", source=_PROC),
    gauge("load5", "tasks that run or wait, mean over 5 minutes", source=_PROC),
    gauge("load15", "tasks that run or wait, mean over 15 minutes", source=_PROC),
    gauge("cpus", "processors that are online", source=_PROC),
    gauge("tasks", "tasks that exist", source=_PROC),
    gauge("blocked_tasks", "tasks that wait for a device and cannot be interrupted", "", _PROC),
    counter("hung_tasks", "tasks found blocked for longer than the kernel's limit", "", _PROC),
    gauge("memory_total_bytes", "memory of the host", "bytes", _PROC),
    gauge("memory_available_bytes", "memory that can be had without swapping", "bytes", _PROC),
    gauge("memory_available_ratio", "available part of the memory, 0 to 1", source=_PROC),
    gauge("hardware_corrupted_bytes", "memory that the kernel gave up as broken", "bytes", _PROC),
    gauge("swap_total_bytes", "swap space", "bytes", _PROC),
    gauge("swap_free_bytes", "free swap space", "bytes", _PROC),
    counter("oom_kills", "tasks killed for lack of memory", source=_PROC),
    *(
        gauge(
            f"pressure_{what}_{how}_ratio", f"share of the last minute that {who} waited", "", _PSI
        )
        for what in ("cpu", "io", "memory")
        for how, who in (("some", "some task"), ("full", "all tasks"))
    ),
    counter("damaged_packets", "packets that came in with a wrong checksum", "", _SNMP),
    counter("tcp_segments_sent", "segments of TCP that were sent for the first time", "", _SNMP),
    counter("tcp_segments_retransmitted", "segments of TCP that were sent again", "", _SNMP),
    gauge("clock_synchronised", "1 if a time server disciplines the clock", "", "adjtimex(2)"),
    gauge("clock_max_error_seconds", "how wrong the clock may be", "seconds", "adjtimex(2)"),
    gauge("uptime_seconds", "time since the boot", "seconds", _PROC),
    gauge("boot_time_seconds", "when the host was booted", "seconds", _PROC),
    gauge("file_handles", "open files of the host", source=_PROC),
    gauge("file_handles_max", "open files that the kernel allows", source=_PROC),
    gauge("machine_check", "1 if a processor reported a machine check since the boot", "", _TAINT),
    gauge("kernel_oops", "1 if the kernel hit a bug (oops) since the boot", "", _TAINT),
    gauge("soft_lockup", "1 if a processor was stuck in the kernel since the boot", "", _TAINT),
)


class HostCollector(Collector):
    """One component: the host itself."""

    name = "host"
    kinds: ClassVar = {"host": _METRICS}
    attributes: ClassVar = {"host": ("hostname", "kernel", "boot_id", "machine_id", *_DMI)}
    interval = 10.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """The host; nothing for a tree without these files."""
        if not any(root.exists(f"proc/{file}") for file in ("loadavg", "meminfo", "stat")):
            return []
        hostname = _hostname(root)
        g = Gather(f"host:{safe(hostname)}", "host", root, "proc")
        g.attributes["hostname"] = hostname
        g.attribute("kernel", "sys/kernel/osrelease")
        g.attribute("boot_id", "sys/kernel/random/boot_id")
        if machine := text_or_empty(root, "etc/machine-id"):
            g.attributes["machine_id"] = machine
        for attribute, file in _DMI.items():  # the serial number can be read by root alone
            if text := text_or_empty(root, f"sys/class/dmi/id/{file}"):
                g.attributes[attribute] = text
        _load(g)
        _memory(g)
        _counters(g)
        _kernel(g)
        _pressure(g)
        if root.live:
            _clock(g)
        return [g.sample()]


def _hostname(root: Root) -> str:
    files = ("proc/sys/kernel/hostname", "etc/hostname")
    names = (text_or_empty(root, file) for file in files)
    return next((name.splitlines()[0][:255] for name in names if name), "unknown")


def _load(g: Gather) -> None:
    if (text := _text(g, "proc/loadavg", "load1")) is not None:
        if found := _LOAD.match(text + " "):
            for metric, value in zip(("load1", "load5", "load15"), found.groups()[:3], strict=True):
                g.set(metric, float(value))
            g.set("tasks", int(found[4]))
        else:
            g.problem("load1", f"loadavg: {text[:40]!r}")
    if (online := _text(g, "sys/devices/system/cpu/online", "cpus")) is not None:
        g.set("cpus", _listed(online))
        if not g.metrics["cpus"]:
            g.problem("cpus", f"online: {online[:40]!r}")
    elif info := _text(g, "proc/cpuinfo", "cpus"):
        g.set("cpus", len(re.findall(r"^processor\s*:", info, re.M)))
    if not g.metrics.get("cpus"):
        g.metrics.pop("cpus", None)


def _listed(text: str) -> int:
    """How many CPUs a list such as ``0-3,8`` names; 0 for damage."""
    count = 0
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not part.isascii() or not first.isdecimal() or not (last or first).isdecimal():
            return 0
        if max(len(first), len(last)) > 6:
            return 0
        count += int(last or first) - int(first) + 1
    return count if 0 < count < 2**20 else 0


def _memory(g: Gather) -> None:
    found = _pairs(g, "meminfo", "memory_available_bytes", ":")
    _expect(g, "meminfo", found, {name: _MEMORY[name] for name in ("MemTotal", "MemAvailable")})
    for name, text in found.items():
        if metric := _MEMORY.get(name):
            value = text.removesuffix("kB").strip()
            if value.isascii() and value.isdecimal() and len(value) < 20:
                g.set(metric, int(value) * _KIB)
            else:
                g.problem(metric, f"meminfo: {name}: {text[:40]!r}")
    total, available = (
        g.metrics.get("memory_total_bytes"),
        g.metrics.get("memory_available_bytes"),
    )
    if isinstance(total, int) and isinstance(available, int) and total > 0:
        g.set("memory_available_ratio", round(available / total, 6))


def _counters(g: Gather) -> None:
    for file, names in (
        ("vmstat", {"oom_kill": "oom_kills"}),
        ("stat", {"procs_blocked": "blocked_tasks", "btime": "boot_time_seconds"}),
    ):
        found = _pairs(g, file, next(iter(names.values())), " ")
        _expect(g, file, found, names)
        for name, metric in names.items():
            value = found.get(name, "")
            if value.isascii() and value.isdecimal() and len(value) < 20:
                g.set(metric, int(value))
            elif value:
                g.problem(metric, f"{file}: {name}: {value[:40]!r}")
    g.number("hung_tasks", "sys/kernel/hung_task_detect_count")
    _packets(g)
    uptime = _text(g, "proc/uptime", "uptime_seconds")
    if uptime is not None:
        _float(g, "uptime_seconds", uptime.partition(" ")[0])


def _packets(g: Gather) -> None:
    found = counts(text_or_empty(g.root, "proc/net/snmp"))
    if (packets := damaged(found)) is not None:
        g.set("damaged_packets", packets)
    if segments := tcp(found):
        g.set("tcp_segments_sent", segments.sent)
        g.set("tcp_segments_retransmitted", segments.again)


def _float(g: Gather, metric: str, text: str) -> None:
    if _DECIMAL.fullmatch(text):
        g.set(metric, float(text))
    else:
        g.problem(metric, f"not a number: {text[:40]!r}")


def _kernel(g: Gather) -> None:
    files = (_text(g, "proc/sys/fs/file-nr", "file_handles") or "").split()
    if len(files) == 3 and all(n.isdecimal() and len(n) < 20 for n in files):
        g.set("file_handles", int(files[0]))
        g.set("file_handles_max", int(files[2]))
    elif files:
        g.problem("file_handles", f"file-nr: {' '.join(files)[:40]!r}")
    tainted = _text(g, "proc/sys/kernel/tainted", "kernel_oops")
    if tainted is not None and tainted.isdecimal() and len(tainted) < 20:
        for metric, bit in _TAINTS.items():
            g.set(metric, int(tainted) >> bit & 1)
    elif tainted is not None:
        g.problem("kernel_oops", f"tainted: {tainted[:40]!r}")


def _pressure(g: Gather) -> None:
    """Absent where the kernel was built or booted without PSI (then reading says EOPNOTSUPP)."""
    for what in ("cpu", "io", "memory"):
        metric = f"pressure_{what}_some_ratio"
        text = _text(g, f"proc/pressure/{what}", metric, harmless=_WITHOUT_PSI)
        if text is None:
            continue
        found = _PRESSURE.findall(text)
        if not found:
            g.problem(metric, f"pressure/{what}: {text[:40]!r}")
        for how, percent in found:
            g.set(f"pressure_{what}_{how}_ratio", round(float(percent) / 100, 4))


def _clock(g: Gather) -> None:
    try:
        clock = read_clock()
    except OSError as e:
        g.problem("clock_synchronised", f"adjtimex: {os.strerror(e.errno or 0)}")
        return
    g.set("clock_synchronised", int(clock.synchronised))
    g.set("clock_max_error_seconds", clock.max_error)


def _text(g: Gather, path: str, metric: str, harmless: tuple[str, ...] = ()) -> str | None:
    return g.read(metric, lambda: g.root.text(path), harmless=harmless)


def _expect(g: Gather, file: str, found: Mapping[str, str], names: Mapping[str, str]) -> None:
    """Lines that every kernel since 4.13 writes: a file without them was cut or is damaged."""
    for name, metric in names.items():
        if name not in found and g.root.exists(f"proc/{file}"):
            g.problems.setdefault(metric, f"{file}: it has no {name}")


def _pairs(g: Gather, file: str, metric: str, separator: str) -> Mapping[str, str]:
    """Lines of a name and a value; empty if the file is missing, or cannot be read."""
    text = _text(g, f"proc/{file}", metric)
    lines = (line.partition(separator) for line in (text or "").splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}


COLLECTOR = HostCollector
