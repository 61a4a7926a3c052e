"""The topology from the running agent, or from what a configuration file says of the racks."""

from typing import Any

import click

from hwagent.config import Config, ConfigError, load_config

from .client import get
from .output import fail

config_option = click.option(
    "--config", type=click.Path(dir_okay=False), default=None,
    help="Of what this file describes, without any agent.",
)  # fmt: skip


def ask_topology(path: str, config: str | None) -> dict[str, Any]:
    """What depends on what; ends the program with a message if that fails."""
    if config is None:
        found: dict[str, Any] = get(path, "/v1/topology")
        return found
    from hwagent.topology.view import topology

    return topology(_described(_load(config)))


def ask_audit(path: str, config: str | None, what_if: str) -> dict[str, Any]:
    """The audit, or what would happen; ends the program with a message if that fails."""
    if config is None:
        found: dict[str, Any] = get(path, "/v1/audit", what_if=what_if)
        return found
    from hwagent.api.backend import Refused
    from hwagent.daemon.audits import answer_audit, answer_what_if
    from hwagent.topology.audit import Auditor

    loaded = _load(config)
    fleet = _described(loaded)
    if not what_if:
        return answer_audit(Auditor(fleet), fleet, loaded)
    try:
        return answer_what_if(fleet, loaded, text=what_if)
    except Refused as e:
        fail(str(e))


def _load(config: str) -> Config:
    try:
        return load_config(config)
    except ConfigError as e:
        fail(str(e))


def _described(config: Config) -> Any:
    from hwagent.topology.fleet import Fleet
    from hwagent.topology.part import declared

    fleet = Fleet()
    fleet.take("", declared(config))
    return fleet
