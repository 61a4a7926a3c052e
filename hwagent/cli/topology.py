"""``hwagent topology``: what depends on what, as a tree, a drawing, or data."""

from typing import Any

import click

from .asking import ask_topology, config_option
from .output import COLOURS, fail, print_json, socket_option

#: Columns that a tree may take; deeper lines are cut.
_WIDTH = 400


@click.command("topology")
@click.argument("components", nargs=-1)
@click.option("--depth", default=99, show_default=True, help="Levels of the tree.")
@click.option(
    "-o", "--output", type=click.Choice(["tree", "dot", "json", "svg"]), default="tree",
    help="A tree for people, Graphviz, JSON, or a drawing of the racks.",
)  # fmt: skip
@config_option
@socket_option
def command(
    components: tuple[str, ...], depth: int, output: str, config: str | None, path: str
) -> int:
    """What depends on what in the fleet: addresses on hosts, these on switches, feeds and racks.

    COMPONENTS are where to begin, such as host:db1; else all services. What others need it for is
    told by `hwagent audit --what-if`.
    """
    found = ask_topology(path, config)
    if output == "json":
        print_json(found)
    elif output == "dot":
        from hwagent.topology.dot import dot

        click.echo("\n".join(dot(found["components"])))
    elif output == "svg":
        from hwagent.topology.svg import svg

        click.echo(svg(found))
    else:
        _print_tree(found, components, depth)
    return 0


def _print_tree(found: dict[str, Any], begin: tuple[str, ...], depth: int) -> None:
    from hwagent.topology.tree import roots, tree

    known = {c["id"]: c for c in found["components"]}
    for id in begin:
        if id not in known:
            fail(f"no component {id!r}; `hwagent topology` shows all")
    chosen = begin or roots(found["components"], found["services"])
    if not chosen:
        fail("nothing is known of this fleet yet: the agent has found no hardware")
    for drawn, id, said in tree(found["components"], chosen, depth):
        colour = None
        if said:
            colour = COLOURS["failed"] if "down" in said else COLOURS["degraded"]
        words = click.style(f"  {said}", fg=colour) if said else ""
        click.echo(f"{drawn}{id}{words}"[:_WIDTH])
    if found["left"]:
        click.echo(f"{found['left']} components more that hosts do not tell of")
