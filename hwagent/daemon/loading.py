"""What rules and configuration may name: the words of all collectors, actions, and the agent's."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from hwagent.collect.base import Collector
from hwagent.collect.registry import COLLECTORS, attribute_names, collectors, vocabulary
from hwagent.config import Config, shipped
from hwagent.model import Vocabulary
from hwagent.respond import action_names
from hwagent.rules import RuleSet, load_rules

from .alarms import LEASE_ATTRIBUTES, LEASE_METRICS
from .comparing import PEER_ATTRIBUTES, PEER_METRICS
from .probe import PROBE_ATTRIBUTES, PROBE_METRICS
from .rivals import VIP_ATTRIBUTES, VIP_METRICS
from .storm import STORM_ATTRIBUTES, STORM_METRICS

COLLECTOR_NAMES = COLLECTORS


def known_vocabulary() -> Vocabulary:
    """Every kind and its metrics."""
    return {
        **vocabulary(),
        "probe": {m.name: m for m in PROBE_METRICS},
        "vip": {m.name: m for m in VIP_METRICS},
        "fleet": {m.name: m for m in STORM_METRICS},
        "peer": {m.name: m for m in PEER_METRICS},
        "lease": {m.name: m for m in LEASE_METRICS},
    }


def known_attributes() -> Mapping[str, frozenset[str]]:
    """Every kind and the attributes that rules may name."""
    own = {"probe": frozenset(PROBE_ATTRIBUTES), "vip": frozenset(VIP_ATTRIBUTES)}
    own |= {"fleet": frozenset(STORM_ATTRIBUTES), "peer": frozenset(PEER_ATTRIBUTES)}
    own |= {"lease": frozenset(LEASE_ATTRIBUTES)}
    return {**attribute_names(), **own}


def known_actions() -> Collection[str]:
    """The actions that rules may name."""
    return action_names()


def rule_set(config: Config, extra: Sequence[Path] = ()) -> RuleSet:
    """The shipped rules and those of the configuration. Raises ConfigError."""
    directories = [shipped() / "rules.d"] if config.rules.shipped else []
    directories += [Path(d) for d in config.rules.directories]
    return load_rules(
        [*directories, *extra],
        known_vocabulary(),
        known_attributes(),
        known_actions(),
        disabled=config.rules.disabled,
    )


def check_makers(config: Config) -> None:
    """Raises ConfigError for a maker's file that the process which polls switches could not read:
    it would end again and again."""
    if config.makers:
        from hwagent.snmp.makers import load_makers

        load_makers(map(Path, config.makers))


def enabled(config: Config) -> list[Collector]:
    """The collectors that the configuration leaves on."""
    off = {name for name, options in config.collectors.items() if not options.enabled}
    return [c for c in collectors() if c.name not in off]
