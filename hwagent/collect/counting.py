"""Counters of the kernel in files of their own: never negative, at most 64 bits wide."""

from .gather import Gather

_END = 2**64


def count(
    g: Gather, metric: str, file: str, *, scale: int = 1, base: int = 10, required: bool = False
) -> int | None:
    """Reads a counter into a metric, times ``scale``; a number that no counter of the kernel can
    show is a problem. None if it is missing or unknown."""
    value = g.number(metric, file, scale, base, required)
    if isinstance(value, int) and 0 <= value < _END * scale:
        return value
    if value is not None:
        g.metrics.pop(metric, None)
        g.problem(metric, f"{file}: not a count: {value:.3g}", required)
    elif required and metric in g.problems:
        g.fail(f"{metric} unknown: {g.problems[metric]}")
    return None
