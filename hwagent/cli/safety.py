"""What makes a group less safe than it could be: the doctor's checks of its secrecy and clocks."""

from collections.abc import Iterator

from hwagent.collect.root import Root, Unreadable
from hwagent.config import Config
from hwagent.config.cluster import unsealed
from hwagent.model import Health

from .finding import Finding

#: chrony's default of maxslewrate, in parts per million.
_CHRONY = 83333.333
#: From here on a group loses a noticeable part of its leases to clocks that may be bent.
_BENT = 0.01
_LESS_BENT = (
    "`maxslewrate 1000` in chrony.conf on all hosts, then `slew: 0.001`: a lease counts for longer"
)


def sealing(config: Config) -> Iterator[Finding]:
    """Whether others could speak as members and voters."""
    if found := unsealed(config):
        advice = "a key_file on all hosts, then `encryption: accept`, `send`, `required`"
        yield Finding("encryption", Health.DEGRADED, f"unsafe: {found}", advice)


def slews(config: Config, root: Root) -> Iterator[Finding]:
    """Whether groups allow for what the time server's client may bend the wall clock by, which is
    the gate's clock: chrony's ``maxslewrate`` is in parts per million (chrony.conf(5))."""
    if (most := _slew(root)) is None:
        return
    for group in config.groups:
        check, allowed = f"slew of {group.name}", f"{group.slew:g}, and chrony keeps to {most:g}"
        if group.slew < most:
            advice = f"`slew: {most:.4g}`, or `maxslewrate {group.slew * 1e6:.0f}` in chrony.conf"
            found = f"{allowed}: a gate could stay open after its lease"
            yield Finding(check, Health.DEGRADED, found, advice)
        else:
            advice = "" if most < _BENT else _LESS_BENT
            yield Finding(check, Health.OK, allowed, advice)


def _slew(root: Root) -> float | None:
    """By how much chrony may bend the clock; None if it is not there, or it cannot be read."""
    for name in ("etc/chrony/chrony.conf", "etc/chrony.conf"):
        try:
            lines = [line.split() for line in root.text(name).splitlines()]
            told = [words[1] for words in lines if words[:1] == ["maxslewrate"]]
            return float(told[-1] if told else _CHRONY) / 1e6
        except (Unreadable, ValueError, IndexError):
            continue
    return None
