"""Machine checks: errors that processors find in themselves, their caches, buses and memory.

Sources: /proc/interrupts (arch/x86/kernel/irq.c, the counts for each processor),
arch/x86/kernel/cpu/mce/core.c (settings; decimal, whatever Documentation/ABI/testing/sysfs-mce
says). What a machine check did is told elsewhere: memory taken out of use and the kernel's taint at
the host, errors by memory module at EDAC.
"""

import re
from typing import ClassVar

from hwagent.model import Sample, counter, gauge

from .base import Collector
from .counting import count
from .edac import module_ids
from .gather import Gather
from .root import Missing, Root, Unreadable

_CPUS_MAX = 8192
_MACHINECHECK = "sys/devices/system/machinecheck"
_FIRST = f"{_MACHINECHECK}/machinecheck0"
_HEADER = re.compile(r"\s*CPU\d+(\s+CPU\d+)*\s*")
_LINES = {
    "MCE": "exceptions",
    "MCP": "polls",
    "THR": "threshold_interrupts",
    "DFR": "deferred_interrupts",
}
_SOURCE = "arch/x86/kernel/irq.c"

METRICS = (
    counter("exceptions", "machine checks, added up over processors", "", _SOURCE),
    counter("exceptions_busiest_cpu", "machine checks of the processor with the most", "", _SOURCE),
    counter("polls", "times that the kernel looked for corrected errors", "", _SOURCE),
    counter("threshold_interrupts", "interrupts for corrected errors, all processors", "", _SOURCE),
    counter(
        "threshold_interrupts_busiest_cpu",
        "interrupts for corrected errors, of the processor with the most",
        "",
        _SOURCE,
    ),
    counter("deferred_interrupts", "interrupts for data found broken (AMD)", "", _SOURCE),
    gauge("cpus", "processors that count"),
    gauge("corrected_ignored", "1 if the kernel was told to ignore corrected errors", "",
          "sysfs-mce, ignore_ce"),
    gauge("check_interval_seconds", "time between looks for corrected errors; 0: none", "seconds",
          "sysfs-mce"),
)  # fmt: skip


class MachineCheck(Collector):
    """One component, ``machine_check:cpu``, on hosts with a machine check architecture (x86).

    Intel's processors tell all of them of one exception or interrupt, AMD's only one: the count of
    the busiest one is never more than the number of errors, the sum is never less.
    """

    name: ClassVar = "mce"
    kinds: ClassVar = {"machine_check": METRICS}
    attributes: ClassVar = {"machine_check": ("dimms",)}
    interval: ClassVar = 30.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """The processors' counts; nothing where processors do not count, as on most virtual
        machines. Raises Unreadable if it cannot be told whether they do."""
        known = root.exists(_FIRST)
        g = Gather("machine_check:cpu", "machine_check", root, _FIRST)
        try:
            _interrupts(g, root.text("proc/interrupts"), known)
        except Missing:
            if not known:
                return []
        except Unreadable as e:
            if not known:
                raise
            g.problem("exceptions", str(e), required=True)
        if not known and not g.metrics and not g.problems:
            return []
        _settings(g)
        if dimms := module_ids(root):
            g.attributes["dimms"] = dimms
        return [g.sample()]


def _interrupts(g: Gather, text: str, known: bool) -> None:
    """Lines ``MCE: 0 0 0 0 Machine check exceptions`` below a header that names the processors."""
    header, *lines = text.splitlines() or [""]
    if not _HEADER.fullmatch(header):
        raise Unreadable("proc/interrupts", f"no list of processors: {header[:40]!r}")
    cpus = len(header.split())
    if cpus > _CPUS_MAX:
        raise Unreadable("proc/interrupts", f"absurd number of processors: {cpus}")
    for line in lines:
        name, _, rest = line.strip().partition(":")
        if metric := _LINES.get(name):
            _line(g, metric, rest.split()[:cpus], cpus)
    if "exceptions" in g.metrics:
        g.set("cpus", cpus)
    elif known and "exceptions" not in g.problems:
        g.problem("exceptions", "proc/interrupts: no line MCE", required=True)


def _line(g: Gather, metric: str, words: list[str], cpus: int) -> None:
    if len(words) < cpus or not all(w.isascii() and w.isdecimal() and len(w) < 21 for w in words):
        why = f"proc/interrupts: not {cpus} counts: {' '.join(words)[:40]!r}"
        g.problem(metric, why, required=metric == "exceptions")
        return
    counts = [int(word) for word in words]
    g.set(metric, sum(counts))
    if metric in ("exceptions", "threshold_interrupts"):
        g.set(f"{metric}_busiest_cpu", max(counts))


def _settings(g: Gather) -> None:
    count(g, "check_interval_seconds", "check_interval")
    ignored = count(g, "corrected_ignored", "ignore_ce")
    if ignored is not None and ignored > 1:
        g.metrics.pop("corrected_ignored")
        g.problem("corrected_ignored", f"ignore_ce: neither 0 nor 1: {ignored}")


COLLECTOR = MachineCheck
