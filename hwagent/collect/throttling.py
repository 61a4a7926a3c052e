"""How often and how long processors were slowed because they were hot, by package.

Sources: arch/x86/kernel/cpu/mce/therm_throt.c (what is counted; times since Linux 5.6, in
milliseconds), Documentation/admin-guide/cputopology.rst.
"""

import re
from typing import ClassVar

from hwagent.model import Sample, counter

from .base import Collector
from .gather import Gather
from .identity import safe
from .root import Missing, Root, Unreadable

#: More than any host has; a capture may hold any number of directories.
CPUS_MAX = 8192
_CPUS = "sys/devices/system/cpu"
_CPU = re.compile(r"cpu\d{1,5}")
_END = 2**64
_SOURCE = "therm_throt.c"
#: Metric: file, factor. All processors of a package count its events, all threads of a core those
#: of the core.
_PACKAGE = {
    "package_throttles": ("package_throttle_count", 1),
    "package_throttled_seconds": ("package_throttle_total_time_ms", 0.001),
}
_CORE = {
    "core_throttles": ("core_throttle_count", 1),
    "core_throttled_seconds": ("core_throttle_total_time_ms", 0.001),
}

METRICS = (
    counter("package_throttles", "times that the package was slowed", "", _SOURCE),
    counter("package_throttled_seconds", "how long it was slowed", "seconds", _SOURCE),
    counter("core_throttles", "times that a core was slowed, all cores together", "", _SOURCE),
    counter("core_throttled_seconds", "how long cores were, together", "seconds", _SOURCE),
)


class Throttling(Collector):
    """Each processor package that counts, as ``cpu:package0``."""

    name: ClassVar = "throttling"
    kinds: ClassVar = {"cpu": METRICS}
    attributes: ClassVar = {"cpu": ("package",)}
    interval: ClassVar = 30.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All packages. Raises Unreadable if processors cannot be listed."""
        packages: dict[str, _Package] = {}
        for cpu in [n for n in root.names(_CPUS) if _CPU.fullmatch(n)][:CPUS_MAX]:
            if root.exists(f"{_CPUS}/{cpu}/thermal_throttle"):
                number = _topology(root, cpu, "physical_package_id")
                packages.setdefault(number, _Package(root, number)).add(cpu)
        return [package.sample() for package in packages.values()]


class _Package:
    """The counts of one package, each at the highest that any of its processors shows."""

    def __init__(self, root: Root, number: str) -> None:
        self._gather = Gather(f"cpu:package{safe(number)}", "cpu", root, _CPUS)
        self._gather.attributes["package"] = number
        self._counts: dict[str, dict[str, float]] = {}

    def add(self, cpu: str) -> None:
        """Takes the counts of one processor."""
        core = _topology(self._gather.root, cpu, "core_id")
        for whose, files in (("", _PACKAGE), (core, _CORE)):
            for metric, (file, scale) in files.items():
                self._count(metric, whose, f"{cpu}/thermal_throttle/{file}", scale)

    def _count(self, metric: str, whose: str, file: str, scale: float) -> None:
        try:
            value = self._gather.root.number(f"{_CPUS}/{file}")
        except Missing:
            return
        except Unreadable as e:
            self._gather.problem(metric, str(e))
            return
        if 0 <= value < _END:
            counts = self._counts.setdefault(metric, {})
            counts[whose] = max(counts.get(whose, 0), value * scale)
        else:
            self._gather.problem(metric, f"{file}: not a count: {value:.3g}")

    def sample(self) -> Sample:
        """The package: what its cores count is added up."""
        for metric, counts in self._counts.items():
            if metric not in self._gather.problems:
                self._gather.set(metric, round(sum(counts.values()), 3))
        if not self._counts:
            self._gather.fail("nothing of it can be read")
        return self._gather.sample()


def _topology(root: Root, cpu: str, file: str) -> str:
    """Number of a processor's package or core; its own name where that cannot be read, so that it
    is counted by itself."""
    try:
        return str(root.number(f"{_CPUS}/{cpu}/topology/{file}"))
    except Unreadable:
        return f"-of-{cpu}"


COLLECTOR = Throttling
