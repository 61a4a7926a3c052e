"""Gathering one component's sample, file by file, with every failure kept as a finding."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

from hwagent.model import Sample, Value

from .root import Missing, Root, Unreadable

T = TypeVar("T")
#: Beyond this a number is damage: 128-bit NVMe counters end here.
NUMBER_MAX = 2**128


class Gather:
    """Builds the Sample of one component from the files of one directory.

    A file that is missing adds nothing: the hardware does not have it. A file that cannot be read
    or understood is a problem of that metric; if the metric was named ``required`` it makes the
    component unreadable (a missing required file too), so that damage is never taken for health.
    """

    def __init__(self, id: str, kind: str, root: Root, directory: str = "") -> None:
        self.id = id
        self.kind = kind
        self.root = root
        self.directory = directory
        self.attributes: dict[str, Any] = {}
        self.metrics: dict[str, Value] = {}
        self.problems: dict[str, str] = {}
        self.unreadable = ""
        self.partial = False

    def read(
        self,
        metric: str,
        read: Callable[[], T],
        required: bool = False,
        harmless: tuple[str, ...] = (),
    ) -> T | None:
        """What ``read`` finds for a metric; None if it is missing or cannot be read, which is noted
        unless the reason begins with one of ``harmless``."""
        try:
            return read()
        except Missing as e:
            if required:
                self.fail(f"{metric} unknown: {e}")
        except Unreadable as e:
            if not e.why.startswith(harmless):
                self.problem(metric, str(e), required)
        return None

    def number(
        self, metric: str, file: str, scale: float = 1, base: int = 10, required: bool = False
    ) -> int | float | None:
        """Reads an integer file into a metric, times ``scale`` (0.001 for millidegrees)."""
        value = self.read(metric, lambda: self.root.number(self._at(file), base), required)
        if value is None:
            return None
        return self.set(metric, value if scale == 1 else round(value * scale, 9))

    def word(
        self, metric: str, file: str, known: frozenset[str] | None = None, required: bool = False
    ) -> str | None:
        """Reads a word into a metric; a word that is not among ``known`` is a problem."""
        text = self.read(metric, lambda: self.root.text(self._at(file)), required)
        if text is None:
            return None
        if (known is not None and text not in known) or not text:
            self.problem(metric, f"{file}: not a known value: {text[:40]!r}", required)
            return None
        self.metrics[metric] = text
        return text

    def attribute(self, name: str, file: str) -> str | None:
        """Reads a descriptive text into an attribute; missing or unreadable ones are left out."""
        try:
            text = self.root.text(self._at(file))
        except Unreadable:
            return None
        if text:
            self.attributes[name] = text
        return text or None

    def set(self, metric: str, value: int | float) -> int | float | None:
        """Puts a number into a metric; one that is not finite or absurdly large is a problem."""
        if not math.isfinite(value) or abs(value) > NUMBER_MAX:
            self.problem(metric, f"absurd value: {value:.3g}")
            return None
        self.metrics[metric] = value
        return value

    def problem(self, metric: str, why: str, required: bool = False) -> None:
        """Notes that a metric is there but unknown."""
        self.problems[metric] = why
        if required:
            self.fail(f"{metric} unknown: {why}")

    def fail(self, why: str) -> None:
        """Notes that the component as a whole cannot be judged; the first reason is kept."""
        self.unreadable = self.unreadable or why

    def _at(self, file: str) -> str:
        return f"{self.directory}/{file}" if self.directory else file

    def sample(self) -> Sample:
        """The finished sample."""
        return Sample(
            id=self.id,
            kind=self.kind,
            attributes=self.attributes,
            metrics=self.metrics,
            problems=self.problems,
            unreadable=self.unreadable,
            partial=self.partial,
        )
