"""``hwagent check``: a monitoring plugin for Nagios, Icinga, Sensu, Centreon."""

from typing import Any

import click
import msgspec

from .client import NoAgent, request
from .output import output_option, print_json, socket_option

_WORDS = {"ok": "OK", "degraded": "WARNING", "failed": "CRITICAL", "unknown": "UNKNOWN"}
_EXIT = {"ok": 0, "degraded": 1, "failed": 2, "unknown": 3}


@click.command("check")
@click.option("--kind", default="", help="Judge only components of this kind.")
@click.option("--component", "id", default="", help="Judge only this component.")
@output_option
@socket_option
def command(kind: str, id: str, output: str, path: str) -> int:
    """Monitoring-plugin line and exit status; a dead agent is UNKNOWN (3), never OK."""
    try:
        code, body = request(path, "GET", "/v1/status")
        status = msgspec.json.decode(body)
    except (NoAgent, msgspec.DecodeError) as e:
        return _tell(output, "unknown", str(e), [], {})
    if code != 200:
        return _tell(output, "unknown", status["error"], [], {})
    return _judge(status, kind, id, output)


def _judge(status: dict[str, Any], kind: str, id: str, output: str) -> int:
    chosen = [
        c
        for c in status["components"]
        if (not kind or c["kind"] == kind) and (not id or c["id"] == id)
    ]
    if id and not chosen:
        return _tell(output, "unknown", f"no such component: {id}", [], {})
    if not status["ready"]:
        return _tell(output, "unknown", "the first round is still under way", [], {})
    order = ["ok", "unknown", "degraded", "failed"]
    health = max((c["health"] for c in chosen), key=order.index, default="ok")
    sick = [c for c in chosen if c["health"] != "ok"]
    text = "; ".join(f"{c['id']} {c['reason']}" for c in sick[:1]) or f"{len(chosen)} components ok"
    counts = {
        h: sum(c["health"] == h for c in chosen) for h in ("ok", "degraded", "failed", "unknown")
    }
    lines = [f"{c['id']}: {c['health']}: {c['reason']}" for c in sick]
    return _tell(output, health, text, lines, counts)


def _tell(output: str, health: str, text: str, lines: list[str], counts: dict[str, int]) -> int:
    """``STATUS: text | perfdata`` and long text, as the Monitoring Plugins guidelines say."""
    if output == "json":
        print_json({"status": _WORDS[health], "text": text, "lines": lines, "counts": counts})
        return _EXIT[health]
    warn = {"degraded": ";0;;0", "failed": ";;0;0", "unknown": ";0;;0"}
    total = sum(counts.values())
    data = " ".join(f"{h}={n}{warn.get(h, ';;;0')};{total}" for h, n in counts.items())
    click.echo(
        f"HWAGENT {_WORDS[health]}: {text.replace('|', '/')}" + (f" | {data}" if data else "")
    )
    for line in lines:
        click.echo(line.replace("|", "/"))
    return _EXIT[health]
