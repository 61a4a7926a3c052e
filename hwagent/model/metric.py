"""What a collector declares about the numbers and states that it reads."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

Value = bool | int | float | str


class MetricType(StrEnum):
    """Counters only grow until they are reset; gauges move freely; states are words."""

    COUNTER = "counter"
    GAUGE = "gauge"
    STATE = "state"


class Metric(msgspec.Struct, frozen=True):
    """One metric of a kind: its name, unit and meaning, and the document that defines it."""

    name: str
    type: MetricType
    help: str
    unit: str = ""
    source: str = ""


def counter(name: str, help: str, unit: str = "", source: str = "") -> Metric:
    """A metric that only grows; a decrease is a reset."""
    return Metric(name, MetricType.COUNTER, help, unit, source)


def gauge(name: str, help: str, unit: str = "", source: str = "") -> Metric:
    """A metric that moves freely. Booleans are gauges of 0 and 1."""
    return Metric(name, MetricType.GAUGE, help, unit, source)


def state(name: str, help: str, source: str = "") -> Metric:
    """A metric whose value is a word."""
    return Metric(name, MetricType.STATE, help, "", source)


#: Kind to metric name to metric: all that rules may name.
Vocabulary = Mapping[str, Mapping[str, Metric]]
