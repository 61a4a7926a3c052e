"""``hwagent check``: a monitoring plugin for Nagios, Icinga, Sensu, Centreon."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import click
import msgspec

from hwagent.model import Health, worst

from .client import NoAgent, request
from .complete import component_ids, kinds
from .output import output_option, print_json, socket_option

_WORDS = {"ok": "OK", "degraded": "WARNING", "failed": "CRITICAL", "unknown": "UNKNOWN"}
#: Thresholds of the counts, ``warn;crit;min``: one component that is not well is too many.
_LIMITS = {"ok": ";;0", "degraded": "0;;0", "failed": ";0;0", "unknown": "0;;0"}


@click.command("check")
@click.option("--kind", default="", shell_complete=kinds, help="Judge only this kind.")
@click.option(
    "--component", "id", default="", shell_complete=component_ids,
    help="Judge only this component; its numbers become performance data.",
)  # fmt: skip
@output_option
@socket_option
def command(kind: str, id: str, output: str, path: str) -> int:
    """Monitoring-plugin line and exit status; a dead agent is UNKNOWN (3), never OK."""
    try:
        code, body = request(path, "GET", "/v1/status")
        status = msgspec.json.decode(body)
    except (NoAgent, msgspec.DecodeError) as e:
        return _tell(output, "unknown", str(e))
    if code != 200:
        return _tell(output, "unknown", status["error"])
    return _judge(status, kind, id, output)


def _judge(status: dict[str, Any], kind: str, id: str, output: str) -> int:
    chosen = [
        c
        for c in status["components"]
        if (not kind or c["kind"] == kind) and (not id or c["id"] == id)
    ]
    if not chosen and (kind or id):
        return _tell(
            output, "unknown", f"no such component: {id or kind}; see `hwagent components`"
        )
    if not status["ready"]:
        return _tell(output, "unknown", "the first round is still under way")
    sick = sorted((c for c in chosen if c["health"] != "ok"), key=_rank)
    health = worst(Health(c["health"]) for c in chosen)
    text = f"{sick[0]['id']}: {sick[0]['reason']}" if sick else f"{len(chosen)} components are ok"
    if len(sick) > 1:
        text += f" (and {len(sick) - 1} more)"
    lines = [f"{c['id']}: {c['health']}: {c['reason']}" for c in sick[1:]]
    data = _numbers(chosen[0]["metrics"]) if id else _counts(chosen)
    return _tell(output, health, text, lines, data)


def _rank(component: Mapping[str, Any]) -> tuple[int, str]:
    order = ("failed", "degraded", "unknown")
    return order.index(component["health"]), component["id"]


def _counts(components: list[dict[str, Any]]) -> list[str]:
    counts = Counter(c["health"] for c in components)
    return [f"{h}={counts[h]};{limits};{len(components)}" for h, limits in _LIMITS.items()]


def _numbers(metrics: Mapping[str, Any]) -> list[str]:
    return [f"{name}={value}" for name, value in sorted(metrics.items()) if _is_number(value)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tell(
    output: str,
    health: str,
    text: str,
    lines: list[str] | None = None,
    data: list[str] | None = None,
) -> int:
    """``STATUS: text | perfdata`` and long text, as the Monitoring Plugins guidelines say."""
    if output == "json":
        answer = {"status": _WORDS[health], "text": text, "lines": lines or [], "data": data or []}
        print_json(answer)
    else:
        first = f"HWAGENT {_WORDS[health]}: {_plain(text)}"
        click.echo(first + (f" | {' '.join(data)}" if data else ""))
        for line in lines or []:
            click.echo(_plain(line))
    return Health(health).exit_status


def _plain(text: str) -> str:
    """Text without what would begin performance data or a new line."""
    return text.replace("|", "/").replace("\n", " ")
