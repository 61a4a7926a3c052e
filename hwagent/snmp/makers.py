"""Makers' own tables of power supplies, fans and sensors: one small YAML file each, in
``conf/makers``. A user's files come behind the shipped ones and replace tables of the same object.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from hwagent.config import ConfigError, Place, Source, convert, parse, shipped

from .oid import Oid, parse_oid

PartKind = Literal[
    "psu", "fan", "temperature", "voltage", "current", "power", "humidity", "frequency", "sensor"
]


class _Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything in a maker's file."""


class States(_Struct, frozen=True):
    """What the numbers of a status mean: for each verdict, numbers and the MIB's words for them.

    ``no_input``: it is there and has no power; ``disabled``: switched off by people; ``standby``:
    ready to take over; ``absent``: an empty bay; ``unknown``: the switch itself does not know.
    """

    good: dict[int, str] = {}
    warning: dict[int, str] = {}
    critical: dict[int, str] = {}
    failed: dict[int, str] = {}
    no_input: dict[int, str] = {}
    disabled: dict[int, str] = {}
    standby: dict[int, str] = {}
    absent: dict[int, str] = {}
    unknown: dict[int, str] = {}


class Reading(_Struct, frozen=True):
    """A number that a part measures: ``oid`` is its column, times ``scale`` it has the unit of the
    table's kind. ``limits`` are columns of the same scale: ``max``, ``crit``, ``min``, ``lcrit``.
    ``ignore`` are numbers that stand for none."""

    oid: str
    scale: float = 1
    limits: dict[Literal["max", "crit", "min", "lcrit"], str] = {}
    ignore: tuple[int, ...] = ()


class Where(_Struct, frozen=True):
    """Which rows a table is of: those whose ``oid`` has one of the values (numbers or OIDs), or
    whose name fits the regular expression ``name``."""

    oid: str = ""
    values: tuple[int | str, ...] = ()
    name: str = ""


class TableText(_Struct, frozen=True):
    """One table: its rows are parts of one ``kind``.

    ``object`` is the name of the status (or of the reading, if there is no status) in the MIB.
    ``name`` is the column of names; else ``label`` names the rows, with ``{index}`` in it.
    ``entity``: the rows' index is that of ENTITY-MIB.
    """

    kind: PartKind
    object: str
    source: str
    status: str = ""
    states: States = States()
    reading: Reading | None = None
    name: str = ""
    label: str = "{index}"
    serial: str = ""
    where: Where = Where()
    entity: bool = False


class LimitsText(_Struct, frozen=True):
    """Columns of limits beside those of ENTITY-SENSOR-MIB, with its index and scale."""

    source: str
    max: str = ""
    crit: str = ""
    min: str = ""
    lcrit: str = ""
    ignore: tuple[int, ...] = ()


class MakerText(_Struct, frozen=True):
    """A maker's file: ``enterprises`` are its numbers at IANA, with which sysObjectID begins."""

    maker: str
    enterprises: tuple[int, ...] = ()
    tables: list[TableText] = []
    sensor_limits: list[LimitsText] = []


class Table(msgspec.Struct, frozen=True):
    """A table with its OIDs read: columns by what they hold, and verdicts by number."""

    maker: str
    text: TableText
    columns: dict[str, Oid]
    verdicts: dict[int, tuple[str, str]]
    pattern: re.Pattern[str] | None


class Limits(msgspec.Struct, frozen=True):
    """Columns of limits by ``max``, ``crit``, ``min``, ``lcrit``; numbers that stand for none."""

    columns: dict[str, Oid]
    ignore: tuple[int, ...]


class Makers(msgspec.Struct, frozen=True):
    """All makers' tables and limits, and the makers' names by their numbers at IANA."""

    tables: list[Table]
    limits: list[Limits]
    names: dict[int, str]

    def maker(self, object_id: Oid) -> str:
        """Name of the maker of a switch, by its sysObjectID; empty if it is not known."""
        return self.names.get(object_id[6], "") if len(object_id) > 6 else ""


