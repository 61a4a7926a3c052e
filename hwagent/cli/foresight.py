"""What ``hwagent config check`` says of a group's times before they are in force."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from hwagent.config import Config, Group, host_name
from hwagent.daemon.places import places
from hwagent.daemon.stalls import read_book
from hwagent.vip.prediction import Outage, predict

from .client import NoAgent, request
from .output import print_table

#: Seconds of a round trip in a rack, where it was not measured.
ASSUMED = 0.001
UNKNOWN = (
    "how late the holder of this host can be is not known yet: whether it keeps these times shows"
    " once it has run"
)
_COLUMNS = ("group", "fault", "mean", "worst", "note")


class Foresight(msgspec.Struct, frozen=True):
    """One group: its round trip in seconds, whether that was ``measured``, and what faults cost."""

    group: str
    rtt: float
    measured: bool
    outages: tuple[Outage, ...]


def stall(config: Config) -> float | None:
    """The worst stall of this host's holder in a week, in seconds; None if it is not known."""
    return read_book(places(config).stalls).worst()


def foresee(config: Config, measure: Callable[[str], float | None]) -> list[Foresight]:
    """All groups; ``measure`` tells the round trip to a host in seconds, if it is known."""
    found = []
    for group in config.groups:
        times = [rtt for name in _others(config, group) if (rtt := measure(name)) is not None]
        rtt = max(times, default=ASSUMED)
        found.append(Foresight(group.name, rtt, bool(times), predict(group, rtt)))
    return found


def measured(path: str) -> Callable[[str], float | None]:
    """Round trips as the agent at a socket knows them."""

    def measure(name: str) -> float | None:
        try:
            code, body = request(path, "GET", f"/v1/rtt?from=&to={name}")
            return float(msgspec.json.decode(body)["seconds"]) if code == 200 else None
        except (NoAgent, msgspec.DecodeError, KeyError, TypeError, ValueError):
            return None

    return measure


def show(found: Iterable[Foresight]) -> None:
    """A table for people."""
    rows: list[tuple[Any, ...]] = []
    for one in found:
        how = "as measured" if one.measured else "assumed: no agent knows it"
        rows.append((one.group, f"round trip {_ms(one.rtt)}, {how}", "", "", ""))
        rows += [("", o.fault, _ms(o.mean), _ms(o.worst), o.note) for o in one.outages]
    print_table(_COLUMNS, rows)


def as_json(found: Iterable[Foresight]) -> list[dict[str, Any]]:
    """The same for programs, in milliseconds."""
    return [
        {
            "group": one.group,
            "rtt_ms": round(one.rtt * 1000, 3),
            "rtt": "measured" if one.measured else "assumed",
            "outages": [
                {"fault": o.fault, "mean_ms": round(o.mean * 1000, 1),
                 "worst_ms": round(o.worst * 1000, 1), "note": o.note}
                for o in one.outages
            ],
        }
        for one in found
    ]  # fmt: skip


def _others(config: Config, group: Group) -> list[str]:
    return sorted({*group.voters, *group.members} - {host_name(config)})


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
