"""What can stand in a place of the command line, as the shell's completion asks: from the running
agent where it knows, and nothing where it does not answer at once."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import click
import msgspec
from click.shell_completion import CompletionItem

from .client import NoAgent, request

Items = list[CompletionItem]


def component_ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Ids of components, with their health."""
    components = _ask(ctx, "/v1/components").get("components", [])
    return _matching(incomplete, ((c["id"], c["health"]) for c in components))


def kinds(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Kinds of the components that there are."""
    components = _ask(ctx, "/v1/components").get("components", [])
    return _matching(incomplete, ((kind, "") for kind in sorted({c["kind"] for c in components})))


def vocabulary_kinds(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Every kind that there is a collector for."""
    from hwagent.daemon.loading import known_vocabulary

    return _matching(incomplete, ((kind, "") for kind in sorted(known_vocabulary())))


def alerting(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Ids of components with alerts, with the alert."""
    found = {a["component"]: a["rule"] for a in _ask(ctx, "/v1/alerts").get("alerts", [])}
    return _matching(incomplete, found.items())


def rule_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Names of rules: those that alert on the component before, else all shipped ones."""
    alerts = _ask(ctx, "/v1/alerts").get("alerts", [])
    component = ctx.params.get("component")
    found = {a["rule"]: a["summary"] for a in alerts if component in (None, "", a["component"])}
    return _matching(incomplete, found.items() or ((name, "") for name in _shipped()))


def silences(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Ids of silences, with what they are about."""
    listed = _ask(ctx, "/v1/control/silences", "POST").get("silences", [])
    return _matching(incomplete, ((s["id"], f"{s['component']} {s['rule']}") for s in listed))


def actions(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Names of actions."""
    from hwagent.respond import action_names

    return _matching(incomplete, ((name, "") for name in sorted(action_names())))


def scenarios(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Shipped scenarios by name, and files."""
    from hwagent.config import shipped

    names = sorted(p.stem for p in (shipped() / "scenarios").glob("*.yaml"))
    return _matching(incomplete, ((name, "") for name in names)) or [
        CompletionItem(incomplete, type="file")
    ]


def _ask(ctx: click.Context, resource: str, method: str = "GET") -> Mapping[str, Any]:
    path = ctx.params.get("path") or os.environ.get("HWAGENT_SOCKET", "")
    try:
        status, body = request(path, method, resource, None if method == "GET" else {})
        answer: dict[str, Any] = msgspec.json.decode(body)
    except (NoAgent, msgspec.DecodeError):
        return {}
    return answer if status == 200 else {}


def _matching(incomplete: str, found: Iterable[tuple[str, str]]) -> Items:
    return [CompletionItem(name, help=help) for name, help in found if name.startswith(incomplete)]


def _shipped() -> list[str]:
    from hwagent.config import Config, ConfigError
    from hwagent.daemon.loading import rule_set

    try:
        return sorted(r.name for r in rule_set(Config()).rules)
    except ConfigError:
        return []
