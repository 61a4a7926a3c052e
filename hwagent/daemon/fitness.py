"""Whether this host is fit to hold virtual IPs. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from hwagent.config import Config
from hwagent.model import Alert, Mode, Severity

from .around import around

_ORDER = list(Severity)


class Verdict(NamedTuple):
    """Fit or not, and why not."""

    fit: bool
    reason: str


def fitness(config: Config, alerts: Iterable[Alert], maintenance: str = "") -> Verdict:
    """Unfit in maintenance, while an alert fires that counts, and in every mode but act.

    An alert counts if its rule is listed, or if it is of a listed kind and severe enough. Nothing
    known yet is not a reason to be unfit; the caller waits for the first round. What is wrong with
    a switch is no reason either: the cards of this host say what of it counts here.
    """
    if config.mode is not Mode.ACT:
        return Verdict(False, f"mode is {config.mode}: addresses are held in mode act only")
    if maintenance:
        return Verdict(False, f"maintenance: {maintenance}")
    floor = _ORDER.index(config.fitness.severity)
    of_switch = around(config)
    for alert in alerts:
        if of_switch(alert.component):
            continue
        severe = alert.kind in config.fitness.kinds and _ORDER.index(alert.severity) >= floor
        if alert.active and (severe or alert.rule in config.fitness.rules):
            return Verdict(False, f"{alert.rule} on {alert.component}")
    return Verdict(True, "")
