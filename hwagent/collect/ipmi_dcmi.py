"""The power that a host takes, as its BMC measures it (DCMI). Pure.

Sources: DCMI 1.5, 6.6 (Get Power Reading); ipmi-dcmi(8), ipmitool(1).
"""

import re
from typing import Any

_LINE = re.compile(r"\s*(?P<name>[A-Za-z][A-Za-z ]*?)\s*(?:is)?\s*:\s*(?P<value>.*?)\s*")
_WATTS = re.compile(r"(\d{1,9})\s*watts", re.IGNORECASE)
_WINDOW = re.compile(r"power statistics for rolling average time period (.*)", re.IGNORECASE)
#: Beginnings of the tools' words for the current power, the extremes, the mean and the state.
_WORDS = (
    ("current power", "watts"),
    ("instantaneous power reading", "watts"),
    ("minimum", "least_watts"),
    ("maximum", "most_watts"),
    ("average", "mean_watts"),
    ("power measurement", "state"),
    ("power reading state", "state"),
)


def parse_dcmi(content: str) -> list[dict[str, Any]]:
    """Windows of time with ``watts`` and, where told, ``least_watts``, ``most_watts``,
    ``mean_watts``, ``state`` and ``period``. Raises ValueError if there is no reading: no zero."""
    windows: list[dict[str, Any]] = []
    period = ""
    for line in content.splitlines():
        if begin := _WINDOW.match(line.strip()):
            period = begin[1]
        key, value = _entry(line)
        if key == "watts":
            windows.append({"period": period} if period else {})
        if key and windows:
            windows[-1].setdefault(key, value)
    if not windows:
        said = next((line.strip() for line in content.splitlines() if "fail" in line.lower()), "")
        raise ValueError(said or "no power reading in it")
    inactive = str(windows[0].get("state", "active")).lower()
    if inactive not in ("active", "activated"):
        raise ValueError(f"the BMC does not measure power: {inactive}")
    return windows


def _entry(line: str) -> tuple[str, Any]:
    match = _LINE.fullmatch(line)
    if match is None:
        return "", None
    key = next((k for words, k in _WORDS if match["name"].lower().startswith(words)), "")
    if key == "state":
        return key, match["value"]
    watts = _WATTS.match(match["value"])
    return (key, int(watts[1])) if watts else ("", None)
