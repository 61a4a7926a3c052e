"""Triggers: something happened, so a collector should look now. Pure."""

from collections.abc import Mapping

import msgspec

#: Collectors whose components depend on the state of links.
LINK_COLLECTORS = ("nic", "bond", "link")
#: Collectors that look at devices of a kernel subsystem.
SUBSYSTEMS: Mapping[str, tuple[str, ...]] = {
    "block": ("disk", "md", "multipath"),
    "net": LINK_COLLECTORS,
    "power_supply": ("power_supply",),
    "thermal": ("thermal",),
    "hwmon": ("hwmon",),
    "edac": ("edac",),
    "nvme": ("disk", "nvme_controller"),
}


class Trigger(msgspec.Struct, frozen=True):
    """Which collector should look, at which target (empty: all of its), and why."""

    collector: str
    target: str = ""
    reason: str = ""


def interface_gone(name: str) -> list[Trigger]:
    """Those that read one interface each look at it now, so that it is not kept by what they saw
    before. An interface that they never knew costs nothing."""
    reason = f"{name} is gone"
    return [Trigger(collector, name, reason) for collector in ("ethtool", "optics")]


def after_loss(reason: str) -> list[Trigger]:
    """Looks at everything that events tell of, since some were lost; what is only polled, such as
    SMART, is left alone."""
    collectors = sorted({c for some in SUBSYSTEMS.values() for c in some})
    return [Trigger(collector, "", reason) for collector in collectors]


class Debounce:
    """Joins the triggers of one collector and target that come within ``delay`` seconds.

    The time runs from the first one, so a steady stream of events cannot hold a look off.
    """

    def __init__(self, delay: float = 0.05) -> None:
        self._delay = delay
        self._waiting: dict[tuple[str, str], tuple[float, Trigger]] = {}

    def add(self, now: float, trigger: Trigger) -> None:
        """Takes a trigger; the first reason is kept."""
        key = trigger.collector, trigger.target
        self._waiting.setdefault(key, (now + self._delay, trigger))

    def due(self, now: float) -> list[Trigger]:
        """Triggers whose time has come; they are handed out once."""
        found = [(key, t) for key, (at, t) in self._waiting.items() if at <= now]
        for key, _ in found:
            del self._waiting[key]
        return [trigger for _, trigger in found]

    def next_due(self) -> float | None:
        """Time of the next one, or None."""
        return min((at for at, _ in self._waiting.values()), default=None)