def load_makers(directories: Iterable[Path] = ()) -> Makers:
    """The shipped makers and those in further directories. Raises ConfigError, with file, line,
    column and the nearest right name, for the first thing that is wrong."""
    tables: dict[tuple[str, str, str, str], Table] = {}
    limits: list[Limits] = []
    names: dict[int, str] = {}
    for directory in (shipped() / "makers", *directories):
        for path in _files(directory):
            source = _source(path)
            maker = convert(source, MakerText)
            names.update(dict.fromkeys(maker.enterprises, maker.maker))
            found = [_table(source, maker, n, text) for n, text in enumerate(maker.tables)]
            tables.update({_key(table): table for table in found})
            limits += [_limits(source, n, text) for n, text in enumerate(maker.sensor_limits)]
    return Makers(list(tables.values()), limits, names)


@cache
def shipped_makers() -> Makers:
    """The makers that are shipped, read once. Raises ConfigError if that is damaged."""
    return load_makers()


def _key(table: Table) -> tuple[str, str, str, str]:
    text = table.text
    return text.object, text.kind, str(text.where.values), text.where.name


def _files(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == ".yaml")
    except OSError as e:
        raise ConfigError(Place(str(directory), 1, 1), f"cannot be read: {e.strerror}") from None


def _source(path: Path) -> Source:
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as e:
        raise ConfigError(Place(str(path), 1, 1), f"cannot be read: {e.strerror}") from None


def _limits(source: Source, number: int, text: LimitsText) -> Limits:
    at = ("sensor_limits", number)
    columns = {
        name: _column(source, (*at, name), getattr(text, name))
        for name in ("max", "crit", "min", "lcrit")
        if getattr(text, name)
    }
    return Limits(columns, text.ignore)


def _table(source: Source, maker: MakerText, number: int, text: TableText) -> Table:
    at = ("tables", number)
    if not text.status and text.reading is None:
        what = "a table needs 'status' or 'reading'"
        raise ConfigError(source.place(at), what, f"tables[{number}]")
    columns = {
        name: _column(source, (*at, name), getattr(text, name))
        for name in ("status", "name", "serial")
        if getattr(text, name)
    }
    if text.where.oid:
        columns["where"] = _column(source, (*at, "where", "oid"), text.where.oid)
    if text.reading:
        columns["reading"] = _column(source, (*at, "reading", "oid"), text.reading.oid)
        for limit, oid in text.reading.limits.items():
            columns[limit] = _column(source, (*at, "reading", "limits", limit), oid)
    pattern = _pattern(source, (*at, "where", "name"), text.where.name)
    return Table(maker.maker, text, columns, _verdicts(source, at, text.states), pattern)


def _column(source: Source, at: tuple[str | int, ...], text: str) -> Oid:
    try:
        return parse_oid(text)
    except ValueError as e:
        raise ConfigError(source.place(at), str(e), ".".join(map(str, at))) from None


def _pattern(source: Source, at: tuple[str | int, ...], text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text, re.IGNORECASE) if text else None
    except re.error as e:
        what = f"not a regular expression: {e}"
        raise ConfigError(source.place(at), what, ".".join(map(str, at))) from None


def _verdicts(
    source: Source, at: tuple[str | int, ...], states: States
) -> dict[int, tuple[str, str]]:
    """Verdict and word by number; a number under two verdicts is a mistake."""
    found: dict[int, tuple[str, str]] = {}
    for verdict in States.__struct_fields__:
        for number, word in getattr(states, verdict).items():
            if number in found:
                place = source.place((*at, "states", verdict, str(number)))
                what = f"{number} stands under {found[number][0]!r} and {verdict!r}"
                raise ConfigError(place, what, ".".join(map(str, (*at, "states", verdict))))
            found[number] = (verdict, word)
    return found
