"""What would happen if some components failed: what stops, what has nothing left to spare. Pure."""

import re
from collections.abc import Collection, Iterable

import msgspec

from hwagent.config import nearest

from .audit import Lost, lost
from .fleet import Fleet
from .graph import Graph

_AND = re.compile(r",|\band\b")


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from the failure of ``failed``, beyond what is down already.

    ``stops`` are services, ``down`` everything; ``lost`` is redundancy that it costs, ``alone``, by
    service, what would take it down after that and would not before.
    """

    failed: tuple[str, ...]
    stops: tuple[str, ...]
    down: tuple[str, ...]
    lost: tuple[Lost, ...]
    alone: dict[str, tuple[str, ...]]


def what_if(fleet: Fleet, failed: Collection[str], dead: Collection[str] = ()) -> WhatIf:
    """What the failure of components adds to what has failed already."""
    solver, graph = fleet.solver, fleet.graph
    before = graph.down(fleet.failed(dead))
    after = graph.down({*fleet.failed(dead), *failed})
    now = solver.given(after)
    services = fleet.services()
    above = graph.ancestors(after - before)
    touched = [s for s in services if s not in after and s in above]
    known = set(lost(graph, before))
    alone = {s: tuple(sorted(now.cuts(s).singles - solver.cuts(s).singles)) for s in touched}
    return WhatIf(
        failed=tuple(sorted(failed)),
        stops=tuple(s for s in services if s in after and s not in before),
        down=tuple(sorted(after - before)),
        lost=tuple(one for one in lost(graph, after) if one not in known),
        alone={s: found for s, found in alone.items() if found},
    )


def components(graph: Graph, text: str) -> list[str]:
    """The components that people mean by ``switch sw1 down`` or ``feed:a, host db1``.

    Raises ValueError for what there is not, with the nearest that there is.
    """
    ids = graph.ids()
    found = []
    for clause in filter(None, (c.strip() for c in _AND.split(text))):
        words = [w for w in clause.split() if w not in ("down", "fails", "failed", "the", "is")]
        found.append(_component(ids, words, clause))
    if not found:
        raise ValueError("expected what fails, such as `switch sw1 down`")
    return found


def _component(ids: Iterable[str], words: list[str], clause: str) -> str:
    known = set(ids)
    wanted = ":".join(words) if len(words) == 2 and ":" not in words[0] else "".join(words)
    if wanted in known:
        return wanted
    named = [id for id in known if id.partition(":")[2] == wanted]
    if len(named) == 1:
        return named[0]
    if named:
        raise ValueError(f"{clause!r} is one of {', '.join(sorted(named))}; say which")
    hint = nearest(wanted, known)
    raise ValueError(f"nothing is called {clause!r}{'; ' + hint if hint else ''}")
