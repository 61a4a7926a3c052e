"""What stands where, what feeds it and what it costs: as far as no host can find it out itself."""

import re
from collections.abc import Iterable, Mapping, Sequence

from .section import Section
from .source import Path, Source, nearest
from .units import Duration

#: ``kind:name``; components of a host or switch say whose they are: ``disk:db1/sda``.
_ID = re.compile(r"[a-z_]+:[^\s]+")
_NAME = re.compile(r"[^\s/:]+")


class Rack(Section, frozen=True):
    """Where a rack stands."""

    room: str = ""
    site: str = ""


class Machine(Section, frozen=True):
    """A host or a switch: the ``rack`` it stands in, and what it hangs on.

    ``psus`` are its power supplies and the feed of each; ``psus_needed`` of them must work. Of a
    host, ``nics`` are the switch (or ``switch/port``) of each network card, ``bonds`` the cards of
    each bond, ``arrays`` the disks of each mirror: what an agent on that host finds out by itself
    need not be said. ``uplinks`` of a switch are those that it hangs on, one of which must work; of
    one with a spanning tree they are found, if the switches are called what they call themselves.
    """

    rack: str = ""
    psus: dict[str, str] = {}
    psus_needed: int = 1
    nics: dict[str, str] = {}
    bonds: dict[str, list[str]] = {}
    arrays: dict[str, list[str]] = {}
    disks: list[str] = []
    uplinks: list[str] = []


class Dependency(Section, frozen=True):
    """``component`` works only while ``least`` of what it ``needs`` do; 0 means all of them."""

    component: str
    needs: list[str]
    least: int = 0


class Reliability(Section, frozen=True):
    """How often one of a kind fails, and how long until it is mended; None: the default."""

    failures_per_year: float | None = None
    repair: Duration | None = None


class Topology(Section, frozen=True):
    """The racks and what is in them, by name. The same text may go to every host.

    ``prices`` are what one more of a kind costs (``switch``, ``psu``, ``cable``), or one certain
    component by its id, in one ``currency``. ``reliability`` is by kind or id too. ``capacity`` is
    the share of a host that may be in use when others have failed.
    """

    racks: dict[str, Rack] = {}
    hosts: dict[str, Machine] = {}
    switches: dict[str, Machine] = {}
    depends: list[Dependency] = []
    prices: dict[str, float] = {}
    currency: str = ""
    reliability: dict[str, Reliability] = {}
    capacity: float = 0.8


def check_topology(source: Source, topology: Topology) -> None:
    """Raises ConfigError for what cannot be: names, numbers, circles."""
    at: Path = ("topology",)
    for room in ("racks", "hosts", "switches"):
        for name in getattr(topology, room):
            if not _NAME.fullmatch(name):
                what = f"a name has no spaces, '/' and ':', unlike {name!r}"
                raise source.error((*at, room, name), what)
    for room in ("hosts", "switches"):
        for name, machine in getattr(topology, room).items():
            _check_machine(source, (*at, room, name), machine, topology)
    for index, dependency in enumerate(topology.depends):
        _check_dependency(source, (*at, "depends", index), dependency)
    _check_circles(source, topology.depends)
    for room, numbers in (("prices", topology.prices), ("reliability", _rates(topology))):
        for name, number in numbers.items():
            if number < 0:
                raise source.error((*at, room, name), f"expected 0 or more, not {number:g}")
    if not 0 < topology.capacity <= 1:
        what = f"expected a share from 0 to 1, not {topology.capacity:g}"
        raise source.error((*at, "capacity"), what)


def _rates(topology: Topology) -> Mapping[str, float]:
    return {k: r.failures_per_year or 0.0 for k, r in topology.reliability.items()}


def _check_machine(source: Source, at: Path, machine: Machine, topology: Topology) -> None:
    if machine.rack and topology.racks and machine.rack not in topology.racks:
        hint = nearest(machine.rack, topology.racks)
        raise source.error((*at, "rack"), f"no rack {machine.rack!r} in topology.racks", hint)
    if machine.psus_needed < 1 or (machine.psus and machine.psus_needed > len(machine.psus)):
        what = f"expected from 1 to {len(machine.psus)}, the number of its power supplies"
        raise source.error((*at, "psus_needed"), f"{what}, not {machine.psus_needed}")
    for bond, legs in machine.bonds.items():
        for number, leg in enumerate(legs):
            if leg not in machine.nics:
                what = f"{leg!r} is none of its nics"
                raise source.error((*at, "bonds", bond, number), what, nearest(leg, machine.nics))


def _check_dependency(source: Source, at: Path, dependency: Dependency) -> None:
    places = [((*at, "component"), dependency.component)]
    places += [((*at, "needs", number), id) for number, id in enumerate(dependency.needs)]
    for place, id in places:
        if not _ID.fullmatch(id):
            what = f"expected kind:name, such as switch:sw1 or disk:db1/sda, not {id!r}"
            raise source.error(place, what)
    if len(set(dependency.needs)) != len(dependency.needs) or not dependency.needs:
        raise source.error((*at, "needs"), "expected one or more components, each once")
    if not 0 <= dependency.least <= len(dependency.needs):
        what = f"expected from 0 (all) to {len(dependency.needs)}, not {dependency.least}"
        raise source.error((*at, "least"), what)


def _check_circles(source: Source, depends: Sequence[Dependency]) -> None:
    """A component that needs itself, by way of others, is a slip of the pen."""
    below: dict[str, set[str]] = {}
    for index, dependency in enumerate(depends):
        if dependency.component in _reached(below, dependency.needs):
            what = f"a circle: {dependency.component} needs itself by way of others"
            raise source.error(("topology", "depends", index, "needs"), what)
        below.setdefault(dependency.component, set()).update(dependency.needs)


def _reached(below: Mapping[str, Iterable[str]], ids: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(ids)
    while waiting:
        id = waiting.pop()
        if id not in found:
            found.add(id)
            waiting.extend(below.get(id, ()))
    return found
