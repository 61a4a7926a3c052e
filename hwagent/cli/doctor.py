"""``hwagent doctor``: what this host lacks for us, and how to get it."""

from collections.abc import Mapping
from typing import Any

import click
import msgspec

from hwagent.config import Config, ConfigError, load_config
from hwagent.model import Health, worst

from .client import NoAgent, request
from .output import output_option, print_json, print_table, socket_option


@click.command("doctor")
@click.option("-c", "--config", "config_file", default="", help="Configuration file.")
@output_option
@socket_option
def command(config_file: str, output: str, path: str) -> int:
    """Says what is missing on this host, and how to get it.

    Looks at the configuration and who can read what it names, the running agent and holder and
    whether they start at boot, the kernel (gate, real-time, pressure), the clock, other programs,
    and the quorum of groups. Changes nothing. Root sees more.
    """
    from hwagent.collect.registry import COLLECTORS
    from hwagent.daemon.loading import rule_set

    from .diagnosis import diagnose
    from .finding import Finding

    config, first = Config(), Finding("configuration", Health.OK, "it is good")
    try:
        config = load_config(config_file, COLLECTORS)
        rule_set(config)
    except ConfigError as e:
        first = Finding("configuration", Health.FAILED, str(e), "see hwagent.yaml(5)")
    found = [first, *diagnose(config, lambda: _status(path))]
    health = worst(f.health for f in found)
    if output == "json":
        print_json({"health": health, "checks": found})
    else:
        columns = ("check", "health", "found", "advice")
        print_table(columns, map(msgspec.structs.astuple, found))
    return health.exit_status


def _status(path: str) -> tuple[Mapping[str, Any] | None, str]:
    """The running agent's status, or none and why."""
    try:
        code, body = request(path, "GET", "/v1/status")
        answer = msgspec.json.decode(body)
    except (NoAgent, msgspec.DecodeError) as e:
        return None, str(e)
    return (answer, "") if code == 200 else (None, answer["error"])
