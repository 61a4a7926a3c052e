"""The graph as a tree of text, from services down to what they hang on. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Component = Mapping[str, Any]
#: Turns of a drawing: for all but the last of what is below one line, and for the last.
_MIDDLE, _LAST = ("├─ ", "│  "), ("└─ ", "   ")


def tree(
    components: Iterable[Component], roots: Sequence[str], depth: int = 99
) -> Iterator[tuple[str, str, str]]:
    """Lines: what is drawn, an id or empty, and what is said of it. What was shown before is not
    shown again."""
    by = {c["id"]: c for c in components}
    shown: set[str] = set()
    for root in roots:
        yield "", root, _said(by[root])
        yield from _below(by, root, "", shown, depth)


def _below(
    by: Mapping[str, Component], id: str, indent: str, shown: set[str], depth: int
) -> Iterator[tuple[str, str, str]]:
    shown.add(id)
    rows: list[tuple[str, list[str]]] = []
    for need in by[id]["needs"]:
        if need["least"] == len(need["of"]):
            rows += [("", [child]) for child in need["of"]]
        else:
            rows.append((f"{need['least']} of {len(need['of'])}", need["of"]))
    for number, (gate, children) in enumerate(rows):
        turn, further = _LAST if number == len(rows) - 1 else _MIDDLE
        if not gate:
            yield from _child(by, children[0], indent + turn, indent + further, shown, depth)
            continue
        yield indent + turn + gate, "", ""
        for index, child in enumerate(children):
            inner = _LAST if index == len(children) - 1 else _MIDDLE
            left, right = indent + further + inner[0], indent + further + inner[1]
            yield from _child(by, child, left, right, shown, depth)


def _child(
    by: Mapping[str, Component], id: str, left: str, right: str, shown: set[str], depth: int
) -> Iterator[tuple[str, str, str]]:
    again = id in shown and bool(by[id]["needs"])
    yield left, id, _said(by[id]) + (" (above)" if again else "")
    if not again and depth > 1:
        yield from _below(by, id, right, shown, depth - 1)


def _said(component: Component) -> str:
    words = [] if component["state"] == "up" else [component["state"]]
    words += ["single point of failure"] if component["alone"] else []
    return ", ".join(words)


def roots(components: Iterable[Component], services: Iterable[str]) -> list[str]:
    """Where trees begin: services that no other component needs, but for the fleet."""
    others = (c for c in components if c["kind"] != "fleet")
    needed = {id for c in others for need in c["needs"] for id in need["of"]}
    return [id for id in services if id not in needed and not id.startswith("fleet:")]
