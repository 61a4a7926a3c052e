"""Many components of a kind in a few words: three temperatures each by name, thirty as a range."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .output import value_text

Component = Mapping[str, Any]
#: So many components of a kind are told one by one.
EACH = 3
#: So many names are told where there is nothing to measure.
NAMES = 6


class Fact(NamedTuple):
    """What tells how a component of a kind is: the first of ``metrics`` that it has.

    A word tells itself, for a number there is ``text``.
    """

    metrics: tuple[str, ...]
    text: Callable[[float], str] = str

    def told(self, value: Any) -> str:
        """The value for people."""
        return value if isinstance(value, str) else self.text(value)


def _scaled(units: Sequence[str], unit: str) -> Callable[[float], str]:
    def text(value: float) -> str:
        prefix = units[-1]
        for prefix in units:
            if value < 1000 or prefix == units[-1]:
                break
            value /= 1000
        return f"{value:.3g} {prefix}{unit}"

    return text


def _percent(value: float) -> str:
    return f"{value:.0%}"


def _unit(unit: str) -> Callable[[float], str]:
    return lambda value: f"{value_text(value)} {unit}".rstrip()


_SPEED = _scaled(("", "k", "M", "G", "T"), "bit/s")

#: By kind. Kinds that are not here are told by name.
FACTS: Mapping[str, Fact] = {
    "array": Fact(("sync_ratio", "level"), _percent),
    "battery": Fact(("capacity_ratio",), _percent),
    "bond": Fact(("active_leg", "mode")),
    "current": Fact(("amperes",), _unit("A")),
    "dimm": Fact(("ce",), _unit("corrected")),
    "disk": Fact(("temperature_celsius",), _unit("°C")),
    "fan": Fact(("rpm",), _unit("rpm")),
    "fc_port": Fact(("speed_bits_per_second",), _SPEED),
    "filesystem": Fact(("used_ratio",), _percent),
    "host": Fact(("load1",), _unit("load")),
    "ib_port": Fact(("rate_bits_per_second",), _SPEED),
    "memory_controller": Fact(("ce",), _unit("corrected")),
    "multipath": Fact(("paths_active",), _unit("paths")),
    "nic": Fact(("speed_bits_per_second", "operstate"), _SPEED),
    "power": Fact(("watts",), _unit("W")),
    "psu": Fact(("watts",), _unit("W")),
    "service": Fact(("latency_seconds",), lambda v: f"{v * 1000:.3g} ms"),
    "temperature": Fact(("celsius",), _unit("°C")),
    "thermal": Fact(("celsius",), _unit("°C")),
    "voltage": Fact(("volts",), _unit("V")),
}  # fmt: skip


def condense(kind: str, components: Sequence[Component]) -> str:
    """One kind on one line: each component's fact if there are few, else least to most."""
    fact = FACTS.get(kind, Fact(()))
    known = [(c, v) for c in components if (v := _value(fact, c)) is not None]
    if len(components) <= EACH:
        told = {c["id"]: f" {fact.told(v)}" for c, v in known}
        return ", ".join(f"{name(c)}{told.get(c['id'], '')}" for c in components)
    numbers = [(v, c) for c, v in known if not isinstance(v, str)]
    if len(numbers) < 2:
        return _names(components)
    words = Counter(v for _, v in known if isinstance(v, str))
    return ", ".join([_range(fact, numbers), *(f"{n} {word}" for word, n in words.items())])


def name(component: Component) -> str:
    """What people call it: the kernel's name or a label, else what follows the kind in its id."""
    attributes = component["attributes"]
    known = attributes.get("label") or attributes.get("name")
    return str(known or component["id"].partition(":")[2])


def _range(fact: Fact, numbers: Sequence[tuple[float, Component]]) -> str:
    least, most = (pick(numbers, key=lambda pair: pair[0]) for pick in (min, max))
    if least[0] == most[0]:
        return f"{len(numbers)} at {fact.text(most[0])}"
    return f"{fact.text(least[0])} to {fact.text(most[0])} ({name(most[1])})"


def _value(fact: Fact, component: Component) -> Any:
    metrics = component["metrics"]
    if metrics.get("carrier") == 0:
        return "no link"
    return next((metrics[m] for m in fact.metrics if metrics.get(m) not in (None, "")), None)


def _names(components: Sequence[Component]) -> str:
    more = len(components) - NAMES
    text = ", ".join(name(c) for c in components[:NAMES])
    return text + (f" and {more} more" if more > 0 else "")
