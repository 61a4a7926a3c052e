"""The graph for Graphviz: ``hwagent topology -o dot | dot -Tsvg``. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_SHAPES = {"vip": "ellipse", "group": "ellipse", "fleet": "ellipse", "service": "ellipse"}
_COLOURS = {"down": "#d03b3b", "unknown": "#8a63b8", "up": "#3c4a5a"}


def dot(components: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Lines of a directed graph; components of one host or switch are in one box."""
    yield "digraph hwagent {"
    yield "  rankdir=LR;"
    yield '  node [shape=box style="rounded,filled" fillcolor=white fontname=Helvetica];'
    owners: dict[str, list[Mapping[str, Any]]] = {}
    edges: list[str] = []
    for component in components:
        owners.setdefault(_owner(component["id"]), []).append(component)
        edges += _edges(component)
    for number, (owner, mine) in enumerate(sorted(owners.items())):
        if owner:
            yield f"  subgraph cluster_{number} {{ label={_quote(owner)}; color=grey80;"
        yield from (f"    {_node(c)}" for c in mine)
        if owner:
            yield "  }"
    yield from (f"  {edge}" for edge in edges)
    yield "}"


def _owner(id: str) -> str:
    kind, _, name = id.partition(":")
    if kind in ("host", "switch"):
        return name
    return name.partition("/")[0] if "/" in name else ""


def _node(component: Mapping[str, Any]) -> str:
    shape = _SHAPES.get(component["kind"], "box")
    fill = "#ffe3e0" if component["alone"] else "white"
    label = f"{component['kind']}\\n{_escaped(component['id'].partition(':')[2])}"
    return (
        f'{_quote(component["id"])} [label="{label}" shape={shape} '
        f'color="{_COLOURS[component["state"]]}" fillcolor="{fill}"];'
    )


def _edges(component: Mapping[str, Any]) -> Iterator[str]:
    for number, need in enumerate(component["needs"]):
        source = _quote(component["id"])
        if need["least"] < len(need["of"]):
            gate = _quote(f"{component['id']} {number}")
            label = f"{need['least']} of {len(need['of'])}"
            yield f'{gate} [label="{label}" shape=diamond style=solid fontsize=10];'
            yield f"{source} -> {gate};"
            source = gate
        yield from (f"{source} -> {_quote(id)};" for id in need["of"])


def _quote(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
