"""The graph as plain data, as the API gives it: for JSON, and for what draws it. Pure."""

from collections.abc import Collection, Mapping
from typing import Any

from .fleet import FLEET, Fleet

#: Services whose single points of failure are marked: a host is always one of its own.
_MARKED = ("vip:", "service:", FLEET)


def topology(fleet: Fleet, dead: Collection[str] = (), left: int = 0) -> dict[str, Any]:
    """Every component with what it needs and whether it works: ``up``, ``down`` or ``unknown``.

    ``alone`` are the addresses and declared services that it takes down alone. ``left`` is how many
    components hosts have that they do not tell.
    """
    services = fleet.services()
    alone: dict[str, list[str]] = {}
    for service in services:
        if service.startswith(_MARKED):
            for id in sorted(fleet.solver.singles(service)):
                alone.setdefault(id, []).append(service)
    graph = fleet.graph
    failed = fleet.failed(dead)
    down = graph.down(failed)

    def component(id: str) -> Mapping[str, Any]:
        node = graph.get(id)
        state = "down" if id in down else node.state or "up"
        return {
            "id": id,
            "kind": node.kind,
            "state": state,
            "failed": id in failed,
            "needs": [{"least": n.least, "of": list(n.of)} for n in node.needs],
            "alone": alone.get(id, []),
            "facts": dict(node.facts),
        }

    return {
        "components": [component(id) for id in graph.ids()],
        "services": services,
        "left": left,
    }
