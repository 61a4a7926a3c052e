"""``hwagent audit``: what can still take a service down, and what to buy first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from .asking import ask_audit, config_option
from .output import output_option, paint, print_json, print_table, socket_option

#: Lines of each table; `-o json` has them all.
_LINES = 20
#: Names that one cell has room for.
_NAMES = 4
#: Components that stand for several, with these.
_Elements = Mapping[str, Sequence[str]]


@click.command("audit")
@click.option("--what-if", default="", metavar="TEXT", help="What fails: 'switch sw1 down'.")
@config_option
@output_option
@socket_option
def command(what_if: str, config: str | None, output: str, path: str) -> int:
    """What can still take a service down, what redundancy is lost, and what to buy first.

    Services are virtual IPs, arrays, hosts, and the fleet. A single point of failure takes one
    down alone; pairs do together. Minutes a year follow from failure rates and repair times, see
    `topology` in `hwagent.yaml(5)`. With --what-if: what would stop, where addresses would go, and
    whether the hosts that are left suffice.

    Exit status: 0 nothing takes a service down alone, 1 something does or redundancy is lost, 2 a
    service is down or would be.
    """
    found = ask_audit(path, config, what_if)
    if output == "json":
        print_json(found)
    elif what_if:
        _print_what_if(found)
    else:
        _print_audit(found)
    return _what_if_status(found) if what_if else _audit_status(found)


def _audit_status(found: dict[str, Any]) -> int:
    if any(s["state"] == "down" for s in found["services"]):
        return 2
    elements = found["elements"]
    marked = [s for s in found["services"] if _counts(s, elements) and s["alone"]]
    return int(bool(marked or found["lost"]))


def _alone(id: str, elements: _Elements) -> str:
    """A component, and how many others are as good as parts of it: what to buy names them."""
    more = len(elements.get(id, (id,))) - 1
    return f"{id} (+{more})" if more else id


def _counts(service: dict[str, Any], elements: _Elements) -> bool:
    """A host is always a single point of failure of itself: told, but no finding."""
    alone = [a["component"] for a in service["alone"]]
    parts = [part for id in alone for part in elements.get(id, (id,))]
    return parts != [service["id"]] or not service["id"].startswith("host:")


def _what_if_status(found: dict[str, Any]) -> int:
    stops = [s for s in found["stops"] if not s.startswith("host:")]
    if stops or any(not c["enough"] for c in found["capacity"] if c["case"] == "what if"):
        return 2
    return int(bool(found["lost"] or found["stops"]))


def _print_audit(found: dict[str, Any]) -> None:
    order, elements = {"down": 0, "unknown": 1, "up": 2}, found["elements"]
    services = sorted(found["services"], key=lambda s: (order[s["state"]], -s["minutes"], s["id"]))
    rows = [
        (s["id"], s["state"], _names(_alone(a["component"], elements) for a in s["alone"]),
         s["pairs_total"], _minutes(s["minutes"]))
        for s in services
    ]  # fmt: skip
    columns = ("service", "state", "goes down with any of", "pairs", "minutes a year")
    _print_cut(columns, rows)
    _section("Redundancy lost now", _lost(found["lost"]))
    now = [(s["id"], _names(s["now"])) for s in services if s["now"]]
    _table("With that lost, these stop a service alone", ("service", "goes down with any of"), now)
    _print_purchases(found)
    shared = [(c["how"], c["what"], _names(c["of"])) for c in found["common"]]
    _table("Not as redundant as it looks", ("they share", "which", "where"), shared)
    _section("No room for a loss", [_room(c) for c in found["capacity"] if not c["enough"]])
    _section("Not known whether they work", found["unknown"])
    _section("Left out", found["problems"])


def _print_purchases(found: dict[str, Any]) -> None:
    rows = [
        (p["component"], _names(p["stops"]) or "-", _minutes(p["minutes"]),
         "?" if p["price"] is None else f"{p['price']:g}", _worth(p), p["advice"])
        for p in found["buy"]
        if p["minutes"] >= 0.05
    ]  # fmt: skip
    money = found["currency"] or "price"
    columns = ("component", "stops alone", "minutes saved", money, f"minutes/{money}", "what")
    _table("What to buy first", columns, rows)


def _worth(purchase: dict[str, Any]) -> str:
    if purchase["price"] is None:
        return "?"
    if not purchase["price"]:
        return "free"
    return f"{purchase['minutes'] / purchase['price']:.3g}"


def _print_what_if(found: dict[str, Any]) -> None:
    click.echo(f"If {_names(found['failed'], 99)} failed:")
    stops = found["stops"]
    click.echo(f"  {paint('failed') if stops else paint('ok')}: " + (
        f"{_names(stops, 99)} would stop" if stops else "no service would stop"
    ))  # fmt: skip
    rows = [(m["vip"], m["source"], m["target"] or "nobody") for m in found["moves"]]
    _table("Addresses that move", ("address", "from", "to"), rows)
    _section("Redundancy that it costs", _lost(found["lost"]))
    alone = [(s, _names(ids)) for s, ids in sorted(found["alone"].items())]
    _table("What would stop a service then", ("service", "goes down with any of"), alone)
    _section("Room", [_room(c) for c in found["capacity"] if c["case"] == "what if"])


def _lost(lost: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"{one['component']}: {one['working']} of {one['total']} work, {one['least']} needed; "
        f"lost: {_names(one['gone'])}"
        for one in lost
    ]


def _room(one: dict[str, Any]) -> str:
    without = _names(one["without"])
    if one["used"] is None:
        enough = "load not known" if one["enough"] else "nobody is left"
        return f"{one['group']} without {without}: {enough}"
    word = "enough" if one["enough"] else "not enough"
    return f"{one['group']} without {without}: {one['used']:.0%} in use, {word} ({one['case']})"


def _minutes(minutes: float) -> str:
    return f"{minutes:.1f}" if minutes >= 0.05 else "<0.1" if minutes else "0"


def _names(names: Iterable[str], most: int = _NAMES) -> str:
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def _section(title: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(f"\n{title}:")
        click.echo("\n".join(_cut(lines)))


def _cut(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:_LINES])
    if len(lines) > _LINES:
        yield f"  and {len(lines) - _LINES} more"


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        click.echo(f"\n{title}:")
        _print_cut(columns, rows)


def _print_cut(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    print_table(columns, rows[:_LINES], "no services")
    if len(rows) > _LINES:
        click.echo(f"and {len(rows) - _LINES} more: -o json")
