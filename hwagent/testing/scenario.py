"""Scenario files: a simulated server, what happens to it, and what should come of it."""

from pathlib import Path
from typing import Any

import msgspec

from hwagent.config import Config, ConfigError, Duration, Source, convert, duration, parse, shipped

from .server import Description


class Event(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """At a time, and ``times`` times ``every`` so often, something happens to the hardware.

    ``set`` and ``add`` hold what (``disk:sda``) and the fields to change; ``pull`` a disk's name;
    ``hang`` and ``free`` a look such as ``smart/sda``.
    """

    at: Duration
    set: dict[str, dict[str, Any]] = {}
    add: dict[str, dict[str, Any]] = {}
    pull: str = ""
    hang: str = ""
    free: str = ""
    every: Duration | None = None
    times: int = 1


class Expectation(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a scenario must lead to, by names of rules and actions, in any order."""

    alerts: list[str] = []
    actions: list[str] = []


class Scenario(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One story: a server, a configuration, events, how long it goes on."""

    description: str
    host: Description
    config: Config = Config()
    events: list[Event]
    duration: Duration
    step: Duration = Duration(5)
    expect: Expectation = msgspec.field(default_factory=Expectation)


def load_scenario(path: str | Path) -> Scenario:
    """Reads a scenario from a file, or a shipped one by name. Raises ConfigError."""
    file = Path(path)
    if not file.exists() and file.parent == Path() and not file.suffix:
        file = shipped() / "scenarios" / f"{file.name}.yaml"
    try:
        source = parse(file.read_bytes(), str(file))
    except OSError as e:
        names = ", ".join(sorted(p.stem for p in (shipped() / "scenarios").glob("*.yaml")))
        raise ConfigError(
            Source(str(file), None, {}, {}).place(()), f"{e.strerror}; shipped are {names}"
        ) from None
    return convert(source, Scenario)


def occurrences(event: Event) -> list[float]:
    """The times at which an event happens."""
    every = float(event.every or duration("1s"))
    return [float(event.at) + number * every for number in range(event.times)]
