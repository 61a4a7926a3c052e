"""What is around the host and not of it. Pure."""

from collections.abc import Callable

from hwagent.config import Config

#: Kinds of components that are other hosts, or all of them.
OTHERS = frozenset({"fleet", "peer"})


def around(config: Config) -> Callable[[str], bool]:
    """Tells components of switches and of other hosts' BMCs from the host's own, by their ids."""
    names = {switch.name for switch in config.switches}
    names |= {bmc.name for bmc in config.bmcs if bmc.host}

    def is_around(id: str) -> bool:
        kind, _, name = id.partition(":")
        return kind in OTHERS or name.partition("/")[0] in names

    return is_around
