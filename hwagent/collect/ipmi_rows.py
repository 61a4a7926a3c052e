"""Tables of sensors that FreeIPMI and ipmitool print, row by row. Pure.

Sources: ipmi-sensors(8), ipmimonitoring(8) (``ID | Name | Type | State | Reading | Units | Event``,
the state only of the latter; also with thresholds, or separated by commas); ipmitool(1) (``sdr``,
``sdr elist``, ``sdr type``, ``sensor``, each also with ``-c``).
"""

import csv
import re
from collections.abc import Callable
from typing import NamedTuple

#: More than any BMC has.
ROWS_MAX = 4096
_NONE = ("", "n/a", "na", "no reading", "disabled", "not readable", "unavailable", "not available")
_ID = re.compile(r"[0-9A-Fa-f]{1,4}h")
_ENTITY = re.compile(r"\d+\.\d+")
_STATUS = frozenset({"ok", "ns", "nc", "cr", "nr", "us", "lnc", "lcr", "lnr", "unc", "ucr", "unr"})
_VALUE = re.compile(r"(-?\d+(?:\.\d+)?)\s*(.*)")
_EVENT = re.compile(r"'([^']*)'")
#: Columns of thresholds: FreeIPMI's names, and their order in ``ipmitool sensor``.
_LIMITS = {
    "lower nr": "lcrit",
    "lower c": "lcrit",
    "lower nc": "min",
    "upper nc": "max",
    "upper c": "crit",
    "upper nr": "crit",
}
_SENSOR_LIMITS = ("", "lcrit", "min", "max", "crit", "")
#: Entities of IPMI 2.0, table 43-13: what an ipmitool row without a type is a sensor of.
_ENTITIES = {3: "Processor", 4: "Drive Slot", 10: "Power Supply", 26: "Drive Slot", 29: "Fan",
             8: "Memory", 32: "Memory", 40: "Battery"}  # fmt: skip


class Row(NamedTuple):
    """One sensor: what it reads now (None: nothing), the words of its events, the tool's own
    verdict, and its limits by ``min``, ``max``, ``lcrit``, ``crit``."""

    number: str
    name: str
    type: str
    reading: float | None
    units: str
    events: tuple[str, ...]
    status: str
    limits: dict[str, float]


#: Rows, and what is wrong with a line among them; empty if nothing is.
Rows = tuple[list[Row], str]


def freeipmi(content: str) -> Rows:
    """Rows of ipmi-sensors or ipmimonitoring. Raises ValueError for what is no such table."""
    lines = [line for line in content.splitlines() if line.strip()]
    start = next((n for n, line in enumerate(lines) if _header(line)), None)
    if start is None:
        raise ValueError("no table of ipmi-sensors: no line with ID, Name and Type")
    names = [cell.lower() for cell in _cells(lines[start])]
    return _rows(lines[start + 1 :], lambda line: _freeipmi_row(names, line))


def ipmitool(content: str) -> Rows:
    """Rows of ``ipmitool sdr`` or ``ipmitool sensor``. Raises ValueError for what is no such
    table."""
    rows, problem = _rows([x for x in content.splitlines() if x.strip()], _ipmitool_row)
    if not rows:
        raise ValueError(problem or "empty")
    return rows, problem


def _rows(lines: list[str], read: Callable[[str], Row]) -> Rows:
    rows, problem = [], ""
    for line in lines[:ROWS_MAX]:
        try:
            rows.append(read(line))
        except ValueError as e:
            problem = problem or str(e)
    return rows, problem


def _header(line: str) -> bool:
    cells = [cell.lower() for cell in _cells(line)]
    return cells[:1] == ["id"] and "name" in cells and "type" in cells


def _cells(line: str) -> list[str]:
    """Cells of a line that is separated by bars or commas."""
    cells = line.split("|") if "|" in line else next(csv.reader([line], skipinitialspace=True))
    return [cell.strip() for cell in cells]


def _freeipmi_row(names: list[str], line: str) -> Row:
    cells = _cells(line)
    if len(cells) != len(names):
        raise ValueError(f"{len(cells)} columns instead of {len(names)}: {line[:60]!r}")
    row = dict(zip(names, cells))
    state = row.get("state", "").lower()
    event = row.get("event", "")
    events = tuple(_EVENT.findall(event)) or (() if event.lower() in _NONE else (event,))
    limits: dict[str, float] = {}
    for column, limit in _LIMITS.items():
        bound = _number(row.get(column, ""))
        if bound is not None:  # the critical limit, not the one beyond it
            limits[limit] = bound if limit not in limits or column.endswith(" c") else limits[limit]
    units = row.get("units", "")
    return Row(
        row["id"],
        row["name"],
        row["type"],
        _number(row.get("reading", "")),
        "" if units.lower() in _NONE else units,
        events,
        "" if state in _NONE else state,
        limits,
    )


def _number(text: str) -> float | None:
    match = _VALUE.fullmatch(text.strip())
    return float(match[1]) if match and not match[2] else None


def _ipmitool_row(line: str) -> Row:
    cells = _cells(line)
    if len(cells) < 3 or not cells[0]:
        raise ValueError(f"no line of ipmitool sdr: {line[:60]!r}")
    if len(cells) >= 10 and _is_status(cells[3]):
        return _sensor_row(cells)
    name, rest = cells[0], cells[1:]
    status = next((c for c in rest if c.lower() in _STATUS), None)
    if status is None:
        raise ValueError(f"no status such as ok in {line[:60]!r}")
    number = next((c for c in rest if _ID.fullmatch(c)), "")
    entity = next((c for c in rest if _ENTITY.fullmatch(c) and number), "")
    words = [c for c in rest if c and c not in (status, number, entity)]
    return _words_row(number, name, entity, words, status.lower())


def _is_status(cell: str) -> bool:
    """Discrete sensors have their bits where others have a status."""
    return cell.lower() in _STATUS or cell.lower() == "na" or cell.lower().startswith("0x")


def _words_row(number: str, name: str, entity: str, words: list[str], status: str) -> Row:
    """A row whose reading is ``29 degrees C``, two cells of the like, bits, or words of events."""
    type = _ENTITIES.get(int(entity.partition(".")[0]), "") if entity else ""
    # -c has the unit in a cell of its own, and words of events where others have one cell for all
    first = " ".join(words[:2]) if len(words) > 1 and _number(words[0]) is not None else ""
    match = _VALUE.fullmatch(first or (words[0] if words else ""))
    if match and not match[2].startswith("x"):  # 0x00: bits, not a number
        return Row(number, name, type, float(match[1]), match[2], (), status, {})
    events = tuple(e.strip() for word in words for e in word.split(",") if _tells(e))
    return Row(number, name, type, None, "", events, status, {})


def _tells(event: str) -> bool:
    """False for what says nothing: no reading, or bits without words."""
    word = event.strip().lower()
    return word not in _NONE and not word.startswith("0x")


def _sensor_row(cells: list[str]) -> Row:
    """``name | reading | units | status | six thresholds`` of ``ipmitool sensor``."""
    name, reading, units, status, *bounds = cells[:10]
    limits = {
        limit: bound
        for limit, text in zip(_SENSOR_LIMITS, bounds)
        if limit and (bound := _number(text)) is not None
    }
    value = None if units.lower() == "discrete" else _number(reading)
    verdict = status.lower() if status.lower() in _STATUS else ""
    return Row("", name, "", value, "" if value is None else units, (), verdict, limits)
